//! Equality of record batches, to the bit.

use super::lists::{Lists, items_of};
use super::nesting::Nesting;
use super::runs::expanded;
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, StructArray};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field};
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
        (DataType::FixedSizeList(_, length), Nesting::List(item)) => {
            let items = plain(&items_of(array.as_ref()));
            let (item, nulls) = (Arc::new(retyped(item, &items)), array.nulls().cloned());
            FixedSizeListArray::try_new_with_length(item, *length, items, nulls, array.len())
                .map_or_else(|_| array.clone(), |plain| Arc::new(plain) as ArrayRef)
        }
        (_, Nesting::List(item)) => {
            let Ok(Lists { offsets, items }) = Lists::new(array.as_ref(), None) else { return array.clone() };
            let items = plain(&items);
            let data_type = DataType::LargeList(Arc::new(retyped(item, &items)));
            Lists { offsets, items }.array(&data_type, array.nulls()).unwrap_or_else(|_| array.clone())
        }
        _ => array.clone(),
    }
}

/// The field of a part that has been expanded.
fn retyped(field: &Field, part: &ArrayRef) -> Field {
    field.clone().with_data_type(part.data_type().clone()).with_nullable(true)
}
