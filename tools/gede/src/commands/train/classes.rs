//! Classes of images by name. A file numbers its classes by itself, so the numbers of two files mean nothing to each
//! other: labels of a test file are matched by the names that both store.

use crate::commands::misuse;
use crate::output::{count, list};
use gede::column::{Kind, Node};
use gede::internal::stored_class_names;
use gede::read::{ByteSource, Projection};
use gede::sample::{LabelColumn, Labels};
use gede::{Reader, Result};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Most classes that a network is trained on.
const MOST: u32 = 1000;

/// Rows whose labels are read at a time.
const BATCH_ROWS: usize = 1 << 16;

/// The number of a label that is none of the classes trained on: a network never predicts it.
const UNSEEN: u32 = u32::MAX;

/// The classes of a file to train on.
pub struct TrainClasses<'a, S> {
    pub labels: LabelColumn<'a, S>,
    /// The name of each class: as the file's metadata have it, else its value as text.
    names: Vec<String>,
    /// Whether the names are from the metadata.
    named: bool,
}

/// The classes of the rows of a file to test on, as numbers of the classes trained on.
pub struct TestClasses {
    numbers: Vec<u32>,
    /// Rows that have a label.
    pub rows: Vec<u64>,
    /// Rows whose label is none of the classes trained on.
    pub unseen: u64,
    /// Names of such labels.
    pub unseen_names: Vec<String>,
}

impl<'a, S: ByteSource> TrainClasses<'a, S> {
    /// The classes that the file is stored by, or its column `label`.
    pub fn new(reader: &'a Reader<S>) -> Result<Self> {
        let labels = match LabelColumn::from_classes(reader)? {
            Some(labels) => labels,
            None => LabelColumn::new(reader, "label")?,
        };
        let node = reader.schema().column(labels.name())?;
        let stored = stored_names(reader, labels.name())?;
        let values = match reader.classes().filter(|(by, _)| *by == node) {
            Some(_) => class_values(reader, &reader.schema().nodes()[node])?,
            None => (0..=highest(reader, &labels)?).map(|number| number.to_string()).collect(),
        };
        if values.len() > MOST as usize {
            let classes = count(values.len() as u64);
            return Err(misuse(format!("it has {classes} classes; 1,000 are the most")));
        }
        let named = !stored.is_empty();
        let names: Vec<String> = values.into_iter().map(|value| name(&stored, value)).collect();
        if let Some(twice) = repeated(&names) {
            return Err(misuse(format!(
                "column \"{}\" has two classes that are named \"{twice}\": rename one of them",
                labels.name()
            )));
        }
        Ok(Self { labels, names, named })
    }

    /// Number of classes.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The classes of a file to test on.
    pub fn of_test<T: ByteSource>(&self, test: &Reader<T>) -> Result<TestClasses> {
        let column = self.labels.name();
        let node = &test.schema().nodes()[test.schema().column(column)?];
        if !(node.kind.is_bytes() || node.is_numeric_column()) {
            return Err(misuse(format!("column \"{column}\" has no labels: it is neither numbers nor text")));
        }
        let stored = stored_names(test, column)?;
        let numbers: HashMap<&str, u32> = self.names.iter().map(String::as_str).zip(0..).collect();
        let mut found =
            TestClasses { numbers: Vec::new(), rows: Vec::new(), unseen: 0, unseen_names: Vec::new() };
        let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
        let projection = Projection::columns(test.schema(), &[column])?;
        for batch in test.scan(&projection, 0..test.rows(), BATCH_ROWS)? {
            let batch = batch?;
            for row in 0..batch.rows {
                let at = found.numbers.len() as u64;
                let Some(label) = batch.columns[0].label(row) else {
                    found.numbers.push(UNSEEN);
                    continue;
                };
                let number = *known.entry(label).or_insert_with_key(|label| {
                    let name = name(&stored, value_text(node, label));
                    let number = numbers.get(name.as_str()).copied();
                    number.unwrap_or_else(|| {
                        found.unseen_names.push(name);
                        UNSEEN
                    })
                });
                found.unseen += u64::from(number == UNSEEN);
                found.numbers.push(number);
                found.rows.push(at);
            }
        }
        if found.rows.is_empty() {
            return Err(misuse(format!(
                "column \"{column}\" is null in every row: there is nothing to test on"
            )));
        }
        if found.unseen == found.rows.len() as u64 {
            return Err(misuse(self.nothing_in_common(column, &found.unseen_names, !stored.is_empty())));
        }
        Ok(found)
    }

