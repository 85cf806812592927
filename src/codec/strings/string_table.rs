//! The strings of a dictionary, all of them in memory.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;
use std::sync::OnceLock;

use crate::bits::little;
use crate::codec::strings::dictionary_entry::{DictionaryEntry, DictionaryKind};
use crate::codec::strings::symbol_table::{MAX_SYMBOL, SymbolTable};
use crate::codec::strings::text_map::not_text;
use crate::column::values::Values;
use crate::earned;
use crate::error::Result;

/// Strings back to back, as they are in the file: in symbols, if there are any.
pub(crate) struct StringTable {
    ends: Vec<u32>,
    data: Vec<u8>,
    symbols: Option<SymbolTable>,
    /// True if all strings are UTF-8, once it was asked.
    text: OnceLock<bool>,
}

impl StringTable {
    /// Reads a dictionary of strings; none if it is of another kind, or lengths and strings do not fit each other.
    pub fn read(entry: &DictionaryEntry, bytes: &[u8]) -> Result<Option<Self>> {
        let (symbols, bytes) = match (entry.kind()?, bytes.split_first()) {
            (DictionaryKind::Strings, _) => (None, bytes),
            (DictionaryKind::SymbolStrings, Some((&count, rest))) => {
                let (symbols, rest) = SymbolTable::read(rest, count.into())?;
                (Some(symbols), rest)
            }
            _ => return Ok(None),
        };
        let (count, width) = (usize::try_from(entry.count.get()).ok(), entry.width.get() as usize);
        let parts = count.and_then(|count| bytes.split_at_checked(count.checked_mul(width)?));
        let Some((lengths, data)) = parts else { return Ok(None) };
        let mut ends = earned::with_room(lengths.len() / width.max(1) + 1)?;
        let mut end = 0u32;
        ends.push(end);
        for length in lengths.chunks_exact(width).map(little) {
            let next = u32::try_from(length).ok().and_then(|length| end.checked_add(length));
            let Some(next) = next else { return Ok(None) };
            ends.push(next);
            end = next;
        }
        if end as usize != data.len() {
            return Ok(None);
        }
        let mut copy = earned::with_room(data.len())?;
        copy.extend_from_slice(data);
        Ok(Some(Self { ends, data: copy, symbols, text: OnceLock::new() }))
    }

    /// Strings that are not in symbols.
    pub fn new(ends: Vec<u32>, data: Vec<u8>) -> Self {
        Self { ends, data, symbols: None, text: OnceLock::new() }
    }

    /// Memory that the strings take.
    pub fn memory(&self) -> usize {
        self.data.len() + 4 * self.ends.len()
    }

    /// Number of strings.
    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// All bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Symbols of the bytes, if they are codes.
    pub fn symbols(&self) -> Option<&SymbolTable> {
        self.symbols.as_ref()
    }

    /// Where the bytes of a string are.
    pub fn range(&self, code: u64) -> Option<Range<usize>> {
        let code = usize::try_from(code).ok()?;
        Some(*self.ends.get(code)? as usize..*self.ends.get(code.checked_add(1)?)? as usize)
    }

    /// The strings themselves.
    pub fn values(&self) -> Result<Values> {
        let mut offsets = earned::with_room(self.ends.len())?;
        let mut data = earned::with_room(self.data.len())?;
        offsets.push(0);
        self.each(|string| {
            earned::reserve(&mut data, string.len())?;
            data.extend_from_slice(string);
            offsets.push(data.len() as u64);
            Ok(())
        })?;
        Ok(Values::Bytes { offsets, data })
    }

    /// Bytes of the strings as `values` has them, at most.
    pub fn most_bytes(&self) -> u64 {
        let data = self.data.len() as u64 * if self.symbols.is_some() { MAX_SYMBOL as u64 } else { 1 };
        data + 8 * self.ends.len() as u64
    }

    /// Checks that all strings are UTF-8.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn check_text(&self) -> Result<()> {
        let text = match self.text.get() {
            Some(&text) => text,
            None => {
                let mut text = true;
                self.each(|string| {
                    text &= std::str::from_utf8(string).is_ok();
                    Ok(())
                })?;
                *self.text.get_or_init(|| text)
            }
        };
        if text { Ok(()) } else { Err(not_text()) }
    }

    /// Calls `put` for each string.
    ///
    /// # Errors
    /// `Corrupt` for codes without a symbol; those of `put`.
    pub fn each(&self, mut put: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut buffer = Vec::new();
        for ends in self.ends.windows(2) {
            let bytes = &self.data[ends[0] as usize..ends[1] as usize];
            match &self.symbols {
                None => put(bytes)?,
                Some(symbols) => {
                    let mut end = 0;
                    symbols.append(bytes, &mut buffer, &mut end)?;
                    put(&buffer[..end])?;
                }
            }
        }
        Ok(())
    }
}
