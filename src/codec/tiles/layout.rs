//! A coder's parameters as bytes (spec, chapter 8.2).

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::codec::tiles::coder::TileCoder;
use crate::codec::tiles::colour::Colour;
use crate::codec::tiles::groups::GroupShape;
use crate::codec::tiles::predict::Predictor;
use crate::codec::tiles::prune::MAX_ID_BITS;
use crate::error::{Error, Result};
use crate::format::image_shape::ImageShape;

/// The head, before the bases: one byte for each value of a group, base after base.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Head {
    colour: u8,
    predictor: u8,
    group_width: u8,
    group_channels: u8,
    flagged: u8,
    zero: [u8; 7],
    bases: U32,
}

impl TileCoder {
    /// The parameters.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            colour: self.colour as u8,
            predictor: self.predictor as u8,
            group_width: self.group.width,
            group_channels: self.group.channels,
            flagged: self.ids.flagged.into(),
            zero: [0; 7],
            bases: U32::new(self.bases.len() as u32),
        };
        let values = self.group.values();
        let bases = self.bases.iter().flat_map(|base| base.to_le_bytes().into_iter().take(values));
        head.as_bytes().iter().copied().chain(bases).collect()
    }

    /// The coder with these parameters, for images of a shape.
    pub fn from_bytes(shape: ImageShape, bytes: &[u8]) -> Result<Self> {
        let (head, rest) = Head::ref_from_prefix(bytes).map_err(|_| damaged("they are cut short"))?;
        let colour = Colour::of_channels(shape.channels).iter().find(|&&colour| colour as u8 == head.colour);
        let predictor = Predictor::ALL.into_iter().find(|&predictor| predictor as u8 == head.predictor);
        let (Some(&colour), Some(predictor)) = (colour, predictor) else {
            return Err(damaged("their colour transform or predictor is unknown"));
        };
        let group = GroupShape { width: head.group_width, channels: head.group_channels };
        if !group.fits(shape.channels) || head.flagged > 1 || head.zero != [0; 7] {
            return Err(damaged("their groups are none that these images have"));
        }
        let (values, count) = (group.values(), head.bases.get() as usize);
        let most = (1 << MAX_ID_BITS) + usize::from(head.flagged);
        if count > most || rest.len() != count * values {
            return Err(damaged("the number of bases does not fit their length"));
        }
        let bases: Vec<u128> = rest.chunks_exact(values).map(base).collect();
        let ascending = bases.is_sorted_by_key(|base| base.count_ones());
        if !ascending || bases.last() != Some(&group.full()) {
            return Err(damaged("the bases do not ascend to one of all bits"));
        }
        let flagged = head.flagged == 1;
        if flagged && (count < 2 || bases.first() != Some(&0)) {
            return Err(damaged("flags need a first base of no bits"));
        }
        Ok(Self::new(shape, (colour, predictor), group, flagged, bases))
    }
}

fn base(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |base, &byte| base << 8 | u128::from(byte))
}

fn damaged(how: &str) -> Error {
    Error::corrupt(format!("the parameters of lossless images are damaged: {how}"))
}
