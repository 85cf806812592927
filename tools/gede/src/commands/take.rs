//! `gede take`: any rows, in any order.

use super::rows::RowPrinter;
use super::{columns, open};
use gede::Result;
use std::path::PathBuf;

/// Print rows by number, in the given order, repeated ones too
#[derive(clap::Args)]
pub struct Take {
    /// A gede file
    file: PathBuf,
    /// Numbers of the rows to print, from 0
    #[arg(long, value_name = "ROW,...", value_delimiter = ',', required = true)]
    rows: Vec<u64>,
    /// Columns to print, in this order [default: all]
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    columns: Option<Vec<String>>,
}

impl Take {
    pub fn run(&self, json: bool) -> Result<()> {
        let reader = open(&self.file)?;
        let run = || {
            let table = columns(&reader, self.columns.as_deref())?;
            let batch = table.take(&self.rows)?;
            let mut rows = RowPrinter::new(table.schema(), json);
            rows.print(&batch)?;
            rows.finish()
        };
        run().map_err(|e| e.at(self.file.display()))
    }
}
