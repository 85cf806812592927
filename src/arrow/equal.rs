//! Equality of record batches, to the bit.

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::compute::take;
use arrow::datatypes::DataType;
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

/// The array with every dictionary decoded. Arrow compares a null key and a key of a null as unlike.
fn plain(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            take(dictionary.values().as_ref(), dictionary.keys(), None).unwrap_or_else(|_| array.clone())
        }
        DataType::Struct(fields) if !fields.is_empty() => {
            let columns = array.as_struct().columns().iter().map(plain).collect::<Vec<_>>();
            let fields = fields.iter().zip(&columns);
            let fields = fields
                .map(|(f, c)| f.as_ref().clone().with_data_type(c.data_type().clone()).with_nullable(true));
            StructArray::try_new(fields.collect(), columns, array.nulls().cloned())
                .map_or_else(|_| array.clone(), |plain| Arc::new(plain) as ArrayRef)
        }
        _ => array.clone(),
    }
}
