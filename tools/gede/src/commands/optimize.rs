//! `gede optimize`: a file written anew, as if its rows had come at once.

use super::convert::How;
use super::large::{Large, Measured};
use super::merge::inherit;
use super::open;
use crate::output::{bytes, json, many, path, print};
use crate::progress::Bar;
use gede::arrow::ArrowTable;
use gede::read::ByteSource;
use gede::write::{Options, StorageGroups};
use gede::{Reader, Result, Writer};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Write a gede file anew, in place, as if its rows had been written at once
///
/// What appends have left behind goes, and the coding is chosen for all rows. Target, features, class column, storage groups
/// and key-values stay unless other ones are named. The file is replaced when the new one is whole.
#[derive(clap::Args)]
pub struct Optimize {
    /// The gede file
    file: PathBuf,
    #[command(flatten)]
    large: Large,
    #[command(flatten)]
    how: How,
}

impl Optimize {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let at = |e: gede::Error| e.at(self.file.display());
        let reader = open(&self.file)?;
        self.large.whole(&reader).map_err(at)?;
        let mut options = self.how.options(true);
        keep(&reader, &mut options).map_err(at)?;
        let (before, parts) = (reader.file_length(), reader.parts());
        let table = ArrowTable::from_files(&[&self.file])?;
        let bar = Bar::new();
        let measured = Measured { table: &table, large: self.large, file: before };
        let report = Writer::new(options).progress(bar.on_pass()).write(&self.file, &measured)?;
        drop(bar);
        if as_json {
            return json(&json!({
                "file": path(&self.file),
                "rows": report.rows,
                "parts": parts,
                "file_length": report.file_length,
                "file_length_before": before,
            }));
        }
        print(&format!(
            "{}: {} of {} in {}, {} before\n",
            self.file.display(),
            many(report.rows, "row", "rows"),
            many(parts as u64, "part", "parts"),
            bytes(report.file_length),
            bytes(before)
        ))
    }
}

/// Gives options what a file was written with, where they name nothing else.
fn keep<S: ByteSource>(reader: &Reader<S>, options: &mut Options) -> Result<()> {
    let schema = reader.schema();
    let condensed = reader.condensed_info()?;
    inherit(reader, options)?;
    let summaries = &mut options.summaries;
    summaries.recompute_condensed |= condensed.is_some_and(|info| !info.stored);
    summaries.cell_covariances |= reader.cell_covariances()?.is_some();
    summaries.coreset |= reader.coreset()?.is_some();
    if let Some((node, _)) = reader.classes()
        && options.layout.class.is_none()
    {
        options.layout.class = schema.nodes().get(node).map(|n| n.name.clone());
    }
    if options.layout.groups == StorageGroups::Auto {
        let columns = schema.columns().map(|column| &schema.nodes()[column]);
        let columns: Vec<_> = columns.filter(|node| node.image.is_none()).collect();
        let names: BTreeSet<&str> = columns.iter().map(|node| node.name.as_str()).collect();
        if names.len() == columns.len() {
            let mut groups = vec![Vec::new(); schema.groups() as usize];
            columns.iter().for_each(|node| groups[node.group as usize].push(node.name.clone()));
            groups.retain(|group| !group.is_empty());
            options.layout.groups = StorageGroups::Named(groups);
        }
    }
    let mut metadata = reader.metadata()?;
    metadata.append(&mut options.metadata);
    options.metadata = metadata;
    Ok(())
}
