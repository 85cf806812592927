//! Image sets: where they are, and what is in them.

use std::path::PathBuf;
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

use crate::experiment::{Request, misuse};

/// What is looked for in the folder of data: the first path of each that is there.
const KNOWN: [(&str, &[&str]); 4] = [
    ("MNIST", &["mnist/train-images-idx3-ubyte"]),
    ("Fashion-MNIST", &["fashion-mnist/train-images-idx3-ubyte"]),
    ("CIFAR-10", &["cifar10"]),
    ("CIFAR-100", &["cifar100"]),
];

/// The column whose classes a class-wise file is stored by.
const CLASS: &str = "label";

/// A set that can be read.
pub struct Place {
    name: String,
    path: PathBuf,
    table: ArrowTable,
}

impl Place {
    fn open(name: String, path: PathBuf) -> Result<Self> {
        let table = ArrowTable::open(&path)?;
        image_column(table.arrow()).map_err(|e| e.at(path.display()))?;
        Ok(Self { name, path, table })
    }
}

/// Which column is the images, and their shape.
fn image_column(schema: &Schema) -> Result<(usize, ImageShape)> {
    let mut fields = schema.fields().iter().enumerate();
    let found = fields.find_map(|(i, field)| Some((i, image_shape(field)?)));
    found.ok_or_else(|| Error::new(ErrorKind::Input, "it has no column of images"))
}

/// The sets in the folder of data, and those that were named.
///
/// # Errors
/// `Argument` if there are none, or two would write the same figure; whatever keeps one from being read.
pub fn find(request: &Request) -> Result<Vec<Place>> {
    let known = request.data.iter().flat_map(|data| {
        let place = |path: &&str| Some(data.join(path)).filter(|path| path.exists());
        let found = |&(name, paths): &(&str, &[&str])| Some((name.to_owned(), paths.iter().find_map(place)?));
        KNOWN.iter().filter_map(found).collect::<Vec<_>>()
    });
    let named = request.sets.iter().map(|path| {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        (stem.unwrap_or_else(|| "images".to_owned()), path.clone())
    });
    let found: Vec<(String, PathBuf)> = known.chain(named).collect();
    if found.is_empty() {
        let known: Vec<&str> = KNOWN.iter().flat_map(|(_, paths)| paths.iter().copied()).collect();
        return Err(misuse(match request.data {
            Some(data) => format!("{}: no image sets; looked for {}", data.display(), known.join(", ")),
            None => format!("no image sets: name the folder of {} by --data", known.join(", ")),
        }));
    }
    for (i, (name, _)) in found.iter().enumerate() {
        if found.iter().take(i).any(|(other, _)| slug(other) == slug(name)) {
            return Err(misuse(format!("two image sets are named {name}; rename one of them")));
        }
    }
    found.into_iter().map(|(name, path)| Place::open(name, path)).collect()
}

impl Place {
    /// The name as part of a file's name.
    pub fn slug(&self) -> String {
        slug(&self.name)
    }

    /// Reads the set, or its first images.
    ///
    /// # Errors
    /// `Input` if there are none; whatever keeps it from being read.
    pub fn load(&self, most: Option<usize>) -> Result<ImageSet> {
        let table = &self.table;
        let (mut left, mut batches) = (most.unwrap_or(usize::MAX), Vec::new());
        for batch in table.record_batches()? {
            let batch = batch?;
            let batch = batch.slice(0, batch.num_rows().min(left));
            left -= batch.num_rows();
            batches.push(batch);
            if left == 0 {
                break;
            }
        }
        ImageSet::new(self.name.clone(), table.arrow().clone(), batches)
            .map_err(|e| e.at(self.path.display()))
    }
}

fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(plain).collect()
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

    /// What a gede file is written from.
    ///
    /// # Errors
    /// As [`ArrowTable::from_batches`].
    pub fn table(&self) -> Result<impl Table + use<>> {
        ArrowTable::from_batches(self.schema.clone(), self.batches.clone())
    }
}
