//! The report of an epoch.

use super::memory::Memory;
use super::{How, Sample};
use crate::output::{bytes, count, many, seconds};
use clap::ValueEnum;
use gede::sample::LoaderBatch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Row numbers that people are shown.
const SHOWN: usize = 10;

/// An epoch, as `gede sample --json` prints it.
#[derive(Serialize)]
pub struct Report {
    seed: u64,
    epoch: u64,
    how: String,
    /// Rows of the file.
    of: u64,
    /// Channels, height and width.
    shape: [usize; 3],
    images: u64,
    /// Images of each class, if the file is class-wise.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    classes: BTreeMap<u32, u64>,
    seconds: f64,
    /// The most memory seen after a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory: Option<Memory>,
    /// The rows in order: all of them for machines, the first ones for people.
    rows: Vec<u64>,
}

impl Report {
    pub fn new(sample: &Sample, of: u64, (channels, height, width): (usize, usize, usize)) -> Self {
        Self {
            seed: sample.seed,
            epoch: sample.epoch,
            how: sample.how.to_string(),
            of,
            shape: [channels, height, width],
            images: 0,
            classes: BTreeMap::new(),
            seconds: 0.0,
            peak_memory: None,
            rows: Vec::new(),
        }
    }

    /// Images read so far.
    pub fn images(&self) -> u64 {
        self.images
    }

    pub fn add(&mut self, batch: &LoaderBatch, list: bool) {
        self.images += batch.rows().len() as u64;
        batch.labels().iter().for_each(|&class| *self.classes.entry(class).or_default() += 1);
        let room = if list { batch.rows().len() } else { SHOWN.saturating_sub(self.rows.len()) };
        self.rows.extend(batch.rows().iter().take(room));
        self.see(Memory::now());
    }

    pub fn finish(&mut self, seconds: f64, memory: Option<Memory>) {
        self.seconds = seconds;
        self.see(memory);
    }

    fn see(&mut self, memory: Option<Memory>) {
        self.peak_memory =
            memory.map(|now| now.most(self.peak_memory.unwrap_or_default())).or(self.peak_memory);
    }

    pub fn text(&self, sheet: Option<&Path>) -> String {
        let [channels, height, width] = self.shape;
        let images = many(self.images, "image", "images");
        let mut text = format!(
            "{images} of {} ({channels} x {height} x {width}), epoch {} of seed {}, {}, in {}\n",
            count(self.of),
            self.epoch,
            self.seed,
            self.how,
            seconds(self.seconds),
        );
        let rows: Vec<String> = self.rows.iter().map(u64::to_string).collect();
        let more = if self.images > self.rows.len() as u64 { ", ..." } else { "" };
        text += &format!("  rows {}{more}\n", rows.join(", "));
        if let (Some(least), Some(most)) = (self.classes.values().min(), self.classes.values().max()) {
            let classes = many(self.classes.len() as u64, "class", "classes");
            text += &format!("  {classes}, {} to {} images of each\n", count(*least), count(*most));
        }
        if let Some(Memory { anonymous, mapped }) = self.peak_memory {
            text += &format!("  {} of memory, {} of mapped files\n", bytes(anonymous), bytes(mapped));
        }
        if let Some(path) = sheet {
            text += &format!("{}: the first images, row by row\n", path.display());
        }
        text
    }
}

impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.to_possible_value().map_or(String::new(), |v| v.get_name().to_owned()).as_str())
    }
}
