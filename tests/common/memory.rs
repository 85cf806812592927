//! Tables in memory, built a column at a time.

use gede::Writer;
use gede::column::{Batch, Column, Kind, Schema, SchemaBuilder, Values};
use gede::image::ImageShape;
use gede::write::{Batches, Options, Table};

/// A table that is a list of batches.
#[derive(Clone, Default)]
pub struct Memory {
    pub schema: Schema,
    pub batches: Vec<Batch>,
    pub dictionaries: Vec<(usize, Values)>,
    pub arrow_schema: Option<Vec<u8>>,
}

impl Table for Memory {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn arrow_schema(&self) -> Option<&[u8]> {
        self.arrow_schema.as_deref()
    }

    fn dictionaries(&self) -> &[(usize, Values)] {
        &self.dictionaries
    }

    fn batches(&self) -> gede::Result<Batches<'_>> {
        Ok(Box::new(self.batches.iter().cloned().map(Ok)))
    }
}

impl Memory {
    /// The bytes of the file that this table becomes.
    pub fn file(&self, options: &Options) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gede");
        Writer::new(options.clone()).write(&path, self).unwrap();
        std::fs::read(path).unwrap()
    }

    /// All rows in one batch.
    pub fn rows(&self) -> Batch {
        let mut all = Batch::empty(&self.schema);
        self.batches.iter().for_each(|batch| append_rows(&mut all, batch));
        all
    }
}

fn append_rows(to: &mut Batch, from: &Batch) {
    to.rows += from.rows;
    for (to, from) in to.columns.iter_mut().zip(&from.columns) {
        if let (Some(to), Some(from)) = (&mut to.validity, &from.validity) {
            to.extend(from);
        }
        append(&mut to.values, &from.values);
    }
}

fn append(to: &mut Values, from: &Values) {
    match (to, from) {
        (Values::None, Values::None) => {}
        (Values::U8(to), Values::U8(from)) => to.extend(from),
        (Values::U16(to), Values::U16(from)) => to.extend(from),
        (Values::U32(to), Values::U32(from)) => to.extend(from),
        (Values::U64(to), Values::U64(from)) => to.extend(from),
        (Values::U128(to), Values::U128(from)) => to.extend(from),
        (Values::Bytes { offsets: to, data }, Values::Bytes { offsets: from, data: more }) => {
            to.extend(from.iter().skip(1).map(|o| o + data.len() as u64));
            data.extend(more);
        }
        (Values::Lists { offsets: to, items }, Values::Lists { offsets: from, items: more }) => {
            to.extend(from.iter().skip(1).map(|o| o + items.rows as u64));
            append_rows(items, more);
        }
        _ => panic!("values of two kinds"),
    }
}

/// Builds a table of one batch, node by node.
pub struct Builder {
    schema: SchemaBuilder,
    batch: Batch,
}

impl Builder {
    pub fn new(rows: usize) -> Self {
        Self { schema: SchemaBuilder::default(), batch: Batch { rows, columns: Vec::new() } }
    }

    /// The rows of the table.
    pub fn rows(&self) -> usize {
        self.batch.rows
    }

    /// A column of numbers: bit widths, kind and values.
    pub fn number(self, name: &str, kind: Kind, bits: u16, value: impl Fn(usize) -> u128) -> Self {
        self.column(None, name, kind, bits, 0, None, |row, _| value(row))
    }

    /// A column of numbers with nulls.
    pub fn nullable(self, name: &str, kind: Kind, bits: u16, value: impl Fn(usize) -> Option<u128>) -> Self {
        let validity = (0..self.batch.rows).map(|i| u8::from(value(i).is_some())).collect();
        self.column(None, name, kind, bits, 0, Some(validity), |row, _| value(row).unwrap_or(0))
    }

    /// A column of f64.
    pub fn f64(self, name: &str, value: impl Fn(usize) -> f64) -> Self {
        self.number(name, Kind::Float, 64, |i| value(i).to_bits().into())
    }

