//! Folders of pictures: a folder for each class, or pictures without classes.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, StringArray, StructArray, UInt8Array, UInt16Array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use super::super::{BatchSource, RecordBatches, unreadable};
use super::common::{Common, Stored};
use super::listing::{Passed, entries};
use super::{BATCH_BYTES, ImageInput, PictureStorage, batch, batch_images, image_array, refuse, schema};
use crate::arrow::class_names::read_names;
use crate::arrow::images::{image_field, picture_fields, pictures_field};
use crate::codec::picture::EXTENSIONS;
use crate::codec::picture::Head;
use crate::codec::picture::Refusal;
use crate::codec::picture::check;
use crate::codec::picture::planes;
use crate::error::{Error, Result};

/// The file beside the folders that names the classes in their order.
pub(crate) const CLASSES: &str = "classes.txt";

/// Pictures and their classes, in the order of the classes, then of their own names.
pub(crate) struct Folder {
    path: PathBuf,
    pictures: Vec<Picture>,
    stored: Stored,
    schema: SchemaRef,
    notes: Vec<String>,
}

struct Picture {
    path: PathBuf,
    class: u16,
    /// Length of its file.
    length: u64,
}

/// The head of a picture, and whether it was decoded, too.
type Seen = std::result::Result<(Head, bool), Refusal>;

impl Folder {
    /// Finds the pictures and looks at the head of each; those that are stored as files are decoded, so that none of
    /// them stops a training. What systems leave in folders, hidden files and notes are passed over.
    pub fn open(path: &Path, options: &ImageInput) -> Result<Self> {
        let (mut passed, mut bad) = (Passed::default(), Passed::default());
        let all = entries(path, path, &[CLASSES], &mut passed)?;
        let (folders, mut files): (Vec<_>, Vec<_>) = all.into_iter().partition(|p| p.is_dir());
        files.retain(|file| {
            let list = *file == path.join(CLASSES);
            if list && folders.is_empty() {
                passed.add(path, file);
            }
            !list
        });
        if let (Some(_), Some(file)) = (folders.first(), files.first()) {
            return Err(refuse(file, "lies beside the folders of the classes; move it into one, or away"));
        }
        let mut found: Vec<(PathBuf, u16)> = files.into_iter().map(|file| (file, 0)).collect();
        let (classes, names) = classes(path, &folders)?;
        for (&number, folder) in &classes {
            let files = entries(path, folder, &[], &mut passed)?;
            found.extend(files.into_iter().map(|file| (file, number)));
        }
        if let Some((folder, _)) = found.iter().find(|(file, _)| file.is_dir()) {
            let why = "is a folder inside that of a class; name the folder that has the classes' folders";
            return Err(refuse(folder, why));
        }
        let seen: Vec<Seen> = found.par_iter().map(|(file, _)| look(file, options)).collect();
        let mut common = Common::new(options.storage);
        let mut whole = Vec::with_capacity(found.len());
        for ((file, class), seen) in found.into_iter().zip(seen) {
            match seen {
                Ok((head, is_decoded)) => {
                    common.add(&head).map_err(|why| refuse(&file, why))?;
                    whole.push((file, class, is_decoded));
                }
                Err(_) if options.skip_bad => bad.add(path, &file),
                Err(why) => return Err(refuse(&file, why)),
            }
        }
        let stored = common.stored().map_err(|e| refuse(path, e))?;
        let stored = stored.ok_or_else(|| refuse(path, nothing(&passed, &bad)))?;
        if stored == Stored::Files {
            // Of some no more than the head has been read. The first bad one is named, whichever is found first.
            let rest = whole.par_iter().filter(|(.., is_decoded)| !is_decoded);
            let first = rest.map(|(file, ..)| (file, decoded(file))).find_first(|(_, head)| head.is_err());
            if let Some((file, Err(why))) = first {
                return Err(refuse(file, why));
            }
        }
        let pictures = whole.into_iter().map(|(path, class, _)| {
            let metadata = std::fs::metadata(&path);
            let metadata = metadata.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
            Ok(Picture { path, class, length: metadata.len() })
        });
        let pictures = pictures.collect::<Result<Vec<_>>>()?;
        let narrow = names.len() <= 256 && classes.keys().all(|&class| class < 256);
        let label = ("label", if narrow { DataType::UInt8 } else { DataType::UInt16 }, names);
        let labels = if folders.is_empty() { Vec::new() } else { vec![label] };
        let field = match stored {
            Stored::Files => pictures_field("image"),
            Stored::Pixels { shape, .. } => image_field("image", shape),
        };
        let notes = [
            common.note(stored).filter(|_| options.storage != PictureStorage::Files),
            bad.note("picture that cannot be read", "pictures that cannot be read"),
            passed.note("file that is no picture", "files that are no pictures"),
        ];
        let notes = notes.into_iter().flatten().collect();
        Ok(Self { path: path.to_owned(), pictures, stored, schema: schema(field, &labels), notes })
    }

