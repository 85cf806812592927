//! `gede info`: what a file holds, and where every byte of it goes.

use super::{eight_byte_values, open};
use crate::output::{Table, bytes, count, json, many, percent, print};
use arrow::datatypes::Schema;
use gede::arrow::{arrow_schema, decode_schema};
use gede::read::{Account, Part, Source};
use gede::sample::{ColumnMoments, CondensedSamples};
use gede::write::TargetKind;
use gede::{Reader, Result};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Columns that people are shown.
const COLUMNS: usize = 24;

/// Show what a file holds and where every byte of it goes
#[derive(clap::Args)]
pub struct Info {
    /// A gede file
    file: PathBuf,
}

/// What there is to say.
struct Facts<'a, S> {
    reader: &'a Reader<S>,
    schema: Schema,
    account: Account,
    condensed: Option<CondensedSamples>,
    moments: Option<ColumnMoments>,
    /// The table at 8 bytes a value; none if not all columns are of numbers.
    raw: Option<u64>,
}

impl Info {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let reader = open(&self.file)?;
        let facts = Facts::of(&reader).map_err(|e| e.at(self.file.display()))?;
        if as_json { json(&facts.json()) } else { print(&facts.text(&self.file.display().to_string())) }
    }
}

impl<'a, S: Source> Facts<'a, S> {
    fn of(reader: &'a Reader<S>) -> Result<Self> {
        let schema = match reader.arrow_schema() {
            Some(message) => decode_schema(message)?.as_ref().clone(),
            None => arrow_schema(reader.schema())?,
        };
        let (account, condensed, moments) = (reader.account()?, reader.condensed()?, reader.moments()?);
        let raw = eight_byte_values(reader.schema(), reader.rows()).filter(|&raw| raw > 0);
        Ok(Self { reader, schema, account, condensed, moments, raw })
    }

    /// What the bases save in points of 8 bytes a value.
    fn gain(&self) -> Option<f64> {
        let saved = self.account.plain_length as f64 - self.account.file_length as f64;
        self.raw.map(|raw| 100.0 * saved / raw as f64)
    }

    fn text(&self, file: &str) -> String {
        let (reader, account) = (self.reader, &self.account);
        let (major, minor) = reader.version();
        let mut text = format!(
            "{file}: {} of {}, {} ({} bytes), format {major}.{minor}\n",
            many(reader.rows(), "row", "rows"),
            many(self.schema.fields().len() as u64, "column", "columns"),
            bytes(account.file_length),
            count(account.file_length),
        );
        text += &format!("\nColumns\n{}", self.columns().render(2));
        text += &format!("\nBytes\n{}", self.parts().render(2));
        text += &format!("\nSize\n{}", self.sizes().render(2));
        if self.raw.is_none() {
            text += "  (8 bytes a value is a measure for numbers; some columns here are not)\n";
        }
        text += &format!("\nMore\n{}", self.more().render(2));
        text
    }

    fn columns(&self) -> Table {
        let mut table = Table::new(2);
        for field in self.schema.fields().iter().take(COLUMNS) {
            let null = if field.is_nullable() { ", nulls allowed" } else { "" };
            table.row([field.name(), &format!("{}{null}", field.data_type())]);
        }
        let more = self.schema.fields().len().saturating_sub(COLUMNS);
        if more > 0 {
            table.row([&format!("and {} more", count(more as u64)), "(--json has all)"]);
        }
        table
    }

    fn parts(&self) -> Table {
        let mut table = Table::new(1);
        let length = self.account.file_length;
        let parts = self.account.parts.iter().filter(|(_, n)| **n > 0);
        for (part, n) in parts {
            table.row([name(*part), &count(*n), &percent(*n as f64, length as f64)]);
        }
        table.row(["all", &count(self.account.parts.values().sum()), "100.0 %"]);
        table
    }

    fn sizes(&self) -> Table {
        let account = &self.account;
        let mut table = Table::new(1);
        let mut size = |what: &str, n: u64| {
            let share = self.raw.map(|raw| percent(n as f64, raw as f64)).unwrap_or_default();
            table.row([what, &count(n), &share]);
        };
        if let Some(raw) = self.raw {
            size("8 bytes a value", raw);
        }
        size("this file", account.file_length);
        size("with bit packing only, no bases", account.plain_length);
        size("equation 1 of the paper, no container", account.paper_bytes);
        if let Some(gain) = self.gain() {
            table.row(["gain of the bases", "", &format!("{gain:.1} points")]);
        }
        table
    }

