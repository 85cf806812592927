//! The table of statistics as it grows, segment by segment.

use std::ops::Range;

use crate::column::values::Batch;
use crate::format::schema::Schema;
use crate::summary::statistics::layout::StatisticsLayout;
use crate::summary::statistics::measure::Measures;
use crate::summary::statistics::stored::{Stored, batch};

/// Memory that the rows of the table may take; a table of more is given up.
const MOST_BYTES: usize = 256 << 20;

/// Bytes that the statistics of a column in a segment take, about.
const COLUMN_BYTES: usize = size_of::<Stored>() + 64;

/// The statistics of the segments written so far, and of all their rows.
pub(crate) struct StatisticsRows {
    pub layout: StatisticsLayout,
    /// One a segment.
    segments: Vec<Vec<Stored>>,
    all: Measures,
    /// Those of all rows of the segments that were there before the first that is measured.
    before: Option<Vec<Stored>>,
    /// True if they take too much memory.
    is_given_up: bool,
}

impl StatisticsRows {
    /// No segments of rows of a schema; none if its rows have no statistics.
    pub fn new(schema: &Schema) -> Option<Self> {
        let layout = StatisticsLayout::new(schema)?;
        let all = Measures::new(schema, &layout);
        Some(Self { layout, segments: Vec::new(), all, before: None, is_given_up: false })
    }

    /// Segments that are stored, to be followed by others; `all` are the statistics of all their rows, if they are known.
    pub fn resume(
        schema: &Schema,
        layout: StatisticsLayout,
        segments: Vec<Vec<Stored>>,
        all: Option<Vec<Stored>>,
    ) -> Self {
        let together = |all: Vec<Stored>, segment: &Vec<Stored>| -> Vec<Stored> {
            all.into_iter().zip(segment).map(|(all, own)| all.and(own.clone())).collect()
        };
        let follow = || segments.split_first().map(|(first, more)| more.iter().fold(first.clone(), together));
        let before = all.or_else(follow);
        Self { all: Measures::new(schema, &layout), layout, segments, before, is_given_up: false }
    }

    /// The statistics of the rows of a segment.
    pub fn of_segment(&self, schema: &Schema, segment: &Batch) -> Option<Measures> {
        if self.is_given_up {
            return None;
        }
        let mut measures = Measures::new(schema, &self.layout);
        measures.add(schema, &self.layout, segment);
        Some(measures)
    }

    /// Adds those of the next segment.
    pub fn push(&mut self, schema: &Schema, segment: Option<Measures>) {
        let bytes = self.segments.len().saturating_mul(COLUMN_BYTES * self.layout.measured.len());
        let Some(segment) = segment.filter(|_| bytes < MOST_BYTES) else {
            (self.is_given_up, self.segments) = (true, Vec::new());
            return;
        };
        self.segments.push(segment.stored(schema, &self.layout));
        self.all.merge(&segment);
    }

    /// Adds the row of all segments.
    pub fn finish(&mut self, schema: &Schema) {
        let mut all = self.all.stored(schema, &self.layout);
        if let Some(before) = self.before.take() {
            all = before.into_iter().zip(all).map(|(before, own)| before.and(own)).collect();
        }
        self.segments.push(all);
    }

    /// True if there are no segments, or their statistics were given up.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Rows of the table.
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Some rows of the table as a batch.
    pub fn batch(&self, rows: Range<usize>) -> Batch {
        batch(&self.layout, self.segments[rows].iter().map(Vec::as_slice))
    }
}
