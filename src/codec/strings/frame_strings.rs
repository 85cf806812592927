//! The strings of one frame.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;

use crate::earned;
use crate::error::Result;

/// Bytes of a frame's contents, at most.
pub(crate) const FRAME: usize = 8192;
/// Bytes of the dictionary that frames are compressed with, at most.
pub(crate) const MOST_TRAINED: usize = 128 << 10;
/// Bytes of a dictionary of frames before that which the frames are compressed with.
pub(crate) const HEAD: u64 = 24;

/// The sign by which a string ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// A byte that follows it, and that no string has.
    Byte(u8),
    /// Its length, which comes before it: seven bits a byte, the least significant first, all but the last with bit 7 set.
    Length,
}

/// The number of lengths in the place of a separator.
const LENGTHS: u64 = 256;

impl Separator {
    /// The separator of a number, if it is one.
    pub fn of(number: u64) -> Option<Self> {
        match u8::try_from(number) {
            Ok(byte) => Some(Self::Byte(byte)),
            Err(_) => (number == LENGTHS).then_some(Self::Length),
        }
    }

    /// Its number.
    pub fn number(self) -> u32 {
        match self {
            Self::Byte(byte) => byte.into(),
            Self::Length => LENGTHS as u32,
        }
    }

    /// Appends a string as frames have it.
    pub fn push(self, string: &[u8], contents: &mut Vec<u8>) {
        if self == Self::Length {
            let mut length = string.len();
            while length > 0x7F {
                contents.push(length as u8 | 0x80);
                length >>= 7;
            }
            contents.push(length as u8);
        }
        contents.extend_from_slice(string);
        if let Self::Byte(byte) = self {
            contents.push(byte);
        }
    }
}

/// The contents of a frame, cut into strings.
#[derive(Default)]
pub(crate) struct FrameStrings {
    contents: Vec<u8>,
    /// The strings that begin in it, in order.
    strings: Vec<Range<usize>>,
    /// Its part of a string that began before, and that alone.
    rest: Option<Range<usize>>,
    /// True if its last string goes on in the next frame.
    is_open: bool,
    /// Bytes that this string has there, where lengths tell.
    left: usize,
}

impl FrameStrings {
    /// Room for the contents of the next frame.
    ///
    /// # Errors
    /// `Memory`.
    pub fn room(&mut self) -> Result<&mut [u8]> {
        if self.contents.len() < FRAME {
            earned::resize(&mut self.contents, FRAME, 0)?;
        }
        Ok(&mut self.contents)
    }

    /// Cuts so many bytes of contents into so many strings that begin here; if there are none, the contents go on with the
    /// last string of the frame before, which was cut last. None if they are not such strings.
    pub fn cut(&mut self, length: usize, strings: u64, separator: Separator) -> Option<()> {
        let contents = self.contents.get(..length).filter(|contents| !contents.is_empty())?;
        self.strings.clear();
        (self.rest, self.is_open) = (None, false);
        if strings == 0 {
            let end = match separator {
                Separator::Byte(byte) => {
                    let end = contents.iter().position(|&b| b == byte).unwrap_or(length);
                    self.is_open = end == length;
                    end
                }
                Separator::Length => {
                    self.left = self.left.checked_sub(length)?;
                    self.is_open = self.left > 0;
                    length
                }
            };
            self.rest = Some(0..end);
            return (end + usize::from(end < length) == length).then_some(());
        }
        let mut at = 0;
        for _ in 0..strings {
            let (start, end) = match separator {
                Separator::Byte(byte) => {
                    (at, contents[at..].iter().position(|&b| b == byte).map(|own| at + own))
                }
                Separator::Length => {
                    let (own, start) = read_length(contents, at)?;
                    self.left = (start + own).saturating_sub(length);
                    (start, Some(start + own).filter(|&end| end <= length))
                }
            };
            // One that goes on is alone.
            self.is_open = end.is_none();
            if self.is_open && strings > 1 {
                return None;
            }
            self.strings.push(start..end.unwrap_or(length));
            let has_separator = !self.is_open && separator != Separator::Length;
            at = end.unwrap_or(length) + usize::from(has_separator);
        }
        (at == length).then_some(())
    }

    /// Strings that begin here.
    pub fn len(&self) -> u64 {
        self.strings.len() as u64
    }

    /// A string that begins here, as far as this frame has it, and whether that is all of it.
    pub fn get(&self, number: u64) -> Option<(&[u8], bool)> {
        let range = self.strings.get(usize::try_from(number).ok()?)?;
        Some((self.contents.get(range.clone())?, !self.is_open))
    }

    /// The part of a string that began before, and whether it ends here.
    pub fn rest(&self) -> Option<(&[u8], bool)> {
        Some((self.contents.get(self.rest.clone()?)?, !self.is_open))
    }
}

/// The length at a place, and the place after it; none if it is not in the fewest bytes, or of 2^32 and more.
fn read_length(contents: &[u8], at: usize) -> Option<(usize, usize)> {
    let (mut length, mut next) = (0usize, at);
    for shift in [0, 7, 14, 21, 28] {
        let byte = *contents.get(next)?;
        next += 1;
        length |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            let is_shortest = byte > 0 || shift == 0;
            return Some((length, next)).filter(|_| is_shortest && length <= u32::MAX as usize);
        }
    }
    None
}
