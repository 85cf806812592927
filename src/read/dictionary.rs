//! Dictionaries: read when first used, checked once, kept.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use zerocopy::FromBytes;

use super::block::little;
use super::{Pages, Source};
use crate::error::{Error, Result};
use crate::format::{DictionaryEntry, DictionaryKind};

/// Bytes of dictionaries kept in memory.
const KEPT: usize = 64 << 20;

/// Strings back to back.
pub(super) struct StringTable {
    ends: Vec<u64>,
    data: Vec<u8>,
}

impl StringTable {
    /// Number of strings.
    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// All bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// One more end than there are strings, from 0 on.
    pub fn ends(&self) -> &[u64] {
        &self.ends
    }

    /// The bytes of a string.
    pub fn range(&self, code: u64) -> Option<Range<usize>> {
        let code = usize::try_from(code).ok()?;
        Some(*self.ends.get(code)? as usize..*self.ends.get(code.checked_add(1)?)? as usize)
    }
}

enum Table {
    Raw(Arc<[u64]>),
    Strings(Arc<StringTable>),
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
    pub fn raw<S: Source>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<[u64]>> {
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.0.get(&number) {
            Some(Table::Raw(raw)) => return Ok(raw.clone()),
            Some(Table::Strings(_)) => return Err(wrong_kind(number)),
            None => {}
        }
        let entry = self.entry(pages, number.into())?;
        if entry.kind()? != DictionaryKind::Raw {
            return Err(wrong_kind(number));
        }
        let bytes = pages.piece(entry.offset.get(), entry.length.get())?;
        let raw: Arc<[u64]> = bytes.chunks_exact(8).map(little).collect();
        keep(&mut kept.0, &mut kept.1, number, Table::Raw(raw.clone()), bytes.len());
        Ok(raw)
    }

    /// The strings of a dictionary of strings.
    pub fn strings<S: Source>(&self, pages: &Pages<S>, number: u32) -> Result<Arc<StringTable>> {
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.0.get(&number) {
            Some(Table::Strings(strings)) => return Ok(strings.clone()),
            Some(Table::Raw(_)) => return Err(wrong_kind(number)),
            None => {}
        }
        let entry = self.entry(pages, number.into())?;
        if entry.kind()? != DictionaryKind::Strings {
            return Err(wrong_kind(number));
        }
        let bytes = pages.piece(entry.offset.get(), entry.length.get())?;
        let count = entry.count.get() as usize;
        let (ends, data) = bytes.split_at_checked((count + 1) * 8).ok_or_else(|| wrong_kind(number))?;
        let ends: Vec<u64> = ends.chunks_exact(8).map(little).collect();
        let in_order =
            ends.is_sorted() && ends.first() == Some(&0) && ends.last() == Some(&(data.len() as u64));
        if !in_order {
            return Err(Error::corrupt(format!("the strings of dictionary {number} are out of order")));
        }
        let strings = Arc::new(StringTable { ends, data: data.to_vec() });
        keep(&mut kept.0, &mut kept.1, number, Table::Strings(strings.clone()), bytes.len());
        Ok(strings)
    }
}

fn wrong_kind(number: u32) -> Error {
    Error::corrupt(format!("dictionary {number} is not of the kind its column needs"))
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
