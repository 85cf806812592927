//! A block before it has a place in the file.

use crate::codec::block_entry::BlockEntry;
use crate::codec::dct::errors::ImageErrors;
use crate::codec::strings::dictionary_entry::DictionaryEntry;
use crate::codec::strings::encode::StoredDictionary;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::error::Result;
use crate::format::align;

/// A dictionary, or symbols, that belong to one lane of one segment.
#[derive(Clone)]
pub(crate) struct LaneDictionary {
    pub lane: usize,
    pub stored: StoredDictionary,
}

/// A block before it has a place in the file.
#[derive(Default)]
pub(crate) struct EncodedBlock {
    /// Counts and bit counts; offsets are open.
    pub entry: BlockEntry,
    pub transforms: Vec<LaneTransform>,
    pub dictionaries: Vec<LaneDictionary>,
    pub layout: Vec<u8>,
    pub bases: Vec<u8>,
    pub records: Vec<u8>,
    pub exceptions: Vec<u8>,
    pub heap: Vec<u8>,
    pub offsets: Vec<u8>,
    /// Where the items of lists are, counted from those of the block.
    pub lists: Vec<u8>,
    /// Errors of near-lossless coding.
    pub errors: ImageErrors,
    /// The coefficients that near-lossless coding stores, until they have been read back.
    pub coefficients: Vec<i32>,
}

impl EncodedBlock {
    /// A block without bytes.
    pub fn new(entry: BlockEntry) -> Self {
        Self { entry, ..Self::default() }
    }

    /// Bytes of the records, and of what finds and makes them.
    pub fn record_bytes(&self) -> u64 {
        [&self.layout, &self.bases, &self.records, &self.offsets].map(|bytes| bytes.len() as u64).iter().sum()
    }

    /// Bytes that its entry, transforms, dictionaries and pieces take in a file, padding among them, at most.
    pub fn file_bytes(&self) -> u64 {
        let transforms = self.transforms.len() as u64 * LaneTransform::SIZE;
        let own = self.dictionaries.iter().map(|own| own.stored.bytes.len() as u64);
        let pieces = [
            &self.layout,
            &self.bases,
            &self.records,
            &self.exceptions,
            &self.heap,
            &self.offsets,
            &self.lists,
        ];
        let pieces =
            pieces.map(|piece| piece.len() as u64).into_iter().chain(own.clone()).chain([transforms]);
        let entries = BlockEntry::SIZE + own.count() as u64 * DictionaryEntry::SIZE;
        entries + pieces.map(align).sum::<u64>()
    }

    /// The entry of the block, once `place` has given each of its pieces an offset (0 for an empty one).
    pub fn placed<'b>(
        &'b self,
        transforms: u64,
        mut place: impl FnMut(&'b [u8]) -> Result<u64>,
    ) -> Result<BlockEntry> {
        Ok(BlockEntry {
            transforms: transforms.into(),
            layout: place(&self.layout)?.into(),
            bases: place(&self.bases)?.into(),
            records: place(&self.records)?.into(),
            exceptions: place(&self.exceptions)?.into(),
            exceptions_length: (self.exceptions.len() as u64).into(),
            heap: place(&self.heap)?.into(),
            heap_length: (self.heap.len() as u64).into(),
            offsets: place(&self.offsets)?.into(),
            lists: place(&self.lists)?.into(),
            lists_length: (self.lists.len() as u64).into(),
            ..self.entry
        })
    }
}
