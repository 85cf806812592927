//! Strings of a dictionary in frames: every 4096 bytes of all strings together are a frame of Zstandard, so that a string costs a frame
//! or two, however many there are.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use zstd::zstd_safe::DCtx;

use crate::bits::little;
use crate::codec::chunks::DICTIONARY_BYTES;
use crate::codec::chunks::frames::FrameDictionary;
use crate::codec::piece::Piece;
use crate::codec::strings::dictionary_entry::DictionaryEntry;
use crate::codec::strings::string_table::StringTable;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Bytes of a frame's strings, but for the last.
pub(crate) const FRAME: u64 = 4096;
/// Strings for each of which groups there is an anchor: where the first of them begins.
pub(crate) const GROUP: u64 = 64;
/// Bytes of a string from which on its memory is held against the file's length.
const LONG: u64 = 1 << 20;
/// Bytes before the dictionary that frames are compressed with.
pub(crate) const HEAD: u64 = 16;

/// A dictionary of strings in frames, none of which is read yet.
pub(crate) struct FramedStrings {
    count: u64,
    /// Bytes of a string's length.
    width: u64,
    /// Bytes of all strings.
    bytes: u64,
    dictionary: Option<FrameDictionary>,
    /// Where the ends of frames, the anchors and the lengths begin.
    ends: u64,
    anchors: u64,
    lengths: u64,
    frames: Piece,
    /// All strings, once they have been read.
    pub whole: OnceLock<Arc<StringTable>>,
    /// True if all are UTF-8, once it was asked.
    text: OnceLock<bool>,
}

/// The frame that was read last.
#[derive(Default)]
pub(crate) struct FrameReader {
    decompressor: Option<DCtx<'static>>,
    /// By the place of the frames and its number among them.
    at_hand: Option<(u64, u64)>,
    bytes: Vec<u8>,
}

fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("strings in frames: {what}"))
}

