//! `gede head`: the first rows.

use super::rows::RowPrinter;
use super::{columns, open, passed_on};
use gede::Result;
use gede::read::Predicate;
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
    /// Only rows that pass a condition, such as "temperature > 30 and zone in (3, 5)"
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
}

impl Head {
    pub fn run(&self, json: bool) -> Result<()> {
        let reader = open(&self.file)?;
        let run = || {
            let table = columns(&reader, self.columns.as_deref())?;
            let mut rows = RowPrinter::new(table.schema(), json);
            let Some(condition) = &self.condition else {
                for batch in table.scan(0..self.rows.min(reader.rows()), BATCH_ROWS)? {
                    rows.print(&batch.map_err(passed_on)?)?;
                }
                return rows.finish();
            };
            let predicate = Predicate::parse(condition, reader.schema())?;
            let batch_rows = usize::try_from(self.rows).unwrap_or(BATCH_ROWS).clamp(1, BATCH_ROWS);
            let mut batches = table.scan(0..reader.rows(), batch_rows)?.filter(&predicate)?;
            let mut left = self.rows;
            while left > 0
                && let Some(batch) = batches.next()
            {
                let batch = batch.map_err(passed_on)?;
                let shown = left.min(batch.num_rows() as u64);
                rows.print(&batch.slice(0, shown as usize))?;
                left -= shown;
            }
            rows.finish()
        };
        run().map_err(|e| e.at(self.file.display()))
    }
}
