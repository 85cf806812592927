//! Byte strings: places first, bytes once all rows are known.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::codec::block::Block;
use crate::codec::context::Context;
use crate::codec::fixed::lane::Lane;
use crate::codec::strings::dictionaries::SomeStrings;
use crate::codec::strings::framed::FrameReader;
use crate::codec::strings::gathered::{Gathered, Place};
use crate::codec::strings::string_table::StringTable;
use crate::codec::strings::symbol_table::{ESCAPE, SymbolTable};
use crate::codec::strings::text_map::{TextMap, not_text};
use crate::codec::transform::TransformKind;
use crate::codec::transform::target::Target;
use crate::column::values::Values;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Bytes that are set aside for what codes stand for, before it is known how many they are.
const DECODED: usize = 16 << 20;

/// Strings in symbols that are remembered as checked: rows repeat them.
const REMEMBERED: usize = 4096;

/// Frames that are read one after the other in the time of a string that is read by itself.
const FRAMES_A_STRING: u64 = 2;

/// Bytes that hold strings.
enum Pool<'a> {
    /// A heap; with a table, its strings are in symbols.
    Heap(Cow<'a, [u8]>, Option<Arc<SymbolTable>>),
    Dictionary(u32, Arc<StringTable>),
    Framed(u32, Gathered),
}

impl Pool<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Pool::Heap(bytes, _) => bytes,
            Pool::Dictionary(_, table) => table.data(),
            Pool::Framed(_, gathered) => gathered.bytes(),
        }
    }

    /// Symbols of the bytes, if they are codes.
    fn symbols(&self) -> Option<&SymbolTable> {
        match self {
            Pool::Heap(_, symbols) => symbols.as_deref(),
            Pool::Dictionary(_, table) => table.symbols(),
            Pool::Framed(..) => None,
        }
    }

    /// The bytes at a place.
    fn at(&self, place: &Place) -> &[u8] {
        &self.bytes()[place.start..place.end]
    }
}

/// The strings of one column, as they are gathered from blocks.
pub(crate) struct Strings<'a> {
    /// One a row; none where strings are only checked.
    places: Vec<Place>,
    pools: Vec<Pool<'a>>,
    heap: u32,
    text: bool,
    /// Where strings are only checked.
    check: Option<Check>,
    /// Most bytes of a string that are wanted.
    most: usize,
    frames: FrameReader,
}

/// The check of strings where they are: memory and time do not grow with their lengths times the rows.
#[derive(Default)]
struct Check {
    /// The characters of the heap.
    map: Option<Arc<TextMap>>,
    /// Strings in symbols that were found good.
    good: HashSet<Place>,
    buffer: Vec<u8>,
}

impl<'a> Strings<'a> {
    /// Collects the strings of `Some(n)` rows; with `None` only checks strings.
    ///
    /// # Errors
    /// `Memory`.
    pub fn new(rows: Option<usize>, text: bool) -> Result<Self> {
        let mut places = Vec::new();
        if let Some(rows) = rows {
            earned::resize(&mut places, rows, Place::default())?;
        }
        let check = rows.is_none().then(Check::default);
        Ok(Self {
            places,
            pools: Vec::new(),
            heap: 0,
            text,
            check,
            most: usize::MAX,
            frames: FrameReader::default(),
        })
    }

    /// Puts only the first bytes of each string together, which need not be UTF-8 then.
    pub fn with_most(self, most: Option<usize>) -> Self {
        Self { most: most.unwrap_or(usize::MAX), text: self.text && most.is_none(), ..self }
    }

    /// Makes a block's heap the one that holds the strings.
    pub fn start_block<S: ByteSource>(&mut self, pages: &'a Pages<S>, block: &Block) -> Result<()> {
        self.heap = self.pools.len() as u32;
        let heap = block.head.heap.read(pages)?;
        if let Some(check) = &mut self.check {
            check.good.clear();
            check.map = match self.text {
                true => Some(block.text.get_or_init(|| Arc::new(TextMap::new(&heap))).clone()),
                false => None,
            };
        }
        self.pools.push(Pool::Heap(heap, None));
        Ok(())
    }

