//! How large the table is.

use super::{Stage, unexpected};
use crate::commands::open;
use crate::output::{Table, count, percent, seconds};
use gede::Result;
use gede::arrow::{ArrowFileWriter, ArrowTable};
use gede::read::FilePart;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// Blocks of a bar for 8 bytes a value, and of the longest bar.
const BAR: f64 = 30.0;
const BAR_MOST: usize = 40;

/// Sizes in bytes.
#[derive(Serialize)]
pub struct Size {
    eight_bytes_a_value: u64,
    csv: u64,
    parquet: u64,
    gede: u64,
    condensed_samples: u64,
    checksums: u64,
    convert_seconds: f64,
}

impl Size {
    pub fn measure(stage: &Stage) -> Result<Self> {
        let started = Instant::now();
        Stage::convert(&ArrowTable::open(&stage.parquet)?, &stage.gede)?;
        let convert_seconds = started.elapsed().as_secs_f64();
        let csv = stage.folder.path().join("california.csv");
        let mut sink = ArrowFileWriter::create(&csv, stage.rows.schema_ref(), false)?;
        sink.write(&stage.rows)?;
        sink.finish()?;
        let account = open(&stage.gede)?.account()?;
        let part = |part| account.parts.get(&part).copied().unwrap_or(0);
        Ok(Self {
            eight_bytes_a_value: 8 * (stage.rows.num_rows() * stage.rows.num_columns()) as u64,
            csv: length(&csv)?,
            parquet: length(&stage.parquet)?,
            gede: account.file_length,
            condensed_samples: part(FilePart::Condensed),
            checksums: part(FilePart::Checksums),
            convert_seconds,
        })
    }

    pub fn text(&self) -> String {
        let raw = self.eight_bytes_a_value as f64;
        let mut table = Table::new(1);
        for (what, n) in [
            ("CSV", self.csv),
            ("8 bytes a value", self.eight_bytes_a_value),
            ("Parquet, zstd 9", self.parquet),
            ("gede", self.gede),
        ] {
            let bar = "█".repeat((BAR * n as f64 / raw).round() as usize);
            table.row([what, &count(n), &percent(n as f64, raw), &format!("{bar:BAR_MOST$}")]);
        }
        format!(
            "\nSize\n{}  gede's file holds {} bytes of condensed samples and {} of checksums; made in {}\n",
            table.render(2),
            count(self.condensed_samples),
            count(self.checksums),
            seconds(self.convert_seconds),
        )
    }
}

fn length(path: &Path) -> Result<u64> {
    std::fs::metadata(path).map(|m| m.len()).map_err(unexpected)
}
