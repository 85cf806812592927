//! Dictionaries: read when first used, checked once, kept.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use zerocopy::FromBytes;

use super::block::little;
use super::strings::not_text;
use super::{Pages, Source};
use crate::column::Values;
use crate::error::{Error, Result};
use crate::format::{DictionaryEntry, DictionaryKind, MAX_SYMBOL, SymbolTable};

/// Bytes of dictionaries kept in memory.
const KEPT: usize = 64 << 20;

/// Strings back to back, as they are in the file: in symbols, if there are any.
pub(super) struct StringTable {
    ends: Vec<u32>,
    data: Vec<u8>,
    symbols: Option<SymbolTable>,
    /// Whether all strings are UTF-8, once it was asked.
    text: OnceLock<bool>,
}

/// The raw bits of a dictionary of numbers.
pub(super) struct RawTable {
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
        let read = || {
            let (count, width) = (usize::try_from(entry.count.get()).ok()?, entry.width.get() as usize);
            let (lengths, data) = bytes.split_at_checked(count.checked_mul(width)?)?;
            let mut ends = Vec::with_capacity(count.checked_add(1)?);
            let mut end = 0u32;
            ends.push(end);
            for length in lengths.chunks_exact(width).map(little) {
                end = end.checked_add(u32::try_from(length).ok()?)?;
                ends.push(end);
            }
            (end as usize == data.len()).then(|| (ends, data.to_vec()))
        };
        Ok(read().map(|(ends, data)| Self { ends, data, symbols, text: OnceLock::new() }))
    }

    /// Number of strings.
    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// All bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// What the bytes are codes of.
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
        let (mut data, mut offsets) = (Vec::new(), vec![0]);
        self.each(|string| {
            data.extend_from_slice(string);
            offsets.push(data.len() as u64);
        })?;
        Ok(Values::Bytes { offsets, data })
    }

    /// Bytes of the longest string, at most.
    pub fn longest(&self) -> u64 {
        let lengths = self.ends.windows(2).map(|w| u64::from(w[1] - w[0]));
        lengths.max().unwrap_or(0) * if self.symbols.is_some() { MAX_SYMBOL as u64 } else { 1 }
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
                self.each(|string| text &= std::str::from_utf8(string).is_ok())?;
                *self.text.get_or_init(|| text)
            }
        };
        if text { Ok(()) } else { Err(not_text()) }
    }

    /// Calls `put` for each string.
    ///
    /// # Errors
    /// `Corrupt` for codes without a symbol.
    pub fn each(&self, mut put: impl FnMut(&[u8])) -> Result<()> {
        let mut buffer = Vec::new();
        for code in 0..self.len() {
            let bytes = self.range(code as u64).and_then(|r| self.data.get(r)).unwrap_or(&[]);
            match &self.symbols {
                None => put(bytes),
                Some(symbols) => {
                    let mut end = 0;
                    symbols.append(bytes, &mut buffer, &mut end)?;
                    put(buffer.get(..end).unwrap_or(&[]));
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
}

/// The dictionary table of a file.
pub(super) struct Dictionaries {
    table: u64,
    count: u64,
    kept: Mutex<(HashMap<u32, Table>, usize)>,
}

impl Dictionaries {
    /// The table of `count` entries at an offset.
    pub fn new(table: u64, count: u64) -> Self {
        Self { table, count, kept: Mutex::default() }
    }

    /// Number of dictionaries.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// A dictionary's entry.
    pub fn entry<S: Source>(&self, pages: &Pages<S>, number: u64) -> Result<DictionaryEntry> {
        if number >= self.count {
            return Err(Error::corrupt(format!("there is no dictionary {number}")));
        }
        let bytes = pages.piece(self.table + number * DictionaryEntry::SIZE, DictionaryEntry::SIZE)?;
        DictionaryEntry::read_from_bytes(&bytes)
            .map_err(|_| Error::corrupt("a dictionary entry is cut short"))
    }

    /// The raw bits of a dictionary of numbers.
    pub fn raw<S: Source>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<RawTable>> {
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
        let raw: Vec<u64> = bytes.chunks_exact(8).map(little).collect();
        let largest = raw.iter().copied().max().unwrap_or(0);
        let raw = Arc::new(RawTable { raw, largest });
        keep(&mut kept.0, &mut kept.1, number, Table::Raw(raw.clone()), bytes.len());
        Ok(raw)
    }

    /// The strings of a dictionary of strings.
    pub fn strings<S: Source>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<StringTable>> {
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
        keep(&mut kept.0, &mut kept.1, number, Table::Strings(strings.clone()), memory);
        Ok(strings)
    }

    /// What the codes of strings in a heap stand for.
    pub fn symbols<S: Source>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<SymbolTable>> {
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
        keep(&mut kept.0, &mut kept.1, number, Table::Symbols(symbols.clone()), size_of::<SymbolTable>());
        Ok(symbols)
    }
}

fn wrong_kind(number: u32) -> Error {
    Error::corrupt(format!(
        "dictionary {number} is not of the kind that its column needs, or its strings do not fit it"
    ))
}

/// Keeps a table; when there are too many bytes of them, forgets the others.
fn keep(tables: &mut HashMap<u32, Table>, total: &mut usize, number: u32, table: Table, bytes: usize) {
    if *total + bytes > KEPT {
        tables.clear();
        *total = 0;
    }
    *total += bytes;
    tables.insert(number, table);
}
