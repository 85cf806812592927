//! The cells section: how rows are put into cells (spec, chapter 5).

use std::collections::HashSet;

use zerocopy::little_endian::{F64, U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};
use crate::format::NONE;
use crate::format::features::Feature;
use crate::summary::cells::bits::MAX_CELL_BITS;
use crate::summary::cells::grid::KEY_BITS;

/// The feature of files with condensed samples.
pub(crate) const FEATURE: Feature = Feature::optional(33, "condensed samples");

/// Cells a file may have.
pub const MAX_CELLS: u64 = 1 << 21;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Head {
    features: U32,
    bits: U32,
    target: U32,
    target_kind: u8,
    stored: u8,
    low_entropy: u8,
    zero: u8,
    cells: U64,
    classes: U32,
    reserved: [u8; 36],
}

/// A feature: its node and its extent over the file.
#[derive(Clone, Copy, Debug, PartialEq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct CellFeature {
    pub node: U32,
    pub zero: U32,
    pub lo: F64,
    pub hi: F64,
}

/// A cell bit: a bit of a feature's key.
#[derive(Clone, Copy, Debug, PartialEq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct CellBitEntry {
    pub feature: U32,
    pub bit: U32,
}

/// Role of the target in the condensed samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellTarget {
    None,
    Value(u32),
    Class(u32),
}

/// The section's content.
#[derive(Clone, Debug, PartialEq)]
pub struct CellsSection {
    pub features: Vec<CellFeature>,
    pub bits: Vec<CellBitEntry>,
    pub target: CellTarget,
    /// True if the condensed samples are stored, or rebuilt from the rows.
    pub stored: bool,
    pub low_entropy: bool,
    pub cells: u64,
    /// Labels of a class target, in order; none for null.
    pub labels: Vec<Option<Vec<u8>>>,
}

impl CellsSection {
    /// The section's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = Head::new_zeroed();
        head.features = (self.features.len() as u32).into();
        head.bits = (self.bits.len() as u32).into();
        (head.target_kind, head.target) = match self.target {
            CellTarget::None => (0, NONE.into()),
            CellTarget::Value(node) => (1, node.into()),
            CellTarget::Class(node) => (2, node.into()),
        };
        (head.stored, head.low_entropy) = (self.stored.into(), self.low_entropy.into());
        head.cells = self.cells.into();
        head.classes = (self.labels.len() as u32).into();
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend_from_slice(self.features.as_bytes());
        bytes.extend_from_slice(self.bits.as_bytes());
        for label in &self.labels {
            let length = label.as_ref().map_or(NONE, |l| l.len() as u32);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend(label.iter().flatten());
        }
        bytes
    }

    /// Reads the section; `nodes` is the number of nodes of the schema.
    pub fn read(bytes: &[u8], nodes: usize) -> Result<Self> {
        let bad = |what: &str| Error::corrupt(format!("cells: {what}"));
        let (head, rest) = Head::ref_from_prefix(bytes).map_err(|_| bad("too short"))?;
        let (features, rest) =
            <[CellFeature]>::ref_from_prefix_with_elems(rest, head.features.get() as usize)
                .map_err(|_| bad("its features are cut short"))?;
        let (bits, mut rest) = <[CellBitEntry]>::ref_from_prefix_with_elems(rest, head.bits.get() as usize)
            .map_err(|_| bad("its bits are cut short"))?;
        let mut labels = Vec::new();
        for _ in 0..head.classes.get() {
            let (length, after) = U32::read_from_prefix(rest).map_err(|_| bad("its labels are cut short"))?;
            if length.get() == NONE {
                labels.push(None);
                rest = after;
                continue;
            }
            let (label, after) = after
                .split_at_checked(length.get() as usize)
                .ok_or_else(|| bad("its labels are cut short"))?;
            labels.push(Some(label.to_vec()));
            rest = after;
        }
        let target = match (head.target_kind, head.target.get()) {
            (0, NONE) => CellTarget::None,
            (1, node) if (node as usize) < nodes => CellTarget::Value(node),
            (2, node) if (node as usize) < nodes => CellTarget::Class(node),
            _ => return Err(bad("its target is not in the schema")),
        };
        let is_class = matches!(target, CellTarget::Class(_));
        let flags = head.stored <= 1 && head.low_entropy <= 1 && head.zero == 0 && head.reserved == [0; 36];
        let known = features
            .iter()
            .all(|f| (f.node.get() as usize) < nodes && f.zero.get() == 0 && f.lo.get() <= f.hi.get());
        if !rest.is_empty() || !flags || !known || is_class != (head.classes.get() > 0) {
            return Err(bad("it is not as the format has it"));
        }
        let extent = |v: F64| v.get().is_finite() && v.get().to_bits() != (-0.0f64).to_bits();
        if !features.iter().all(|f| extent(f.lo) && extent(f.hi)) {
            return Err(bad("the extent of a feature is not finite, or is -0"));
        }
        if head.cells.get() > MAX_CELLS || bits.len() > MAX_CELL_BITS {
            return Err(bad("there are more cells or cell bits than the format allows"));
        }
        let outside =
            |b: &&CellBitEntry| b.feature.get() >= head.features.get() || b.bit.get() >= KEY_BITS.into();
        if let Some(CellBitEntry { feature, bit }) = bits.iter().find(outside) {
            return Err(bad(&format!("there is no bit {bit} of feature {feature}")));
        }
        let mut seen = HashSet::new();
        if !labels.iter().all(|label| seen.insert(label)) {
            return Err(bad("two classes have one label"));
        }
        Ok(Self {
            features: features.to_vec(),
            bits: bits.to_vec(),
            target,
            stored: head.stored == 1,
            low_entropy: head.low_entropy == 1,
            cells: head.cells.get(),
            labels,
        })
    }
}
