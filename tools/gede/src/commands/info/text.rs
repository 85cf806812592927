//! The facts, for people.

use super::{Facts, all_bits, name};
use crate::output::{Table, count, many, percent};
use gede::read::{ByteSource, Value};
use gede::write::TargetKind;
use std::collections::BTreeMap;

/// Columns that are shown.
const COLUMNS: usize = 40;

/// Names of columns that are shown of a group.
const NAMES: usize = 6;

/// Characters of a key or a value that are shown.
const CHARACTERS: usize = 80;

/// The start of a text, on one line.
fn line(text: &str) -> String {
    let mut characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let shown: String = characters.by_ref().take(CHARACTERS).collect();
    if characters.next().is_some() { shown + "..." } else { shown }
}

/// The first of so many names.
fn few(names: &[&str], all: usize) -> String {
    let more = if all > NAMES { format!(" and {} more", all - NAMES) } else { String::new() };
    format!("{}{more}", names[..names.len().min(NAMES)].join(", "))
}

/// The columns of each storage group.
fn stored_together(groups: &[Vec<&str>]) -> Table {
    let mut table = Table::new(2);
    for names in groups.iter().take(COLUMNS) {
        table.row([&few(names, names.len()), &many(names.len() as u64, "column", "columns")]);
    }
    let more = groups.len().saturating_sub(COLUMNS);
    if more > 0 {
        table.row([&format!("and {} more", count(more as u64)), "(--json has all)"]);
    }
    table
}

