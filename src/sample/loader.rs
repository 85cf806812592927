//! Batches of an epoch, decoded ahead of who uses them.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::batch::{Buffers, LoaderBatch, PixelFormat, Pixels};
use super::{Epochs, Images, Labels};
use crate::error::{Error, Result};

/// How a loader makes batches.
#[derive(Clone, Debug, PartialEq)]
pub struct LoaderOptions {
    /// Images a batch.
    pub batch: usize,
    /// Leave out the last images of an epoch if they do not fill a batch; else they are a smaller one.
    pub drop_last: bool,
    /// Form of the images' values.
    pub format: PixelFormat,
    /// Finished batches that wait to be used, at most.
    pub depth: usize,
    /// Threads that decode; 0 for as many as there are processors.
    pub threads: usize,
}

impl Default for LoaderOptions {
    fn default() -> Self {
        Self { batch: 128, drop_last: false, format: PixelFormat::Bytes, depth: 2, threads: 0 }
    }
}

/// An iterator over the batches of epochs. A background thread decodes them ahead, in parallel on a few
/// more: at any time there are at most `depth` finished batches, one in the making and those that the user
/// has not dropped; their memory is used again and again.
///
/// The threads live no longer than the scope, and when the loader is dropped they end. After an error
/// there are no more batches.
///
/// ```no_run
/// # #[cfg(feature = "arrow")] fn main() -> gede::Result<()> {
/// use gede::sample::{Amount, Draw, Epochs, LabelColumn, Loader, LoaderOptions, State};
/// let file = gede::Reader::open("mnist.gede")?;
/// let images = file.images(None)?;
/// let labels = LabelColumn::new(&file, "label")?;
/// let epochs = Epochs::new(Draw::Uniform(file.rows()), Amount::Fraction(0.1), State::new(1))?.until(100);
/// std::thread::scope(|scope| {
///     for batch in Loader::start(scope, &images, Some(&labels), epochs, LoaderOptions::default())? {
///         let batch = batch?;
///         println!("{:?} {:?}", batch.shape(), batch.labels());
///     }
///     Ok(())
/// })
/// # }
/// # #[cfg(not(feature = "arrow"))] fn main() {}
/// ```
pub struct Loader<'scope> {
    /// `None` once the thread was asked to end.
    batches: Option<Receiver<Result<LoaderBatch>>>,
    thread: Option<ScopedJoinHandle<'scope, ()>>,
}

debug_fields!(['scope] Loader {  });

impl<'scope> Loader<'scope> {
    /// Starts to decode.
    ///
    /// # Errors
    /// `Argument` for batches of no images, of more than fit into memory or, if incomplete ones are left
    /// out, of more than an epoch has, and for a format that does not fit the channels; `Io` if there is no
    /// thread to be had.
    pub fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        images: &'scope dyn Images,
        labels: Option<&'scope dyn Labels>,
        epochs: Epochs<'scope>,
        options: LoaderOptions,
    ) -> Result<Self> {
        let (ready, batches) = sync_channel(options.depth);
        let mut maker = Maker::new(images, labels, epochs, options)?;
        let thread = Builder::new().name("gede loader".to_owned());
        let thread = thread.spawn_scoped(scope, move || maker.run(&ready));
        let thread = thread.map_err(|e| Error::io("cannot start a thread for the loader", e))?;
        Ok(Self { batches: Some(batches), thread: Some(thread) })
    }
}

impl Iterator for Loader<'_> {
    type Item = Result<LoaderBatch>;

    fn next(&mut self) -> Option<Result<LoaderBatch>> {
        let batch = self.batches.as_ref()?.recv().ok();
        if batch.is_none() {
            self.batches = None;
            if let Some(Err(panic)) = self.thread.take().map(ScopedJoinHandle::join) {
                std::panic::resume_unwind(panic);
            }
        }
        batch
    }
}

impl Drop for Loader<'_> {
    fn drop(&mut self) {
        self.batches = None;
        // A panic of the thread has nothing to add: nobody waits for its batches.
        let _ = self.thread.take().map(ScopedJoinHandle::join);
    }
}

/// State of the loader's thread.
struct Maker<'a> {
    images: &'a dyn Images,
    labels: Option<&'a dyn Labels>,
    epochs: Epochs<'a>,
    options: LoaderOptions,
    shape: (usize, usize, usize),
    /// Bytes of an image.
    image: usize,
    /// For each channel the number of each byte value.
    tables: Option<Vec<[f32; 256]>>,
    /// Bytes that become floats.
    bytes: Vec<u8>,
    pool: ThreadPool,
    home: Sender<Buffers>,
    returned: Receiver<Buffers>,
}

