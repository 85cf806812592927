//! The dictionary of frames as a writer makes it: trained on some segments of a table, for all of them.

use std::fmt;

use zstd::bulk::Compressor;
use zstd::dict::{EncoderDictionary, from_samples};

use crate::codec::chunks::cut::{Cut, LEVEL, RawChunks, align, record_bytes, rows, terse};
use crate::codec::chunks::{CHUNK_BYTES, DICTIONARY_BYTES};
use crate::codec::strings::dictionary_entry::DictionaryKind;
use crate::codec::strings::encode::StoredDictionary;
use crate::codec::transform::encoded_lane::EncodedLane;

/// Bytes of the fields of a chunk that is compressed with a dictionary, at most. So short a chunk is read in a third of the time
/// that one of `CHUNK_BYTES` takes.
const SHORT_BYTES: u64 = 1024;

/// Percent that short chunks may take more for that.
const SHORT_PRICE: u64 = 110;

/// Bytes of fields that there are for each byte of a dictionary, at least.
const FIELDS: u64 = 16;

/// Bytes of a dictionary, at least.
const LEAST_BYTES: usize = 1024;

/// Segments at most that a dictionary is made of, and each how many is not trained on, but tried. zstd takes a small dictionary
/// for the better one if it is trained on less than about a hundred times its bytes.
const SEGMENTS: usize = 56;
const TRIED: usize = 7;

/// A dictionary that the chunks of a table are compressed with.
pub(crate) struct Trained {
    pub stored: StoredDictionary,
    /// Its number in the file.
    pub number: u32,
    own: EncoderDictionary<'static>,
}

impl fmt::Debug for Trained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trained").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Trained {
    /// Trains a dictionary for a table of which so many segments are at hand, if it pays. `lanes` gives those of a segment; none if
    /// they are not chunked. Its number is open.
    pub fn new<E>(
        segments: usize,
        mut lanes: impl FnMut(usize) -> Result<Option<Vec<EncodedLane>>, E>,
    ) -> Result<Option<Self>, E> {
        let step = segments.div_ceil(SEGMENTS).max(1);
        let (mut samples, mut others, mut fields) = (Vec::new(), Vec::new(), 0);
        for (i, segment) in (0..segments).step_by(step).enumerate() {
            let Some(mut own) = lanes(segment)? else { return Ok(None) };
            align(&mut own);
            fields += rows(&own) as u64 * record_bytes(&own);
            match i % TRIED == TRIED / 2 {
                true => others.push(own),
                false => samples.extend(RawChunks::new(&own, SHORT_BYTES)),
            }
        }
        let bytes = DICTIONARY_BYTES.min((fields * step as u64 / FIELDS) as usize);
        let Some(first) = others.first().filter(|_| bytes >= LEAST_BYTES) else { return Ok(None) };
        // What zstd finds nothing in, it finds nothing in with a dictionary.
        let least = rows(first) as u64 * record_bytes(first) / 10 * 9;
        if plain(first).bytes() > least {
            return Ok(None);
        }
        let Ok(dictionary) = from_samples(&samples, bytes) else { return Ok(None) };
        let own = EncoderDictionary::copy(&dictionary, LEVEL);
        let stored = StoredDictionary { kind: DictionaryKind::Frames, count: 1, width: 0, bytes: dictionary };
        let this = Self { stored, number: 0, own };
        let with = others.iter().map(|lanes| this.short(lanes).map(|cut| cut.bytes())).sum::<Option<u64>>();
        let Some(with) = with else { return Ok(None) };
        let without = others.iter().map(|lanes| plain(lanes).bytes()).sum();
        let all = |bytes: u64| bytes * segments as u64 / others.len() as u64;
        let pays = 100 * (all(with) + this.stored.bytes.len() as u64) <= SHORT_PRICE * all(without);
        Ok(pays.then_some(this))
    }

    /// The dictionary, once it has a number in the file.
    pub fn numbered(self, number: u32) -> Self {
        Self { number, ..self }
    }

    /// Short chunks of lanes that are aligned; none if there is no memory for a compressor.
    pub fn short(&self, lanes: &[EncodedLane]) -> Option<Cut> {
        let compressor = Compressor::with_prepared_dictionary(&self.own).ok().and_then(terse)?;
        Some(Cut::new(RawChunks::new(lanes, SHORT_BYTES), Some(compressor)))
    }
}

/// Chunks without a dictionary.
pub(crate) fn plain(lanes: &[EncodedLane]) -> Cut {
    Cut::new(RawChunks::new(lanes, CHUNK_BYTES), Compressor::new(LEVEL).ok().and_then(terse))
}
