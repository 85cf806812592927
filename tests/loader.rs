//! A loader hands out exactly the images and labels of the rows that its epochs draw, in their order, whatever
//! the threads; errors come through; and it leaves nothing running.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/pictures.rs"]
mod pictures;

use gede::sample::*;
use gede::{Error, ErrorKind, Reader, Result};
use pictures::{BYTES, CHANNELS, HEIGHT, WIDTH, class, file, pixel, planar};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;

/// What a batch holds, and where the epochs go on.
type Seen = (u64, State, Vec<u64>, Vec<u32>, Vec<u8>);

fn seen(batch: Result<LoaderBatch>) -> Seen {
    let batch = batch.unwrap();
    let Pixels::Bytes(bytes) = batch.pixels() else { panic!() };
    (batch.epoch(), batch.state(), batch.rows().to_vec(), batch.labels().to_vec(), bytes.clone())
}

fn load(bytes: &[u8], draw: Option<Draw>, state: State, options: LoaderOptions) -> Vec<Seen> {
    let reader = Reader::new(bytes).unwrap();
    let images = reader.images(None).unwrap();
    let labels = LabelColumn::from_classes(&reader).unwrap().unwrap();
    let classes = FileClasses::new(&reader).unwrap();
    let draw = draw.unwrap_or(Draw::Balanced(&classes));
    let epochs = Epochs::new(draw, Amount::Fraction(0.1), state).unwrap().until(3);
    scope(|scope| Loader::start(scope, &images, Some(&labels), epochs, options).unwrap().map(seen).collect())
}

fn options(batch: usize) -> LoaderOptions {
    LoaderOptions { batch, ..LoaderOptions::default() }
}

#[test]
fn batches_are_the_images_and_labels_of_their_rows() {
    for interleaved in [false, true] {
        let bytes = file(1000, true, interleaved);
        for draw in [Some(Draw::Uniform(1000)), Some(Draw::Walk(1000)), Some(Draw::Replacement(1000)), None] {
            let batches = load(&bytes, draw, State::new(4), options(32));
            assert_eq!(batches.iter().map(|b| b.2.len()).collect::<Vec<_>>(), [32, 32, 32, 4].repeat(3));
            for (_, _, rows, labels, pixels) in &batches {
                assert_eq!(pixels, &rows.iter().flat_map(|&row| planar(row)).collect::<Vec<_>>());
                assert_eq!(labels, &rows.iter().map(|&row| class(row)).collect::<Vec<_>>());
            }
            if let Some(draw) = draw {
                let epochs = Epochs::new(draw, Amount::Count(100), State::new(4)).unwrap();
                for number in 0..3 {
                    let rows: Result<Vec<u64>> = epochs.epoch(number).iter().collect();
                    assert!(
                        batches.iter().filter(|b| b.0 == number).flat_map(|b| b.2.clone()).eq(rows.unwrap())
                    );
                }
            }
        }
    }
}

#[test]
fn balanced_batches_of_a_file_have_as_many_of_each_class() {
    let batches = load(&file(1000, true, false), None, State::new(1), options(100));
    for (_, _, rows, labels, _) in batches {
        assert_eq!(rows.len(), 100);
        (0..4).for_each(|class| assert_eq!(labels.iter().filter(|&&l| l == class).count(), 25));
    }
}

#[test]
fn the_same_seed_has_the_same_batches_on_one_thread_and_on_four() {
    let bytes = file(1000, true, true);
    let on =
        |threads, depth| load(&bytes, None, State::new(7), LoaderOptions { threads, depth, ..options(24) });
    let one = on(1, 2);
    assert_eq!(one.len(), 15);
    assert!(on(4, 2) == one && on(2, 0) == one && on(0, 50) == one);
}

