//! Strings of a dictionary, cut into frames and these compressed.

use std::ops::Range;

use rayon::prelude::*;
use zstd::bulk::Compressor;
use zstd::dict::{EncoderDictionary, from_samples};

use crate::codec::chunks::cut::terse;
use crate::codec::strings::frame_strings::{FRAME, HEAD, MOST_TRAINED, Separator};
use crate::codec::strings::framed::MAGIC;

/// Effort of the compressor, and that of few bytes of strings, of which it takes a fifth of a second a megabyte.
const LEVEL: i32 = 12;
const HIGH_LEVEL: i32 = 19;
const FEW_BYTES: usize = 4 << 20;

/// Bytes of strings from which on frames are tried: fewer are read at once anyway.
const LEAST_BYTES: usize = 16 << 10;

/// Bytes of strings that a dictionary is trained on, at most, and bytes of them at a time.
const SAMPLE: usize = 4 << 20;
const TOGETHER: usize = 1024;
/// Bytes of strings there are for each byte of the largest dictionary that is tried; how many are tried of few bytes of
/// strings, each of half the bytes of the one before; and about so many frames that they are tried on.
const STRINGS: usize = 8;
const TRIED: u32 = 3;
const TRIED_ON: usize = 128;

/// Frames that one thread compresses at a time.
const FRAMES: usize = 64;

/// A dictionary of strings in frames; none of few strings, or if there is no memory.
pub(crate) fn frame(strings: &[&[u8]]) -> Option<Vec<u8>> {
    let bytes: usize = strings.iter().map(|string| string.len()).sum();
    if bytes < LEAST_BYTES || bytes > u32::MAX as usize {
        return None;
    }
    let separator = separator(strings);
    let (contents, cuts) = contents(strings, separator);
    let starts = [0].into_iter().chain(cuts.iter().map(|&(end, _)| end));
    let frames: Vec<&[u8]> = starts.zip(&cuts).map(|(start, &(end, _))| &contents[start..end]).collect();
    let (level, tried) = if bytes <= FEW_BYTES { (HIGH_LEVEL, 0..TRIED) } else { (LEVEL, 1..2) };
    let plain = compressed(&frames, &[], level)?;
    let trained = trained(&frames, tried).and_then(|own| Some((compressed(&frames, &own, level)?, own)));
    let size = |frames: &[Vec<u8>]| frames.iter().map(Vec::len).sum::<usize>();
    let (stored, trained) = match trained.filter(|(own, trained)| size(own) + trained.len() < size(&plain)) {
        Some(own) => own,
        None => (plain, Vec::new()),
    };
    let mut out = (bytes as u64).to_le_bytes().to_vec();
    for number in [trained.len() as u32, frames.len() as u32, separator.number()] {
        out.extend(number.to_le_bytes());
    }
    out.resize(HEAD as usize, 0);
    out.extend(trained);
    let mut end = 0u32;
    for (frame, (_, begun)) in stored.iter().zip(&cuts) {
        end = end.checked_add(frame.len() as u32)?;
        out.extend(end.to_le_bytes());
        out.extend(begun.to_le_bytes());
    }
    stored.iter().for_each(|frame| out.extend_from_slice(frame));
    Some(out)
}

/// The least byte that no string has, or lengths if there is none.
fn separator(strings: &[&[u8]]) -> Separator {
    let mut occurs = [false; 256];
    strings.iter().for_each(|string| string.iter().for_each(|&byte| occurs[usize::from(byte)] = true));
    let free = (0..=u8::MAX).find(|&byte| !occurs[usize::from(byte)]);
    free.map_or(Separator::Length, Separator::Byte)
}

/// The strings one after the other, and for each frame its end there, and how many strings begin before that. A string that
/// does not fit into a frame that others have begun begins the next one, and one of more bytes than a frame has its own.
fn contents(strings: &[&[u8]], separator: Separator) -> (Vec<u8>, Vec<(usize, u32)>) {
    let (mut contents, mut cuts, mut start) = (Vec::new(), Vec::new(), 0);
    for (number, string) in (0u32..).zip(strings) {
        let before = contents.len();
        separator.push(string, &mut contents);
        if contents.len() - start <= FRAME {
            continue;
        }
        if before > start {
            cuts.push((before, number));
            start = before;
        }
        if contents.len() - start > FRAME {
            while contents.len() - start > FRAME {
                start += FRAME;
                cuts.push((start, number + 1));
            }
            start = contents.len();
            cuts.push((start, number + 1));
        }
    }
    if contents.len() > start {
        cuts.push((contents.len(), strings.len() as u32));
    }
    (contents, cuts)
}

/// A dictionary for frames, trained on some of them: the one of the sizes that are `tried` with which they take the fewest bytes.
fn trained(frames: &[&[u8]], tried: Range<u32>) -> Option<Vec<u8>> {
    let all: usize = frames.iter().map(|frame| frame.len()).sum();
    let step = all.div_ceil(SAMPLE).max(1);
    let samples: Vec<&[u8]> = frames.iter().step_by(step).flat_map(|frame| frame.chunks(TOGETHER)).collect();
    let most = MOST_TRAINED.min(all / STRINGS);
    let mut own: Vec<Vec<u8>> =
        tried.filter_map(|halves| from_samples(&samples, most >> halves).ok()).collect();
    if own.len() < 2 {
        return own.pop();
    }
    let step = frames.len().div_ceil(TRIED_ON);
    let some: Vec<&[u8]> = frames.iter().copied().step_by(step).collect();
    let bytes = |own: &Vec<u8>| {
        let compressed = compressed(&some, own, LEVEL);
        compressed.map_or(usize::MAX, |frames| step * frames.iter().map(Vec::len).sum::<usize>() + own.len())
    };
    own.into_iter().min_by_key(bytes)
}

/// Compressed frames, without the magic number that all have.
fn compressed(frames: &[&[u8]], trained: &[u8], level: i32) -> Option<Vec<Vec<u8>>> {
    let dictionary = (!trained.is_empty()).then(|| EncoderDictionary::copy(trained, level));
    let some = |frames: &[&[u8]]| -> Option<Vec<Vec<u8>>> {
        let compressor = match &dictionary {
            Some(dictionary) => Compressor::with_prepared_dictionary(dictionary),
            None => Compressor::new(level),
        };
        let mut compressor = terse(compressor.ok()?)?;
        let compress =
            |frame: &&[u8]| compressor.compress(frame).ok()?.strip_prefix(&MAGIC).map(<[u8]>::to_vec);
        frames.iter().map(compress).collect()
    };
    let parts: Vec<Option<Vec<Vec<u8>>>> = frames.par_chunks(FRAMES).map(some).collect();
    Some(parts.into_iter().collect::<Option<Vec<_>>>()?.concat())
}
