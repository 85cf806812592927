//! How fast images are decoded on a GPU.

use std::time::{Duration, Instant};

use gede::arrow::ArrowTable;
use gede::internal::TemporaryFolder;
use gede::read::ByteSource;
use gede::sample::{Amount, Draw, Epochs, PixelFormat, State};
use gede::train::{Augment, Device, ResidentImages, device_name};
use gede::write::{ImageTransform, Options};
use gede::{Reader, Result, Writer};
use serde::Serialize;

use super::storage::machine;
use super::{Request, csv_file, folder, misuse, revision};
use crate::open;
use gede_cli::device::On;
use gede_cli::output::{Table, count};

/// The codings of the images, by the names of `gede convert --images`.
const CODINGS: [(&str, ImageTransform); 3] =
    [("lossless", ImageTransform::Lossless), ("dct", ImageTransform::Dct), ("none", ImageTransform::None)];

/// Images that are decoded together.
const BATCHES: [usize; 2] = [128, 4096];

/// How long each is measured.
const DECODING: Duration = Duration::from_secs(2);

/// A rate.
#[derive(Serialize)]
struct Row {
    what: String,
    images_per_second: f64,
    machine: String,
    revision: Option<String>,
}

/// Measures all of it; the folder of data holds `mnist/` and `cifar10/`.
pub fn run(request: &Request) -> Result<()> {
    if request.device != On::Cuda {
        return Err(misuse("this is about a GPU: add --device cuda"));
    }
    let device = request.device.device()?;
    let data = request.data.ok_or_else(|| misuse("name the folder of mnist/ and cifar10/ by --data"))?;
    let out = folder(request, "gpu")?;
    let (machine, revision) = (machine(), revision(&out));
    let machine = device_name(&device).map_or(machine.clone(), |gpu| format!("{gpu}, {machine}"));
    let row = |what: String, images_per_second: f64| Row {
        what,
        images_per_second,
        machine: machine.clone(),
        revision: revision.clone(),
    };
    let files = TemporaryFolder::new(&std::env::temp_dir())?;
    let mut rows = Vec::new();
    for (set, from) in [("mnist", "mnist/train-images-idx3-ubyte"), ("cifar10", "cifar10")] {
        for (coding, images) in CODINGS {
            let file = files.path().join(format!("{set}-{coding}.gede"));
            let options = Options::default().with_image_transform(images).with_class("label");
            Writer::new(options.clone()).write(&file, &ArrowTable::open(data.join(from))?)?;
            let reader = open(&file)?;
            for batch in BATCHES {
                let rate = decoded(&reader, batch, &device)?;
                rows.push(row(format!("decode {set}, {coding}, {} together", count(batch as u64)), rate));
            }
        }
    }
    csv_file::save(&out.join("gpu.csv"), &rows)?;
    let mut table = Table::new(1);
    for row in &rows {
        let rate = count(row.images_per_second as u64);
        table.row([&row.what, &rate]);
    }
    if request.json { gede_cli::output::json(&rows) } else { gede_cli::output::print(&table.render(0)) }
}

/// Images a second, decoded, shifted and mirrored into batches on the device.
fn decoded<S: ByteSource>(reader: &Reader<S>, batch: usize, device: &Device) -> Result<f64> {
    let images = reader.images(None)?;
    let mut resident = ResidentImages::new(&images, &PixelFormat::unit(), batch, device)?;
    let mut epochs = Epochs::new(Draw::Uniform(reader.rows()), Amount::Fraction(1.0), State::new(1))?;
    let augment = Augment { shift: 4, mirror: true };
    let mut rows = Vec::new();
    let mut some = |batches: u64| -> Result<u64> {
        let mut done = 0;
        for _ in 0..batches {
            epochs.next_rows(batch, &mut rows)?;
            resident.batch(&rows, Some((augment, done)))?;
            done += rows.len() as u64;
        }
        resident.check().map(|()| done)
    };
    // The first batch compiles the kernels.
    some(1)?;
    let (started, mut done) = (Instant::now(), 0);
    while started.elapsed() < DECODING {
        done += some(32)?;
    }
    Ok(done as f64 / started.elapsed().as_secs_f64())
}
