//! One folder per coding: its byte layout, encoder, decoder and kernels (spec, chapter 4).

#[macro_use]
mod dispatch;

pub(crate) mod block;
pub(crate) mod block_entry;
pub(crate) mod chunks;
pub(crate) mod coding;
pub(crate) mod context;
pub(crate) mod dct;
pub(crate) mod encoded_block;
pub(crate) mod fixed;
pub(crate) mod grouped;
pub(crate) mod head;
pub(crate) mod images;
pub(crate) mod kind;
pub(crate) mod lanes;
pub(crate) mod lists;
pub(crate) mod packed_head;
pub(crate) mod parted;
#[cfg(feature = "images")]
pub(crate) mod picture;
pub(crate) mod piece;
pub(crate) mod record_parts;
pub(crate) mod row_selection;
pub(crate) mod strings;
pub(crate) mod tiles;
pub(crate) mod transform;

use block_entry::BlockEntry;
use chunks::records::Chunks;
use context::Context;
use encoded_block::EncodedBlock;
use fixed::block::FixedBlock;
use fixed::lane::Lane;
use grouped::block::Grouped;
use kind::{LaneFields, RecordHead, TableRecords};
use lanes::Lanes;
use parted::records::Parted;
use piece::{PieceKind, RecordUsage, Stream};
use record_parts::RecordParts;
use row_selection::RowSelection;
use tiles::head::TilesHead;
use transform::lane_transform::LaneTransform;

use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::format::features::Feature;
use crate::format::pages::Pages;

// A writer stores a segment in the first kind that takes its lanes, or in one with a price that is less.
record_kinds! {
    tables {
        grouped: Grouped(Grouped),
        fixed: Fixed(FixedBlock),
        chunks: Chunks(Chunks),
        parted: Parted(Parted),
    }
    images {
        Tiles(TilesHead),
    }
}

/// The features of all codings.
pub(crate) fn features() -> Vec<Feature> {
    let mut features = RecordKind::all_features();
    features.extend(strings::dictionary_entry::FEATURES);
    features.extend(transform::all_features());
    features.extend([packed_head::FEATURE, images::FEATURE, lists::FEATURE, transform::exceptions::FEATURE]);
    features
}
