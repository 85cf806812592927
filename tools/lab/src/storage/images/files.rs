//! gede files of an image set: what they take, and how fast images come out of them.

use std::hint::black_box;
use std::path::Path;

use cpu_time::ProcessTime;
use gede::arrow::ArrowReader;
use gede::image::ImageErrors;
use gede::read::{ByteSource, Projection};
use gede::train::permutation;
use gede::write::{ImageTransform, Layout, Options};
use gede::{Error, ErrorKind, Reader, Result, Writer};

use super::sets::ImageSet;
use crate::open;
use crate::storage::speed::{Times, passes};

/// Images decoded at a time: a batch of training.
const BATCH: usize = 128;

/// How a file is written.
#[derive(Clone, Copy)]
pub struct Way {
    pub transform: ImageTransform,
    pub by_class: bool,
}

/// A file that was written.
pub struct Written {
    pub bytes: u64,
    /// Without bases.
    pub plain_bytes: u64,
    /// Seconds of the processor, one thread, input in memory.
    pub seconds: f64,
}

/// Writes a set to a file as `gede convert --layout paper` does, on one thread.
pub fn encode(set: &ImageSet, way: Way, path: &Path) -> Result<Written> {
    let table = set.table()?;
    let options = Options::default().with_image_transform(way.transform).with_layout(Layout::Paper);
    let mut options = options.with_threads(1).with_overwrite(true);
    options.layout.class = set.class.clone().filter(|_| way.by_class);
    let begun = ProcessTime::now();
    let bytes = Writer::new(options.clone()).write(path, &table)?.file_length;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Written { bytes, plain_bytes: Reader::open(path)?.account()?.plain_length, seconds })
}

/// Reads everything back, images in random order, and compares: labels must be the same, and images too
/// unless they may be `near`. Only the first `values` values of each image count.
pub fn verify(set: &ImageSet, path: &Path, near: bool, values: usize) -> Result<ImageErrors> {
    let reader = open(path)?;
    let mut errors = ImageErrors::default();
    Walk::new(set)?.read(&reader, |rows, pixels| {
        for (&row, after) in rows.iter().zip(pixels.chunks_exact(set.shape.values())) {
            let (before, after) = (set.image(row as usize).split_at(values), after.split_at(values));
            errors.add(before.0, after.0);
            if before.1 != after.1 || (!near && before.0 != after.0) {
                return Err(changed(path, &format!("image {row}")));
            }
        }
        Ok(())
    })?;
    let names: Vec<&str> = set.labels.schema_ref().fields().iter().map(|f| f.name().as_str()).collect();
    if !names.is_empty() {
        let labels = ArrowReader::new(&reader, &Projection::columns(reader.schema(), &names)?)?;
        let mut row = 0;
        for batch in labels.scan(0..reader.rows(), 1 << 16)? {
            let batch = batch.map_err(|e| Error::new(ErrorKind::Corrupt, e.to_string()))?;
            if batch.columns() != set.labels.slice(row, batch.num_rows()).columns() {
                return Err(changed(path, &format!("a label of rows {row} to {}", row + batch.num_rows())));
            }
            row += batch.num_rows();
        }
    }
    Ok(errors)
}

fn changed(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("{}: {what} came back otherwise", path.display()))
}

/// Times decoding of all images in random order, in batches, on one thread. Every pass maps the file anew, so
/// that every pass checks every page.
pub fn decode(set: &ImageSet, path: &Path) -> Result<Times> {
    let mut walk = Walk::new(set)?;
    passes(|| {
        walk.read(&open(path)?, |_, pixels| {
            black_box(pixels);
            Ok(())
        })
    })
}

/// A random order of all images, and room for a batch of them.
struct Walk<'a> {
    set: &'a ImageSet,
    order: Vec<u64>,
    pixels: Vec<u8>,
    pool: rayon::ThreadPool,
}

impl<'a> Walk<'a> {
    fn new(set: &'a ImageSet) -> Result<Self> {
        let order = permutation(set.len(), 0).into_iter().map(|row| row as u64).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let pool = pool.map_err(|e| Error::new(ErrorKind::Io, format!("a thread to decode on: {e}")))?;
        Ok(Self { set, order, pixels: vec![0; BATCH * set.shape.values()], pool })
    }

    /// Hands out all images of a file, batch by batch, decoded on one thread.
    fn read(
        &mut self,
        reader: &Reader<impl ByteSource>,
        mut take: impl FnMut(&[u64], &[u8]) -> Result<()> + Send,
    ) -> Result<()> {
        let Self { set, order, pixels, pool } = self;
        let images = reader.images(Some(set.field().name()))?;
        pool.install(|| {
            for rows in order.chunks(BATCH) {
                let pixels = pixels.get_mut(..rows.len() * set.shape.values()).unwrap_or_default();
                images.decode(rows, pixels)?;
                take(rows, pixels)?;
            }
            Ok(())
        })
    }
}
