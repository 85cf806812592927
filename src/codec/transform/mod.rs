//! Lane transforms: values to unsigned fields of few bits, and back (spec, chapter 4.1). One file a transform.

#[macro_use]
mod dispatch;

pub(crate) mod decimal;
pub(crate) mod dictionary;
pub(crate) mod encode;
pub(crate) mod encoded_lane;
pub(crate) mod exceptions;
pub(crate) mod kind;
pub(crate) mod lane_transform;
pub(crate) mod limits;
pub(crate) mod materialize;
pub(crate) mod numbers;
pub(crate) mod offset;
pub(crate) mod single;
pub(crate) mod step;
pub(crate) mod symbols;
pub(crate) mod target;

use decimal::Decimal;
use dictionary::Dictionary;
use encoded_lane::EncodedLane;
use kind::{RawColumn, Role, StoredLane, Transform, Word, store};
use lane_transform::{LaneTransform, MAX_EXPONENT};
use offset::Offset;
use single::Single;
use symbols::Symbols;
use target::Target;

use crate::codec::coding::Part;
use crate::column::values::Values;
use crate::error::{Error, Result};
use crate::format::features::Feature;
use crate::format::schema::Node;

// An encoder starts with `Offset`, and tries the others in this order.
lane_transforms! {
    #[default]
    Offset(Offset),
    Decimal(Decimal),
    Single(Single),
    Dictionary(Dictionary),
    Symbols(Symbols),
}

/// The features of all transforms.
pub(crate) fn all_features() -> impl Iterator<Item = Feature> {
    TransformKind::ALL.iter().filter_map(|kind| kind.feature()).chain([step::FEATURE])
}

/// The features that readers of a transform know.
///
/// # Errors
/// `Corrupt` if the transform is out of range.
pub(crate) fn features(t: &LaneTransform) -> Result<impl Iterator<Item = Feature>> {
    let kind = TransformKind::new(t)?;
    let has_step = kind.word() == Word::Step && t.dictionary.get() > 0;
    Ok(kind.feature().into_iter().chain(has_step.then_some(step::FEATURE)))
}
