//! The items of Arrow lists of every kind.

use super::runs::taken;
use arrow::array::{Array, ArrayData, ArrayRef, AsArray, FixedSizeListArray, OffsetSizeTrait, make_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use std::ops::Range;
use std::sync::Arc;

/// Lists with their items one after the other, those of lists under a null left out.
pub(crate) struct Lists {
    /// Where the items of each list begin, and where those of all end.
    pub offsets: Vec<u64>,
    pub items: ArrayRef,
}

impl Lists {
    /// The lists of an array of any kind but that of one length; `around` are the nulls of what they are in.
    pub fn new(array: &dyn Array, around: Option<&NullBuffer>) -> Result<Self, ArrowError> {
        let nulls = NullBuffer::union(array.nulls(), around);
        let mut runs = runs_of(array);
        if let Some(nulls) = &nulls {
            runs.iter_mut().zip(nulls).filter(|(_, valid)| !valid).for_each(|(run, _)| run.end = run.start);
        }
        let mut end = 0;
        let ends = runs.iter().map(|run| {
            end += run.len() as u64;
            end
        });
        let offsets = std::iter::once(0).chain(ends).collect();
        let items = items_of(array);
        let used = || runs.iter().filter(|run| !run.is_empty());
        let items = match used().zip(used().skip(1)).all(|(run, next)| run.end == next.start) {
            true => items.slice(used().next().map_or(0, |run| run.start), end as usize),
            false => {
                taken(items.as_ref(), used().flat_map(|run| run.start as u64..run.end as u64).collect())?
            }
        };
        Ok(Self { offsets, items })
    }

    /// The list that has an item.
    pub fn list_of(&self, item: usize) -> usize {
        self.offsets.partition_point(|&offset| offset <= item as u64).saturating_sub(1)
    }

    /// The array of lists of a type.
    pub fn array(self, data_type: &DataType, nulls: Option<&NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let count = self.offsets.len() - 1;
        let too_many = || {
            let what = format!("{} items are more than one batch of {data_type} holds", self.items.len());
            ArrowError::InvalidArgumentError(what)
        };
        let buffers = buffers(data_type, &self.offsets).ok_or_else(too_many)?;
        let data = ArrayData::builder(data_type.clone()).len(count).buffers(buffers).nulls(nulls.cloned());
        data.add_child_data(self.items.to_data()).build().map(make_array)
    }
}

/// The buffers of lists of a type; none if there are too many items for it.
pub(crate) fn buffers(data_type: &DataType, offsets: &[u64]) -> Option<Vec<Buffer>> {
    fn buffers<O: OffsetSizeTrait>(offsets: &[u64], views: bool) -> Option<Vec<Buffer>> {
        let number = |offset: u64| O::from_usize(usize::try_from(offset).ok()?);
        let starts: Vec<O> = offsets.iter().map(|&offset| number(offset)).collect::<Option<_>>()?;
        if !views {
            return Some(vec![Buffer::from_vec(starts)]);
        }
        let sizes: Vec<O> = offsets.windows(2).map(|w| number(w[1] - w[0])).collect::<Option<_>>()?;
        Some(vec![Buffer::from_slice_ref(&starts[..sizes.len()]), Buffer::from_vec(sizes)])
    }
    match data_type {
        DataType::LargeList(_) => buffers::<i64>(offsets, false),
        DataType::LargeListView(_) => buffers::<i64>(offsets, true),
        DataType::ListView(_) => buffers::<i32>(offsets, true),
        _ => buffers::<i32>(offsets, false),
    }
}

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
