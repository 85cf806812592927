//! `gede merge`: files of several sites as one.

use super::convert::How;
use super::{misuse, open, refuse_existing};
use crate::output::{bytes, json, many, print};
use crate::progress::Bar;
use gede::arrow::ArrowTable;
use gede::write::{Disk, Options, TargetKind, write_to};
use gede::{Error, Result};
use serde_json::json;
use std::path::PathBuf;

/// Write the rows of several gede files of the same columns into one, in the order of the files
#[derive(clap::Args)]
pub struct Merge {
    /// Gede files, then the file to write
    #[arg(value_name = "FILE", num_args = 3.., required = true)]
    files: Vec<PathBuf>,
    /// Replace the file to write if it is there
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    how: How,
}

impl Merge {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let Some((output, inputs)) = self.files.split_last() else { return Err(misuse("no files")) };
        if inputs.contains(output) {
            return Err(misuse(format!("{}: is to be read and to be written", output.display())));
        }
        refuse_existing(output, self.overwrite)?;
        let options = self.options(inputs)?;
        let table = ArrowTable::of_files(inputs)?;
        let bar = Bar::new();
        let report = write_to(&Disk, output, &table, &options, &|progress| bar.set(progress))?;
        drop(bar);
        if as_json {
            return json(&json!({
                "files": inputs.len(),
                "rows": report.rows,
                "file_length": report.file_length,
                "condensed_samples": report.cells,
            }));
        }
        let (rows, length) = (many(report.rows, "row", "rows"), bytes(report.file_length));
        print(&format!("{}: {rows} of {} files in {length}\n", output.display(), inputs.len()))
    }

    /// As asked; target and features are those of the first file where nothing else is said.
    fn options(&self, inputs: &[PathBuf]) -> Result<Options> {
        let mut options = self.how.options(self.overwrite);
        let first = inputs.first().ok_or_else(|| misuse("no files"))?;
        let at = |e: Error| e.at(first.display());
        let reader = open(first)?;
        if options.target.is_none()
            && let Some(condensed) = reader.condensed().map_err(at)?
            && let Some(target) = condensed.target
        {
            let numeric = reader.schema().nodes().iter().filter(|node| node.is_numeric_column());
            let others =
                numeric.filter(|node| node.name != target.0 && !condensed.features.contains(&node.name));
            options.exclude.extend(others.map(|node| node.name.clone()));
            options.target = Some(target);
        } else if options.target.is_none()
            && let Some(mut moments) = reader.moments().map_err(at)?.filter(|moments| moments.target)
            && let Some(target) = moments.columns.pop()
        {
            options.target = Some((target, TargetKind::Auto));
        }
        Ok(options)
    }
}