#[test]
fn a_loader_resumed_from_any_batch_goes_on_as_if_never_stopped() {
    let bytes = file(500, true, false);
    for drop_last in [false, true] {
        let options = LoaderOptions { drop_last, ..options(16) };
        let whole = load(&bytes, Some(Draw::Uniform(500)), State::new(3), options.clone());
        let lengths: &[usize] = if drop_last { &[16, 16, 16] } else { &[16, 16, 16, 2] };
        assert_eq!(whole.iter().map(|b| b.2.len()).collect::<Vec<_>>(), lengths.repeat(3));
        let ends = whole.iter().filter(|b| b.1.epoch != b.0).count();
        assert_eq!(ends, 3);
        for (at, batch) in whole.iter().enumerate().take(whole.len() - 1) {
            let rest = load(&bytes, Some(Draw::Uniform(500)), batch.1, options.clone());
            assert!(rest == whole[at + 1..]);
        }
    }
}

#[test]
fn floats_are_scaled_by_channel() {
    let bytes = file(64, false, true);
    let reader = Reader::new(bytes).unwrap();
    let images = reader.images(Some("image")).unwrap();
    assert_eq!((images.shape(), images.rows(), images.name()), ((CHANNELS, HEIGHT, WIDTH), 64, "image"));
    let (mean, std) = ([0.5, 0.25, 0.0], [0.5, 2.0, 1.0]);
    for format in [PixelFormat::unit(), PixelFormat::Floats { mean: mean.to_vec(), std: std.to_vec() }] {
        let (mean, std) = if format == PixelFormat::unit() { ([0.0; 3], [1.0; 3]) } else { (mean, std) };
        let epochs = Epochs::new(Draw::Walk(64), Amount::Count(64), State::new(0)).unwrap().until(1);
        scope(|scope| {
            // 23 images on four threads: parts of six, and of five.
            let options = LoaderOptions { format, threads: 4, ..options(23) };
            let mut rows = 0;
            for batch in Loader::start(scope, &images, None, epochs, options).unwrap() {
                let batch = batch.unwrap();
                let Pixels::Floats(floats) = batch.pixels() else { panic!() };
                assert_eq!((floats.len(), batch.labels().len()), (batch.rows().len() * BYTES, 0));
                for (&row, image) in batch.rows().iter().zip(floats.chunks_exact(BYTES)) {
                    for (i, &found) in image.iter().enumerate() {
                        let (channel, at) = (i / (HEIGHT * WIDTH), i % (HEIGHT * WIDTH));
                        let byte = f32::from(pixel(row, channel, at));
                        assert_eq!(found, (byte / 255.0 - mean[channel]) / std[channel]);
                    }
                }
                rows += batch.rows().len();
            }
            assert_eq!(rows, 64);
        });
    }
}

#[test]
fn labels_of_other_columns_are_class_numbers() {
    let bytes = file(50, false, false);
    let reader = Reader::new(bytes).unwrap();
    assert!(LabelColumn::from_classes(&reader).unwrap().is_none());
    let mut numbers = [0; 3];
    LabelColumn::new(&reader, "label").unwrap().numbers(&[7, 0, 7], &mut numbers).unwrap();
    assert_eq!(numbers, [7, 0, 7].map(|row| class(row) + 3));
    assert_eq!(LabelColumn::new(&reader, "image").map(drop).unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(FileClasses::new(&reader).map(drop).unwrap_err().kind(), ErrorKind::Argument);
}

/// Images that count what is going on, and fail at a row.
struct Fake {
    fails_at: u64,
    decoded: AtomicUsize,
}

impl Fake {
    fn new(fails_at: u64) -> Self {
        Self { fails_at, decoded: AtomicUsize::new(0) }
    }
}

impl Images for Fake {
    fn rows(&self) -> u64 {
        1000
    }

    fn shape(&self) -> (usize, usize, usize) {
        (1, 1, 1)
    }

    fn decode(&self, rows: &[u64], out: &mut [u8]) -> Result<()> {
        self.decoded.fetch_add(rows.len(), Ordering::SeqCst);
        if rows.contains(&self.fails_at) {
            return Err(Error::new(ErrorKind::Corrupt, "row 5 is damaged"));
        }
        out.fill(1);
        Ok(())
    }
}

fn all_rows() -> Epochs<'static> {
    Epochs::new(Draw::Uniform(1000), Amount::Fraction(1.0), State::new(0)).unwrap()
}

