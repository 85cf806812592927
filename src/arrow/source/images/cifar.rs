//! CIFAR's binary files: a record is a label (CIFAR-10) or a coarse and a fine one (CIFAR-100), then 3 planes of
//! 32 x 32 pixels.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt8Array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::super::{BatchSource, RecordBatches, entries, open};
use super::{batch_images, pixel_batch, refuse, schema};
use crate::arrow::class_names::read_names;
use crate::arrow::images::image_field;
use crate::error::{Error, Result};
use crate::format::image_shape::ImageShape;

/// Bytes of an image.
const PIXELS: usize = 3 * 32 * 32;

/// Records whose labels decide which of the two a file is.
const LOOKED_AT: u64 = 64;

/// A label of a record: the column, how many classes there are, and the file of their names.
struct Label {
    column: &'static str,
    classes: u8,
    names: &'static str,
}

/// Labels at the start of a record.
type Labels = &'static [Label];

const TEN: Labels = &[Label { column: "label", classes: 10, names: "batches.meta.txt" }];

const HUNDRED: Labels = &[
    Label { column: "coarse_label", classes: 20, names: "coarse_label_names.txt" },
    Label { column: "label", classes: 100, names: "fine_label_names.txt" },
];

/// One file, or those of a folder but its test set.
pub(crate) struct Cifar {
    files: Vec<PathBuf>,
    labels: Labels,
    shape: ImageShape,
    rows: u64,
    schema: SchemaRef,
}

impl Cifar {
    /// Opens a file, or the files of a folder that end in `.bin`, in the order of their names, shorter ones first (2
    /// before 10); those whose names start with `test` are left out, unless there are no others.
    pub fn open(path: &Path) -> Result<Self> {
        let files = if path.is_dir() { files(path)? } else { vec![path.to_owned()] };
        let first = files.first().ok_or_else(|| refuse(path, "has no files that end in .bin"))?;
        let labels = kind(first)?;
        let mut rows = 0;
        for file in &files {
            let (length, own) = (length(file)?, kind(file)?);
            let record = record(own);
            if length % record != 0 {
                let what = format!(
                    "record {}: the file ends before it does; a record of CIFAR-{} has {record} bytes",
                    length / record,
                    own.last().map_or(0, |label| label.classes)
                );
                return Err(refuse(file, what));
            }
            if own.len() != labels.len() {
                return Err(refuse(file, "holds other records than the files before it"));
            }
            rows += length / record;
        }
        let folder = first.parent().unwrap_or(Path::new("."));
        let columns = labels.iter().map(|label| Ok((label.column, DataType::UInt8, names(folder, label)?)));
        let shape = ImageShape::new(3, 32, 32, false)?;
        let schema = schema(image_field("image", shape), &columns.collect::<Result<Vec<_>>>()?);
        Ok(Self { files, labels, shape, rows, schema })
    }

    /// The next records of a file; none at its end.
    fn next(&self, file: &mut CifarRecords) -> Result<Option<RecordBatch>> {
        let mut bytes = Vec::new();
        let most = batch_images(self.shape) as u64 * record(self.labels);
        let read = (&mut file.reader).take(most).read_to_end(&mut bytes);
        read.map_err(|e| Error::io(format!("cannot read {}", file.path.display()), e))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let mut pixels = Vec::with_capacity(bytes.len());
        let mut labels = vec![Vec::new(); self.labels.len()];
        for record in bytes.chunks_exact(self.labels.len() + PIXELS) {
            let (own, image) = record.split_at(self.labels.len());
            for ((&class, label), column) in own.iter().zip(self.labels).zip(&mut labels) {
                if class >= label.classes {
                    let what = format!(
                        "record {}: {} {class} where classes are 0 to {}",
                        file.record,
                        label.column,
                        label.classes - 1
                    );
                    return Err(refuse(&file.path, what));
                }
                column.push(class);
            }
            pixels.extend_from_slice(image);
            file.record += 1;
        }
        let labels = labels.into_iter().map(|labels| Arc::new(UInt8Array::from(labels)) as ArrayRef);
        pixel_batch(&file.path, &self.schema, pixels, labels.collect()).map(Some)
    }
}

