//! The trait of lane transforms.

use crate::codec::coding::Part;
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::codec::transform::target::Target;
use crate::column::values::Values;
use crate::error::Result;
use crate::format::features::Feature;
use crate::format::schema::{Kind, Node};

/// A lane transform. `encode`, `limits` and `materialize` know it by the list in `transform/mod.rs` alone.
pub(crate) trait Transform {
    /// The number of the kind in lane transforms.
    const NUMBER: u8;

    /// The feature that readers of such a lane know; none for what every reader knows, or knows by its dictionary.
    const FEATURE: Option<Feature> = None;

    /// The part of the coding that writers may do without.
    const PART: Option<Part> = None;

    /// The meaning of the word of the transform.
    const WORD: Word = Word::Step;

    /// True if values that the transform does not hold may be exceptions.
    const HAS_EXCEPTIONS: bool = false;

    /// The error of a field whose value the transform cannot have, if its type says too little.
    const OUTSIDE: Option<&'static str> = None;

    /// True if exponent and minimum are in range.
    fn is_valid(transform: &LaneTransform) -> bool {
        transform.exponent == 0
    }

    /// True if a lane in this role can have the transform with this word.
    fn takes(node: &Node, role: Role, word: u32) -> bool;

    /// The largest product of field and step whose value is within the type; none if no value is.
    fn room(node: &Node, role: Role, minimum: u64) -> Option<u64>;

    /// A lane of fewer bits than `best`, if the transform gives one.
    fn improve(_column: &RawColumn, _best: &EncodedLane) -> Option<EncodedLane> {
        None
    }

    /// Writes the values of a lane of numbers. Implementations are `inline(always)`, so that `store` compiles them for
    /// the registers of the processor.
    ///
    /// # Errors
    /// `Corrupt` for fields without a value.
    fn store(node: &Node, lane: &StoredLane, out: &mut Values, target: Target) -> Result<()>;
}

/// The meaning of the word of a transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// What fields are multiplied by; 0 stands for 1.
    Step,
    /// The number of a dictionary, whose codes the fields are.
    Dictionary,
    /// The number of the symbols that strings in the heap are made of.
    Symbols,
}

/// The part that a lane has in its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// 1 where an instance is valid.
    Validity,
    /// Raw bits of up to 64 bits.
    Number,
    /// A byte of fixed bytes.
    Byte,
    /// Half of 128 bits.
    Half,
    /// The place of a string in the heap, or its code.
    Place,
    /// The length of a string.
    Length,
    /// The number of items of a list.
    Count,
    /// A value of an image, modulo 2^32.
    Pixel,
}

impl Role {
    /// The role of a lane of a node.
    pub fn new(node: &Node, lane: u32) -> Self {
        let values = node.first_value_lane();
        match node.kind {
            Kind::Image => Self::Pixel,
            _ if lane < values => Self::Validity,
            kind if kind.is_bytes() && lane == values => Self::Place,
            kind if kind.is_bytes() => Self::Length,
            Kind::FixedBytes => Self::Byte,
            Kind::List => Self::Count,
            _ if node.bits > 64 => Self::Half,
            _ => Self::Number,
        }
    }
}

/// Raw bits of up to 64 bits each, to be encoded.
pub(crate) struct RawColumn<'a> {
    pub kind: Kind,
    pub bits: u16,
    pub raw: &'a [u64],
    /// 1 for values, 0 for nulls; none if all are values.
    pub valid: Option<&'a [u8]>,
}

impl RawColumn<'_> {
    /// True if a row has a value.
    pub fn is_valid(&self, row: usize) -> bool {
        self.valid.is_none_or(|valid| valid.get(row) == Some(&1))
    }
}

/// Fields that were decoded, and the numbers that make values of them.
pub(crate) struct StoredLane<'a> {
    /// One a row, multiplied by the step.
    pub fields: &'a [u64],
    pub minimum: u64,
    pub exponent: u8,
    /// The largest product of field and step that the lane can hold; none from 2^64 on.
    pub largest: Option<u64>,
    /// Raw bits by code, where the word names a dictionary.
    pub table: &'a [u64],
}

/// Writes the values of a lane of numbers.
pub(crate) fn store<T: Transform>(
    node: &Node,
    lane: &StoredLane,
    out: &mut Values,
    target: Target,
) -> Result<()> {
    #[cfg(target_arch = "x86_64")]
    if crate::processor::has_avx2() {
        // SAFETY: the processor has AVX2.
        return unsafe { store_avx2::<T>(node, lane, out, target) };
    }
    T::store(node, lane, out, target)
}

/// `store`, compiled for wider registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn store_avx2<T: Transform>(node: &Node, lane: &StoredLane, out: &mut Values, target: Target) -> Result<()> {
    T::store(node, lane, out, target)
}
