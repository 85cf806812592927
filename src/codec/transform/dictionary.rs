//! The transform of values that are codes of a dictionary.

use ahash::AHashMap;

use crate::codec::coding::Part;
use crate::codec::transform::encoded_lane::{EncodedLane, width};
use crate::codec::transform::kind::{RawColumn, Role, StoredLane, Transform, Word};
use crate::codec::transform::lane_transform::LaneTransform;
use crate::codec::transform::numbers::{Order, SAMPLE};
use crate::codec::transform::target::{Target, put_raw};
use crate::column::values::Values;
use crate::error::{Error, Result};
use crate::format::schema::Node;

/// Most distinct values that are tried as a dictionary of numbers.
const MAX_DISTINCT: usize = 4096;

/// Value is the entry of a dictionary; the field is its code. Its feature is that of the dictionary.
pub(crate) struct Dictionary;

impl Transform for Dictionary {
    const NUMBER: u8 = 2;
    const PART: Option<Part> = Some(Part::Dictionaries);
    const WORD: Word = Word::Dictionary;

    fn is_valid(t: &LaneTransform) -> bool {
        t.exponent == 0 && t.minimum.get() == 0
    }

    fn takes(_: &Node, role: Role, _: u32) -> bool {
        matches!(role, Role::Number | Role::Place)
    }

    /// Codes are held against their dictionary.
    fn room(_: &Node, _: Role, _: u64) -> Option<u64> {
        Some(u64::MAX)
    }

    /// Codes hide what neighbouring bits share from the bases, so they must gain clearly.
    fn improve(column: &RawColumn, best: &EncodedLane) -> Option<EncodedLane> {
        if best.transform.width <= 8 {
            return None;
        }
        lane(column).filter(|dictionary| dictionary.bits() < best.bits() / 4 * 3)
    }

    #[inline(always)]
    fn store(_: &Node, lane: &StoredLane, out: &mut Values, target: Target) -> Result<()> {
        let (fields, table) = (lane.fields, lane.table);
        if fields.iter().any(|&f| f >= table.len() as u64) {
            return Err(Error::corrupt("a value lies outside its dictionary"));
        }
        put_raw(out, target, fields, |f| table[f as usize]);
        Ok(())
    }
}

/// Fields that are codes of a dictionary of `count` values.
pub(crate) fn codes(fields: Vec<u64>, count: u64) -> EncodedLane {
    let width = width(count.saturating_sub(1));
    let transform = LaneTransform { kind: Dictionary::NUMBER, width, ..LaneTransform::default() };
    EncodedLane { transform, fields, ..EncodedLane::default() }
}

/// The lane of codes; none for too many distinct values, or none at all.
fn lane(column: &RawColumn) -> Option<EncodedLane> {
    let order = Order::of(column.kind, column.bits);
    let mut codes_of: AHashMap<u64, u64> = AHashMap::new();
    for (i, &r) in column.raw.iter().enumerate() {
        if column.is_valid(i) {
            codes_of.insert(r, 0);
        }
        if codes_of.len() > MAX_DISTINCT || (i == SAMPLE && codes_of.len() > SAMPLE / 2) {
            return None;
        }
    }
    let mut values: Vec<u64> = codes_of.keys().copied().collect();
    values.sort_unstable_by_key(|&v| order.ordered(v));
    for (code, value) in values.iter().enumerate() {
        codes_of.insert(*value, code as u64);
    }
    let field = |(i, r): (usize, &u64)| if column.is_valid(i) { codes_of[r] } else { 0 };
    let mut lane = codes(column.raw.iter().enumerate().map(field).collect(), values.len() as u64);
    lane.dictionary = Some(values).filter(|v| !v.is_empty());
    lane.dictionary.is_some().then_some(lane)
}
