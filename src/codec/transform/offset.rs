//! The transform of values that are stored less their minimum.

use crate::bits::mask;
use crate::codec::transform::kind::{Role, StoredLane, Transform};
use crate::codec::transform::numbers::Order;
use crate::codec::transform::target::{Target, put_raw};
use crate::column::values::Values;
use crate::error::Result;
use crate::format::schema::Node;

/// Value is minimum plus field, in the order of the type.
pub(crate) struct Offset;

impl Transform for Offset {
    const NUMBER: u8 = 0;

    fn takes(_: &Node, role: Role, word: u32) -> bool {
        word == 0 || role == Role::Number
    }

    fn room(node: &Node, role: Role, minimum: u64) -> Option<u64> {
        match role {
            // The halves of 128 bits carry, places and lengths are held against the heap, and lanes of images are modulo
            // 2^32.
            Role::Half | Role::Place | Role::Length | Role::Pixel => Some(u64::MAX),
            Role::Validity => mask(1).checked_sub(minimum),
            Role::Number | Role::Byte | Role::Count => mask(node.bits.into()).checked_sub(minimum),
        }
    }

    #[inline(always)]
    fn store(node: &Node, lane: &StoredLane, out: &mut Values, target: Target) -> Result<()> {
        let (fields, minimum) = (lane.fields, lane.minimum);
        match Order::of(node.kind, node.bits) {
            Order::Unsigned => put_raw(out, target, fields, |f| minimum.wrapping_add(f)),
            Order::Signed(top) => put_raw(out, target, fields, |f| minimum.wrapping_add(f) ^ top),
            order => put_raw(out, target, fields, |f| order.raw(minimum.wrapping_add(f))),
        }
        Ok(())
    }
}
