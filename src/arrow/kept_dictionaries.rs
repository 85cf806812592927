//! The dictionaries of a table's dictionary columns, each as one for the file.

use super::export::index_values;
use super::lists::items_of;
use super::nesting::{Nesting, children, unencoded};
use super::runs::run_values;
use super::source::{BatchSource, RecordBatches};
use super::union::Union;
use super::wrap;
use crate::column::Values;
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::{Kind, Schema};
use arrow::array::{Array, ArrayData, AsArray};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields};

/// Most bytes of a dictionary whose order is kept.
const DICTIONARY_BYTES: usize = 1 << 20;

/// A dictionary column on the way to one dictionary for the file.
pub(super) struct Collected {
    node: usize,
    /// The column of the table that it is, or is in.
    column: usize,
    /// True if it has more values than its keys can name.
    too_many: bool,
    path: String,
    index: DataType,
    union: Union,
    /// The union's strings; none where the order cannot be kept.
    strings: Option<(Vec<u64>, Vec<u8>)>,
    /// The dictionary seen last: batches often share one.
    last: Option<ArrayData>,
}

impl Collected {
    /// True if its dictionaries have to be looked at.
    fn is_open(&self) -> bool {
        self.strings.is_some() || index_values(&self.index) <= 1 << 16
    }

    fn add(&mut self, dictionary: &dyn Array) -> Result<()> {
        let data = dictionary.to_data();
        if !self.is_open() || self.last.as_ref().is_some_and(|last| last.ptr_eq(&data)) {
            return Ok(());
        }
        self.last = Some(data);
        let (_, new) = self.union.add(dictionary, &self.path)?;
        if self.union.len() as u64 > index_values(&self.index) {
            self.too_many = true;
            let most = index_values(&self.index);
            return Err(Error::new(
                ErrorKind::Input,
                format!(
                    "column \"{}\": its dictionaries have more than {most} values together, too many for {} keys; \
                     cast the keys to a wider type",
                    self.path, self.index
                ),
            ));
        }
        if let Some((offsets, data)) = &mut self.strings {
            let new = take(dictionary, &new, None).map_err(|e| wrap(ErrorKind::Input, e))?;
            if let Values::Bytes { offsets: ends, data: bytes } =
                super::ingest::values(&new, None, &self.path)?
            {
                offsets.extend(ends.iter().skip(1).map(|end| end + data.len() as u64));
                data.extend(bytes);
            }
            if data.len() > DICTIONARY_BYTES {
                self.strings = None;
            }
        }
        Ok(())
    }
}

/// The result of a pass over the columns with dictionaries.
pub(super) enum Dictionaries {
    /// Those whose order is to be kept, by node.
    Kept(Vec<(usize, Values)>),
    /// A column whose keys cannot name the values of all its dictionaries.
    TooMany(usize, Error),
}

/// The dictionaries whose order is to be kept, from a pass over the columns that have any.
pub(super) fn dictionaries(source: &dyn BatchSource, schema: &Schema) -> Result<Dictionaries> {
    let mut collected = Vec::new();
    let mut columns = Vec::new();
    for (number, (field, node)) in source.schema().fields().iter().zip(schema.columns()).enumerate() {
        let before = collected.len();
        let mut next = node;
        find(field, &mut next, field.name(), schema, &mut collected);
        collected[before..].iter_mut().for_each(|c| c.column = number);
        if collected.len() > before {
            columns.push(number);
        }
    }
    if collected.is_empty() {
        return Ok(Dictionaries::Kept(Vec::new()));
    }
    let mut batches: RecordBatches = source.project(columns)?;
    while collected.iter().any(Collected::is_open) {
        let Some(batch) = batches.next() else { break };
        let mut open = collected.iter_mut();
        let added = batch?.columns().iter().try_for_each(|column| add(column.as_ref(), &mut open));
        if let Err(error) = added {
            return match collected.iter().find(|c| c.too_many) {
                Some(c) => Ok(Dictionaries::TooMany(c.column, error)),
                None => Err(error),
            };
        }
    }
    let kept = collected.into_iter().filter_map(|c| {
        let (offsets, data) = c.strings.filter(|(offsets, _)| offsets.len() > 1)?;
        Some((c.node, Values::Bytes { offsets, data }))
    });
    Ok(Dictionaries::Kept(kept.collect()))
}

/// The dictionary columns of a schema, to check that their keys can name the values of all batches.
pub(super) fn without_order(fields: &Fields, schema: &Schema) -> Vec<Collected> {
    let mut collected = Vec::new();
    for (field, node) in fields.iter().zip(schema.columns()) {
        let mut next = node;
        find(field, &mut next, field.name(), schema, &mut collected);
    }
    collected.iter_mut().for_each(|c| c.strings = None);
    collected
}

/// Finds the dictionary columns in and below a field. `next` is its node, then the next field's. The order of those in
/// lists is not kept.
fn find(field: &Field, next: &mut usize, path: &str, schema: &Schema, out: &mut Vec<Collected>) {
    let node = *next;
    *next += 1;
    if let DataType::Dictionary(index, _) = unencoded(field.data_type()) {
        let kind = schema.nodes().get(node).map(|n| n.kind);
        let strings = kind.is_some_and(Kind::is_bytes).then(|| (vec![0], Vec::new()));
        let (path, index) = (path.to_owned(), index.as_ref().clone());
        let union = Union::default();
        out.push(Collected { node, column: 0, too_many: false, path, index, union, strings, last: None });
    }
    let below = |child: &Field| format!("{path}.{}", child.name());
    match (Nesting::new(field.data_type()), schema.nodes().get(node).and_then(|n| n.items.as_deref())) {
        (Nesting::List(item), Some(items)) => {
            let before = out.len();
            find(item, &mut 0, &below(item), items, out);
            out[before..].iter_mut().for_each(|c| c.strings = None);
        }
        _ => {
            children(field.data_type()).iter().for_each(|child| find(child, next, &below(child), schema, out))
        }
    }
}

/// Adds the dictionaries in and below an array, in the order in which `find` found them.
pub(super) fn add<'c>(
    array: &dyn Array,
    collected: &mut impl Iterator<Item = &'c mut Collected>,
) -> Result<()> {
    if let Some(values) = run_values(array) {
        return add(values.as_ref(), collected);
    }
    match (array.data_type(), Nesting::new(array.data_type())) {
        (DataType::Dictionary(..), _) => match collected.next() {
            Some(collected) => collected.add(array.as_any_dictionary().values().as_ref()),
            None => Ok(()),
        },
        (_, Nesting::Struct(_)) => {
            array.as_struct().columns().iter().try_for_each(|child| add(child.as_ref(), collected))
        }
        (_, Nesting::List(_)) => add(items_of(array).as_ref(), collected),
        _ => Ok(()),
    }
}
