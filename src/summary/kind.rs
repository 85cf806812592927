//! The trait of summaries that are one section.

use std::sync::Arc;

use crate::codec::block::Block;
use crate::codec::strings::dictionaries::RawTable;
use crate::column::values::Batch;
use crate::error::Result;
use crate::format::directory::{Feature, SectionKind};
use crate::format::part::FilePart;
use crate::format::schema::Schema;

/// A summary that is one section. The directory, `verify`, the account of a file's bytes and merging know it by
/// the registry alone.
pub(crate) trait Summary: Sized {
    const SECTION: SectionKind;
    const FEATURE: Feature;
    const PART: FilePart;

    /// Reads the section of a file of this schema.
    ///
    /// # Errors
    /// `Corrupt`.
    fn parse(bytes: &[u8], schema: &Schema) -> Result<Self>;

    /// The section's bytes.
    fn to_bytes(&self) -> Vec<u8>;

    /// The check of this summary against the rows; `None` if something else checks it.
    ///
    /// # Errors
    /// `Corrupt`.
    fn check(self, schema: &Schema) -> Result<Option<Box<dyn RowCheck>>>;

    /// The summary of the rows of two files, the other's after these; none if the two do not add up.
    ///
    /// # Errors
    /// `Corrupt`.
    fn merge(self, other: Self) -> Result<Option<Self>>;
}

/// A dictionary of numbers, by its number.
pub(crate) type RawDictionary<'a> = &'a dyn Fn(u32) -> Result<Arc<RawTable>>;

/// Sums over all rows, compared with a summary.
pub(crate) trait RowCheck {
    /// The nodes whose values are wanted.
    fn nodes(&self) -> Vec<usize>;

    /// Goes on to a segment.
    ///
    /// # Errors
    /// `Corrupt`.
    fn start(&mut self, schema: &Schema, block: &Block, dictionary: RawDictionary) -> Result<()>;

    /// Takes rows of the segment in, each so many times; columns are by node.
    ///
    /// # Errors
    /// `Corrupt`.
    fn add(&mut self, schema: &Schema, rows: &Batch, times: u64) -> Result<()>;

    /// Compares.
    ///
    /// # Errors
    /// `Corrupt` if the summary is not that of the rows.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// The checker of a section, if it has one.
type Check = fn(&[u8], &Schema) -> Result<Option<Box<dyn RowCheck>>>;

/// The bytes of two files' sections in one; none if the two do not add up.
type Merge = fn(&[u8], &[u8], &Schema) -> Result<Option<Vec<u8>>>;

/// A kind of summary, for those that go through all of them.
pub(crate) struct SummaryKind {
    pub section: SectionKind,
    pub feature: Feature,
    pub part: FilePart,
    pub check: Check,
    pub merge: Merge,
}

impl SummaryKind {
    pub const fn of<T: Summary>() -> Self {
        Self {
            section: T::SECTION,
            feature: T::FEATURE,
            part: T::PART,
            check: |bytes, schema| T::parse(bytes, schema)?.check(schema),
            merge: |own, other, schema| {
                let (own, other) = (T::parse(own, schema)?, T::parse(other, schema)?);
                Ok(own.merge(other)?.map(|both| both.to_bytes()))
            },
        }
    }
}
