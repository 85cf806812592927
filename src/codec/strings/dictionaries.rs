//! Dictionaries: read when first used, checked once, kept.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use zerocopy::FromBytes;

use crate::bits::little;
use crate::codec::chunks::frames::FrameDictionary;
use crate::codec::strings::dictionary_entry::{DictionaryEntry, DictionaryKind};
use crate::codec::strings::framed::FramedStrings;
use crate::codec::strings::string_table::StringTable;
use crate::codec::strings::symbol_table::SymbolTable;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;
use crate::format::sections::Section;

/// Bytes of dictionaries kept in memory, at most, and for small files: 5 for each byte of the file, and these. Entries may
/// name the same bytes again and again.
const KEPT: usize = 64 << 20;
const KEPT_OF_ALL: usize = 8 << 20;

/// The raw bits of a dictionary of numbers.
pub(crate) struct RawTable {
    pub raw: Vec<u64>,
    /// The largest of them.
    pub largest: u64,
}

/// The strings of a dictionary, or where they are.
pub(crate) enum SomeStrings {
    All(Arc<StringTable>),
    Framed(Arc<FramedStrings>),
}

enum Table {
    Raw(Arc<RawTable>),
    Strings(Arc<StringTable>),
    Framed(Arc<FramedStrings>),
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

    /// All strings of a dictionary of strings.
    pub fn strings<S: ByteSource>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<StringTable>> {
        match self.some_strings(pages, number)? {
            SomeStrings::All(strings) => Ok(strings),
            SomeStrings::Framed(framed) => self.all_framed(pages, &framed),
        }
    }

    /// All strings of a dictionary in frames, kept if there is room for them.
    pub fn all_framed<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        framed: &FramedStrings,
    ) -> Result<Arc<StringTable>> {
        if let Some(all) = framed.whole.get() {
            return Ok(all.clone());
        }
        let all = Arc::new(framed.read_whole(pages)?);
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.1 + all.memory() <= self.most {
            kept.1 += all.memory();
            return Ok(framed.whole.get_or_init(|| all).clone());
        }
        Ok(all)
    }

    /// True if all strings of a dictionary in frames may be kept.
    pub fn has_room(&self, framed: &FramedStrings) -> bool {
        let memory = framed.bytes().saturating_add(4 * framed.len());
        memory <= self.most as u64 / 2
    }

    /// The strings of a dictionary of strings, or where they are.
    pub fn some_strings<S: ByteSource>(&self, pages: &Pages<S>, number: u32) -> Result<SomeStrings> {
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.0.get(&number) {
            Some(Table::Strings(strings)) => return Ok(SomeStrings::All(strings.clone())),
            Some(Table::Framed(framed)) => return Ok(SomeStrings::Framed(framed.clone())),
            Some(_) => return Err(wrong_kind(number)),
            None => {}
        }
        let entry = self.entry(pages, number.into())?;
        if entry.kind()? == DictionaryKind::FramedStrings {
            let framed =
                FramedStrings::read(pages, &entry).map_err(|e| e.at(format_args!("dictionary {number}")))?;
            let framed = Arc::new(framed);
            keep(kept, self.most, number, Table::Framed(framed.clone()), framed.memory());
            return Ok(SomeStrings::Framed(framed));
        }
        let bytes = pages.piece(entry.offset.get(), entry.length.get())?;
        let strings = Arc::new(StringTable::read(&entry, &bytes)?.ok_or_else(|| wrong_kind(number))?);
        keep(kept, self.most, number, Table::Strings(strings.clone()), strings.memory());
        Ok(SomeStrings::All(strings))
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