    fn batch(&self, pictures: &[Picture]) -> Result<RecordBatch> {
        let failed = |e| unreadable(&self.path, e);
        let images: ArrayRef = match self.stored {
            Stored::Pixels { shape, fit } => {
                let mut pixels = vec![0; pictures.len() * shape.values()];
                // The first picture that is wrong, whichever thread is the first to find one.
                let read = pictures.par_iter().zip(pixels.par_chunks_mut(shape.values()));
                let bad = read.find_map_first(|(picture, out)| match std::fs::read(&picture.path) {
                    Ok(bytes) => planes(&bytes, shape, fit, out).err().map(|why| refuse(&picture.path, why)),
                    Err(e) => Some(Error::io(format!("cannot read {}", picture.path.display()), e)),
                });
                bad.map_or(Ok(()), Err)?;
                image_array(self.schema.field(0), pixels).map_err(failed)?
            }
            Stored::Files => {
                let read = |picture: &Picture| {
                    std::fs::read(&picture.path)
                        .map_err(|e| Error::io(format!("cannot read {}", picture.path.display()), e))
                };
                let bytes = pictures.par_iter().map(read).collect::<Vec<_>>();
                let bytes = bytes.into_iter().collect::<Result<Vec<_>>>()?;
                let bytes = Arc::new(BinaryArray::from_iter_values(bytes));
                let names = pictures.iter().map(|picture| file_name(&picture.path));
                let names = Arc::new(StringArray::from_iter_values(names));
                Arc::new(StructArray::try_new(picture_fields(), vec![bytes, names], None).map_err(failed)?)
            }
        };
        let classes = pictures.iter().map(|picture| picture.class);
        let label: Option<ArrayRef> = match self.schema.fields().get(1).map(|f| f.data_type()) {
            None => None,
            Some(DataType::UInt8) => Some(Arc::new(UInt8Array::from_iter_values(classes.map(|c| c as u8)))),
            Some(_) => Some(Arc::new(UInt16Array::from_iter_values(classes))),
        };
        batch(&self.path, &self.schema, images, label.into_iter().collect())
    }

    /// The pictures of each batch.
    fn parts(&self) -> Vec<Range<usize>> {
        let most = match self.stored {
            Stored::Files => usize::MAX,
            Stored::Pixels { shape, .. } => batch_images(shape),
        };
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut bytes = 0;
        for (at, picture) in self.pictures.iter().enumerate() {
            let length = if self.stored == Stored::Files { picture.length } else { 0 };
            match parts.last_mut() {
                Some(part) if part.len() < most && bytes + length <= BATCH_BYTES as u64 => part.end = at + 1,
                _ => {
                    parts.push(at..at + 1);
                    bytes = 0;
                }
            }
            bytes += length;
        }
        parts
    }
}

impl BatchSource for Folder {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.pictures.len() as u64)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        Ok(Box::new(self.parts().into_iter().map(|part| self.batch(&self.pictures[part]))))
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

/// The head of a picture; where bad ones are passed over, or it will be stored as it is, it is decoded, too.
fn look(file: &Path, options: &ImageInput) -> Seen {
    let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    if !EXTENSIONS.contains(&extension.as_str()) {
        return Err("is no picture that ends in .png, .jpg, .jpeg, .webp or .bmp".to_owned());
    }
    let file_of = File::open(file).map_err(|e| format!("cannot be read: {e}"))?;
    let head = Head::read(BufReader::new(file_of))?;
    if options.skip_bad || options.keeps(&head) {
        return Ok((decoded(file)?, true));
    }
    Ok((head, false))
}

fn decoded(file: &Path) -> std::result::Result<Head, Refusal> {
    let bytes = std::fs::read(file).map_err(|e| format!("cannot be read: {e}"))?;
    check(&bytes)
}

/// Why there is nothing to read.
fn nothing(passed: &Passed, bad: &Passed) -> String {
    let passed = passed.note("file that is no picture", "files that are no pictures");
    let bad = bad.note("picture that cannot be read", "pictures that cannot be read");
    let why = [bad, passed].into_iter().flatten().map(|note| format!("; {note}")).collect::<String>();
    format!("has no pictures, neither in folders by class nor itself{why}")
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
