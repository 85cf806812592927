//! Where sets are.

use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use gede::arrow::{ArrowTable, image_shape};
use gede::{Error, ErrorKind, Result};

use super::tables::sensor;
use crate::{Request, misuse};

/// A set's name, and its files.
type Known = (&'static str, &'static [&'static str]);

/// The files of each set that are looked for in the folder of data.
const IMAGES: [Known; 4] = [
    ("MNIST", &["mnist/train-images-idx3-ubyte"]),
    ("Fashion-MNIST", &["fashion-mnist/train-images-idx3-ubyte"]),
    ("CIFAR-10", &["cifar10"]),
    ("CIFAR-100", &["cifar100"]),
];
const TABLES: [Known; 3] = [
    ("California Housing", &["california_housing.csv"]),
    ("credit default", &["credit_default.csv"]),
    ("ijcnn1", &["ijcnn1", "ijcnn1.t"]),
];

/// The name of the generated table, among the sets that a user names.
const SENSOR: &str = "sensor";
const SENSOR_ROWS: usize = 1_000_000;

/// A set that can be read.
pub struct Place {
    pub name: String,
    /// For errors.
    pub path: PathBuf,
    files: Files,
}

enum Files {
    /// Rows of the first, then of the next.
    Stored(Vec<ArrowTable>),
    Sensor,
}

impl Place {
    fn open(name: String, paths: &[PathBuf]) -> Result<Self> {
        let path = paths.first().cloned().unwrap_or_default();
        let files = match path.to_str() {
            Some(SENSOR) if !path.exists() => Files::Sensor,
            _ => Files::Stored(paths.iter().map(ArrowTable::open).collect::<Result<_>>()?),
        };
        let place = Self { name, path, files };
        place.batches(Some(1))?;
        Ok(place)
    }

    /// The name as part of a file's name.
    pub fn slug(&self) -> String {
        slug(&self.name)
    }

    /// Its schema.
    pub fn schema(&self) -> SchemaRef {
        match &self.files {
            Files::Stored(tables) => {
                tables.first().map(|table| table.arrow().clone()).unwrap_or_else(sensor::schema)
            }
            Files::Sensor => sensor::schema(),
        }
    }

    /// True for a set of images.
    pub fn has_images(&self) -> bool {
        self.schema().fields().iter().any(|field| image_shape(field).is_some())
    }

    /// True if it was generated, in the types in which it is to be stored.
    pub fn is_generated(&self) -> bool {
        matches!(self.files, Files::Sensor)
    }

    /// Its rows, or the first of them.
    ///
    /// # Errors
    /// `Input` if there are none; whatever keeps them from being read.
    pub fn batches(&self, first: Option<usize>) -> Result<Vec<RecordBatch>> {
        let mut left = first.unwrap_or(usize::MAX);
        let mut batches = Vec::new();
        match &self.files {
            Files::Sensor => {
                batches.extend(sensor::batches(1, left.min(SENSOR_ROWS) as u64, 1 << 16));
            }
            Files::Stored(tables) => {
                for table in tables {
                    for batch in table.record_batches()? {
                        let batch = batch?;
                        let batch = batch.slice(0, batch.num_rows().min(left));
                        left -= batch.num_rows();
                        batches.push(batch);
                        if left == 0 {
                            break;
                        }
                    }
                }
            }
        }
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Err(Error::new(ErrorKind::Input, format!("{}: it has no rows", self.path.display())));
        }
        Ok(batches)
    }
}

/// The sets in the folder of data, with the generated table where there are others, and those that were named.
///
/// # Errors
/// `Argument` if there are none, or two would write the same figure; whatever keeps one from being read.
pub fn find(request: &Request) -> Result<Vec<Place>> {
    let mut found: Vec<(String, Vec<PathBuf>)> = Vec::new();
    if let Some(data) = request.data {
        let there = |(name, files): &Known| {
            let paths: Vec<_> =
                files.iter().map(|file| data.join(file)).filter(|path| path.exists()).collect();
            (!paths.is_empty()).then(|| ((*name).to_owned(), paths))
        };
        found.extend(IMAGES.iter().filter_map(there));
        let images = found.len();
        found.extend(TABLES.iter().filter_map(there));
        if found.len() > images {
            found.push((SENSOR.to_owned(), vec![PathBuf::from(SENSOR)]));
        }
    }
    for path in request.sets {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        found.push((stem.unwrap_or_else(|| "set".to_owned()), vec![path.clone()]));
    }
    if found.is_empty() {
        let known: Vec<&str> =
            IMAGES.iter().chain(&TABLES).flat_map(|(_, paths)| paths.iter().copied()).collect();
        return Err(misuse(match request.data {
            Some(data) => format!("{}: no sets; looked for {}", data.display(), known.join(", ")),
            None => format!("no sets: name the folder of {} by --data", known.join(", ")),
        }));
    }
    for (i, (name, _)) in found.iter().enumerate() {
        if found.iter().take(i).any(|(other, _)| slug(other) == slug(name)) {
            return Err(misuse(format!("two sets are named {name}; rename one of them")));
        }
    }
    found.into_iter().map(|(name, paths)| Place::open(name, &paths)).collect()
}

fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(plain).collect()
}
