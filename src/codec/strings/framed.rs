//! Strings of a dictionary in frames: strings one after the other, each with what tells where it ends, are cut into frames of
//! Zstandard between strings, so that a string costs a frame, however many there are.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::sync::{Arc, OnceLock};

use zstd::zstd_safe::DCtx;

use crate::bits::little;
use crate::codec::chunks::frames::FrameDictionary;
use crate::codec::piece::Piece;
use crate::codec::strings::dictionary_entry::DictionaryEntry;
use crate::codec::strings::frame_strings::{FRAME, FrameStrings, HEAD, MOST_TRAINED, Separator};
use crate::codec::strings::string_table::StringTable;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Bytes of a frame's entry: where it ends, and how many strings have begun by then.
pub(crate) const ENTRY: u64 = 8;
/// The first bytes of every frame of Zstandard, which are not stored.
pub(crate) const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// Bytes of a string from which on its memory is held against the file's length.
const LONG: usize = 1 << 20;

/// A dictionary of strings in frames, none of which is read yet.
pub(crate) struct FramedStrings {
    count: u64,
    /// Bytes of all strings.
    bytes: u64,
    separator: Separator,
    /// The end of each frame among the bytes of all, and how many strings have begun by then.
    entries: Vec<(u32, u32)>,
    dictionary: Option<FrameDictionary>,
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
    /// The number of the first string that begins in it.
    first: u64,
    strings: FrameStrings,
    /// A frame of the file with its magic number.
    stored: Vec<u8>,
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
        let number = |at: usize, size: usize| head.get(at..at + size).map(little).ok_or_else(wrong);
        let (bytes, trained, frame_count) = (number(0, 8)?, number(8, 4)?, number(12, 4)?);
        let separator = Separator::of(number(16, 4)?).ok_or_else(wrong)?;
        let is_within = bytes <= u64::from(u32::MAX) && trained <= MOST_TRAINED as u64;
        if !is_within || number(20, 4)? != 0 {
            return Err(wrong());
        }
        let entries = HEAD + trained;
        let frames = entries + ENTRY * frame_count;
        let rest = length.checked_sub(frames).ok_or_else(wrong)?;
        let at = |place: u64| offset.checked_add(place).ok_or_else(wrong);
        let stored = pages.piece(at(entries)?, ENTRY * frame_count)?;
        let mut own = earned::with_room(frame_count as usize)?;
        for entry in stored.chunks_exact(ENTRY as usize) {
            let (end, begun) = entry.split_at(ENTRY as usize / 2);
            own.push((little(end) as u32, little(begun) as u32));
        }
        if own.last().map_or(0, |&(_, begun)| u64::from(begun)) != entry.count.get() {
            return Err(wrong());
        }
        let dictionary = match trained {
            0 => None,
            trained => Some(FrameDictionary::read(&pages.piece(at(HEAD)?, trained)?)?),
        };
        Ok(Self {
            count: entry.count.get(),
            bytes,
            separator,
            entries: own,
            dictionary,
            frames: Piece { offset: at(frames)?, length: rest },
            whole: OnceLock::new(),
            text: OnceLock::new(),
        })
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
        self.entries.len() as u64
    }

    /// Memory that this takes.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + ENTRY as usize * self.entries.len()
            + self.dictionary.as_ref().map_or(0, |_| FrameDictionary::TABLES + MOST_TRAINED)
    }

    /// The end of a frame among the bytes of all, and how many strings have begun by then.
    fn entry(&self, frame: u64) -> Option<(u64, u64)> {
        self.entries.get(usize::try_from(frame).ok()?).map(|&(end, begun)| (end.into(), begun.into()))
    }

    /// Appends a string, or its first `most` bytes.
    ///
    /// # Errors
    /// `Corrupt`, for a string that is not there, too; `Io` or `Memory`.
    pub fn append<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        reader: &mut FrameReader,
        code: u64,
        most: usize,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        if code >= self.count {
            return Err(Error::corrupt("a value lies outside its dictionary"));
        }
        let known = reader.at_hand.filter(|_| code >= reader.first);
        let known = known
            .filter(|(place, _)| *place == self.frames.offset && code - reader.first < reader.strings.len());
        let mut frame = match known {
            Some((_, frame)) => frame,
            None => self.entries.partition_point(|&(_, begun)| u64::from(begun) <= code) as u64,
        };
        self.load(pages, reader, frame)?;
        let string = code.checked_sub(reader.first).and_then(|own| reader.strings.get(own));
        let (bytes, mut is_whole) = string.ok_or_else(|| corrupt("a frame does not hold its strings"))?;
        let start = out.len();
        earned::reserve(out, bytes.len().min(most))?;
        out.extend_from_slice(&bytes[..bytes.len().min(most)]);
        while !is_whole && out.len() - start < most {
            frame += 1;
            if frame >= self.frame_count() {
                return Err(corrupt("a string does not end"));
            }
            if out.len() - start >= LONG {
                earned::check("a string", (out.len() - start) as u128, pages.source().length())?;
            }
            self.load(pages, reader, frame)?;
            let rest = reader.strings.rest().ok_or_else(|| corrupt("a string does not end"))?;
            is_whole = rest.1;
            let more = rest.0.len().min(most - (out.len() - start));
            earned::reserve(out, more)?;
            out.extend_from_slice(&rest.0[..more]);
        }
        Ok(())
    }

    /// Reads a frame, and cuts it into its strings.
    fn load<S: ByteSource>(&self, pages: &Pages<S>, reader: &mut FrameReader, frame: u64) -> Result<()> {
        let key = (self.frames.offset, frame);
        if reader.at_hand == Some(key) {
            return Ok(());
        }
        let (first, before) = match frame.checked_sub(1) {
            Some(before) => self.entry(before).ok_or_else(|| corrupt("a string is in no frame"))?,
            None => (0, 0),
        };
        let (last, begun) = self.entry(frame).ok_or_else(|| corrupt("a string is in no frame"))?;
        let length = last.checked_sub(first).filter(|&length| length > 0 && length <= 2 * FRAME as u64);
        let (Some(length), Some(strings), true) =
            (length, begun.checked_sub(before), last <= self.frames.length && begun <= self.count)
        else {
            return Err(corrupt("a frame lies outside"));
        };
        let has_magic = MAGIC.len();
        reader.at_hand = None;
        reader.stored.clear();
        earned::reserve(&mut reader.stored, has_magic + length as usize)?;
        reader.stored.extend_from_slice(&MAGIC);
        reader.stored.extend_from_slice(&pages.piece(self.frames.offset + first, length)?);
        let decompressor = match &mut reader.decompressor {
            Some(decompressor) => decompressor,
            none => none.insert(DCtx::try_create().ok_or_else(|| Error::memory("cannot start zstd"))?),
        };
        let room = reader.strings.room()?;
        let found = match &self.dictionary {
            Some(own) => decompressor.decompress_using_ddict(room, &reader.stored, own.own()),
            None => decompressor.decompress(room, &reader.stored),
        };
        let wrong = || corrupt("a frame does not hold its strings");
        reader.strings.cut(found.map_err(|_| wrong())?, strings, self.separator).ok_or_else(wrong)?;
        (reader.at_hand, reader.first) = (Some(key), before);
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
        let (mut reader, mut string, mut bytes) = (FrameReader::default(), Vec::new(), 0);
        let (mut last, mut begun) = (0, 0);
        let mut is_open = false;
        for frame in 0..self.frame_count() {
            self.load(pages, &mut reader, frame)?;
            let strings = &reader.strings;
            if is_open != strings.rest().is_some() {
                return Err(corrupt("a string does not end"));
            }
            let own = (0..strings.len()).filter_map(|own| strings.get(own));
            for (part, is_whole) in strings.rest().into_iter().chain(own) {
                if string.len() >= LONG {
                    earned::check("a string", string.len() as u128, pages.source().length())?;
                }
                earned::reserve(&mut string, part.len())?;
                string.extend_from_slice(part);
                is_open = !is_whole;
                if is_whole {
                    bytes += string.len() as u64;
                    put(&string)?;
                    string.clear();
                }
            }
            (last, begun) = self.entry(frame).ok_or_else(|| corrupt("a string is in no frame"))?;
        }
        match (bytes, last, begun, is_open) == (self.bytes, self.frames.length, self.count, false) {
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
