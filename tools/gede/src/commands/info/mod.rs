//! `gede info`: the contents of a file, and the bytes of each part.

mod json;
mod statistics;
mod text;

use super::{RawSize, open};
use crate::output::{json, print};
use arrow::datatypes::Schema;
use gede::image::ImageErrors;
use gede::internal::{arrow_schema, decode_schema};
use gede::read::{Account, ByteSource, ColumnAccount, ColumnBits, ColumnStatistics, FilePart};
use gede::sample::{ColumnMoments, CondensedInfo};
use gede::{Reader, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Show the contents of a file, and the bytes that each part of it takes
#[derive(clap::Args)]
pub struct Info {
    /// A gede file
    file: PathBuf,
}

/// The facts about a file.
struct Facts<'a, S> {
    reader: &'a Reader<S>,
    schema: Schema,
    account: Account,
    columns: ColumnAccount,
    condensed: Option<CondensedInfo>,
    /// The least and the greatest weight of a condensed sample, where they are stored and of one class.
    weights: Option<(u64, u64)>,
    moments: Option<ColumnMoments>,
    /// What the file says of its columns without its rows, by their names.
    statistics: Vec<(String, ColumnStatistics)>,
    raw: Option<RawSize>,
    /// For each column of images that lost bits, its name and what it lost.
    image_errors: Vec<(String, ImageErrors)>,
    /// Key-value pairs of the user.
    metadata: BTreeMap<String, String>,
}

impl Info {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let reader = open(&self.file)?;
        let facts = Facts::new(&reader).map_err(|e| e.at(self.file.display()))?;
        if as_json { json(&facts.json()) } else { print(&facts.text(&self.file.display().to_string())) }
    }
}

impl<'a, S: ByteSource> Facts<'a, S> {
    fn new(reader: &'a Reader<S>) -> Result<Self> {
        let schema = match reader.arrow_schema() {
            Some(message) => decode_schema(message)?.as_ref().clone(),
            None => arrow_schema(reader.schema())?,
        };
        let (account, condensed, moments) = (reader.account()?, reader.condensed_info()?, reader.moments()?);
        // Samples that are not stored are not computed here: that reads all rows.
        let stored = condensed.as_ref().filter(|info| info.stored && info.labels.is_empty());
        let weights = match stored {
            Some(_) => reader.condensed()?.and_then(|c| {
                let weights = &c.samples.weights;
                Some((weights.iter().min().copied()?, weights.iter().max().copied()?))
            }),
            None => None,
        };
        let columns = reader.column_account()?;
        let raw = RawSize::new(reader.schema(), reader.rows());
        let name = |node: u32| reader.schema().nodes().get(node as usize).map_or("", |n| n.name.as_str());
        let image_errors = reader.image_errors()?.into_iter();
        let image_errors = image_errors.map(|(node, errors)| (name(node).to_owned(), errors)).collect();
        let metadata = reader.metadata()?;
        Ok(Self {
            reader,
            schema,
            account,
            columns,
            condensed,
            weights,
            moments,
            statistics: reader.known_statistics()?.unwrap_or_default(),
            raw,
            image_errors,
            metadata,
        })
    }

    /// The names of the columns that are stored together, storage group by storage group.
    fn together(&self) -> Vec<Vec<&str>> {
        let schema = self.reader.schema();
        let mut groups = vec![Vec::new(); schema.groups() as usize];
        for (node, field) in schema.columns().zip(self.schema.fields()) {
            groups[schema.nodes()[node].group as usize].push(field.name().as_str());
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// The bytes that bases save, in percentage points of the raw size.
    fn gain(&self) -> Option<f64> {
        let saved = self.account.plain_length as f64 - self.account.file_length as f64;
        self.raw.map(|raw| 100.0 * saved / raw.bytes as f64)
    }
}

/// Bits of a column in all.
fn all_bits(column: &ColumnBits) -> u128 {
    column.deviations + column.bases + column.minima + column.images
}

/// The name of a part.
fn name(part: FilePart) -> &'static str {
    match part {
        FilePart::Records => "records",
        FilePart::Bases => "bases",
        FilePart::Layouts => "transforms and layouts",
        FilePart::Exceptions => "exceptions",
        FilePart::Dictionaries => "dictionaries",
        FilePart::Offsets => "record offsets",
        FilePart::Heaps => "string heaps",
        FilePart::Lists => "places of lists",
        FilePart::Condensed => "condensed samples",
        FilePart::Statistics => "statistics",
        FilePart::Moments => "moments",
        FilePart::BlockTable => "block table",
        FilePart::SampleIndex => "sample index",
        FilePart::Checksums => "checksums",
        FilePart::Schema => "schema",
        FilePart::ArrowSchema => "arrow schema",
        FilePart::KeyValues => "key-values",
        FilePart::Identity => "identity, created by",
        FilePart::Former => "left by appends",
        FilePart::Frame => "header, directory, footer",
        FilePart::Padding => "padding",
        _ => "unknown sections",
    }
}
