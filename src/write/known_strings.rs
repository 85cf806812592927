//! The file-wide dictionaries of a file that rows to be appended can use.

use crate::codec::coding::Coding;
use crate::codec::strings::encode::{Dictionary, strings};
use crate::codec::strings::interned::Interned;
use crate::column::values::{Column, Values};
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::Schema;
use crate::read::reader::Reader;
use crate::write::file::FileWriter;
use crate::write::table::{Batches, Table, for_each_batch};
use crate::write::taken_over::TakenOver;

/// Dictionaries of a file that all strings of a table are in.
pub(crate) struct KnownStrings(Vec<Known>);

struct Known {
    node: usize,
    /// Its number; none while it is in a part that is taken over, and not written again.
    number: Option<u32>,
    values: Values,
}

impl KnownStrings {
    /// Compares the strings of a table with the dictionaries of a file, whose columns it has.
    pub fn find<S: ByteSource>(
        reader: &Reader<S>,
        taken: &TakenOver,
        table: &dyn Table,
        progress: &(dyn Fn(u64) -> Result<()> + Sync),
    ) -> Result<Self> {
        let mut known = Vec::new();
        for (node, n) in reader.schema().nodes().iter().enumerate() {
            if let (Some(number), Some(values)) = (n.dictionary, reader.dictionary(node)?) {
                let mut distinct = Interned::default();
                if let Values::Bytes { offsets, data } = &values {
                    for string in strings(offsets, data) {
                        distinct.insert(string);
                    }
                }
                let entry = reader.dictionaries.entry(&reader.pages, number.into())?;
                let number = Some(number).filter(|_| entry.offset.get() < taken.start);
                known.push((Known { node, number, values }, distinct));
            }
        }
        if known.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let mut rows = 0;
        for_each_batch(table, |batch| {
            known.retain(|(known, distinct)| has_all(distinct, &batch.columns[known.node]));
            rows += batch.rows as u64;
            progress(rows)
        })?;
        Ok(Self(known.into_iter().map(|(known, _)| known).collect()))
    }

    /// Writes those that are taken over.
    pub fn write(&mut self, out: &mut FileWriter, coding: Coding) -> Result<()> {
        for known in self.0.iter_mut().filter(|known| known.number.is_none()) {
            if let Values::Bytes { offsets, data } = &known.values {
                let strings: Vec<&[u8]> = strings(offsets, data).collect();
                let dictionary = Dictionary::new(&strings, coding);
                let stored =
                    dictionary.ok_or_else(|| Error::internal("a dictionary of a file is none"))?.stored;
                known.number = Some(out.dictionary(&stored)?);
            }
        }
        Ok(())
    }

    /// The schema of a file, with no dictionaries but these.
    pub fn schema(&self, schema: &Schema) -> Schema {
        let mut schema = schema.clone();
        schema.forget_dictionaries();
        self.0.iter().for_each(|known| schema.set_dictionary(known.node, known.number));
        schema
    }

    /// The table with these dictionaries in place of its own.
    pub fn table<'t>(&self, table: &'t dyn Table) -> KnownTable<'t> {
        let own =
            table.dictionaries().iter().filter(|(node, _)| self.0.iter().all(|known| known.node != *node));
        let known = self.0.iter().map(|known| (known.node, known.values.clone()));
        KnownTable { table, dictionaries: known.chain(own.cloned()).collect() }
    }
}

/// True if all strings of a column are among some.
fn has_all(distinct: &Interned, column: &Column) -> bool {
    let Values::Bytes { offsets, data } = &column.values else { return false };
    let is_valid = |row: usize| column.validity.as_ref().is_none_or(|valid| valid[row] == 1);
    strings(offsets, data).enumerate().all(|(row, string)| !is_valid(row) || distinct.get(string).is_some())
}

/// A table with dictionaries of a file.
pub(crate) struct KnownTable<'t> {
    table: &'t dyn Table,
    dictionaries: Vec<(usize, Values)>,
}

impl Table for KnownTable<'_> {
    fn schema(&self) -> &Schema {
        self.table.schema()
    }

    fn arrow_schema(&self) -> Option<&[u8]> {
        self.table.arrow_schema()
    }

    fn dictionaries(&self) -> &[(usize, Values)] {
        &self.dictionaries
    }

    fn rows(&self) -> Option<u64> {
        self.table.rows()
    }

    fn batches(&self) -> Result<Batches<'_>> {
        self.table.batches()
    }
}
