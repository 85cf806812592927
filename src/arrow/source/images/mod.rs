//! Sets of images: IDX and CIFAR files, folders of pictures, and tables that hold pictures or pixels. They become a
//! column `image` of planes [C, H, W], or of the pictures' files, beside their labels.

mod cifar;
mod column;
#[cfg(feature = "images")]
mod common;
#[cfg(feature = "images")]
mod folder;
mod idx;
#[cfg(feature = "images")]
mod listing;
#[cfg(feature = "images")]
mod pictures;

pub(crate) use cifar::{Cifar, is_cifar, looks_like_pickle, pickle};
#[cfg(feature = "images")]
pub(crate) use folder::{CLASSES, Folder};
pub(crate) use idx::{Idx, looks_like_idx};

use crate::arrow::source::BatchSource;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use crate::arrow::class_names::CLASS_NAMES;
use crate::error::{Error, ErrorKind, Result};
use crate::format::image_shape::ImageShape;

/// Bytes of pixels in a batch, about.
const BATCH_BYTES: usize = 4 << 20;

/// How sets of images are read.
#[derive(Clone, Debug, Default)]
pub struct ImageInput {
    /// Where the labels of an IDX file of images are.
    pub labels: LabelFile,
    /// Which column of a table holds images.
    pub column: PixelColumn,
    /// How pictures are stored.
    pub storage: PictureStorage,
    /// Leave out pictures that cannot be read; else they are errors.
    pub skip_bad: bool,
}

/// How pictures in folders and tables are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureStorage {
    /// As pixels, without loss, if they are PNG, WebP and BMP files of one size that fits; else as the files they are:
    /// the pixels of JPEG files would take many times their bytes, and other decoders give others.
    #[default]
    Auto,
    /// As the files they are.
    Files,
    /// As pixels: all of one size.
    Pixels,
    /// As pixels of this size: the middle of its proportions is cut out and scaled.
    Resized {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
}

impl ImageInput {
    /// True if a picture is stored as a file whatever the others are.
    #[cfg(feature = "images")]
    fn keeps(&self, head: &crate::codec::picture::Head) -> bool {
        self.storage == PictureStorage::Files || self.storage == PictureStorage::Auto && head.is_lossy()
    }
}

/// Where the labels of an IDX file of images are; other inputs have theirs in themselves.
#[derive(Clone, Debug, Default)]
pub enum LabelFile {
    /// Beside it: `labels` in the place of `images` in its name, `idx1` of `idx3`.
    #[default]
    Beside,
    /// Nowhere.
    None,
    /// In this file.
    At(PathBuf),
}

/// Which column of a table holds images.
#[derive(Clone, Debug, Default)]
pub enum PixelColumn {
    /// A struct of `bytes` and `path`, the bytes those of a PNG, WebP or BMP file; or else the one column of bytes (binary
    /// or lists of fixed size) beside the integers `height`, `width` and `channels`, its pixels in the order [H, W, C].
    #[default]
    Auto,
    /// None: tables are left as they are.
    None,
    /// The column of this name: pixels of this shape.
    Of(String, ImageShape),
}

/// Images in a batch, about.
fn batch_images(shape: ImageShape) -> usize {
    (BATCH_BYTES / shape.values()).clamp(1, 8192)
}

/// A column of images and labels of a type; their names are kept where there are any.
fn schema(image: Field, labels: &[(&str, DataType, Vec<String>)]) -> SchemaRef {
    let label = |(name, data_type, _): &(&str, DataType, _)| Field::new(*name, data_type.clone(), false);
    let fields: Vec<Field> = std::iter::once(image).chain(labels.iter().map(label)).collect();
    let names: BTreeMap<_, _> =
        labels.iter().filter(|(.., names)| !names.is_empty()).map(|(name, _, names)| (name, names)).collect();
    let metadata = match names.is_empty() {
        true => HashMap::new(),
        false => HashMap::from([(CLASS_NAMES.to_owned(), serde_json::json!(names).to_string())]),
    };
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// Images one after the other as a column of a field made by `image_field`.
fn image_array(field: &Field, pixels: Vec<u8>) -> std::result::Result<ArrayRef, ArrowError> {
    let DataType::FixedSizeList(item, length) = field.data_type() else {
        return Err(ArrowError::SchemaError("no field of images".to_owned()));
    };
    let values = Arc::new(UInt8Array::from(pixels));
    Ok(Arc::new(FixedSizeListArray::try_new(item.clone(), *length, values, None)?))
}

/// A batch of images and their labels.
fn batch(path: &Path, schema: &SchemaRef, images: ArrayRef, labels: Vec<ArrayRef>) -> Result<RecordBatch> {
    RecordBatch::try_new(schema.clone(), std::iter::once(images).chain(labels).collect())
        .map_err(|e| super::unreadable(path, e))
}

/// A batch of pixels and their labels.
fn pixel_batch(
    path: &Path,
    schema: &SchemaRef,
    pixels: Vec<u8>,
    labels: Vec<ArrayRef>,
) -> Result<RecordBatch> {
    let images = image_array(schema.field(0), pixels).map_err(|e| super::unreadable(path, e))?;
    batch(path, schema, images, labels)
}

/// An error about an input file.
fn refuse(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Input, format!("{}: {what}", path.display()))
}

/// The table with its pictures and pixels as columns of images; the table itself if it has none, or if it is empty.
pub(crate) fn with_images(
    path: &Path,
    table: Box<dyn BatchSource>,
    options: &ImageInput,
) -> Result<Box<dyn BatchSource>> {
    if let PixelColumn::None = options.column {
        return Ok(table);
    }
    #[cfg(feature = "images")]
    let table = pictures::with_pictures(path, table, options)?;
    column::with_pixels(path, table, options)
}
