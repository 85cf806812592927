//! The transform set and the layout of a block, which a wide table has packed into one frame: they are alike from lane to lane.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use zerocopy::IntoBytes;
use zstd::zstd_safe;

use crate::bits::SLACK;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::head::BlockHead;
use crate::codec::piece::PieceKind;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::features::Feature;
use crate::format::pages::Pages;

/// The feature of files with packed heads.
pub(crate) const FEATURE: Feature = Feature::required(26, "packed heads");

/// Lanes that a block has at least for a writer to pack its head: fewer are read sooner as they are.
const LEAST_LANES: usize = 20;
/// Zstandard's level for heads.
const LEVEL: i32 = 19;

/// The head of a block.
pub(crate) struct HeadBytes {
    pub transforms: Vec<u8>,
    /// The layout without the zero bytes after it, if it was packed.
    pub layout: Option<Vec<u8>>,
}

/// Bytes that the transforms and the layout of so many lanes have, at most.
fn most(lanes: usize) -> usize {
    64 * (lanes + 256)
}

/// True if the transforms of so many lanes are in the layout.
pub(crate) fn is_packed(head: &BlockHead, lanes: u64) -> bool {
    head.transforms == 0 && lanes > 0 && head.records.packs()
}

impl HeadBytes {
    /// Reads the transform set of a block of so many lanes, and the layout if it is packed with it.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn read<S: ByteSource>(pages: &Pages<S>, head: &BlockHead, lanes: usize) -> Result<Self> {
        let set = lanes as u64 * LaneTransform::SIZE;
        if !is_packed(head, lanes as u64) {
            // Copied before it is checked: a map may change meanwhile.
            return Ok(Self { transforms: pages.piece(head.transforms, set)?.into_owned(), layout: None });
        }
        let wrong = || Error::corrupt("the head of a block is no frame of its transforms and its layout");
        let streams = head.records.streams();
        let layout = streams.into_iter().find(|(kind, _)| *kind == PieceKind::Layout).ok_or_else(wrong)?.1;
        let frame = layout.without_slack(pages)?;
        if zstd_safe::find_frame_compressed_size(&frame) != Ok(frame.len()) {
            return Err(wrong());
        }
        let mut transforms = Vec::new();
        earned::resize(&mut transforms, most(lanes), 0)?;
        let found = zstd_safe::decompress(&mut transforms[..], &frame).map_err(|_| wrong())?;
        transforms.truncate(found);
        if transforms.len() < set as usize {
            return Err(wrong());
        }
        let layout = transforms.split_off(set as usize);
        Ok(Self { transforms, layout: Some(layout) })
    }
}

/// Packs the head of a block whose transforms have their dictionaries, if that makes it smaller by a quarter.
///
/// # Errors
/// `Memory`.
pub(crate) fn pack(block: &mut EncodedBlock) -> Result<bool> {
    let lanes = block.transforms.len();
    let packs = BlockHead::parse(&block.entry)?.records.packs();
    let layout = block.layout.len().saturating_sub(SLACK as usize);
    if lanes < LEAST_LANES || !packs {
        return Ok(false);
    }
    let raw = [block.transforms.as_bytes(), &block.layout[..layout]].concat();
    let frame = zstd::bulk::compress(&raw, LEVEL).map_err(|e| Error::io("cannot pack a head", e))?;
    if raw.len() > most(lanes) || 4 * frame.len() > 3 * raw.len() {
        return Ok(false);
    }
    block.entry.constant_bits = (8 * frame.len() as u32).into();
    block.layout = frame;
    block.layout.extend_from_slice(&[0; SLACK as usize]);
    block.transforms = Vec::new();
    Ok(true)
}