    /// A node of numbers, fixed bytes, structs or lists; `value` is of a row and an element of it.
    #[allow(clippy::too_many_arguments)]
    pub fn column(
        mut self,
        parent: Option<usize>,
        name: &str,
        kind: Kind,
        bits: u16,
        length: u32,
        validity: Option<Vec<u8>>,
        value: impl Fn(usize, usize) -> u128,
    ) -> Self {
        self.schema.push(parent, name, kind, validity.is_some(), bits, length).unwrap();
        let schema = self.schema.clone().finish();
        let node = schema.nodes().last().unwrap();
        let each = if kind == Kind::FixedBytes { length as usize } else { 1 };
        let per_row = node.instances as usize * each;
        let elements = (0..self.batch.rows).flat_map(|row| (0..per_row).map(move |e| (row, e)));
        let elements: Vec<u128> = elements
            .map(|(row, e)| {
                let instance = row * node.instances as usize + e / each.max(1);
                if validity.as_ref().is_some_and(|v| v[instance] == 0) { 0 } else { value(row, e) }
            })
            .collect();
        let values = match Values::empty(node) {
            Values::U8(_) => Values::U8(elements.iter().map(|&x| x as u8).collect()),
            Values::U16(_) => Values::U16(elements.iter().map(|&x| x as u16).collect()),
            Values::U32(_) => Values::U32(elements.iter().map(|&x| x as u32).collect()),
            Values::U64(_) => Values::U64(elements.iter().map(|&x| x as u64).collect()),
            Values::U128(_) => Values::U128(elements),
            other => other,
        };
        self.batch.columns.push(Column { validity, values });
        self
    }

    /// A column of images; `value` is of a row and a value of its image.
    pub fn image(mut self, name: &str, shape: ImageShape, value: impl Fn(usize, usize) -> u8) -> Self {
        self.schema.push_image(name, shape).unwrap();
        let values = (0..self.batch.rows).flat_map(|row| (0..shape.values()).map(move |i| (row, i)));
        let values = Values::U8(values.map(|(row, i)| value(row, i)).collect());
        self.batch.columns.push(Column { validity: None, values });
        self
    }

    /// A column of strings, null where there is none.
    pub fn strings(
        mut self,
        parent: Option<usize>,
        name: &str,
        kind: Kind,
        nullable: bool,
        value: impl Fn(usize) -> Option<Vec<u8>>,
    ) -> Self {
        self.schema.push(parent, name, kind, nullable, 0, 0).unwrap();
        let (mut offsets, mut data, mut validity) = (vec![0], Vec::new(), Vec::new());
        for row in 0..self.batch.rows {
            let value = value(row);
            assert!(nullable || value.is_some());
            validity.push(u8::from(value.is_some()));
            data.extend(value.unwrap_or_default());
            offsets.push(data.len() as u64);
        }
        let values = Values::Bytes { offsets, data };
        self.batch.columns.push(Column { validity: nullable.then_some(validity), values });
        self
    }

    /// Lists of so many items, null where `length` gives none; `items` builds the table of so many items, one column.
    pub fn list(
        mut self,
        parent: Option<usize>,
        name: &str,
        nullable: bool,
        length: impl Fn(usize) -> Option<usize>,
        items: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let lengths: Vec<Option<usize>> = (0..self.batch.rows).map(length).collect();
        assert!(nullable || lengths.iter().all(Option::is_some));
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length.unwrap_or(0) as u64;
            Some(*end)
        });
        let offsets: Vec<u64> = std::iter::once(0).chain(ends).collect();
        let items = items(Builder::new(*offsets.last().unwrap() as usize));
        self.schema.push_list(parent, name, nullable, items.schema.finish()).unwrap();
        let validity = nullable.then(|| lengths.iter().map(|l| u8::from(l.is_some())).collect());
        self.batch.columns.push(Column { validity, values: Values::Lists { offsets, items: items.batch } });
        self
    }

    /// A column of text without nulls.
    pub fn text(self, name: &str, value: impl Fn(usize) -> String) -> Self {
        self.strings(None, name, Kind::Text, false, |i| Some(value(i).into_bytes()))
    }

    /// Sets the unit of the last node.
    pub fn unit(mut self, unit: u8) -> Self {
        self.schema.unit(unit);
        self
    }

    /// Sets precision and scale of the last node.
    pub fn decimal(mut self, precision: u8, scale: i16) -> Self {
        self.schema.decimal(precision, scale);
        self
    }

    pub fn finish(self) -> Memory {
        let batches = if self.batch.rows == 0 { Vec::new() } else { vec![self.batch] };
        Memory { schema: self.schema.finish(), batches, ..Memory::default() }
    }
}
