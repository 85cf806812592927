//! The strings that a read needs of a dictionary in frames.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::collections::HashMap;
use std::sync::Arc;

use crate::codec::strings::framed::{FrameReader, FramedStrings};
use crate::codec::strings::text_map::not_text;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Place of a string.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub pool: u32,
    pub start: usize,
    pub end: usize,
}

/// The strings of a dictionary in frames that were needed.
pub(super) struct Gathered {
    framed: Arc<FramedStrings>,
    /// Where the string of a code is among the bytes.
    known: HashMap<u64, Place>,
    bytes: Vec<u8>,
}

impl Gathered {
    /// Nothing yet of a dictionary.
    pub fn new(framed: Arc<FramedStrings>) -> Self {
        Self { framed, known: HashMap::new(), bytes: Vec::new() }
    }

    /// The bytes of the strings.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The places of strings, the bytes of new ones having been read in their order; where they are only checked, that they are there.
    pub fn take<S: ByteSource>(
        &mut self,
        pages: &Pages<S>,
        frames: &mut FrameReader,
        codes: &[u64],
        pool: usize,
        (check, text, most): (bool, bool, usize),
    ) -> Result<Vec<Place>> {
        let mut found = earned::with_room(codes.len())?;
        if check {
            let outside = codes.iter().any(|&code| code >= self.framed.len());
            found.extend(codes.iter().map(|_| Place::default()));
            return if outside {
                Err(Error::corrupt("a value lies outside its dictionary"))
            } else {
                Ok(found)
            };
        }
        let mut new: Vec<u64> = earned::with_room(codes.len())?;
        new.extend(codes.iter().filter(|code| !self.known.contains_key(code)));
        new.sort_unstable();
        new.dedup();
        for code in new {
            let start = self.bytes.len();
            self.framed.append(pages, frames, code, most, &mut self.bytes)?;
            if text && std::str::from_utf8(&self.bytes[start..]).is_err() {
                return Err(not_text());
            }
            self.known.insert(code, Place { pool: pool as u32, start, end: self.bytes.len() });
        }
        found.extend(codes.iter().map(|code| self.known[code]));
        Ok(found)
    }
}
