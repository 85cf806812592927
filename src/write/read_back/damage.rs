//! Damage that tests do to encoded blocks: what an encoder with a bug would do.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::codec::encoded_block::EncodedBlock;
use crate::format::schema::Schema;

/// Applies the damage that the first column's name asks for, `damage PIECE BIT`: the name is the one thing of a
/// table that reaches every thread of a writer.
pub(crate) fn apply(schema: &Schema, blocks: &mut [EncodedBlock]) {
    let Some(name) = schema.nodes().first().map(|node| node.name.as_str()) else { return };
    if let ["damage", piece, bit] = name.split(' ').collect::<Vec<_>>()[..] {
        flip(blocks.last_mut().unwrap(), piece, bit.parse().unwrap());
    }
}

/// Flips a bit of a piece, counted modulo its bits; false if the block has no such piece.
pub(crate) fn flip(block: &mut EncodedBlock, piece: &str, bit: usize) -> bool {
    let bytes = match piece {
        "layout" => &mut block.layout,
        "bases" => &mut block.bases,
        "records" => &mut block.records,
        "exceptions" => &mut block.exceptions,
        "heap" => &mut block.heap,
        "offsets" => &mut block.offsets,
        "lists" => &mut block.lists,
        "dictionary" => match block.dictionaries.first_mut() {
            Some(dictionary) => &mut dictionary.stored.bytes,
            None => return false,
        },
        "minimum" => {
            let lanes = block.transforms.len();
            if lanes == 0 {
                return false;
            }
            let transform = &mut block.transforms[bit % lanes];
            transform.minimum = (transform.minimum.get() ^ 1 << (bit / lanes % 8)).into();
            return true;
        }
        _ => panic!("no piece {piece}"),
    };
    let bits = 8 * bytes.len();
    if bits > 0 {
        bytes[bit % bits / 8] ^= 1 << (bit % 8);
    }
    bits > 0
}
