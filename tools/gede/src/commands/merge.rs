//! `gede merge`: files of several sites as one.

use super::convert::How;
use super::large::{Large, Measured};
use super::{misuse, open, refuse_existing};
use crate::output::{bytes, json, many, notes, print};
use crate::progress::Bar;
use gede::arrow::ArrowTable;
use gede::read::ByteSource;
use gede::write::{Disk, Options, Report, TargetKind, merge_condensed};
use gede::{Reader, Result, Writer};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  gede merge site1.gede site2.gede both.gede
  gede merge site1.gede site2.gede sites.gede --condensed-only";

/// Merge gede files into one, or only their condensed samples
///
/// Rows keep the order of the files; columns are matched by name.
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Merge {
    /// The gede files to merge, then the file to write
    #[arg(value_name = "FILE", num_args = 2.., required = true)]
    files: Vec<PathBuf>,
    /// Write the condensed samples, their weights and the moments of the files, but no rows; accepts a single file
    ///
    /// Models fitted on the result need no rows of the sites. A condensed sample of weight 1 is an unmodified input row: check
    /// the weights before you share a file.
    #[arg(long)]
    condensed_only: bool,
    /// Replace the file to write if it exists
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    large: Large,
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
        let (report, said) =
            if self.condensed_only { self.condensed(output, inputs) } else { self.rows(output, inputs) }?;
        if as_json {
            return json(&json!({
                "files": inputs.len(),
                "rows": report.rows,
                "file_length": report.file_length,
                "condensed_samples": report.cells,
                "notes": said,
            }));
        }
        let what = if self.condensed_only {
            many(report.cells, "condensed sample", "condensed samples")
        } else {
            many(report.rows, "row", "rows")
        };
        let (files, length) = (many(inputs.len() as u64, "file", "files"), bytes(report.file_length));
        print(&(format!("{}: {what} of {files} in {length}\n", output.display()) + &notes(&said)))
    }

    fn rows(&self, output: &Path, inputs: &[PathBuf]) -> Result<(Report, Vec<String>)> {
        if inputs.len() < 2 {
            return Err(misuse("name at least two files to merge, and the file to write"));
        }
        let mut bytes = 0;
        for input in inputs {
            let reader = open(input)?;
            self.large.whole(&reader).map_err(|e| e.at(input.display()))?;
            bytes += reader.file_length();
            if reader.rows() == 0 && reader.condensed_info().map_err(|e| e.at(input.display()))?.is_some() {
                let what = "holds condensed samples without their rows: merge it by --condensed-only";
                return Err(misuse(format!("{}: {what}", input.display())));
            }
        }
        let (options, mut said) = self.options(inputs)?;
        let table = ArrowTable::from_files(inputs)?;
        let bar = Bar::new();
        let measured = Measured { table: &table, large: self.large, file: bytes };
        let report = Writer::new(options).progress(bar.on_pass()).write(output, &measured)?;
        said.extend(table.notes());
        Ok((report, said))
    }

    fn condensed(&self, output: &Path, inputs: &[PathBuf]) -> Result<(Report, Vec<String>)> {
        if self.how != How::default() {
            return Err(misuse(
                "--condensed-only takes samples as they are: options of how to write rows do not apply",
            ));
        }
        let report = merge_condensed(&Disk, output, inputs, self.overwrite)?;
        let left_out = report.left_out.clone();
        Ok((report, left_out))
    }

    /// As asked; target and features are those of the first file where nothing else is said, and key-values those of all
    /// files. With a note on keys that files have with several values.
    fn options(&self, inputs: &[PathBuf]) -> Result<(Options, Vec<String>)> {
        let mut options = self.how.options(self.overwrite);
        let first = inputs.first().ok_or_else(|| misuse("no files"))?;
        inherit(&open(first)?, &mut options).map_err(|e| e.at(first.display()))?;
        let asked = options.metadata.clone();
        let mut differ = BTreeSet::new();
        for input in inputs {
            for (key, value) in open(input)?.metadata().map_err(|e| e.at(input.display()))? {
                let kept = options.metadata.entry(key.clone()).or_insert_with(|| value.clone());
                if *kept != value && !asked.contains_key(&key) {
                    differ.insert(key);
                }
            }
        }
        let note =
            |key| format!("the key-value \"{key}\" is that of the first file that has it; others differ");
        Ok((options, differ.into_iter().map(note).collect()))
    }
}

/// Gives options without a target that of a file, and its features.
pub fn inherit<S: ByteSource>(reader: &Reader<S>, options: &mut Options) -> Result<()> {
    if options.summaries.target.is_none()
        && let Some(condensed) = reader.condensed_info()?
        && let Some(target) = condensed.target
    {
        let numeric = reader.schema().nodes().iter().filter(|node| node.is_numeric_column());
        let others = numeric.filter(|node| node.name != target.0 && !condensed.features.contains(&node.name));
        options.summaries.exclude.extend(others.map(|node| node.name.clone()));
        options.summaries.target = Some(target);
    } else if options.summaries.target.is_none()
        && let Some(mut moments) = reader.moments()?.filter(|moments| moments.target)
        && let Some(target) = moments.columns.pop()
    {
        options.summaries.target = Some((target, TargetKind::Auto));
    }
    Ok(())
}
