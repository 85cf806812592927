//! Checks the sample index, and the labels of classes against the class column.

use std::collections::HashSet;
use std::ops::Range;

use crate::column::values::Batch;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Kind, Node};
use crate::read::reader::Reader;
use crate::summary::sample_index::{Class, SampleIndex};

/// The label that the rows of a segment have.
pub(crate) struct Labels {
    pub node: usize,
    /// The class of the segment, and its number.
    class: Option<(u64, Class)>,
}

impl Labels {
    /// The labels of a class-wise file.
    pub fn new<S: ByteSource>(reader: &Reader<S>) -> Result<Option<Self>> {
        let Some((node, _)) = reader.classes() else { return Ok(None) };
        if reader.schema().nodes().get(node).is_some_and(|n| n.kind == Kind::Unknown && n.parent.is_none()) {
            return Ok(None);
        }
        if !reader.schema().nodes().get(node).is_some_and(Node::is_single_column) {
            return Err(Error::corrupt(format!(
                "classes are of node {node}, which is no column of single values"
            )));
        }
        Ok(Some(Self { node, class: None }))
    }

    /// Goes on to a segment.
    pub fn start<S: ByteSource>(&mut self, reader: &Reader<S>, rows: &Range<u64>) -> Result<()> {
        let mut next = match self.class.take() {
            None => (0, reader.class(0)?),
            Some(class) => class,
        };
        while next.1.stored.end <= rows.start {
            let number = next.0 + 1;
            next = (number, reader.class(number)?);
        }
        if rows.end > next.1.stored.end {
            return Err(Error::corrupt("it has rows of two classes"));
        }
        self.class = Some(next);
        Ok(())
    }

    /// Checks rows of the segment.
    pub fn check(&self, rows: &Batch) -> Result<()> {
        let Some((number, class)) = &self.class else { return Ok(()) };
        let column = rows.columns.get(self.node);
        let column = column.ok_or_else(|| Error::corrupt("the class column is missing"))?;
        if (0..rows.rows).any(|row| !column.has_label(row, class.label.as_deref())) {
            return Err(Error::corrupt(format!(
                "a row of class {number} does not have the label of its class"
            )));
        }
        Ok(())
    }
}

impl<S: ByteSource> Reader<S> {
    /// The index counts right, its classes follow each other, begin where blocks do, and have labels of their own.
    pub(crate) fn check_index(&self, index: &SampleIndex) -> Result<()> {
        index.verify(&self.pages)?;
        let (mut next, mut at) = (0, 0);
        let mut labels = HashSet::new();
        for (number, class) in (0..).zip(index.all(&self.pages)) {
            let class = class?;
            let first = if class.first_segment < self.table.segments {
                self.table.segment(&self.pages, class.first_segment, 0)?.start
            } else {
                self.table.rows
            };
            if class.stored.start != next || first != next || class.first_segment < at {
                return Err(Error::corrupt(format!("class {number} does not begin where a segment does")));
            }
            if index.places(&self.pages, number)? != class.stored {
                return Err(Error::corrupt(format!(
                    "class {number} does not have the rows that the index gives it"
                )));
            }
            (next, at) = (class.stored.end, class.first_segment);
            if !labels.insert(class.label) {
                return Err(Error::corrupt(format!("class {number}: two classes have one label")));
            }
        }
        if next == self.table.rows { Ok(()) } else { Err(Error::corrupt("the classes do not hold all rows")) }
    }
}
