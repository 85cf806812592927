//! The transform of places of strings that are stored in symbols.

use crate::codec::transform::kind::{Role, StoredLane, Transform, Word};
use crate::codec::transform::offset::Offset;
use crate::codec::transform::target::Target;
use crate::column::values::Values;
use crate::error::Result;
use crate::format::schema::Node;

/// Offset, of strings in symbols. Its feature is that of the dictionary of the symbols.
pub(crate) struct Symbols;

impl Transform for Symbols {
    const NUMBER: u8 = 3;
    const WORD: Word = Word::Symbols;

    fn takes(_: &Node, role: Role, _: u32) -> bool {
        role == Role::Place
    }

    fn room(_: &Node, _: Role, _: u64) -> Option<u64> {
        Some(u64::MAX)
    }

    #[inline(always)]
    fn store(node: &Node, lane: &StoredLane, out: &mut Values, target: Target) -> Result<()> {
        Offset::store(node, lane, out, target)
    }
}