#[test]
fn an_error_comes_through_and_is_the_last_thing() {
    let fake = Fake::new(5);
    scope(|scope| {
        let mut loader = Loader::start(scope, &fake, None, all_rows(), options(10)).unwrap();
        let fine = loader.by_ref().take_while(Result::is_ok).count();
        let before = all_rows().epoch(0).iter().position(|row| row.unwrap() == 5).unwrap();
        assert_eq!(fine, before / 10);
        assert!(loader.next().is_none() && loader.next().is_none());
    });
}

#[test]
fn a_panic_comes_through() {
    struct Panics;
    impl Images for Panics {
        fn rows(&self) -> u64 {
            1000
        }
        fn shape(&self) -> (usize, usize, usize) {
            (1, 1, 1)
        }
        fn decode(&self, _: &[u64], _: &mut [u8]) -> Result<()> {
            panic!("a bug")
        }
    }
    let outcome = std::panic::catch_unwind(|| {
        scope(|scope| Loader::start(scope, &Panics, None, all_rows(), options(10)).unwrap().count())
    });
    assert_eq!(outcome.unwrap_err().downcast_ref::<&str>(), Some(&"a bug"));
}

#[test]
fn no_more_is_decoded_ahead_than_asked_for_and_nothing_once_dropped() {
    let fake = Fake::new(u64::MAX);
    scope(|scope| {
        let mut loader =
            Loader::start(scope, &fake, None, all_rows(), LoaderOptions { depth: 3, ..options(10) }).unwrap();
        let held: Vec<LoaderBatch> = loader.by_ref().take(5).map(Result::unwrap).collect();
        // Epochs are endless: the loader ends since it is dropped.
        drop(loader);
        let decoded = fake.decoded.load(Ordering::SeqCst);
        assert!((50..=90).contains(&decoded), "{decoded}");
        assert!(held.iter().all(|batch| matches!(batch.pixels(), Pixels::Bytes(b) if *b == [1; 10])));
        assert_eq!(fake.decoded.load(Ordering::SeqCst), decoded);
    });
}

#[test]
fn what_makes_no_batches_is_refused() {
    let fake = Fake::new(u64::MAX);
    let floats = |mean: &[f32], std: &[f32]| PixelFormat::Floats { mean: mean.to_vec(), std: std.to_vec() };
    for options in [
        options(0),
        options(usize::MAX),
        LoaderOptions { drop_last: true, ..options(1001) },
        LoaderOptions { format: floats(&[0.0, 0.0], &[]), ..options(1) },
        LoaderOptions { format: floats(&[], &[0.0]), ..options(1) },
        LoaderOptions { format: floats(&[f32::NAN], &[]), ..options(1) },
    ] {
        let refused = scope(|scope| Loader::start(scope, &fake, None, all_rows(), options.clone()).map(drop));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Argument, "{options:?}");
    }
}

#[cfg(feature = "train")]
#[test]
fn batches_become_tensors() {
    use gede::train::Device;
    let bytes = file(40, true, false);
    let reader = Reader::new(bytes).unwrap();
    let images = reader.images(None).unwrap();
    let labels = LabelColumn::from_classes(&reader).unwrap().unwrap();
    let epochs = Epochs::new(Draw::Uniform(40), Amount::Count(10), State::new(0)).unwrap().until(1);
    scope(|scope| {
        let options = LoaderOptions { format: PixelFormat::unit(), ..options(10) };
        let batch = Loader::start(scope, &images, Some(&labels), epochs, options).unwrap().next();
        let batch = batch.unwrap().unwrap();
        let (x, y) = batch.tensors(&Device::Cpu).unwrap();
        assert_eq!((x.dims(), y.dims()), (&[10, CHANNELS, HEIGHT, WIDTH][..], &[10][..]));
        assert_eq!(y.to_vec1::<u32>().unwrap(), batch.labels());
        let Pixels::Floats(floats) = batch.pixels() else { panic!() };
        assert_eq!(&x.flatten_all().unwrap().to_vec1::<f32>().unwrap(), floats);
    });
}
