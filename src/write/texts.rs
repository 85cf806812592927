//! The distinct strings of a table, and of the items of its lists.

use rayon::prelude::*;

use crate::codec::coding::Coding;
use crate::codec::strings::encode::{Dictionary, strings};
use crate::codec::strings::interned::Interned;
use crate::column::values::{Batch, Column, Values};
use crate::format::schema::Schema;
use crate::write::dictionaries::Dictionaries;
use crate::write::roles::doubt;

/// Bytes of strings, and 8 for each, that a file-wide dictionary may have.
const DICTIONARY_BYTES: usize = 1 << 20;
/// The same of all columns together: they are in memory until the table is written.
const ALL_DICTIONARY_BYTES: usize = 48 << 20;

/// The distinct strings of a table, and of the items of its lists.
pub(crate) struct Texts {
    /// By node; none for those that are not text or have a dictionary already.
    own: Vec<Option<Strings>>,
    /// The nodes of the lists, and the strings of their items.
    items: Vec<(usize, Texts)>,
}

impl Texts {
    /// No strings yet of a table with these dictionaries by node.
    pub fn new(schema: &Schema, given: &[Option<Dictionary>]) -> Self {
        let most_bytes = DICTIONARY_BYTES.min(ALL_DICTIONARY_BYTES / schema.strings().max(1));
        Self::of(schema, given, most_bytes)
    }

    fn of(schema: &Schema, given: &[Option<Dictionary>], most_bytes: usize) -> Self {
        let has_none = |node: usize| given.get(node).is_none_or(Option::is_none);
        let own = schema
            .nodes()
            .iter()
            .enumerate()
            .map(|(node, n)| (n.kind.is_bytes() && has_none(node)).then(|| Strings::new(most_bytes)));
        let items = schema.lists().map(|(node, items)| (node, Self::of(items, &[], most_bytes)));
        Self { own: own.collect(), items: items.collect() }
    }

    /// Adds the rows of a batch, which fits the schema.
    pub fn add(&mut self, batch: &Batch) {
        let add =
            |(text, column): (&mut Option<Strings>, &Column)| text.iter_mut().for_each(|t| t.add(column));
        self.own.par_iter_mut().zip(&batch.columns).for_each(add);
        self.items.par_iter_mut().for_each(|(node, texts)| {
            if let Values::Lists { items, .. } = &batch.columns[*node].values {
                texts.add(items);
            }
        });
    }

    /// For each node that is text, why it may be taken for numbers.
    pub fn doubts(&self) -> Vec<Option<String>> {
        self.own.iter().map(|text| text.as_ref().and_then(Strings::doubt)).collect()
    }

    /// The dictionaries, where they are smaller; `given` are those that there are already.
    pub fn dictionaries(self, coding: Coding, given: Vec<Option<Dictionary>>) -> Dictionaries {
        let mut own = given;
        own.resize_with(self.own.len(), || None);
        let choose = |(slot, text): (&mut Option<Dictionary>, Option<Strings>)| {
            if let Some(text) = text {
                *slot = text.dictionary(coding);
            }
        };
        own.par_iter_mut().zip(self.own).for_each(choose);
        let items = self.items.into_iter().map(|(_, texts)| texts.dictionaries(coding, Vec::new()));
        Dictionaries { own, items: items.collect() }
    }
}

/// The distinct strings of a column and how often they occur, until there are too many.
struct Strings {
    distinct: Interned,
    counts: Vec<u64>,
    distinct_bytes: usize,
    most_bytes: usize,
    full: bool,
    rows: u64,
}

impl Strings {
    fn new(most_bytes: usize) -> Self {
        let (distinct, counts) = (Interned::default(), Vec::new());
        Self { distinct, counts, distinct_bytes: 0, most_bytes, full: false, rows: 0 }
    }

    fn add(&mut self, column: &Column) {
        let Values::Bytes { offsets, data } = &column.values else { return };
        self.rows += offsets.len().saturating_sub(1) as u64;
        for (i, s) in strings(offsets, data).enumerate() {
            if self.full {
                break;
            }
            if column.validity.as_ref().is_some_and(|v| v.get(i) == Some(&0)) {
                continue;
            }
            let bytes = self.distinct_bytes + s.len() + 8;
            if bytes > self.most_bytes && self.distinct.get(s).is_none() {
                self.full = true;
                (self.distinct, self.counts) = (Interned::default(), Vec::new());
                break;
            }
            match self.distinct.insert(s) {
                (number, false) => self.counts[number as usize] += 1,
                (_, true) => {
                    self.counts.push(1);
                    self.distinct_bytes = bytes;
                }
            }
        }
    }

    /// A note on text that is numbers but for a few values, where the distinct ones are known.
    fn doubt(&self) -> Option<String> {
        if self.full { None } else { doubt(self.distinct.strings()) }
    }

    fn dictionary(&self, coding: Coding) -> Option<Dictionary> {
        let counted = self.distinct.strings().zip(self.counts.iter().copied()).collect();
        if self.full { None } else { Dictionary::counted(counted, self.rows, coding) }
    }
}
