//! Image sets in memory.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef, UInt8Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use gede::arrow::{ArrowTable, image_shape};
use gede::image::ImageShape;
use gede::write::Table;
use gede::{Error, ErrorKind, Result};

use crate::storage::places::Place;

/// The column whose classes a class-wise file is stored by.
const CLASS: &str = "label";

/// Which column is the images, and their shape.
fn image_column(schema: &Schema) -> Result<(usize, ImageShape)> {
    let mut fields = schema.fields().iter().enumerate();
    let found = fields.find_map(|(i, field)| Some((i, image_shape(field)?)));
    found.ok_or_else(|| Error::new(ErrorKind::Input, "it has no column of images"))
}

/// Images and their labels in memory.
pub struct ImageSet {
    pub name: String,
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// Which column is the images.
    pub column: usize,
    pub shape: ImageShape,
    /// All images, one after the other.
    pub pixels: Vec<u8>,
    /// The other columns.
    pub labels: RecordBatch,
    /// The column of the classes, if there is one.
    pub class: Option<String>,
}

impl ImageSet {
    /// Reads a set, or its first images.
    ///
    /// # Errors
    /// As [`Self::new`]; whatever keeps it from being read.
    pub fn load(place: &Place, first: Option<usize>) -> Result<Self> {
        Self::new(place.name.clone(), place.schema(), place.batches(first)?)
            .map_err(|e| e.at(place.path.display()))
    }

    /// A set of batches of a column of images and others of fixed width.
    ///
    /// # Errors
    /// `Input` if there are no images, `Type` for a column that is neither.
    pub fn new(name: String, schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self> {
        let (column, shape) = image_column(&schema)?;
        let mut fields = schema.fields().iter().enumerate();
        if let Some((_, other)) =
            fields.find(|(i, f)| *i != column && f.data_type().primitive_width().is_none())
        {
            let what = format!("column \"{}\" is neither of images nor of numbers", other.name());
            return Err(Error::new(ErrorKind::Type, what));
        }
        let mut pixels = Vec::new();
        for batch in &batches {
            let images = batch.column(column).as_fixed_size_list();
            let values = images.values().as_primitive::<UInt8Type>().values();
            let start = images.offset() * shape.values();
            pixels.extend_from_slice(values.get(start..start + images.len() * shape.values()).unwrap_or(&[]));
        }
        if pixels.is_empty() {
            return Err(Error::new(ErrorKind::Input, "it has no images"));
        }
        let others: Vec<usize> = (0..schema.fields().len()).filter(|&i| i != column).collect();
        let labels = || {
            let parts = batches.iter().map(|batch| batch.project(&others));
            let parts = parts.collect::<std::result::Result<Vec<_>, _>>()?;
            concat_batches(&Arc::new(schema.project(&others)?), &parts)
        };
        let labels = labels().map_err(|e: ArrowError| Error::new(ErrorKind::Type, e.to_string()))?;
        let class = labels.schema_ref().column_with_name(CLASS).map(|_| CLASS.to_owned());
        Ok(Self { name, schema, batches, column, shape, pixels, labels, class })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.shape.values()
    }

    /// The images.
    pub fn images(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels.chunks_exact(self.shape.values())
    }

    /// An image that is there.
    pub fn image(&self, row: usize) -> &[u8] {
        let values = self.shape.values();
        self.pixels.get(row * values..(row + 1) * values).unwrap_or(&[])
    }

    /// Bytes of the labels of an image.
    pub fn label_bytes(&self) -> usize {
        let fields = self.labels.schema_ref().fields();
        fields.iter().filter_map(|field| field.data_type().primitive_width()).sum()
    }

    /// The column of images.
    pub fn field(&self) -> &Field {
        self.schema.field(self.column)
    }

    /// The source of a gede file.
    ///
    /// # Errors
    /// As [`ArrowTable::from_batches`].
    pub fn table(&self) -> Result<impl Table + use<>> {
        ArrowTable::from_batches(self.schema.clone(), self.batches.clone())
    }
}
