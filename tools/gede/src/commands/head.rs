//! `gede head`: the first rows.

use super::rows::RowPrinter;
use super::{columns, open, passed_on};
use gede::Result;
use std::path::PathBuf;

/// Rows printed at a time.
const BATCH_ROWS: usize = 1024;

/// Print the first rows of a file
#[derive(clap::Args)]
pub struct Head {
    /// A gede file
    file: PathBuf,
    /// Number of rows to print
    #[arg(short = 'n', long, default_value_t = 10)]
    rows: u64,
    /// Columns to print, in this order [default: all]
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    columns: Option<Vec<String>>,
}

impl Head {
    pub fn run(&self, json: bool) -> Result<()> {
        let reader = open(&self.file)?;
        let run = || {
            let table = columns(&reader, self.columns.as_deref())?;
            let mut rows = RowPrinter::new(table.schema(), json);
            for batch in table.scan(0..self.rows.min(reader.rows()), BATCH_ROWS)? {
                rows.print(&batch.map_err(passed_on)?)?;
            }
            rows.finish()
        };
        run().map_err(|e| e.at(self.file.display()))
    }
}