impl BatchSource for Cifar {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let batches = move |file: &PathBuf| {
            let mut records = Some(CifarRecords::open(file));
            let next = move || match records.as_mut()? {
                Ok(file) => self.next(file).transpose(),
                Err(_) => records.take()?.err().map(Err),
            };
            std::iter::from_fn(next)
        };
        Ok(Box::new(self.files.iter().flat_map(batches)))
    }
}

/// A file being read.
struct CifarRecords {
    path: PathBuf,
    reader: BufReader<File>,
    record: u64,
}

impl CifarRecords {
    fn open(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_owned(), reader: BufReader::new(open(path)?), record: 0 })
    }
}

/// The files of a folder that hold records, the test set's left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> = entries(folder)?.into_iter().filter(|p| is_cifar(p)).collect();
    all.sort_by_key(|p| p.as_os_str().len());
    let is_test = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("test"));
    let train: Vec<PathBuf> = all.iter().filter(|p| !is_test(p)).cloned().collect();
    Ok(if train.is_empty() { all } else { train })
}

/// True if a file's name is that of a binary file of CIFAR.
pub(crate) fn is_cifar(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("bin")) && path.is_file()
}

/// The first file of a folder that is one of the Python version of CIFAR: pickles by the names they have there.
pub(crate) fn pickle(entries: &[PathBuf]) -> Option<&PathBuf> {
    let is_named = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        ["data_batch", "test_batch", "batches.meta", "train", "test", "meta"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    entries.iter().find(|path| is_named(path) && path.is_file() && starts_as_pickle(path))
}

/// True if bytes begin as pickles of Python do, from protocol 2 on.
pub(crate) fn looks_like_pickle(start: &[u8]) -> bool {
    matches!(start, [0x80, 2..=5, ..])
}

fn starts_as_pickle(path: &Path) -> bool {
    let mut start = Vec::new();
    File::open(path).and_then(|file| file.take(2).read_to_end(&mut start)).is_ok()
        && looks_like_pickle(&start)
}

/// Bytes of a record.
fn record(labels: Labels) -> u64 {
    (labels.len() + PIXELS) as u64
}

fn length(path: &Path) -> Result<u64> {
    let metadata =
        std::fs::metadata(path).map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
    Ok(metadata.len())
}

/// The kind of a file: the one of whose records it holds a whole number; if both fit, the one whose
/// labels are more often classes in the records at its start.
fn kind(path: &Path) -> Result<Labels> {
    let (length, mut file) = (length(path)?, open(path)?);
    let mut fits = |labels: Labels| -> Result<u64> {
        let record = record(labels);
        let mut fits = 0;
        for at in (0..LOOKED_AT.min(length / record)).map(|i| i * record) {
            let mut own = [0; 2];
            let own = own.get_mut(..labels.len()).unwrap_or_default();
            let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(own));
            read.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
            fits += u64::from(own.iter().zip(labels).all(|(&class, label)| class < label.classes));
        }
        Ok(fits)
    };
    let (ten, hundred) = (fits(TEN)?, fits(HUNDRED)?);
    let whole = |labels: Labels| length % record(labels) == 0;
    Ok(if (whole(HUNDRED), hundred) > (whole(TEN), ten) { HUNDRED } else { TEN })
}

/// The names of the classes, if they are in the folder.
fn names(folder: &Path, label: &Label) -> Result<Vec<String>> {
    let path = folder.join(label.names);
    let names = read_names(&path)?;
    match names.len() <= usize::from(label.classes) {
        true => Ok(names),
        false => {
            Err(refuse(&path, format!("has {} names where there are {} classes", names.len(), label.classes)))
        }
    }
}