    fn nothing_in_common(&self, column: &str, others: &[String], named: bool) -> String {
        let why = match (self.named, named) {
            (true, false) => "; it stores numbers without names, so that they cannot be matched",
            (false, true) => {
                "; the classes trained on are numbers without names, so that they cannot be matched"
            }
            _ => "",
        };
        let (ours, others) = (list(&self.names), list(others));
        format!("no class of column \"{column}\" ({others}) is one of those trained on ({ours}){why}")
    }
}

impl TestClasses {
    /// Rows without a label.
    pub fn unlabelled(&self) -> u64 {
        (self.numbers.len() - self.rows.len()) as u64
    }
}

impl Labels for TestClasses {
    fn numbers(&self, rows: &[u64], out: &mut [u32]) -> Result<()> {
        for (&row, out) in rows.iter().zip(out) {
            let number = usize::try_from(row).ok().and_then(|row| self.numbers.get(row));
            *out = *number.ok_or_else(|| misuse(format!("there is no row {row}")))?;
        }
        Ok(())
    }
}

/// The names that the file's metadata have for the values of a column.
fn stored_names<S: ByteSource>(reader: &Reader<S>, column: &str) -> Result<Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = stored_class_names(reader)?;
    Ok(all.remove(column).unwrap_or_default())
}

/// The name of a value: that of the metadata for an index into them, else the value itself.
fn name(stored: &[String], value: String) -> String {
    let index = value.parse::<usize>().ok();
    index.and_then(|index| stored.get(index)).cloned().unwrap_or(value)
}

/// A label as text; 0 and 1 for a bool, which is a class number without a name.
fn value_text(node: &Node, label: &[u8]) -> String {
    match (node.kind, label) {
        (Kind::Bool, [bit, ..]) => bit.to_string(),
        _ => node.label_text(Some(label)),
    }
}

/// The values of the classes that rows are stored by, as text. A null is no class.
fn class_values<S: ByteSource>(reader: &Reader<S>, node: &Node) -> Result<Vec<String>> {
    let mut values = Vec::new();
    for class in reader.all_classes() {
        let class = class?;
        let Some(label) = class.label else {
            let rows = count(class.stored.end - class.stored.start);
            let (name, first) = (&node.name, reader.row_at(class.stored.start)?);
            return Err(misuse(format!(
                "column \"{name}\" is null in {rows} rows, first in row {first}: a null is no class; convert without \
                 these rows"
            )));
        };
        values.push(value_text(node, &label));
    }
    Ok(values)
}

/// The highest class number.
fn highest<S: ByteSource>(reader: &Reader<S>, labels: &LabelColumn<S>) -> Result<u32> {
    let (mut most, mut numbers, rows) = (0, Vec::new(), reader.rows());
    for start in (0..rows).step_by(BATCH_ROWS) {
        let rows: Vec<u64> = (start..rows.min(start + BATCH_ROWS as u64)).collect();
        numbers.resize(rows.len(), 0);
        labels.numbers(&rows, &mut numbers)?;
        most = numbers.iter().copied().fold(most, u32::max);
    }
    match most {
        0..MOST => Ok(most),
        _ => Err(misuse(format!("its labels go up to {most}; 1,000 classes are the most"))),
    }
}

/// A name that stands twice.
fn repeated(names: &[String]) -> Option<&String> {
    let mut seen = HashSet::new();
    names.iter().find(|name| !seen.insert(*name))
}
