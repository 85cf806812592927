//! The bytes of values that take next to nothing in Arrow: the strings of a dictionary, views of a buffer, and the items of
//! views of a list may be the same ones for every row.

use super::lists::{items_of, runs_of};
use super::nesting::Nesting;
use super::runs::run_ends;
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
        return Costs::new(column).before(column.len());
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
            Costs::new(&slice).before(slice.len())
        }
        _ => 0,
    }
}

/// Bytes of the values of an array's rows. The time and the memory they take are those of the values that are there, not of
/// those that lists and runs make of them.
enum Costs {
    /// As many in every row.
    Even(usize),
    /// Those before each row, and all.
    Each(Vec<usize>),
    /// Where runs end, those before each run, and those of a row of each.
    Runs { ends: Vec<usize>, before: Vec<usize>, own: Vec<usize> },
}

impl Costs {
    /// Those of the rows before one.
    fn before(&self, row: usize) -> usize {
        match self {
            Self::Even(own) => own.saturating_mul(row),
            Self::Each(before) => before[row],
            Self::Runs { ends, before, own } => {
                let run = ends.partition_point(|&end| end <= row);
                let start = run.checked_sub(1).map_or(0, |last| ends[last]);
                let rest = own.get(run).copied().unwrap_or(0); // no run after the last row
                before[run].saturating_add(rest.saturating_mul(row - start))
            }
        }
    }

    /// Those of every row, where there may be more rows than memory has places: runs count as the largest of them.
    fn even(&self) -> Option<usize> {
        match self {
            Self::Even(own) => Some(*own),
            Self::Each(_) => None,
            Self::Runs { own, .. } => Some(own.iter().max().copied().unwrap_or(1)), // no runs, no rows
        }
    }

    fn of(&self, rows: Range<usize>) -> usize {
        self.before(rows.end) - self.before(rows.start)
    }

    /// Those of an array: every item counts as often as lists have it, and at least one byte.
    fn new(array: &ArrayRef) -> Self {
        let of_each = |cost: &dyn Fn(usize) -> usize| Self::Each(sums((0..array.len()).map(cost)));
        if let Some((values, ends)) = run_ends(array.as_ref()) {
            return match Self::new(&values) {
                Self::Even(own) => Self::Even(own),
                values => {
                    let starts = std::iter::once(0).chain(ends.iter().map(|run| run.1));
                    let own: Vec<usize> = ends.iter().map(|&(at, _)| values.of(at..at + 1)).collect();
                    let all = ends.iter().zip(starts).zip(&own);
                    let before = sums(all.map(|((run, start), own)| own.saturating_mul(run.1 - start)));
                    Self::Runs { ends: ends.into_iter().map(|run| run.1).collect(), before, own }
                }
            };
        }
        match (array.data_type(), Nesting::new(array.data_type())) {
            (DataType::Dictionary(..), _) => {
                let dictionary = array.as_any_dictionary();
                match Self::new(dictionary.values()) {
                    Self::Even(own) => Self::Even(own),
                    _ if dictionary.values().is_empty() => Self::Even(1),
                    values => {
                        let keys = dictionary.normalized_keys();
                        of_each(&|i| values.of(keys[i]..keys[i] + 1))
                    }
                }
            }
            (_, Nesting::Struct(_)) => {
                let parts: Vec<Self> = array.as_struct().columns().iter().map(Self::new).collect();
                let even = parts.iter().try_fold(1usize, |sum, part| Some(sum.saturating_add(part.even()?)));
                let each =
                    |row| parts.iter().map(|part| part.of(row..row + 1)).fold(1, usize::saturating_add);
                even.map_or_else(|| of_each(&each), Self::Even)
            }
            (DataType::FixedSizeList(_, length), _) => {
                let length = usize::try_from(*length).unwrap_or(0);
                let items = Self::new(&items_of(array.as_ref()));
                match items.even() {
                    Some(own) => Self::Even(own.saturating_mul(length).saturating_add(4)),
                    None => of_each(&|i| 4 + items.of(i * length..(i + 1) * length)),
                }
            }
            (_, Nesting::Fixed(_) | Nesting::List(_)) => {
                let (lists, items) = (runs_of(array.as_ref()), Self::new(&items_of(array.as_ref())));
                of_each(&|i| 4 + if array.is_valid(i) { items.of(lists[i].clone()) } else { 0 })
            }
            (data_type, _) if has_strings(data_type) => of_each(&|i| 8 + strings(array, i..i + 1)),
            (data_type, _) => Self::Even(fixed_bytes(data_type).unwrap_or(8).max(1)),
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
    use arrow::array::{
        BinaryViewArray, DictionaryArray, Int8Array, LargeListArray, ListViewArray, RunArray, StringArray,
    };
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Field, Int64Type};
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

    #[test]
    fn items_are_counted_as_often_as_lists_have_them() {
        let field = |data_type| Arc::new(Field::new_list_field(data_type, true));
        let numbers: ArrayRef = Arc::new(Int8Array::from_iter_values(0..100));
        // Every list has all items, and every list of those all of these.
        let all = |items: ArrayRef| -> ArrayRef {
            let count = items.len() as i32;
            let item = field(items.data_type().clone());
            let (offsets, sizes) = (vec![0; 1000].into(), vec![count; 1000].into());
            Arc::new(ListViewArray::new(item, offsets, sizes, items, None))
        };
        let once = RecordBatch::try_from_iter([("l", all(numbers.clone()))]).unwrap();
        assert_eq!((bytes(&once, 1), bytes(&once, 1000)), (104, 104_000));
        assert_eq!(rows_within(&once, 1000, 10_400), 62);
        let twice = RecordBatch::try_from_iter([("l", all(all(numbers)))]).unwrap();
        assert_eq!(bytes(&twice, 1000), 1000 * (4 + 104_000));
        assert_eq!(plain_bytes(&twice), 1000 * (4 + 104_000));
    }

    #[test]
    fn runs_are_counted_by_their_length_whatever_it_is() {
        let words = StringArray::from(vec!["abcd", "x"]);
        let far = 1i64 << 40;
        let runs = RunArray::<Int64Type>::try_new(&vec![far, far + 2].into(), &words).unwrap();
        let item = Arc::new(Field::new_list_field(runs.data_type().clone(), true));
        let offsets = OffsetBuffer::new(vec![0, far - 1, far + 2].into());
        let lists: ArrayRef = Arc::new(LargeListArray::new(item, offsets, Arc::new(runs), None));
        let batch = RecordBatch::try_from_iter([("l", lists)]).unwrap();
        let first = 4 + 12 * (far as usize - 1);
        assert_eq!((bytes(&batch, 1), bytes(&batch, 2)), (first, first + 4 + 12 + 2 * 9));
        assert_eq!(bytes(&batch.slice(1, 1), 1), 4 + 12 + 2 * 9);
    }
}
