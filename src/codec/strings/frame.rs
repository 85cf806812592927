//! Strings of a dictionary, cut into frames and these compressed.

use rayon::prelude::*;
use zstd::bulk::Compressor;
use zstd::dict::{EncoderDictionary, from_samples};

use crate::codec::chunks::DICTIONARY_BYTES;
use crate::codec::chunks::cut::terse;
use crate::codec::strings::framed::{FRAME, GROUP, HEAD};

/// Effort of the compressor.
const LEVEL: i32 = 12;

/// Bytes of strings from which on frames are tried: fewer are read at once anyway.
const LEAST_BYTES: usize = 16 << 10;

/// Bytes of strings that a dictionary is trained on, at most, and of strings there are for each byte of it, at least.
const SAMPLE: usize = 4 << 20;
const STRINGS: usize = 24;

/// Frames that one thread compresses at a time.
const FRAMES: usize = 64;

/// A dictionary of strings in frames, whose lengths are given in their bytes; none of few strings, or if there is no memory.
pub(crate) fn frame(strings: &[&[u8]], lengths: &[u8]) -> Option<Vec<u8>> {
    let all = strings.concat();
    if all.len() < LEAST_BYTES || all.len() > u32::MAX as usize {
        return None;
    }
    let frames: Vec<&[u8]> = all.chunks(FRAME as usize).collect();
    let plain = compressed(&frames, &[])?;
    let trained = trained(&frames).and_then(|trained| Some((compressed(&frames, &trained)?, trained)));
    let size = |frames: &[Vec<u8>]| frames.iter().map(Vec::len).sum::<usize>();
    let (stored, trained) = match trained.filter(|(own, trained)| size(own) + trained.len() < size(&plain)) {
        Some(own) => own,
        None => (plain, Vec::new()),
    };
    let mut bytes = (all.len() as u64).to_le_bytes().to_vec();
    bytes.extend((trained.len() as u32).to_le_bytes());
    bytes.resize(HEAD as usize, 0);
    bytes.extend(trained);
    let mut end = 0;
    for frame in &stored {
        end += frame.len() as u32;
        bytes.extend(end.to_le_bytes());
    }
    let mut start = 0;
    for group in strings.chunks(GROUP as usize) {
        bytes.extend((start as u32).to_le_bytes());
        start += group.iter().map(|string| string.len()).sum::<usize>();
    }
    bytes.extend_from_slice(lengths);
    stored.iter().for_each(|frame| bytes.extend_from_slice(frame));
    Some(bytes)
}

/// A dictionary for frames, trained on some of them.
fn trained(frames: &[&[u8]]) -> Option<Vec<u8>> {
    let all: usize = frames.iter().map(|frame| frame.len()).sum();
    let bytes = DICTIONARY_BYTES.min(all / STRINGS);
    let step = all.div_ceil(SAMPLE).max(1);
    let samples: Vec<&[u8]> = frames.iter().step_by(step).flat_map(|frame| frame.chunks(512)).collect();
    from_samples(&samples, bytes).ok()
}

/// Compressed frames, but for those that do not get smaller.
fn compressed(frames: &[&[u8]], trained: &[u8]) -> Option<Vec<Vec<u8>>> {
    let dictionary = (!trained.is_empty()).then(|| EncoderDictionary::copy(trained, LEVEL));
    let some = |frames: &[&[u8]]| -> Option<Vec<Vec<u8>>> {
        let compressor = match &dictionary {
            Some(dictionary) => Compressor::with_prepared_dictionary(dictionary),
            None => Compressor::new(LEVEL),
        };
        let mut compressor = terse(compressor.ok()?)?;
        let compress = |frame: &&[u8]| {
            let own = compressor.compress(frame).ok()?;
            Some(if own.len() < frame.len() { own } else { frame.to_vec() })
        };
        frames.iter().map(compress).collect()
    };
    let parts: Vec<Option<Vec<Vec<u8>>>> = frames.par_chunks(FRAMES).map(some).collect();
    Some(parts.into_iter().collect::<Option<Vec<_>>>()?.concat())
}
