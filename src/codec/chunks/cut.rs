//! Lanes cut into chunks, and these compressed.

use std::ops::Range;

use zstd::bulk::Compressor;

use crate::bits::{SLACK, mask};
use crate::codec::transform::TransformKind;
use crate::codec::transform::encoded_lane::{EncodedLane, width};

/// Effort of the compressor. Higher levels gain little on so few bytes.
pub(crate) const LEVEL: i32 = 6;

/// Bytes of a field.
pub(crate) fn whole(width: u8) -> u64 {
    u64::from(width).div_ceil(8)
}

/// Bytes of a row's fields.
pub(crate) fn record_bytes(lanes: &[EncodedLane]) -> u64 {
    lanes.iter().map(|lane| whole(lane.transform.width)).sum()
}

/// Rows of lanes: all have as many.
pub(crate) fn rows(lanes: &[EncodedLane]) -> usize {
    lanes.first().map_or(0, |lane| lane.fields.len())
}

/// Lowers the minima of lanes, as far as fields take no more bytes: the bytes of a field are then the last ones of its value,
/// whatever the least value of the segment is, and chunks of one segment are like those of another.
pub(crate) fn align(lanes: &mut [EncodedLane]) {
    for lane in lanes {
        let (bytes, minimum) = (whole(lane.transform.width), lane.transform.minimum.get());
        let is_offset = lane.transform.kind == TransformKind::Offset.number() && !lane.has_gaps;
        let below = minimum & mask(8 * bytes as u32);
        let most = lane.fields.iter().copied().fold(0, u64::max).checked_add(below);
        let Some(most) = most.filter(|&most| is_offset && bytes > 0 && most <= mask(8 * bytes as u32)) else {
            continue;
        };
        lane.fields.iter_mut().for_each(|field| *field += below);
        lane.transform.minimum = (minimum - below).into();
        lane.transform.width = width(most);
    }
}

/// The chunks of lanes, each of `2^shift` rows: lane by lane, each field in whole bytes.
pub(crate) struct RawChunks<'a> {
    lanes: &'a [EncodedLane],
    rows: usize,
    pub shift: u32,
    from: usize,
}

impl<'a> RawChunks<'a> {
    /// Cuts lanes, which have some bytes, into chunks of at most so many.
    pub fn new(lanes: &'a [EncodedLane], bytes: u64) -> Self {
        let shift = (bytes / record_bytes(lanes)).ilog2();
        Self { lanes, rows: rows(lanes), shift, from: 0 }
    }

    fn fields(&self, rows: Range<usize>) -> Vec<u8> {
        let mut chunk = Vec::new();
        for lane in self.lanes {
            let bytes = whole(lane.transform.width) as usize;
            let fields = &lane.fields[rows.clone()];
            fields.iter().for_each(|field| chunk.extend_from_slice(&field.to_le_bytes()[..bytes]));
        }
        chunk
    }
}

impl Iterator for RawChunks<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let rows = self.from..self.rows.min(self.from + (1 << self.shift));
        self.from = rows.end;
        (!rows.is_empty()).then(|| self.fields(rows))
    }
}

/// Compressed chunks, back to back, and where each ends.
pub(crate) struct Cut {
    pub shift: u32,
    pub records: Vec<u8>,
    pub ends: Vec<u8>,
}

impl Cut {
    /// Compresses chunks, each that gets smaller; none without a compressor (there was no memory for one).
    pub fn new(chunks: RawChunks, mut compressor: Option<Compressor>) -> Self {
        let (shift, mut records, mut ends) = (chunks.shift, Vec::new(), Vec::new());
        for chunk in chunks {
            let compressed = compressor.as_mut().and_then(|compressor| compressor.compress(&chunk).ok());
            match compressed.filter(|compressed| compressed.len() < chunk.len()) {
                Some(compressed) => records.extend_from_slice(&compressed),
                None => records.extend_from_slice(&chunk),
            }
            ends.extend_from_slice(&(records.len() as u32).to_le_bytes());
        }
        [&mut records, &mut ends].into_iter().for_each(|bytes| bytes.extend([0; SLACK as usize]));
        Self { shift, records, ends }
    }

    /// Bytes in the file.
    pub fn bytes(&self) -> u64 {
        (self.records.len() + self.ends.len()) as u64
    }
}

/// Frames that say no length, which a reader knows, no checksum, which pages have, and no dictionary, which the block names.
pub(crate) fn terse(mut compressor: Compressor<'_>) -> Option<Compressor<'_>> {
    compressor.include_contentsize(false).ok()?;
    compressor.include_checksum(false).ok()?;
    compressor.include_dictid(false).ok()?;
    Some(compressor)
}
