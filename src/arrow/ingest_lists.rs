//! Lists of any length into values.

use super::expanded::list_length;
use super::ingest::{Place, push};
use super::schema::item_schema;
use crate::column::{Batch, Values};
use crate::error::Result;
use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use arrow::datatypes::{DataType, Field};
use std::ops::Range;
use std::sync::Arc;

/// The lists of an array, their items in order and one after the other: those of lists under a null, or between lists, are
/// left out, and those that several lists share come as often. The mask is 0 where a list is under a null.
pub(super) fn lists(item: &Field, array: &dyn Array, mask: Option<&[u8]>, place: &Place) -> Result<Values> {
    let (items, mut runs) = (items_of(array), runs_of(array));
    for (run, _) in runs.iter_mut().zip(mask.unwrap_or_default()).filter(|(_, valid)| **valid == 0) {
        *run = run.start..run.start;
    }
    let mut offsets = Vec::with_capacity(runs.len() + 1);
    let mut end = 0u64;
    offsets.push(0);
    offsets.extend(runs.iter().map(|run| {
        end += run.len() as u64;
        end
    }));
    let used = || runs.iter().filter(|run| !run.is_empty());
    let first = used().map(|run| run.start).min().unwrap_or(0);
    let last = used().map(|run| run.end).max().unwrap_or(0);
    let items = items.slice(first, last - first);
    let follows = used().zip(used().skip(1)).all(|(run, next)| run.end == next.start);
    let seen = (!follows).then(|| covered(used(), first..last));
    let row = |instance: usize, instances: usize| {
        // Fixed-size lists in the item have several instances.
        let at = first + instance / (instances / (last - first).max(1)).max(1);
        (place.row)(runs.iter().position(|run| run.contains(&at)).unwrap_or(0), runs.len())
    };
    let path = format!("{}.{}", place.path, item.name());
    let mut columns = Vec::new();
    push(item, items.as_ref(), seen.as_deref(), &Place { path: &path, row: &row }, &mut columns)?;
    let all = Batch { rows: last - first, columns };
    if follows {
        return Ok(Values::Lists { offsets, items: all });
    }
    let schema = item_schema(item)?;
    let mut items = Batch::empty(&schema);
    items.append_runs(&schema, &all, used().map(|run| run.start - first..run.end - first));
    Ok(Values::Lists { offsets, items })
}

/// 1 where an item of a range is in a list, else 0.
fn covered<'a>(lists: impl Iterator<Item = &'a Range<usize>>, items: Range<usize>) -> Vec<u8> {
    // How many lists begin at an item, less those that end there.
    let mut steps = vec![0i64; items.len() + 1];
    for list in lists {
        steps[list.start - items.start] += 1;
        steps[list.end - items.start] -= 1;
    }
    let mut open = 0;
    steps.pop();
    let covered = steps.into_iter().map(|step| {
        open += step;
        u8::from(open > 0)
    });
    covered.collect()
}

/// The items of an array of lists.
pub(super) fn items_of(array: &dyn Array) -> ArrayRef {
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
pub(super) fn runs_of(array: &dyn Array) -> Vec<Range<usize>> {
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
