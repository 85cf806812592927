//! The detection of damage.

use super::{Stage, unexpected};
use crate::commands::open;
use crate::output::{count, seconds};
use gede::{Error, Reader, Result};
use serde::Serialize;
use std::time::Instant;

#[derive(Serialize)]
pub struct Safety {
    verify_seconds: f64,
    flipped_byte: u64,
    reported: Option<String>,
}

impl Safety {
    /// Verifies the file, then a copy with one bit flipped in its middle.
    pub fn measure(stage: &Stage) -> Result<Self> {
        let started = Instant::now();
        open(&stage.gede)?.verify(|_| {})?;
        let verify_seconds = started.elapsed().as_secs_f64();
        let mut bytes = std::fs::read(&stage.gede).map_err(unexpected)?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let damaged = Reader::new(bytes).and_then(|reader| reader.verify(|_| {}));
        let reported = damaged.err().map(|e: Error| e.to_string());
        Ok(Self { verify_seconds, flipped_byte: middle as u64, reported })
    }

    pub fn text(&self) -> String {
        let Self { verify_seconds, flipped_byte, reported } = self;
        let reported = reported.as_deref().unwrap_or("nothing");
        format!(
            "\nSafety\n  every checksum, place and value verified in {}\n  one bit flipped in byte {}: {reported}\n",
            seconds(*verify_seconds),
            count(*flipped_byte),
        )
    }
}
