//! The trait of summaries that are one section.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use crate::codec::block::Block;
use crate::codec::strings::dictionaries::RawTable;
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::column::values::Batch;
use crate::error::Result;
use crate::format::features::Feature;
use crate::format::part::FilePart;
use crate::format::schema::Schema;
use crate::format::sections::SectionKind;
use crate::summary::options::SummaryOptions;

/// A summary that is one section. The writer, the directory, `verify`, the account of a file's bytes and merging know it
/// by the list in `summary/mod.rs` alone.
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

    /// The sums that a writer keeps for the summary; `None` if the options do not ask for it, the columns have none, or
    /// it does not come from sums over the rows.
    fn sums(_columns: &SummaryColumns, _options: &SummaryOptions) -> Option<Box<dyn RowSums>> {
        None
    }

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

/// The columns that summaries are of.
pub(crate) struct SummaryColumns<'a> {
    pub schema: &'a Schema,
    /// Nodes of the features.
    pub features: &'a [usize],
    /// Node of the target.
    pub target: Option<usize>,
}

/// The sum over the rows of a segment, of the type that `RowSums::add` takes.
pub(crate) type SegmentSum = Box<dyn Any + Send>;

/// The sum over the rows of a segment, to be made while the segment's lanes are encoded.
pub(crate) type Terms = Box<dyn FnOnce() -> SegmentSum + Send>;

/// Sums over all rows, kept while they are written.
pub(crate) trait RowSums: Any + Send + Sync {
    /// The numbers of a segment that are to be summed, copied out of it and out of its lanes.
    fn terms(&self, schema: &Schema, segment: &Batch, lane: ValueLane) -> Terms;

    /// Adds the sum of the next segment.
    ///
    /// # Errors
    /// `Internal` if it is none of these sums.
    fn add(&mut self, sum: SegmentSum) -> Result<()>;

    /// The bytes of the section.
    fn section(&self) -> Vec<u8>;
}

/// The first value lane of a node in a segment that is written, by the node's number.
pub(crate) type ValueLane<'a> = &'a dyn Fn(usize) -> Option<&'a EncodedLane>;

/// A dictionary of numbers, by its number.
pub(crate) type RawDictionary<'a> = &'a dyn Fn(u32) -> Result<Arc<RawTable>>;

/// A block of a segment.
pub(crate) struct GroupBlock<'a> {
    /// Its storage group.
    pub group: u32,
    pub block: &'a Block,
    /// The bytes of its exceptions.
    pub exceptions: Cow<'a, [u8]>,
}

/// Sums over all rows, compared with a summary.
pub(crate) trait RowCheck {
    /// The nodes whose values are wanted.
    fn nodes(&self) -> Vec<usize>;

    /// Goes on to a segment: its blocks that are not of images.
    ///
    /// # Errors
    /// `Corrupt`.
    fn start(&mut self, schema: &Schema, blocks: &[GroupBlock], dictionary: RawDictionary) -> Result<()>;

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
    pub sums: fn(&SummaryColumns, &SummaryOptions) -> Option<Box<dyn RowSums>>,
    pub check: Check,
    pub merge: Merge,
}

impl SummaryKind {
    pub const fn of<T: Summary>() -> Self {
        Self {
            section: T::SECTION,
            feature: T::FEATURE,
            part: T::PART,
            sums: T::sums,
            check: |bytes, schema| T::parse(bytes, schema)?.check(schema),
            merge: |own, other, schema| {
                let (own, other) = (T::parse(own, schema)?, T::parse(other, schema)?);
                Ok(own.merge(other)?.map(|both| both.to_bytes()))
            },
        }
    }
}