    /// Bytes that the strings take in memory, about: symbols stand for 2 to 8 bytes.
    pub fn bytes(&self) -> u64 {
        let symbols =
            |place: &Place| self.pools.get(place.pool as usize).is_some_and(|p| p.symbols().is_some());
        let bytes = |place: &Place| {
            let own = (place.end - place.start) as u64 * if symbols(place) { 4 } else { 1 };
            own.min(self.most as u64)
        };
        self.places.iter().fold(0, |sum: u64, place| sum.saturating_add(bytes(place)))
    }

    /// Takes the places of some rows, or checks what is there.
    fn take(&mut self, found: &[Place], target: Target) -> Result<()> {
        let Some(check) = &mut self.check else {
            target.put(&mut self.places, found, |place| place);
            return Ok(());
        };
        for place in found.iter().filter(|place| place.start < place.end) {
            let Some(pool) = self.pools.get(place.pool as usize) else { continue };
            match (pool, pool.symbols()) {
                (Pool::Dictionary(..) | Pool::Framed(..), _) => {}
                (Pool::Heap(heap, _), None) => {
                    if check.map.as_ref().is_some_and(|map| !map.is_text(heap, place.start..place.end)) {
                        return Err(not_text());
                    }
                }
                (Pool::Heap(..), Some(symbols)) => {
                    if check.good.contains(place) {
                        continue;
                    }
                    let mut end = 0;
                    symbols.append(pool.at(place), &mut check.buffer, &mut end)?;
                    let string = &check.buffer[..end];
                    if self.text && std::str::from_utf8(string).is_err() {
                        return Err(not_text());
                    }
                    if check.good.len() == REMEMBERED {
                        check.good.clear();
                    }
                    check.good.insert(*place);
                }
            }
        }
        Ok(())
    }

    /// Takes the fields of both lanes for some rows. The places of nulls mean nothing.
    pub fn add<S: ByteSource>(
        &mut self,
        context: Context<S>,
        lanes: (&Lane, &Lane),
        fields: [&[u64]; 2],
        validity: Option<&[u8]>,
        target: Target,
    ) -> Result<()> {
        if lanes.0.kind == TransformKind::Dictionary {
            return self.add_codes(context, lanes.0.dictionary, fields[0], target);
        }
        if let (TransformKind::Symbols, Some(Pool::Heap(_, symbols @ None))) =
            (lanes.0.kind, self.pools.get_mut(self.heap as usize))
        {
            *symbols = Some(context.dictionaries.symbols(context.pages, lanes.0.dictionary)?);
        }
        let length = self.pools.get(self.heap as usize).map_or(0, |p| p.bytes().len() as u64);
        let mut found = earned::with_room(fields[0].len())?;
        let end = |start: u64, field: u64| start.checked_add(lanes.1.minimum.checked_add(field)?);
        for (i, (&at, &field)) in fields[0].iter().zip(fields[1]).enumerate() {
            let start = lanes.0.minimum.checked_add(at);
            let place = start.zip(start.and_then(|s| end(s, field)).filter(|&e| e <= length));
            let is_null = || validity.is_some_and(|v| v.get(target.index(i)) == Some(&0));
            found.push(match place {
                // Whatever a null names means nothing; where strings are put together nulls are left out later.
                Some(_) if self.check.is_some() && is_null() => Place::default(),
                Some((start, end)) => Place { pool: self.heap, start: start as usize, end: end as usize },
                None if is_null() => Place::default(),
                None => return Err(Error::corrupt("a string lies outside the heap")),
            });
        }
        self.take(&found, target)
    }

    fn add_codes<S: ByteSource>(
        &mut self,
        context: Context<S>,
        dictionary: u32,
        codes: &[u64],
        target: Target,
    ) -> Result<()> {
        let is_it = |pool: &Pool| match pool {
            Pool::Dictionary(own, _) | Pool::Framed(own, _) => *own == dictionary,
            Pool::Heap(..) => false,
        };
        let known = self.pools.iter().position(is_it);
        let pool = known.unwrap_or(self.pools.len());
        if known.is_none() {
            let strings = self.dictionary(context, dictionary)?;
            self.pools.push(strings);
        }
        let table = match self.pools.get_mut(pool) {
            Some(Pool::Dictionary(_, table)) => table,
            Some(Pool::Framed(_, gathered)) => {
                let check = self.check.is_some();
                let most = self.most;
                let text = self.text;
                let found =
                    gathered.take(context.pages, &mut self.frames, codes, pool, (check, text, most))?;
                return self.take(&found, target);
            }
            _ => return Ok(()),
        };
        let mut found = earned::with_room(codes.len())?;
        for &code in codes {
            let range =
                table.range(code).ok_or_else(|| Error::corrupt("a value lies outside its dictionary"))?;
            found.push(Place { pool: pool as u32, start: range.start, end: range.end });
        }
        self.take(&found, target)
    }

