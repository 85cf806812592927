//! Folders of pictures: a folder for each class, or pictures without classes.

use std::collections::{BTreeMap, HashMap};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt8Array, UInt16Array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use super::super::{RecordBatches, Source, entries, open};
use super::picture::{Common, EXTENSIONS, planes};
use super::{batch, batch_images, refuse, schema};
use crate::arrow::class_names::read_names;
use crate::error::{Error, Result};
use crate::image::ImageShape;

/// The file beside the folders that names the classes in their order.
pub(in crate::arrow) const CLASSES: &str = "classes.txt";

/// Pictures and their classes, in the order of the classes, then of their own names.
pub(in crate::arrow) struct Folder {
    path: PathBuf,
    pictures: Vec<(PathBuf, u16)>,
    shape: ImageShape,
    schema: SchemaRef,
}

impl Folder {
    /// Finds the pictures and looks at the head of each. Hidden files and folders are left out.
    pub fn open(path: &Path) -> Result<Self> {
        let (folders, mut files): (Vec<_>, Vec<_>) = entries(path)?.into_iter().partition(|p| p.is_dir());
        if !folders.is_empty() {
            files.retain(|file| *file != path.join(CLASSES));
        }
        if let (Some(_), Some(file)) = (folders.first(), files.first()) {
            return Err(refuse(file, "lies beside the folders of the classes"));
        }
        let mut pictures: Vec<(PathBuf, u16)> = files.into_iter().map(|file| (file, 0)).collect();
        let (classes, names) = classes(path, &folders)?;
        for (&number, folder) in &classes {
            pictures.extend(entries(folder)?.into_iter().map(|file| (file, number)));
        }
        let mut common = Common::default();
        for (file, _) in &pictures {
            let extension =
                file.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
            if file.is_dir() || !EXTENSIONS.contains(&extension.as_str()) {
                return Err(refuse(file, "is no picture that ends in .png, .webp or .bmp"));
            }
            common.add(BufReader::new(open(file)?)).map_err(|why| refuse(file, why))?;
        }
        let shape = common.shape().map_err(|e| refuse(path, e))?;
        let shape =
            shape.ok_or_else(|| refuse(path, "has no pictures, neither in folders by class nor itself"))?;
        let narrow = names.len() <= 256 && classes.keys().all(|&class| class < 256);
        let label = ("label", if narrow { DataType::UInt8 } else { DataType::UInt16 }, names);
        let labels = if folders.is_empty() { Vec::new() } else { vec![label] };
        Ok(Self { path: path.to_owned(), pictures, shape, schema: schema(shape, &labels) })
    }

    fn batch(&self, pictures: &[(PathBuf, u16)]) -> Result<RecordBatch> {
        let mut pixels = vec![0; pictures.len() * self.shape.values()];
        // The first picture that is wrong, whichever thread is the first to find one.
        let read = pictures.par_iter().zip(pixels.par_chunks_mut(self.shape.values()));
        let bad = read.find_map_first(|((path, _), out)| match std::fs::read(path) {
            Ok(bytes) => planes(&bytes, self.shape, out).err().map(|why| refuse(path, why)),
            Err(e) => Some(Error::io(format!("cannot read {}", path.display()), e)),
        });
        bad.map_or(Ok(()), Err)?;
        let classes = pictures.iter().map(|&(_, class)| class);
        let label: Option<ArrayRef> = match self.schema.fields().get(1).map(|f| f.data_type()) {
            None => None,
            Some(DataType::UInt8) => Some(Arc::new(UInt8Array::from_iter_values(classes.map(|c| c as u8)))),
            Some(_) => Some(Arc::new(UInt16Array::from_iter_values(classes))),
        };
        batch(&self.path, &self.schema, pixels, label.into_iter().collect())
    }
}

impl Source for Folder {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.pictures.len() as u64)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        Ok(Box::new(self.pictures.chunks(batch_images(self.shape)).map(|pictures| self.batch(pictures))))
    }
}

/// The folders by class, and the names of the classes. Those are in a file beside the folders; or else the folders that
/// have numbers for names are those classes, which have no names; or else the folders' names are those of the classes.
fn classes<'f>(path: &Path, folders: &'f [PathBuf]) -> Result<(BTreeMap<u16, &'f PathBuf>, Vec<String>)> {
    let own: Vec<String> = folders.iter().map(|f| file_name(f)).collect();
    let by = |number: &dyn Fn(&String) -> Option<u16>| {
        let classes: BTreeMap<u16, &PathBuf> = own
            .iter()
            .zip(folders)
            .map(|(name, folder)| Some((number(name)?, folder)))
            .collect::<Option<_>>()?;
        (classes.len() == folders.len()).then_some(classes)
    };
    let in_list = |names: &[String]| {
        let places: HashMap<&String, u16> = names.iter().zip(0..=u16::MAX).collect();
        by(&|name| places.get(name).copied())
    };
    let number = |name: &String| name.parse::<u16>().ok();
    let listed = read_names(&path.join(CLASSES))?;
    if own.len().max(listed.len()) > 1 << 16 {
        return Err(refuse(path, "has more than 65536 classes"));
    }
    if !listed.is_empty() {
        let numbers = || by(&|name| number(name).filter(|&n| usize::from(n) < listed.len()));
        let classes = in_list(&listed).or_else(numbers);
        let classes =
            classes.ok_or_else(|| refuse(&path.join(CLASSES), "has other names than the folders"))?;
        return Ok((classes, listed));
    }
    match by(&number) {
        Some(classes) => Ok((classes, Vec::new())),
        None => {
            let classes = in_list(&own).ok_or_else(|| refuse(path, "has two folders of the same name"))?;
            Ok((classes, own))
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
