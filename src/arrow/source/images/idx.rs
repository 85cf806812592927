//! IDX files of images (MNIST and its kin) and of their labels.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt8Array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::super::compressed::{failed, open_decompressed as open};
use super::super::{BatchSource, RecordBatches, entries};
use super::{LabelFile, batch_images, pixel_batch, refuse, schema};
use crate::arrow::images::image_field;
use crate::error::{Error, Result};
use crate::format::image_shape::ImageShape;

/// Unsigned bytes, as an IDX file says it.
const BYTES: u8 = 8;

/// A file of images, with or without one of labels.
pub(crate) struct Idx {
    images: PathBuf,
    labels: Option<PathBuf>,
    shape: ImageShape,
    rows: u64,
    schema: SchemaRef,
}

/// True if a file starts as IDX files do: two zeros, a type, the number of dimensions.
pub(crate) fn looks_like_idx(start: &[u8]) -> bool {
    matches!(start, [0, 0, 8 | 9 | 11..=14, 1..=4, ..])
}

impl Idx {
    /// Reads what the files say of themselves.
    pub fn open(path: &Path, labels: &LabelFile) -> Result<Self> {
        let sizes = sizes(path)?;
        let &[rows, height, width] = sizes.as_slice() else {
            let what = match sizes.len() {
                1 => "holds labels; name the file of their images".to_owned(),
                n => format!("has {n} dimensions where images have 3: count, rows, columns"),
            };
            return Err(refuse(path, what));
        };
        let shape = ImageShape::new(1, height as u32, width as u32, false).map_err(|e| refuse(path, e))?;
        complete(path, "image", 16, rows, shape.values() as u64)?;
        let labels = match labels {
            LabelFile::None => None,
            LabelFile::At(labels) => Some(labels.clone()),
            LabelFile::Beside => Some(beside(path)?),
        };
        if let Some(labels) = &labels {
            let &[count] = self::sizes(labels)?.as_slice() else {
                return Err(refuse(labels, "holds no labels: they have 1 dimension"));
            };
            complete(labels, "label", 8, count, 1)?;
            if count != rows {
                let images = path.display();
                let what = match count < rows {
                    true => {
                        format!("has {count} labels where {images} has {rows} images: image {count} has none")
                    }
                    false => {
                        format!("has {count} labels where {images} has {rows} images: label {rows} has none")
                    }
                };
                return Err(refuse(labels, what));
            }
        }
        let columns = labels.iter().map(|_| ("label", DataType::UInt8, Vec::new())).collect::<Vec<_>>();
        Ok(Self {
            images: path.to_owned(),
            labels,
            shape,
            rows,
            schema: schema(image_field("image", shape), &columns),
        })
    }
}

impl BatchSource for Idx {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let mut images = IdxRecords::open(&self.images, 16, self.shape.values())?;
        let mut labels = self.labels.as_ref().map(|path| IdxRecords::open(path, 8, 1)).transpose()?;
        let most = batch_images(self.shape) as u64;
        let mut left = self.rows;
        Ok(Box::new(std::iter::from_fn(move || {
            let count = left.min(most) as usize;
            left -= count as u64;
            let mut next = || -> Result<RecordBatch> {
                let pixels = images.next(count)?;
                let labels = labels.as_mut().map(|labels| labels.next(count)).transpose()?;
                let labels = labels.map(|labels| Arc::new(UInt8Array::from(labels)) as ArrayRef);
                pixel_batch(&self.images, &self.schema, pixels, labels.into_iter().collect())
            };
            (count > 0).then(&mut next)
        })))
    }
}

/// The sizes that the head of a file gives.
fn sizes(path: &Path) -> Result<Vec<u64>> {
    let mut head = Vec::new();
    let read = open(path)?.take(4 + 4 * 4).read_to_end(&mut head);
    read.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
    match *head.as_slice() {
        [0, 0, BYTES, dimensions @ 1..=4, ref sizes @ ..] if sizes.len() >= 4 * usize::from(dimensions) => {
            let sizes = sizes.as_chunks().0.iter().take(dimensions.into());
            Ok(sizes.map(|&size| u32::from_be_bytes(size).into()).collect())
        }
        [0, 0, kind, ..] if kind != BYTES && looks_like_idx(&head) => Err(refuse(
            path,
            format!("an IDX file of type {kind:#04x}; images and labels are of unsigned bytes, 0x08"),
        )),
        _ => Err(refuse(path, "is no IDX file, or is cut short")),
    }
}

/// Fails unless a file has so many records of a length after its head, and nothing else.
fn complete(path: &Path, what: &str, head: u64, records: u64, length: u64) -> Result<()> {
    let body = file_length(path)?.saturating_sub(head);
    if body / length < records {
        let cut = body / length;
        return Err(refuse(
            path,
            format!("{what} {cut}: the file ends before it does; it says it has {records}"),
        ));
    }
    match body - records * length {
        0 => Ok(()),
        more => Err(refuse(path, format!("{more} bytes follow its {records} {what}s"))),
    }
}

/// Bytes of a file, unpacked if it is compressed: then they are counted.
fn file_length(path: &Path) -> Result<u64> {
    let unreadable = |e| Error::io(format!("cannot read {}", path.display()), e);
    let mut start = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(4).read_to_end(&mut start)).map_err(unreadable)?;
    if looks_like_idx(&start) {
        return Ok(std::fs::metadata(path).map_err(unreadable)?.len());
    }
    std::io::copy(&mut open(path)?, &mut std::io::sink()).map_err(|e| failed(path, e))
}

/// The file of labels beside one of images. One of the two may have been unpacked.
fn beside(images: &Path) -> Result<PathBuf> {
    // Compared as bytes: the name need not be UTF-8.
    let name = images.file_name().unwrap_or_default().as_encoded_bytes();
    let labels = replaced(&replaced(name, b"images", b"labels"), b"idx3", b"idx1");
    let other = match labels.strip_suffix(b".gz") {
        Some(unpacked) => unpacked.to_vec(),
        None => [&labels, &b".gz"[..]].concat(),
    };
    let folder = images.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files = entries(folder)?;
    let find = |wanted: Vec<u8>| {
        let named = |path: &&PathBuf| path.file_name().is_some_and(|n| n.as_encoded_bytes() == wanted);
        let found = files.iter().find(named).filter(|_| wanted != name)?;
        Some(images.with_file_name(found.file_name()?)).filter(|labels| labels.is_file())
    };
    let missing = "its labels are not beside it; name their file, or say that there are none";
    find(labels).or_else(|| find(other)).ok_or_else(|| refuse(images, missing))
}

/// Bytes with each `from` as `to`.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at..].starts_with(from) {
            true => out.extend_from_slice(to),
            false => out.push(bytes[at]),
        }
        at += if bytes[at..].starts_with(from) { from.len() } else { 1 };
    }
    out
}

/// Records of fixed length, from a file's head on.
struct IdxRecords {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    length: usize,
}

impl IdxRecords {
    fn open(path: &Path, head: u64, length: usize) -> Result<Self> {
        let mut reader = open(path)?;
        let skipped = std::io::copy(&mut (&mut reader).take(head), &mut std::io::sink());
        skipped.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
        Ok(Self { path: path.to_owned(), reader, length })
    }

    /// The bytes of the next so many records.
    fn next(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count * self.length];
        let read = self.reader.read_exact(&mut bytes);
        read.map_err(|e| Error::io(format!("cannot read {}", self.path.display()), e))?;
        Ok(bytes)
    }
}
