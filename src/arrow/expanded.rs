//! The bytes of strings that take next to nothing in Arrow: a dictionary's, and views of a buffer, may be the same one for
//! every row.

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, OffsetSizeTrait};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use std::ops::Range;

/// The first rows of a batch, `most` at most and one at least, whose strings have no more than so many bytes.
pub(crate) fn rows_within(batch: &RecordBatch, most: usize, room: usize) -> usize {
    let mut rows = batch.num_rows().min(most);
    let batch = batch.slice(0, rows);
    while rows > 1 && bytes(&batch, rows) > room {
        rows /= 2;
    }
    rows
}

/// Bytes of the strings of the first rows.
pub(crate) fn bytes(batch: &RecordBatch, rows: usize) -> usize {
    batch.columns().iter().map(|column| strings(column, 0..rows)).fold(0, usize::saturating_add)
}

/// Bytes of the values of a batch, those of strings in dictionaries and views counted for every row that has them.
pub fn plain_bytes(batch: &RecordBatch) -> u128 {
    let bytes = |column: &ArrayRef| slice_bytes(column).max(strings(column, 0..batch.num_rows())) as u128;
    batch.columns().iter().map(bytes).sum()
}

/// Bytes of a column's own rows in memory. Arrow cannot measure some types; these count with all of their buffers.
pub(crate) fn slice_bytes(column: &ArrayRef) -> usize {
    column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
}

fn strings(array: &ArrayRef, range: Range<usize>) -> usize {
    match array.data_type() {
        DataType::Struct(_) => {
            let parts = array.as_struct().columns().iter();
            parts.map(|part| strings(part, range.clone())).fold(0, usize::saturating_add)
        }
        DataType::FixedSizeList(..) => {
            let list = array.as_fixed_size_list();
            let length = list_length(list);
            strings(list.values(), range.start * length..range.end * length)
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = dictionary.values();
            if values.is_empty() || !has_strings(values.data_type()) {
                return 0;
            }
            let keys = dictionary.normalized_keys();
            let length = |i: usize| strings(values, keys[i]..keys[i] + 1);
            range.filter(|&i| array.is_valid(i)).map(length).fold(0, usize::saturating_add)
        }
        DataType::Utf8View => lengths(range, array.as_string_view().views()),
        DataType::BinaryView => lengths(range, array.as_binary_view().views()),
        DataType::Utf8 => span(array.as_string::<i32>().value_offsets(), range),
        DataType::LargeUtf8 => span(array.as_string::<i64>().value_offsets(), range),
        DataType::Binary => span(array.as_binary::<i32>().value_offsets(), range),
        DataType::LargeBinary => span(array.as_binary::<i64>().value_offsets(), range),
        _ => 0,
    }
}

fn has_strings(data_type: &DataType) -> bool {
    data_type.is_string() || data_type.is_binary()
}

/// The lengths of views are their low 32 bits.
fn lengths(range: Range<usize>, views: &[u128]) -> usize {
    views[range].iter().map(|&view| view as u32 as usize).fold(0, usize::saturating_add)
}

fn span<O: OffsetSizeTrait>(offsets: &[O], range: Range<usize>) -> usize {
    offsets[range.end].as_usize() - offsets[range.start].as_usize()
}

/// Items a row of a list. Arrow makes no list of a negative length.
pub(crate) fn list_length(list: &FixedSizeListArray) -> usize {
    debug_assert!(list.value_length() >= 0);
    list.value_length() as usize
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{BinaryViewArray, DictionaryArray, Int8Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn strings_of_dictionaries_and_views_are_counted_as_often_as_they_come() {
        let words = Arc::new(StringArray::from(vec!["abcd", "x"]));
        let keys = Int8Array::from(vec![Some(0), None, Some(1), Some(0)]);
        let dictionary: ArrayRef = Arc::new(DictionaryArray::new(keys, words));
        let views: ArrayRef =
            Arc::new(BinaryViewArray::from(vec![&b"a string that is not short"[..], b"b", b"", b"c"]));
        let batch = RecordBatch::try_from_iter([("d", dictionary), ("v", views)]).unwrap();
        assert_eq!((bytes(&batch, 4), bytes(&batch, 1)), (9 + 28, 4 + 26));
        assert_eq!(bytes(&batch.slice(2, 2), 2), 5 + 1);
        assert_eq!(
            (rows_within(&batch, 9, 100), rows_within(&batch, 3, 100), rows_within(&batch, 9, 36)),
            (4, 3, 2)
        );
        assert_eq!(rows_within(&batch, 9, 0), 1);
    }
}
