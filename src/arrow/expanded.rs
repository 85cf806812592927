//! The bytes of values that take next to nothing in Arrow: the strings of a dictionary, views of a buffer, and the items of
//! views of a list may be the same ones for every row.

use super::lists::{items_of, runs_of};
use super::nesting::Nesting;
use super::runs::runs;
use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
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
    if has_lists(column.data_type()) {
        return costs(column).last().copied().unwrap_or(0);
    }
    column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
}

/// True for lists of any length and run-end encoded values, in a type or below it: Arrow measures all that a slice of
/// them shares.
fn has_lists(data_type: &DataType) -> bool {
    let runs = matches!(data_type, DataType::RunEndEncoded(..));
    match Nesting::new(data_type) {
        Nesting::List(_) => true,
        Nesting::Leaf | Nesting::Fixed(_) => runs,
        Nesting::Struct(parts) => runs || parts.iter().any(|part| has_lists(part.data_type())),
    }
}

/// Bytes of strings, and those of the items of lists, in a range of an array.
fn strings(array: &ArrayRef, range: Range<usize>) -> usize {
    match array.data_type() {
        DataType::Struct(_) => {
            let parts = array.as_struct().columns().iter();
            parts.map(|part| strings(part, range.clone())).fold(0, usize::saturating_add)
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
        other if has_lists(other) => {
            let slice = array.slice(range.start, range.len());
            costs(&slice).last().copied().unwrap_or(0)
        }
        _ => 0,
    }
}

/// Bytes of the values before each row of an array, and of all of them: every item counts as often as lists have it, and
/// at least one byte. The time is that of the items that are there, not of those that lists make of them.
fn costs(array: &ArrayRef) -> Vec<usize> {
    let of_each = |cost: &dyn Fn(usize) -> usize| sums((0..array.len()).map(cost));
    if let Some((values, places)) = runs(array.as_ref()) {
        let own = costs(&values);
        return sums(places.into_iter().map(|place| own[place as usize + 1] - own[place as usize]));
    }
    match (array.data_type(), Nesting::new(array.data_type())) {
        (DataType::Dictionary(..), _) => {
            let dictionary = array.as_any_dictionary();
            if dictionary.values().is_empty() {
                return of_each(&|_| 1);
            }
            let (keys, own) = (dictionary.normalized_keys(), costs(dictionary.values()));
            of_each(&|i| own[keys[i] + 1] - own[keys[i]])
        }
        (_, Nesting::Struct(_)) => {
            let mut all: Vec<usize> = (0..=array.len()).collect();
            for part in array.as_struct().columns() {
                all.iter_mut().zip(costs(part)).for_each(|(all, own)| *all = all.saturating_add(own));
            }
            all
        }
        (_, Nesting::Fixed(_) | Nesting::List(_)) => {
            let (runs, own) = (runs_of(array.as_ref()), costs(&items_of(array.as_ref())));
            of_each(&|i| match array.is_valid(i) {
                true => 4 + own[runs[i].end] - own[runs[i].start],
                false => 4,
            })
        }
        (data_type, _) => {
            let width = fixed_bytes(data_type).unwrap_or(8).max(1);
            let strings_too = has_strings(data_type);
            of_each(&|i| width + if strings_too { strings(array, i..i + 1) } else { 0 })
        }
    }
}

/// The sums of numbers before each, and of all.
fn sums(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut sum = 0usize;
    let after = numbers.map(|number| {
        sum = sum.saturating_add(number);
        sum
    });
    std::iter::once(0).chain(after).collect()
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

/// Bytes of a value that takes as many whatever it is, in memory.
pub(crate) fn fixed_bytes(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Null | DataType::Boolean => Some(1),
        DataType::FixedSizeBinary(length) => usize::try_from(*length).ok(),
        DataType::FixedSizeList(item, length) => {
            Some(fixed_bytes(item.data_type())?.saturating_mul(usize::try_from(*length).ok()?))
        }
        DataType::Struct(fields) => fields.iter().map(|f| fixed_bytes(f.data_type())).sum(),
        other => other.primitive_width(),
    }
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