impl<'a> Maker<'a> {
    fn new(
        images: &'a dyn Images,
        labels: Option<&'a dyn Labels>,
        epochs: Epochs<'a>,
        options: LoaderOptions,
    ) -> Result<Self> {
        let (channels, height, width) = images.shape();
        let tables = options.format.tables(channels)?;
        let image = channels.checked_mul(height).and_then(|n| n.checked_mul(width)).filter(|&n| n > 0);
        let image = image.ok_or_else(|| Error::argument("the images have no pixels"))?;
        let batch = options.batch;
        let bytes = image.checked_mul(batch).and_then(|n| n.checked_mul(4));
        if bytes.is_none_or(|bytes| bytes == 0 || bytes > isize::MAX as usize) {
            return Err(Error::argument(format!("a batch cannot have {batch} images of {image} bytes")));
        }
        if options.drop_last && batch as u64 > epochs.rows() {
            let rows = epochs.rows();
            return Err(Error::argument(format!("an epoch of {rows} rows has no whole batch of {batch}")));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
        let pool = pool.map_err(|e| Error::argument(format!("{} threads: {e}", options.threads)))?;
        let (home, returned) = channel();
        let shape = (channels, height, width);
        Ok(Self {
            images,
            labels,
            epochs,
            options,
            shape,
            image,
            tables,
            bytes: Vec::new(),
            pool,
            home,
            returned,
        })
    }

    /// Makes batches until all are made, one fails, or nobody takes them any more.
    fn run(&mut self, ready: &SyncSender<Result<LoaderBatch>>) {
        while let Some(batch) = self.next().transpose() {
            let failed = batch.is_err();
            if ready.send(batch).is_err() || failed {
                return;
            }
        }
    }

    fn next(&mut self) -> Result<Option<LoaderBatch>> {
        self.leave_out();
        let epoch = self.epochs.state().epoch;
        let mut buffers = self.buffers();
        self.epochs.next_rows(self.options.batch, &mut buffers.rows)?;
        if buffers.rows.is_empty() {
            return Ok(None);
        }
        self.leave_out();
        self.fill(&mut buffers)?;
        let (state, shape, home) = (self.epochs.state(), self.shape, self.home.clone());
        Ok(Some(LoaderBatch { epoch, state, shape, buffers, home }))
    }

    /// Skips what is left of an epoch if it is no whole batch and such are not wanted.
    fn leave_out(&mut self) {
        let left = self.epochs.left();
        if self.options.drop_last && left > 0 && left < self.options.batch as u64 {
            self.epochs.skip();
        }
    }

    /// Buffers that came back, or new ones.
    fn buffers(&self) -> Buffers {
        let pixels = || match self.tables {
            None => Pixels::Bytes(Vec::new()),
            Some(_) => Pixels::Floats(Vec::new()),
        };
        let new = || Buffers { rows: Vec::new(), labels: Vec::new(), pixels: pixels() };
        self.returned.try_recv().unwrap_or_else(|_| new())
    }

    /// Reads the labels and the images of the rows in `buffers`.
    fn fill(&mut self, buffers: &mut Buffers) -> Result<()> {
        let Buffers { rows, labels, pixels } = buffers;
        labels.clear();
        if let Some(from) = self.labels {
            labels.resize(rows.len(), 0);
            from.numbers(rows, labels)?;
        }
        let (images, image, (channels, ..)) = (self.images, self.image, self.shape);
        let values = rows.len() * image;
        // A part a thread: a decoder does better with many rows at once.
        let part = rows.len().div_ceil(self.pool.current_num_threads()).max(1);
        match (pixels, &self.tables) {
            (Pixels::Floats(floats), Some(tables)) => {
                self.bytes.resize(values, 0);
                floats.resize(values, 0.0);
                let parts = rows.par_chunks(part).zip(self.bytes.par_chunks_mut(part * image));
                let parts = parts.zip(floats.par_chunks_mut(part * image));
                self.pool.install(|| {
                    parts.try_for_each(|((rows, bytes), floats)| {
                        images.decode(rows, bytes)?;
                        let planes = bytes.chunks_exact(image / channels);
                        let planes = planes.zip(floats.chunks_exact_mut(image / channels));
                        planes
                            .zip(tables.iter().cycle())
                            .for_each(|((from, to), table)| scale(from, table, to));
                        Ok(())
                    })
                })
            }
            (Pixels::Bytes(bytes), _) => {
                bytes.resize(values, 0);
                let parts = rows.par_chunks(part).zip(bytes.par_chunks_mut(part * image));
                self.pool.install(|| parts.try_for_each(|(rows, bytes)| images.decode(rows, bytes)))
            }
            (Pixels::Floats(_), None) => Ok(()),
        }
    }
}

/// A plane of bytes as floats.
fn scale(bytes: &[u8], table: &[f32; 256], floats: &mut [f32]) {
    bytes.iter().zip(floats).for_each(|(&byte, float)| *float = table[usize::from(byte)]);
}
