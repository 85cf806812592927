//! The items of Arrow lists of every kind.

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, OffsetSizeTrait};
use arrow::datatypes::DataType;
use std::ops::Range;
use std::sync::Arc;

/// The items of an array of lists.
pub(crate) fn items_of(array: &dyn Array) -> ArrayRef {
    match array.data_type() {
        DataType::List(_) => array.as_list::<i32>().values().clone(),
        DataType::LargeList(_) => array.as_list::<i64>().values().clone(),
        DataType::ListView(_) => array.as_list_view::<i32>().values().clone(),
        DataType::LargeListView(_) => array.as_list_view::<i64>().values().clone(),
        DataType::Map(..) => Arc::new(array.as_map().entries().clone()),
        _ => array.as_fixed_size_list().values().clone(),
    }
}

/// Which of the items each list has. Those of a null list mean nothing.
pub(crate) fn runs_of(array: &dyn Array) -> Vec<Range<usize>> {
    match array.data_type() {
        DataType::List(_) => between(array.as_list::<i32>().value_offsets()),
        DataType::LargeList(_) => between(array.as_list::<i64>().value_offsets()),
        DataType::ListView(_) => {
            let list = array.as_list_view::<i32>();
            views(list.value_offsets(), list.value_sizes())
        }
        DataType::LargeListView(_) => {
            let list = array.as_list_view::<i64>();
            views(list.value_offsets(), list.value_sizes())
        }
        DataType::Map(..) => between(array.as_map().value_offsets()),
        _ => {
            let length = list_length(array.as_fixed_size_list());
            (0..array.len()).map(|i| i * length..(i + 1) * length).collect()
        }
    }
}

fn between<O: OffsetSizeTrait>(offsets: &[O]) -> Vec<Range<usize>> {
    offsets.windows(2).map(|w| w[0].as_usize()..w[1].as_usize()).collect()
}

fn views<O: OffsetSizeTrait>(offsets: &[O], sizes: &[O]) -> Vec<Range<usize>> {
    let view = |(from, size): (&O, &O)| from.as_usize()..from.as_usize() + size.as_usize();
    offsets.iter().zip(sizes).map(view).collect()
}

/// Items a row of a list. Arrow makes no list of a negative length.
pub(crate) fn list_length(list: &FixedSizeListArray) -> usize {
    debug_assert!(list.value_length() >= 0);
    list.value_length() as usize
}