impl<S: ByteSource> Facts<'_, S> {
    pub fn text(&self, file: &str) -> String {
        let (reader, account) = (self.reader, &self.account);
        let (major, minor) = reader.version();
        let mut text = format!(
            "{file}: {} of {}, {} bytes, format {major}.{minor}\n",
            many(reader.rows(), "row", "rows"),
            many(self.schema.fields().len() as u64, "column", "columns"),
            count(account.file_length),
        );
        if reader.parts() > 1 {
            text += &format!(
                "in {}: gede optimize makes them one\n",
                many(reader.parts() as u64, "part", "parts")
            );
        }
        text += &format!("\nColumns\n{}", self.columns().render(2));
        if !self.statistics.is_empty() {
            text += &format!("\nStatistics\n{}", self.statistics().render(2));
        }
        let together = self.together();
        if together.len() > 1 {
            text += &format!("\nStored together\n{}", stored_together(&together).render(2));
        }
        text += &format!("\nCode groups\n{}", self.groups().render(2));
        text += &format!("\nBytes\n{}", self.parts().render(2));
        text += &format!("\nSize\n{}", self.sizes().render(2));
        if self.raw.is_none() {
            text += "  (8 bytes a value is a measure for numbers; some columns here are not)\n";
        }
        let key_values = self.key_values();
        if !key_values.is_empty() {
            text += &format!("\nMetadata\n{}", key_values.render(2));
        }
        text += &format!("\nMore\n{}", self.more().render(2));
        text
    }

    fn columns(&self) -> Table {
        let mut table = Table::new(2);
        let rows = self.reader.rows().max(1) as f64;
        for (field, bits) in self.schema.fields().iter().zip(&self.columns.columns).take(COLUMNS) {
            let null = if field.is_nullable() { ", nulls allowed" } else { "" };
            let bits = format!("{:.2} bits a row", all_bits(bits) as f64 / rows);
            table.row([field.name(), &format!("{}{null}", field.data_type()), &bits]);
        }
        let more = self.schema.fields().len().saturating_sub(COLUMNS);
        if more > 0 {
            table.row([&format!("and {} more", count(more as u64)), "(--json has all)"]);
        }
        table
    }

    /// What the file says of its columns without its rows.
    fn statistics(&self) -> Table {
        let mut table = Table::new(1);
        table.row(["", "least", "greatest", "different", "nulls"]);
        for (column, own) in self.statistics.iter().take(COLUMNS) {
            let end = |value: &Option<Value>| self.shown(column, value.as_ref());
            let different = own.distinct.map_or("many".to_owned(), |n| count(n.into()));
            let bound = if own.is_cut { "~ " } else { "" };
            let (least, greatest) =
                (bound.to_owned() + &end(&own.least), bound.to_owned() + &end(&own.greatest));
            let nans = if own.nans > 0 { format!(", {} NaN", count(own.nans)) } else { String::new() };
            table.row([column, &line(&least), &line(&greatest), &different, &(count(own.nulls) + &nans)]);
        }
        let more = self.statistics.len().saturating_sub(COLUMNS);
        if more > 0 {
            table.row([&format!("and {} more", count(more as u64)), "", "", "", ""]);
        }
        table
    }

    /// The code groups, the largest first, and what their base ids take.
    fn groups(&self) -> Table {
        let mut table = Table::new(1);
        let rows = self.reader.rows().max(1) as f64;
        let name = |&c: &usize| self.schema.fields().get(c).map_or("", |f| f.name().as_str());
        let mut groups: Vec<_> = self.columns.groups.iter().collect();
        groups.sort_by_key(|(columns, bits)| (std::cmp::Reverse(bits.ids), columns.len()));
        for (columns, bits) in groups.iter().take(COLUMNS) {
            let names: Vec<&str> = columns.iter().take(NAMES + 1).map(name).collect();
            let names = few(&names, columns.len());
            let ids = format!("{:.2} bits of ids a row", bits.ids as f64 / rows);
            let bases = many(bits.bases, "base", "bases");
            let blocks = many(bits.blocks, "block", "blocks");
            table.row([&names, &ids, &format!("{bases} in {blocks}")]);
        }
        let more = groups.len().saturating_sub(COLUMNS);
        if more > 0 {
            table.row([&format!("and {} more", count(more as u64)), "", ""]);
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
            let share = self.raw.map(|raw| percent(n as f64, raw.bytes as f64)).unwrap_or_default();
            table.row([what, &count(n), &share]);
        };
        if let Some(raw) = self.raw {
            size(raw.what, raw.bytes);
        }
        size("this file", account.file_length);
        size("with bit packing only, no bases", account.plain_length);
        size("equation 1 of the paper, no container", account.paper_bytes);
        let saved = i128::from(account.plain_length) - i128::from(account.file_length);
        let saved =
            if saved < 0 { format!("-{}", count(saved.unsigned_abs() as u64)) } else { count(saved as u64) };
        let points = self.gain().map(|gain| format!("{gain:.1} points")).unwrap_or_default();
        table.row(["gain of the bases", &saved, &points]);
        table
    }

    /// Key-value pairs of the user, and of the Arrow or Parquet file that the rows were in.
    fn key_values(&self) -> Table {
        let mut table = Table::new(2);
        let schema: BTreeMap<_, _> = self.schema.metadata().iter().collect();
        for (key, value) in self.metadata.iter().chain(schema).take(COLUMNS) {
            table.row([&line(key), &line(value)]);
        }
        let more = (self.metadata.len() + self.schema.metadata().len()).saturating_sub(COLUMNS);
        if more > 0 {
            table.row([&format!("and {} more", count(more as u64)), "(--json has all)"]);
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
            let m = c.samples;
            let share = match reader.rows() {
                0 => "of rows elsewhere".to_owned(),
                rows => format!("{} of the rows", percent(m as f64, rows as f64)),
            };
            let kept = if c.stored { "stored" } else { "computed when asked for" };
            let m = many(m, "sample", "samples");
            table.row(["condensed", &format!("{m} ({share}) by {} bits, {kept}", c.beta)]);
            if let Some((least, most)) = self.weights {
                table.row(["weights", &format!("{} to {} rows a sample", count(least), count(most))]);
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
        for (column, errors) in &self.image_errors {
            let (largest, psnr) = (errors.largest, errors.psnr());
            let lost = match errors.squared {
                0 => "lossless as it turned out".to_owned(),
                _ => format!("near-lossless: values are off by at most {largest}, PSNR {psnr:.2} dB"),
            };
            table.row([column.as_str(), &lost]);
        }
        table.row(["created by", &line(reader.created_by())]);
        table.row(["identity", &reader.identity().to_string()]);
        table.row(["format uses", &reader.features().collect::<Vec<_>>().join(", ")]);
        table
    }
}