    /// A dictionary: all of it in memory if that is read sooner than the strings that are wanted.
    fn dictionary<S: ByteSource>(&self, context: Context<S>, number: u32) -> Result<Pool<'a>> {
        let (pages, dictionaries) = (context.pages, context.dictionaries);
        let table = match dictionaries.some_strings(pages, number)? {
            SomeStrings::All(table) => table,
            SomeStrings::Framed(framed) => {
                let wanted = self.places.len() as u64;
                let is_whole = framed.whole.get().is_some()
                    || wanted * FRAMES_A_STRING >= framed.frame_count() && dictionaries.has_room(&framed);
                // Damage to other strings is no matter: those that are wanted are then read by themselves.
                let all = if is_whole { dictionaries.all_framed(pages, &framed).ok() } else { None };
                let Some(all) = all else {
                    if self.check.is_some() && self.text && !framed.is_text(pages)? {
                        return Err(not_text());
                    }
                    return Ok(Pool::Framed(number, Gathered::new(framed)));
                };
                all
            }
        };
        if self.text {
            table.check_text()?;
        }
        Ok(Pool::Dictionary(number, table))
    }

    /// Puts the strings together; a null is an empty one.
    ///
    /// # Errors
    /// `Corrupt` for text that is not UTF-8, or codes without a symbol; `Memory`.
    pub fn finish(mut self, validity: Option<&[u8]>, values: &mut Values) -> Result<()> {
        let Values::Bytes { offsets, data } = values else { return Ok(()) };
        if self.check.is_some() {
            return Ok(());
        }
        for (place, _) in self.places.iter_mut().zip(validity.into_iter().flatten()).filter(|(_, v)| **v == 0)
        {
            *place = Place::default();
        }
        for place in &mut self.places {
            let pool = self.pools.get(place.pool as usize).filter(|_| place.end - place.start > self.most);
            place.end = match pool.map(|pool| (pool.symbols().is_some(), pool.at(place))) {
                Some((true, codes)) => place.start + first_codes(codes, self.most),
                Some((false, _)) => place.start + self.most,
                None => place.end,
            };
        }
        earned::reserve(offsets, self.places.len())?;
        let (mut bytes, mut codes, mut heap) = (0, 0, false);
        for place in &self.places {
            let pool = self.pools.get(place.pool as usize);
            let of = if pool.is_some_and(|p| p.symbols().is_some()) { &mut codes } else { &mut bytes };
            *of += place.end - place.start;
            heap |= place.end > place.start && matches!(pool, Some(Pool::Heap(..)));
        }
        // Codes of text stand for two to three bytes each.
        earned::reserve(data, bytes + codes + (2 * codes).min(DECODED))?;
        let mut end = data.len();
        for place in &self.places {
            if let Some(pool) = self.pools.get(place.pool as usize).filter(|_| place.start < place.end) {
                match pool.symbols() {
                    Some(symbols) => {
                        let most = end.saturating_add(self.most);
                        symbols.append(pool.at(place), data, &mut end)?;
                        end = end.min(most);
                    }
                    None => {
                        data.truncate(end);
                        data.extend_from_slice(pool.at(place));
                        end = data.len();
                    }
                }
            }
            offsets.push(end as u64);
        }
        data.truncate(end);
        // A dictionary's strings are checked once; together with them the rest is, whole and at every boundary.
        if self.text && heap && !is_text(offsets, data) { Err(not_text()) } else { Ok(()) }
    }
}

/// Bytes of codes that stand for so many bytes at least, or of all codes.
fn first_codes(codes: &[u8], most: usize) -> usize {
    let mut at = 0;
    for _ in 0..most {
        let Some(code) = codes.get(at) else { return codes.len() };
        at += if *code == ESCAPE { 2 } else { 1 };
    }
    at.min(codes.len())
}

/// True if all the strings that lie back to back in `data` are UTF-8.
fn is_text(offsets: &[u64], data: &[u8]) -> bool {
    if data.is_ascii() {
        return true;
    }
    let whole = std::str::from_utf8(data);
    whole.is_ok_and(|text| offsets.iter().all(|&at| text.is_char_boundary(at as usize)))
}
