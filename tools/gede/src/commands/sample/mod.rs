//! `gede sample`: an epoch of random images.

mod memory;
mod report;
mod sheet;

use super::large::Large;
use super::pictures::{Size, images};
use super::{misuse, open, refuse_existing};
use crate::output::{json, print};
use crate::progress::Bar;
use gede::read::ByteSource;
use gede::sample::{
    Amount, Draw, Epochs, FileClasses, LabelColumn, Labels, Loader, LoaderOptions, Pixels, State,
};
use gede::write::Progress;
use gede::{Reader, Result};
use memory::Memory;
use report::Report;
use sheet::Sheet;
use std::path::PathBuf;
use std::time::Instant;

/// Most rows whose numbers are printed.
const MAX_LISTED: u64 = 1 << 24;

const EXAMPLES: &str = "\
Examples:
  gede sample mnist.gede --fraction 0.1 --epoch 3
  gede sample mnist.gede --count 100 --how balanced --out sheet.png";

/// Read one epoch of random images, as training does
///
/// The seed and the number of the epoch determine the rows.
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Sample {
    /// A gede file with a column of images
    file: PathBuf,
    /// Share of the rows to draw, rounded to the nearest number of rows, at least one
    #[arg(long, value_name = "F", default_value_t = 0.1, conflicts_with = "count")]
    fraction: f64,
    /// Number of rows to draw
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Number of the epoch, from 0
    #[arg(long, value_name = "E", default_value_t = 0)]
    epoch: u64,
    /// Seed of the draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// How rows are drawn
    #[arg(long, value_enum, default_value_t = How::Uniform)]
    how: How,
    /// Column of images [default: the first]
    #[arg(long, value_name = "COL")]
    column: Option<String>,
    /// Size to which pictures stored as files are cropped and scaled [default: 64x64]
    #[arg(long, value_name = "HxW[xC]")]
    size: Option<Size>,
    /// Number of images decoded at a time
    #[arg(long, value_name = "N", default_value_t = LoaderOptions::default().batch)]
    batch: usize,
    /// Number of threads that decode [default: one per processor]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Write the first images, at most 400, as a sheet to this .png file
    #[arg(long, value_name = "PNG")]
    out: Option<PathBuf>,
    /// Replace the .png file if it exists
    #[arg(long, requires = "out")]
    overwrite: bool,
    #[command(flatten)]
    large: Large,
}

/// How rows are drawn.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum How {
    /// A fresh random subset each epoch
    Uniform,
    /// Independent draws: a row may come up several times
    Replacement,
    /// Equally many rows of every class
    Balanced,
    /// One random order of all rows, continued from epoch to epoch
    Rs2,
}

impl Sample {
    pub fn run(&self, as_json: bool) -> Result<()> {
        if let Some(out) = &self.out {
            sheet::check_name(out)?;
            refuse_existing(out, self.overwrite)?;
        }
        let reader = open(&self.file)?;
        let (report, sheet) = self.read(&reader, as_json).map_err(|e| e.at(self.file.display()))?;
        if let (Some(out), Some(sheet)) = (&self.out, sheet) {
            sheet.save(out, self.overwrite)?;
        }
        if as_json { json(&report) } else { print(&report.text(self.out.as_deref())) }
    }

    /// Reads the epoch.
    fn read(&self, reader: &Reader<impl ByteSource>, list: bool) -> Result<(Report, Option<Sheet>)> {
        let usual = Size { height: 64, width: 64, channels: 3 };
        let images = images(reader, self.column.as_deref(), self.size, usual)?;
        let labels = LabelColumn::from_classes(reader)?;
        let labels = labels.as_ref().map(|labels| labels as &dyn Labels);
        let classes = match self.how {
            How::Balanced => Some(FileClasses::new(reader)?),
            _ => None,
        };
        let draw = match (self.how, &classes) {
            (How::Balanced, Some(classes)) => Draw::Balanced(classes),
            (How::Replacement, _) => Draw::Replacement(reader.rows()),
            (How::Rs2, _) => Draw::Walk(reader.rows()),
            _ => Draw::Uniform(reader.rows()),
        };
        let amount = self.count.map_or(Amount::Fraction(self.fraction), Amount::Count);
        let start = State { epoch: self.epoch, ..State::new(self.seed) };
        let epochs = Epochs::new(draw, amount, start)?.until(self.epoch.saturating_add(1));
        let rows = epochs.rows();
        let (channels, height, width) = images.shape();
        let decoded = u128::from(rows) * (channels * height * width) as u128;
        self.large.work(reader.file_length()).add(decoded)?;
        if list && rows > MAX_LISTED {
            return Err(misuse(format!("an epoch of {rows} rows is not listed; read it without --json")));
        }
        let mut report = Report::new(self, reader.rows(), images.shape());
        let mut sheet = self.out.as_ref().map(|_| Sheet::new(images.shape(), rows)).transpose()?;
        let options = LoaderOptions { batch: self.batch, threads: self.threads, ..LoaderOptions::default() };
        let (bar, started) = (Bar::new(), Instant::now());
        std::thread::scope(|scope| {
            for batch in Loader::start(scope, images.as_ref(), labels, epochs, options)? {
                let batch = batch?;
                if let (Some(sheet), Pixels::Bytes(bytes)) = (&mut sheet, batch.pixels()) {
                    sheet.add(bytes);
                }
                report.add(&batch, list);
                bar.set(Progress { pass: "reading", rows: report.images(), of: Some(rows) });
            }
            Ok::<(), gede::Error>(())
        })?;
        report.finish(started.elapsed().as_secs_f64(), Memory::now());
        Ok((report, sheet))
    }
}
