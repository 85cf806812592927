//! A batch as CSV, exactly: the text that `spec/reader.py` prints, whose head describes it.

use std::fmt::Write;

use gede::column::{Batch, Kind, Node, Schema, Values};
use gede::read::StatisticsTable;
use gede::sample::MomentParts;
use gede::sample::{ColumnMoments, CondensedSamples, CoresetRows};

const KINDS: [&str; 12] = [
    "struct",
    "list",
    "bool",
    "unsigned",
    "signed",
    "float",
    "decimal",
    "interval",
    "fixed_bytes",
    "bytes",
    "text",
    "image",
];

/// The CSV of a table of statistics, with the names of its columns alone.
pub fn dump_statistics(table: &StatisticsTable) -> String {
    let names: Vec<_> = table.schema.nodes().iter().map(|n| quoted(&n.name)).collect();
    let lines: String = rows(&table.schema, &table.rows).into_iter().map(|row| row + "\n").collect();
    names.join(",") + "\n" + &lines
}

/// The CSV of all nodes of a schema.
pub fn dump(schema: &Schema, batch: &Batch) -> String {
    let names = fields(schema).map(|(n, i)| quoted(&format!("{}:{}", path(schema, n, i), kind(schema, n))));
    let header: Vec<_> = names.collect();
    let lines: String = rows(schema, batch).into_iter().map(|row| row + "\n").collect();
    header.join(",") + "\n" + &lines
}

/// The rows of the CSV.
pub fn rows(schema: &Schema, batch: &Batch) -> Vec<String> {
    // A list as a whole is quoted, those in it are not.
    let whole = |n: usize, field: String| {
        if schema.nodes()[n].kind == Kind::List && !field.is_empty() { quoted(&field) } else { field }
    };
    let row = |row: usize| {
        let fields: Vec<_> = fields(schema).map(|(n, i)| whole(n, field(schema, batch, n, row, i))).collect();
        fields.join(",")
    };
    (0..batch.rows).map(row).collect()
}

/// The fields of a row: nodes and their instances.
fn fields(schema: &Schema) -> impl Iterator<Item = (usize, usize)> + '_ {
    let nodes = schema.nodes().iter().enumerate().filter(|(_, n)| has_field(n));
    nodes.flat_map(|(n, node)| (0..node.instances as usize).map(move |i| (n, i)))
}

