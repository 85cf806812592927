//! The section of image errors (spec, chapter 8): what near-lossless coding changed.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::codec::dct::errors::ImageErrors;
use crate::error::{Error, Result};

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Entry {
    node: U32,
    largest: U32,
    values: U64,
    squared: U64,
    zero: U64,
}

/// The section's bytes: nodes of images and their errors, by ascending node.
pub fn image_errors_bytes(all: &[(u32, ImageErrors)]) -> Vec<u8> {
    let entry = |(node, errors): &(u32, ImageErrors)| Entry {
        node: (*node).into(),
        largest: u32::from(errors.largest).into(),
        values: errors.values.into(),
        squared: errors.squared.into(),
        zero: 0.into(),
    };
    all.iter().map(entry).flat_map(|e| e.as_bytes().to_vec()).collect()
}

/// Reads the section.
pub fn read_image_errors(bytes: &[u8]) -> Result<Vec<(u32, ImageErrors)>> {
    let bad = || Error::corrupt("image errors are out of range");
    let entries = <[Entry]>::ref_from_bytes(bytes).map_err(|_| bad())?;
    let read = |e: &Entry| {
        let largest = u8::try_from(e.largest.get()).ok().filter(|_| e.zero.get() == 0);
        let errors = ImageErrors {
            largest: largest.ok_or_else(bad)?,
            values: e.values.get(),
            squared: e.squared.get(),
        };
        Ok((e.node.get(), errors))
    };
    entries.iter().map(read).collect()
}