impl FramedStrings {
    /// Reads the head of a dictionary.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn read<S: ByteSource>(pages: &Pages<S>, entry: &DictionaryEntry) -> Result<Self> {
        let wrong = || corrupt("their lengths do not fit each other");
        let (offset, length) = (entry.offset.get(), entry.length.get());
        let head = pages.piece(offset, HEAD.min(length))?;
        let (Some(bytes), Some(trained), Some(zero)) =
            (head.get(..8).map(little), head.get(8..12).map(little), head.get(12..16).map(little))
        else {
            return Err(wrong());
        };
        let (count, width) = (entry.count.get(), u64::from(entry.width.get()));
        let is_within = bytes <= u64::from(u32::MAX) && trained <= DICTIONARY_BYTES as u64 && zero == 0;
        let ends = offset + HEAD + trained;
        let anchors = ends + 4 * bytes.div_ceil(FRAME);
        let sizes = count.div_ceil(GROUP).checked_mul(4).zip(count.checked_mul(width));
        let lengths = sizes.and_then(|(size, _)| anchors.checked_add(size));
        let frames = lengths.zip(sizes).and_then(|(at, (_, size))| at.checked_add(size));
        let end = offset.checked_add(length);
        let (Some(lengths), Some(frames), Some(end), true) = (lengths, frames, end, is_within) else {
            return Err(wrong());
        };
        let rest = end.checked_sub(frames).ok_or_else(wrong)?;
        let dictionary = match trained {
            0 => None,
            trained => Some(FrameDictionary::read(&pages.piece(offset + HEAD, trained)?)?),
        };
        let frames = Piece { offset: frames, length: rest };
        let (whole, text) = (OnceLock::new(), OnceLock::new());
        Ok(Self { count, width, bytes, dictionary, ends, anchors, lengths, frames, whole, text })
    }

    /// Number of strings.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Bytes of all strings.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of frames.
    pub fn frame_count(&self) -> u64 {
        self.bytes.div_ceil(FRAME)
    }

    /// Memory that this takes.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.dictionary.as_ref().map_or(0, |_| FrameDictionary::TABLES + DICTIONARY_BYTES)
    }

    /// Where the bytes of a string are among those of all.
    ///
    /// # Errors
    /// `Corrupt`, for a string that is not there, too.
    pub fn range<S: ByteSource>(&self, pages: &Pages<S>, code: u64) -> Result<Range<u64>> {
        if code >= self.count {
            return Err(Error::corrupt("a value lies outside its dictionary"));
        }
        let (group, within) = (code / GROUP, code % GROUP);
        let anchor = little(&pages.piece(self.anchors + 4 * group, 4)?);
        let lengths = pages.piece(self.lengths + group * GROUP * self.width, (within + 1) * self.width)?;
        let mut range = anchor..anchor;
        for length in lengths.chunks_exact(self.width as usize).map(little) {
            range = range.end..range.end + length;
        }
        match range.end <= self.bytes {
            true => Ok(range),
            false => Err(corrupt("a string lies outside")),
        }
    }

    /// Appends bytes of the strings.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn append<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        reader: &mut FrameReader,
        range: Range<u64>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let mut at = range.start;
        if range.end - at > LONG {
            earned::check("a string", u128::from(range.end - at), pages.source().length())?;
        }
        while at < range.end {
            let frame = at / FRAME;
            let to = range.end.min((frame + 1) * FRAME);
            self.load(pages, reader, frame)?;
            let own = (at - frame * FRAME) as usize..(to - frame * FRAME) as usize;
            earned::reserve(out, own.len())?;
            out.extend_from_slice(&reader.bytes[own]);
            at = to;
        }
        Ok(())
    }

    /// Reads a frame. Its bytes are those of its strings, whatever it claims.
    fn load<S: ByteSource>(&self, pages: &Pages<S>, reader: &mut FrameReader, frame: u64) -> Result<()> {
        let key = (self.frames.offset, frame);
        if reader.at_hand == Some(key) {
            return Ok(());
        }
        let raw = FRAME.min(self.bytes - frame * FRAME) as usize;
        let last = little(&pages.piece(self.ends + 4 * frame, 4)?);
        let first = match frame {
            0 => 0,
            _ => little(&pages.piece(self.ends + 4 * (frame - 1), 4)?),
        };
        if first >= last || last - first > raw as u64 || last > self.frames.length {
            return Err(corrupt("a frame lies outside"));
        }
        reader.at_hand = None;
        reader.bytes.clear();
        earned::resize(&mut reader.bytes, raw, 0)?;
        let bytes = pages.piece(self.frames.offset + first, last - first)?;
        if bytes.len() == raw {
            reader.bytes.copy_from_slice(&bytes);
        } else {
            let decompressor = match &mut reader.decompressor {
                Some(decompressor) => decompressor,
                none => none.insert(DCtx::try_create().ok_or_else(|| Error::memory("cannot start zstd"))?),
            };
            let found = match &self.dictionary {
                Some(own) => decompressor.decompress_using_ddict(&mut reader.bytes[..], &bytes, own.own()),
                None => decompressor.decompress(&mut reader.bytes[..], &bytes),
            };
            if found.ok() != Some(raw) {
                return Err(corrupt("a frame does not hold its strings"));
            }
        }
        reader.at_hand = Some(key);
        Ok(())
    }

    /// Calls `put` for each string, in order, and checks what single strings do not.
    ///
    /// # Errors
    /// `Corrupt`; those of `put`.
    pub fn each<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        mut put: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let (mut reader, mut string, mut at) = (FrameReader::default(), Vec::new(), 0);
        for group in 0..self.count.div_ceil(GROUP) {
            if little(&pages.piece(self.anchors + 4 * group, 4)?) != at {
                return Err(corrupt("an anchor is not the sum of lengths"));
            }
            let here = GROUP.min(self.count - group * GROUP);
            let lengths = pages.piece(self.lengths + group * GROUP * self.width, here * self.width)?;
            for length in lengths.chunks_exact(self.width as usize).map(little) {
                if at + length > self.bytes {
                    return Err(corrupt("a string lies outside"));
                }
                string.clear();
                self.append(pages, &mut reader, at..at + length, &mut string)?;
                put(&string)?;
                at += length;
            }
        }
        let last = match self.frame_count() {
            0 => 0,
            frames => little(&pages.piece(self.ends + 4 * (frames - 1), 4)?),
        };
        match (at, last) == (self.bytes, self.frames.length) {
            true => Ok(()),
            false => Err(corrupt("something follows the last string")),
        }
    }

    /// All strings.
    ///
    /// # Errors
    /// `Corrupt`, `Io`; `Memory` for more than the file has earned.
    pub fn read_whole<S: ByteSource>(&self, pages: &Pages<S>) -> Result<StringTable> {
        let memory = u128::from(self.bytes) + 4 * u128::from(self.count);
        earned::check("a dictionary", memory, pages.source().length())?;
        let mut ends = earned::with_room(self.count as usize + 1)?;
        let mut data = earned::with_room(self.bytes as usize)?;
        ends.push(0);
        self.each(pages, |string| {
            data.extend_from_slice(string);
            ends.push(data.len() as u32);
            Ok(())
        })?;
        Ok(StringTable::new(ends, data))
    }

    /// True if all strings are UTF-8.
    ///
    /// # Errors
    /// As `each`.
    pub fn is_text<S: ByteSource>(&self, pages: &Pages<S>) -> Result<bool> {
        if let Some(text) = self.text.get() {
            return Ok(*text);
        }
        let mut text = true;
        self.each(pages, |string| {
            text &= std::str::from_utf8(string).is_ok();
            Ok(())
        })?;
        Ok(*self.text.get_or_init(|| text))
    }
}