fn has_field(node: &Node) -> bool {
    !matches!(node.kind, Kind::Struct | Kind::FixedList) || node.nullable
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn path(schema: &Schema, node: usize, instance: usize) -> String {
    let node = &schema.nodes()[node];
    let Some(p) = node.parent else { return node.name.clone() };
    let parent = &schema.nodes()[p];
    if parent.kind == Kind::FixedList {
        let length = parent.length as usize;
        format!("{}[{}]", path(schema, p, instance / length), instance % length)
    } else {
        format!("{}.{}", path(schema, p, instance), node.name)
    }
}

fn kind(schema: &Schema, node: usize) -> String {
    let node = &schema.nodes()[node];
    if let Some(items) = &node.items {
        let name = |(n, i)| format!("{}:{}", quoted(&path(items, n, i)), kind(items, n));
        let names: Vec<_> = fields(items).map(name).collect();
        return format!("[{}]{}", names.join(","), if node.nullable { "?" } else { "" });
    }
    let mut out = KINDS[node.kind as usize].to_owned();
    let size =
        if matches!(node.kind, Kind::FixedBytes | Kind::Image) { node.length } else { node.bits.into() };
    if size > 0 || node.kind == Kind::FixedBytes {
        write!(out, "{size}").unwrap();
    }
    if node.unit > 0 {
        write!(out, "/{}", node.unit).unwrap();
    }
    if node.kind == Kind::Decimal {
        write!(out, "/{}.{}", node.precision, node.scale).unwrap();
    }
    if node.nullable {
        out.push('?');
    }
    out
}

/// Whether an instance and everything it lies in is valid.
fn valid(schema: &Schema, batch: &Batch, node: usize, row: usize, instance: usize) -> bool {
    let n = &schema.nodes()[node];
    let own = batch.columns[node].validity.as_ref();
    own.is_none_or(|v| v[row * n.instances as usize + instance] == 1)
        && n.parent.is_none_or(|p| {
            let parent = &schema.nodes()[p];
            let length = if parent.kind == Kind::FixedList { parent.length as usize } else { 1 };
            valid(schema, batch, p, row, instance / length)
        })
}

fn field(schema: &Schema, batch: &Batch, n: usize, row: usize, instance: usize) -> String {
    let node = &schema.nodes()[n];
    let valid = valid(schema, batch, n, row, instance);
    if matches!(node.kind, Kind::Struct | Kind::FixedList) {
        return u8::from(valid).to_string();
    }
    if !valid {
        return String::new();
    }
    let at = row * node.instances as usize + instance;
    let raw: u128 = match &batch.columns[n].values {
        Values::U8(v) if matches!(node.kind, Kind::FixedBytes | Kind::Image) => {
            let length = node.length as usize;
            return hex(&v[at * length..][..length]);
        }
        Values::U8(v) => v[at].into(),
        Values::U16(v) => v[at].into(),
        Values::U32(v) => v[at].into(),
        Values::U64(v) => v[at].into(),
        Values::U128(v) => v[at],
        Values::Bytes { offsets, data } => {
            let bytes = &data[offsets[at] as usize..offsets[at + 1] as usize];
            if node.kind == Kind::Text {
                return quoted(std::str::from_utf8(bytes).unwrap());
            }
            return hex(bytes);
        }
        Values::Lists { offsets, items } => {
            let schema = node.items.as_deref().unwrap();
            let item = |row: u64| {
                let fields: Vec<_> =
                    fields(schema).map(|(n, i)| field(schema, items, n, row as usize, i)).collect();
                fields.join(",") + ";"
            };
            return format!("[{}]", (offsets[at]..offsets[at + 1]).map(item).collect::<String>());
        }
        Values::None => unreachable!("a leaf has values"),
    };
    match node.kind {
        Kind::Float | Kind::Interval => format!("{raw:0width$x}", width = node.bits as usize / 4),
        Kind::Signed | Kind::Decimal => {
            let shift = 128 - u32::from(node.bits);
            ((raw << shift) as i128 >> shift).to_string()
        }
        _ => raw.to_string(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |mut out, b| {
        write!(out, "{b:02x}").unwrap();
        out
    })
}

/// The CSV of condensed samples: the means of the features and of the target, then the weights.
pub fn dump_condensed(condensed: &CondensedSamples) -> String {
    let samples = &condensed.samples;
    let mut names = condensed.features.clone();
    names.extend(condensed.target.iter().filter(|_| samples.target.is_some()).map(|(name, _)| name.clone()));
    if condensed.labels.is_empty() {
        names.push("weight".to_owned());
    }
    names.extend(condensed.labels.iter().map(|label| format!("weight:{label}")));
    let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    let mut out = names.join(",") + "\n";
    let mean = |x: &f64| if x.is_nan() { String::new() } else { format!("{:016x}", x.to_bits()) };
    let classes = condensed.labels.len().max(1);
    for row in 0..samples.len() {
        let mut fields: Vec<_> =
            samples.means[row * samples.features..][..samples.features].iter().map(mean).collect();
        fields.extend(samples.target.iter().map(|target| mean(&target[row])));
        fields.extend(samples.weights[row * classes..][..classes].iter().map(u64::to_string));
        out += &fields.join(",");
        out.push('\n');
    }
    out
}

/// The CSV of moments.
pub fn dump_moments(schema: &Schema, of: &ColumnMoments) -> String {
    let moments = &of.moments;
    let (exponents, sums): (Vec<u32>, Vec<String>) = match moments.parts() {
        MomentParts::Exact { exponents, sums } => (exponents, sums.iter().map(i128::to_string).collect()),
        MomentParts::Float(sums) => {
            (vec![0; moments.columns()], sums.iter().map(|s| format!("{:016x}", s.to_bits())).collect())
        }
    };
    let (exact, target) = (u8::from(moments.is_exact()), u8::from(of.target));
    let mut out = format!(
        "exact,rows,left out,has target\n{exact},{},{},{target}\n",
        moments.count(),
        moments.left_out()
    );
    out += "node,exponent\n";
    let nodes = schema.nodes();
    let mut node = 0;
    for (i, (name, exponent)) in of.columns.iter().zip(exponents).enumerate() {
        // Columns are in order; the target, the last, may be anywhere.
        let from = if of.target && i + 1 == moments.columns() { 0 } else { node };
        node = (from..nodes.len()).find(|&n| nodes[n].parent.is_none() && nodes[n].name == *name).unwrap();
        writeln!(out, "{node},{exponent}").unwrap();
        node += 1;
    }
    out += "i,j,sum\n";
    let size = moments.columns() + 1;
    let places = (0..size).flat_map(|i| (i..size).map(move |j| (i, j)));
    for ((i, j), sum) in places.zip(sums) {
        writeln!(out, "{i},{j},{sum}").unwrap();
    }
    out
}

/// The CSV of the covariances of cells.
pub fn dump_covariances(features: usize, covariances: &[f32]) -> String {
    let line = |cell: &[f32]| {
        cell.iter().map(|v| format!("{:08x}", v.to_bits())).collect::<Vec<_>>().join(",") + "\n"
    };
    covariances.chunks(features * (features + 1) / 2).map(line).collect()
}

/// The CSV of a coreset.
pub fn dump_coreset(schema: &Schema, coreset: &CoresetRows) -> String {
    let names = coreset.features.iter().chain([&coreset.target]);
    let nodes: Vec<_> = names.map(|name| schema.column(name).unwrap().to_string()).collect();
    let mut out = nodes.join(",") + "\n";
    for (row, (y, weight)) in coreset.y.iter().zip(&coreset.weights).enumerate() {
        let x = coreset.x[row * coreset.features.len()..][..coreset.features.len()].iter();
        let values: Vec<_> = x.chain([y, weight]).map(|v| format!("{:016x}", v.to_bits())).collect();
        out += &(values.join(",") + "\n");
    }
    out
}

/// Key-values, a line a pair, both quoted.
pub fn dump_key_values(pairs: &std::collections::BTreeMap<String, String>) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    pairs.iter().map(|(key, value)| format!("{},{}\n", quoted(key), quoted(value))).collect()
}
