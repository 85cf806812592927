//! Equality of record batches, to the bit.

use super::lists::{items_of, runs_of};
use super::nesting::Nesting;
use super::runs::{expanded, taken};
use arrow::array::{Array, ArrayData, ArrayRef, AsArray, StructArray, make_array};
use arrow::buffer::Buffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use std::sync::Arc;

/// True if two batches have the same schema (types, nullability and metadata), the same rows and the
/// same logical values: bytes under a null do not count, a dictionary is what its keys say, and
/// floats are equal if their bits are, so that NaN payloads and -0.0 count.
pub fn logical_eq(a: &RecordBatch, b: &RecordBatch) -> bool {
    a.schema() == b.schema()
        && a.num_rows() == b.num_rows()
        && a.columns().iter().zip(b.columns()).all(|(a, b)| plain(a).to_data() == plain(b).to_data())
}

/// The array with every dictionary and all runs expanded, and lists of their own items only, one after the other. Arrow
/// compares a null key and a key of a null as unlike.
fn plain(array: &ArrayRef) -> ArrayRef {
    let as_it_is = |plain: Result<ArrayData, ArrowError>| plain.map_or_else(|_| array.clone(), make_array);
    if let Ok(Some(runs)) = expanded(array.as_ref()) {
        return plain(&runs);
    }
    match (array.data_type(), Nesting::new(array.data_type())) {
        (DataType::Dictionary(..), _) => {
            let dictionary = array.as_any_dictionary();
            take(dictionary.values().as_ref(), dictionary.keys(), None).unwrap_or_else(|_| array.clone())
        }
        (_, Nesting::Struct(fields)) if !fields.is_empty() => {
            let columns = array.as_struct().columns().iter().map(plain).collect::<Vec<_>>();
            let fields = fields.iter().zip(&columns).map(|(f, c)| retyped(f, c)).collect();
            StructArray::try_new(fields, columns, array.nulls().cloned())
                .map_or_else(|_| array.clone(), |plain| Arc::new(plain) as ArrayRef)
        }
        (_, Nesting::List(item)) => {
            let valid = |i: &usize| array.is_valid(*i);
            let runs = runs_of(array.as_ref());
            let rows = (0..array.len()).filter(valid).flat_map(|i| runs[i].clone()).map(|item| item as u64);
            let Ok(items) = taken(items_of(array.as_ref()).as_ref(), rows.collect()) else {
                return array.clone();
            };
            let items = plain(&items);
            let length = |i: usize| if array.is_valid(i) { runs[i].len() as i64 } else { 0 };
            let ends = std::iter::once(0).chain((0..array.len()).scan(0, |end, i| {
                *end += length(i);
                Some(*end)
            }));
            let data = ArrayData::builder(DataType::LargeList(Arc::new(retyped(item, &items))))
                .len(array.len())
                .add_buffer(Buffer::from_vec(ends.collect::<Vec<i64>>()))
                .add_child_data(items.to_data())
                .nulls(array.nulls().cloned());
            as_it_is(data.build())
        }
        _ => array.clone(),
    }
}

/// The field of a part that has been expanded.
fn retyped(field: &Field, part: &ArrayRef) -> Field {
    field.clone().with_data_type(part.data_type().clone()).with_nullable(true)
}
