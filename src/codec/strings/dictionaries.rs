//! Dictionaries: read when first used, checked once, kept.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use zerocopy::FromBytes;

use crate::bits::little;
use crate::codec::chunks::frames::FrameDictionary;
use crate::codec::strings::dictionary_entry::{DictionaryEntry, DictionaryKind};
use crate::codec::strings::symbol_table::{MAX_SYMBOL, SymbolTable};
use crate::codec::strings::text_map::not_text;
use crate::column::values::Values;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;
use crate::format::sections::Section;

/// Bytes of dictionaries kept in memory, at most, and for small files: 5 for each byte of the file, and these. Entries may
/// name the same bytes again and again.
const KEPT: usize = 64 << 20;
const KEPT_OF_ALL: usize = 8 << 20;

/// Strings back to back, as they are in the file: in symbols, if there are any.
pub(crate) struct StringTable {
    ends: Vec<u32>,
    data: Vec<u8>,
    symbols: Option<SymbolTable>,
    /// True if all strings are UTF-8, once it was asked.
    text: OnceLock<bool>,
}

/// The raw bits of a dictionary of numbers.
pub(crate) struct RawTable {
    pub raw: Vec<u64>,
    /// The largest of them.
    pub largest: u64,
}

impl StringTable {
    /// Reads a dictionary of strings; none if it is of another kind, or lengths and strings do not fit each other.
    fn read(entry: &DictionaryEntry, bytes: &[u8]) -> Result<Option<Self>> {
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

enum Table {
    Raw(Arc<RawTable>),
    Strings(Arc<StringTable>),
    Symbols(Arc<SymbolTable>),
    Frames(Arc<FrameDictionary>),
}

/// The dictionary table of a file.
pub(crate) struct Dictionaries {
    table: u64,
    stride: u64,
    count: u64,
    kept: Mutex<(HashMap<u32, Table>, usize)>,
    /// Bytes that are kept, at most.
    most: usize,
}

impl Dictionaries {
    /// The dictionaries that a section lists, in a file of so many bytes.
    pub fn new(section: Option<&Section>, file_length: u64) -> Self {
        let (table, stride, count) =
            section.map_or((0, 0, 0), |s| (s.offset, u64::from(s.stride), s.entries()));
        let earned = usize::try_from(file_length.saturating_mul(5)).unwrap_or(usize::MAX);
        let most = KEPT.min(earned.saturating_add(KEPT_OF_ALL));
        Self { table, stride, count, kept: Mutex::default(), most }
    }

    /// Number of dictionaries.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// A dictionary's entry.
    pub fn entry<S: ByteSource>(&self, pages: &Pages<S>, number: u64) -> Result<DictionaryEntry> {
        if number >= self.count {
            return Err(Error::corrupt(format!("there is no dictionary {number}")));
        }
        let bytes = pages.piece(self.table + number * self.stride, DictionaryEntry::SIZE)?;
        DictionaryEntry::read_from_bytes(&bytes)
            .map_err(|_| Error::corrupt("a dictionary entry is cut short"))
    }

    /// The raw bits of a dictionary of numbers.
    pub fn raw<S: ByteSource>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<RawTable>> {
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.0.get(&number) {
            Some(Table::Raw(raw)) => return Ok(raw.clone()),
            Some(_) => return Err(wrong_kind(number)),
            None => {}
        }
        let entry = self.entry(pages, number.into())?;
        if entry.kind()? != DictionaryKind::Raw {
            return Err(wrong_kind(number));
        }
        let bytes = pages.piece(entry.offset.get(), entry.length.get())?;
        let mut raw = earned::with_room(bytes.len() / 8)?;
        raw.extend(bytes.chunks_exact(8).map(little));
        let largest = raw.iter().copied().fold(0, u64::max);
        let raw = Arc::new(RawTable { raw, largest });
        keep(kept, self.most, number, Table::Raw(raw.clone()), bytes.len());
        Ok(raw)
    }

    /// The strings of a dictionary of strings.
    pub fn strings<S: ByteSource>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<StringTable>> {
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.0.get(&number) {
            Some(Table::Strings(strings)) => return Ok(strings.clone()),
            Some(_) => return Err(wrong_kind(number)),
            None => {}
        }
        let entry = self.entry(pages, number.into())?;
        let bytes = pages.piece(entry.offset.get(), entry.length.get())?;
        let strings = Arc::new(StringTable::read(&entry, &bytes)?.ok_or_else(|| wrong_kind(number))?);
        let memory = strings.data.len() + 4 * strings.ends.len();
        keep(kept, self.most, number, Table::Strings(strings.clone()), memory);
        Ok(strings)
    }

    /// Symbols of the codes of strings in a heap.
    pub fn symbols<S: ByteSource>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<SymbolTable>> {
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.0.get(&number) {
            Some(Table::Symbols(symbols)) => return Ok(symbols.clone()),
            Some(_) => return Err(wrong_kind(number)),
            None => {}
        }
        let entry = self.entry(pages, number.into())?;
        if entry.kind()? != DictionaryKind::Symbols {
            return Err(wrong_kind(number));
        }
        let bytes = pages.piece(entry.offset.get(), entry.length.get())?;
        let (symbols, rest) = SymbolTable::read(&bytes, entry.count.get())?;
        if !rest.is_empty() {
            return Err(Error::corrupt(format!("symbol table {number} is longer than its symbols")));
        }
        let symbols = Arc::new(symbols);
        keep(kept, self.most, number, Table::Symbols(symbols.clone()), size_of::<SymbolTable>());
        Ok(symbols)
    }

    /// The dictionary of the frames of chunked records.
    pub fn frames<S: ByteSource>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<FrameDictionary>> {
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.0.get(&number) {
            Some(Table::Frames(frames)) => return Ok(frames.clone()),
            Some(_) => return Err(wrong_kind(number)),
            None => {}
        }
        let entry = self.entry(pages, number.into())?;
        if entry.kind()? != DictionaryKind::Frames {
            return Err(wrong_kind(number));
        }
        let bytes = pages.piece(entry.offset.get(), entry.length.get())?;
        let frames = FrameDictionary::read(&bytes).map_err(|e| e.at(format_args!("dictionary {number}")))?;
        let frames = Arc::new(frames);
        keep(kept, self.most, number, Table::Frames(frames.clone()), bytes.len() + FrameDictionary::TABLES);
        Ok(frames)
    }
}

fn wrong_kind(number: u32) -> Error {
    Error::corrupt(format!(
        "dictionary {number} is not of the kind that its column needs, or its strings do not fit it"
    ))
}

/// Keeps a table; when there are more than `most` bytes of them, forgets the others.
fn keep(
    (tables, total): &mut (HashMap<u32, Table>, usize),
    most: usize,
    number: u32,
    table: Table,
    bytes: usize,
) {
    if *total + bytes > most {
        tables.clear();
        *total = 0;
    }
    *total += bytes;
    tables.insert(number, table);
}