    fn more(&self) -> Table {
        let (reader, account) = (self.reader, &self.account);
        let mut table = Table::new(2);
        let (before, after) = account.bits_per_row;
        let segments = many(reader.segments(), "segment", "segments");
        let bases = many(account.bases, "base", "bases");
        table.row(["rows", &format!("{before:.1} bits each, {after:.1} with bases: {bases} in {segments}")]);
        if let Some((node, classes)) = reader.classes() {
            let column = reader.schema().nodes().get(node).map_or("", |n| n.name.as_str());
            let classes = many(classes, "class", "classes");
            table.row(["stored by class", &format!("of {column}: {classes}")]);
        }
        if let Some(c) = &self.condensed {
            let m = c.samples.len() as u64;
            let share = percent(m as f64, reader.rows() as f64);
            let kept = if c.stored { "stored" } else { "made anew when asked for" };
            let m = many(m, "sample", "samples");
            table.row(["condensed", &format!("{m} ({share} of the rows) by {} bits, {kept}", c.beta)]);
            let (least, most) = (c.samples.weights.iter().min(), c.samples.weights.iter().max());
            if let (Some(least), Some(most), 0) = (least, most, c.samples.classes) {
                table.row(["weights", &format!("{} to {} rows a sample", count(*least), count(*most))]);
            }
            if let Some((target, kind)) = &c.target {
                let kind = match kind {
                    TargetKind::Class => {
                        format!("a class: {}", many(c.labels.len() as u64, "label", "labels"))
                    }
                    _ => "a value".to_owned(),
                };
                table.row(["target", &format!("{target}, {kind}")]);
            }
            table.row(["features", &many(c.features.len() as u64, "column", "columns")]);
        }
        if let Some(m) = &self.moments {
            let exact = if m.moments.is_exact() { "exact" } else { "rounded" };
            let columns = many(m.columns.len() as u64, "column", "columns");
            let rows = many(m.moments.count(), "row", "rows");
            let left_out = many(m.moments.left_out(), "row", "rows");
            table.row(["moments", &format!("of {columns} over {rows}, {exact}; {left_out} left out")]);
        }
        table.row(["format uses", &reader.features().collect::<Vec<_>>().join(", ")]);
        table
    }

    fn json(&self) -> Value {
        let (reader, account) = (self.reader, &self.account);
        let columns = self.schema.fields().iter().map(|field| {
            json!({
                "name": field.name(),
                "type": field.data_type().to_string(),
                "nullable": field.is_nullable(),
            })
        });
        let parts = account.parts.iter().map(|(part, n)| (key(*part), json!(n)));
        let classes = reader.classes().map(|(node, classes)| {
            let column = reader.schema().nodes().get(node).map_or("", |n| n.name.as_str());
            json!({ "column": column, "classes": classes })
        });
        let condensed = self.condensed.as_ref().map(|c| {
            let target = c.target.as_ref().map(|(name, kind)| {
                let kind = if *kind == TargetKind::Class { "class" } else { "value" };
                json!({ "column": name, "kind": kind, "labels": c.labels })
            });
            json!({
                "samples": c.samples.len(),
                "beta": c.beta,
                "stored": c.stored,
                "features": c.features,
                "target": target,
            })
        });
        let moments = self.moments.as_ref().map(|m| {
            json!({
                "columns": m.columns,
                "target": m.target,
                "exact": m.moments.is_exact(),
                "rows": m.moments.count(),
                "rows_left_out": m.moments.left_out(),
            })
        });
        let (major, minor) = reader.version();
        json!({
            "version": format!("{major}.{minor}"),
            "rows": reader.rows(),
            "segments": reader.segments(),
            "columns": columns.collect::<Vec<_>>(),
            "features": reader.features().collect::<Vec<_>>(),
            "file_length": account.file_length,
            "bytes": parts.collect::<Map<_, _>>(),
            "eight_bytes_a_value": self.raw,
            "bit_packing_only": account.plain_length,
            "equation_1": account.paper_bytes,
            "gain_of_bases_points": self.gain(),
            "bases": account.bases,
            "bits_per_row": { "before": account.bits_per_row.0, "after": account.bits_per_row.1 },
            "classes": classes,
            "condensed": condensed,
            "moments": moments,
        })
    }
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Records => "records",
        Part::Bases => "bases",
        Part::Layouts => "transforms and layouts",
        Part::Exceptions => "exceptions",
        Part::Dictionaries => "dictionaries",
        Part::Heaps => "string heaps",
        Part::Condensed => "condensed samples",
        Part::Moments => "moments",
        Part::BlockTable => "block table",
        Part::SampleIndex => "sample index",
        Part::Checksums => "checksums",
        Part::Schema => "schema",
        Part::ArrowSchema => "arrow schema",
        Part::Frame => "header, directory, footer",
        Part::Padding => "padding",
        _ => "unknown sections",
    }
}

fn key(part: Part) -> String {
    name(part).replace(", ", "_").replace(' ', "_")
}
