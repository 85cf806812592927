//! The lanes of a segment to the bytes of a block, by the coding that its layout names.

use crate::codec::coding::Layout;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::lanes::Lanes;
use crate::codec::{fixed, grouped};

/// Encodes the records: grouped ones if the layout has them and the lanes are few enough, else fixed ones, whose base
/// positions are tried until `tau` of them bring no gain.
pub(crate) fn encode(lanes: Lanes, tau: usize) -> EncodedBlock {
    match lanes.coding().layout {
        Layout::Compact if grouped::encode::fits(lanes.lanes.len()) => grouped::encode::encode(lanes),
        Layout::Compact | Layout::Paper => fixed::encode::encode(lanes, tau),
    }
}
