//! Record batches into values.

use super::bits::{self, unpack};
use super::images::image_shape;
use super::lists::{items_of, list_length, runs_of};
use super::nesting::{Nesting, nullable};
use super::runs::expanded;
use super::schema::item_schema;
use super::wrap;
use crate::column::{Batch, Column, Values};
use crate::error::{Error, ErrorKind, Result};
use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, i256};
use arrow::record_batch::RecordBatch;
use std::borrow::Cow;
use std::ops::Range;

/// The values of all nodes of a record batch, in the order of [`physical_schema`](super::schema::physical_schema) of its
/// schema. Values under a null, an instance's own or one around it, are zero, and so is the validity
/// of instances under a null.
///
/// # Errors
/// `Input` for a null in a column that is declared to have none, `Type` for a type that is not held.
pub fn ingest(batch: &RecordBatch) -> Result<Batch> {
    ingest_from(batch, 0)
}

/// The same of a batch whose first row is row `first` of its table, for errors.
pub(crate) fn ingest_from(batch: &RecordBatch, first: u64) -> Result<Batch> {
    let count = batch.num_rows();
    let row = |instance: usize, instances: usize| {
        // Several instances a row within lists.
        first + (instance / (instances / count.max(1)).max(1)) as u64
    };
    let mut columns = Vec::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if image_shape(field).is_some() {
            columns.push(images(array.as_ref(), field.name())?);
            continue;
        }
        push(field, array.as_ref(), None, &Place { path: field.name(), row: &row }, &mut columns)?;
    }
    Ok(Batch { rows: batch.num_rows(), columns })
}

/// Where an array is, for errors.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    /// The row of the table that has an instance, one of so many.
    row: &'a dyn Fn(usize, usize) -> u64,
}

/// The pixels of a column of images.
fn images(array: &dyn Array, path: &str) -> Result<Column> {
    let images = array.as_fixed_size_list();
    if images.null_count() > 0 || images.values().logical_null_count() > 0 {
        return Err(Error::new(
            ErrorKind::Input,
            format!(
                "column \"{path}\" has a null among its images but is declared to have none; leave those rows out"
            ),
        ));
    }
    Ok(Column { validity: None, values: values(images.values().as_ref(), None, path)? })
}

/// Pushes the column of a field and those below it. `around` is 0 where an instance is under a null.
fn push(
    field: &Field,
    array: &dyn Array,
    around: Option<&[u8]>,
    place: &Place,
    out: &mut Vec<Column>,
) -> Result<()> {
    let plain = expanded(array).map_err(|e| e.at(format!("column \"{}\"", place.path)))?;
    let array = plain.as_deref().unwrap_or(array);
    let own = array.logical_nulls().filter(|n| n.null_count() > 0).map(|n| unpack(n.inner()));
    if let Some(own) = own.as_ref().filter(|_| !nullable(field)) {
        let visible = |i: &usize| around.is_none_or(|a| a[*i] == 1);
        if let Some(instance) = (0..own.len()).filter(visible).find(|&i| own[i] == 0) {
            let (row, path) = ((place.row)(instance, own.len()), place.path);
            return Err(Error::new(
                ErrorKind::Input,
                format!(
                    "row {row}: column \"{path}\" has a null but is declared to have none; declare it nullable"
                ),
            ));
        }
    }
    let mask: Option<Cow<[u8]>> = match (own, around) {
        (None, None) => None,
        (None, Some(around)) => Some(Cow::Borrowed(around)),
        (Some(own), None) => Some(Cow::Owned(own)),
        (Some(mut own), Some(around)) => {
            own.iter_mut().zip(around).for_each(|(own, around)| *own &= around);
            Some(Cow::Owned(own))
        }
    };
    let mask = mask.as_deref();
    let validity = nullable(field).then(|| mask.map_or_else(|| vec![1; array.len()], <[u8]>::to_vec));
    let nesting = Nesting::new(array.data_type());
    let values = match nesting {
        Nesting::List(item) => lists(item, array, mask, place)?,
        Nesting::Struct(_) | Nesting::Fixed(_) => Values::None,
        Nesting::Leaf => values(array, mask, place.path)?,
    };
    out.push(Column { validity, values });
    let below = |child: &Field, array: &ArrayRef, mask: Option<&[u8]>, out: &mut Vec<Column>| {
        let path = format!("{}.{}", place.path, child.name());
        push(child, array.as_ref(), mask, &Place { path: &path, ..*place }, out)
    };
    match nesting {
        Nesting::Struct(fields) => {
            let parts = fields.iter().zip(array.as_struct().columns());
            parts.into_iter().try_for_each(|(child, array)| below(child, array, mask, out))
        }
        Nesting::Fixed(item) => {
            let list = array.as_fixed_size_list();
            let mask = bits::expanded(mask, list_length(list));
            below(item, list.values(), mask.as_deref(), out)
        }
        Nesting::Leaf | Nesting::List(_) => Ok(()),
    }
}

/// The lists of an array, their items in order and one after the other: those of lists under a null, or between lists, are
/// left out, and those that several lists share come as often. The mask is 0 where a list is under a null.
fn lists(item: &Field, array: &dyn Array, mask: Option<&[u8]>, place: &Place) -> Result<Values> {
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

/// The values of one array, zero where the mask is 0.
pub(crate) fn values(array: &dyn Array, mask: Option<&[u8]>, path: &str) -> Result<Values> {
    use DataType::*;
    let data_type = array.data_type();
    Ok(match data_type {
        Null => Values::U8(vec![0; array.len()]),
        Boolean => Values::U8(masked(unpack(array.as_boolean().values()), mask, 1)),
        FixedSizeBinary(length) => {
            debug_assert!(*length >= 0, "Arrow makes no such array");
            let length = *length as usize;
            Values::U8(masked(raw(array, length, |[byte]| byte), mask, length))
        }
        Utf8 => {
            let strings = array.as_string::<i32>();
            runs(strings.value_offsets(), strings.value_data(), mask)
        }
        LargeUtf8 => {
            let strings = array.as_string::<i64>();
            runs(strings.value_offsets(), strings.value_data(), mask)
        }
        Binary => {
            let strings = array.as_binary::<i32>();
            runs(strings.value_offsets(), strings.value_data(), mask)
        }
        LargeBinary => {
            let strings = array.as_binary::<i64>();
            runs(strings.value_offsets(), strings.value_data(), mask)
        }
        Utf8View => {
            let strings = array.as_string_view();
            concat(array.len(), mask, |i| strings.value(i).as_bytes())
        }
        BinaryView => {
            let strings = array.as_binary_view();
            concat(array.len(), mask, |i| strings.value(i))
        }
        Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let plain = take(dictionary.values().as_ref(), dictionary.keys(), None);
            let plain = plain.map_err(|e| wrap(ErrorKind::Input, e).at(format!("column \"{path}\"")))?;
            values(plain.as_ref(), mask, path)?
        }
        Decimal256(..) => {
            let values: Vec<[u8; 32]> = raw(array, 32, |bytes: [u8; 32]| folded(bytes));
            Values::U8(masked(values.concat(), mask, 32))
        }
        number => match number.primitive_width() {
            Some(1) => Values::U8(masked(raw(array, 1, u8::from_ne_bytes), mask, 1)),
            Some(2) => Values::U16(masked(raw(array, 2, u16::from_ne_bytes), mask, 1)),
            Some(4) => Values::U32(masked(raw(array, 4, u32::from_ne_bytes), mask, 1)),
            Some(8) => Values::U64(masked(raw(array, 8, u64::from_ne_bytes), mask, 1)),
            Some(16) => Values::U128(masked(raw(array, 16, u128::from_ne_bytes), mask, 1)),
            _ => {
                return Err(Error::new(
                    ErrorKind::Type,
                    format!("column \"{path}\": type {number} is not held"),
                ));
            }
        },
    })
}

/// The raw values of a fixed-width array of `width` bytes an element, `N` bytes at a time. The
/// buffer's alignment is not relied on: IPC files may have any.
fn raw<const N: usize, T>(array: &dyn Array, width: usize, value: impl Fn([u8; N]) -> T) -> Vec<T> {
    let data = array.to_data();
    let start = data.offset() * width;
    let bytes = &data.buffers()[0].as_slice()[start..start + data.len() * width];
    bytes.as_chunks::<N>().0.iter().map(|&chunk| value(chunk)).collect()
}

/// A number of 256 bits so that small ones of both signs have high bytes of 0: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.
fn folded(number: [u8; 32]) -> [u8; 32] {
    let number = i256::from_le_bytes(number);
    let sign = if number.is_negative() { i256::MINUS_ONE } else { i256::ZERO };
    ((number << 1u8) ^ sign).to_le_bytes()
}

/// Sets the `width` values of every instance under a null to zero.
fn masked<T: Copy + Default>(mut values: Vec<T>, mask: Option<&[u8]>, width: usize) -> Vec<T> {
    if let Some(mask) = mask {
        for (values, &valid) in values.chunks_exact_mut(width.max(1)).zip(mask) {
            if valid == 0 {
                values.fill(T::default());
            }
        }
    }
    values
}

/// Strings stored back to back.
fn runs<O: OffsetSizeTrait>(offsets: &[O], data: &[u8], mask: Option<&[u8]>) -> Values {
    let at = |i: usize| offsets[i].as_usize();
    let count = offsets.len() - 1;
    match mask {
        None => {
            let first = at(0);
            let data = data[first..at(count)].to_vec();
            Values::Bytes { offsets: (0..=count).map(|i| (at(i) - first) as u64).collect(), data }
        }
        Some(_) => concat(count, mask, |i| &data[at(i)..at(i + 1)]),
    }
}

/// Strings one by one, empty where the mask is 0.
fn concat<'a>(count: usize, mask: Option<&[u8]>, string: impl Fn(usize) -> &'a [u8]) -> Values {
    let mut offsets = Vec::with_capacity(count + 1);
    let mut data = Vec::new();
    offsets.push(0);
    for i in 0..count {
        if mask.is_none_or(|m| m[i] == 1) {
            data.extend_from_slice(string(i));
        }
        offsets.push(data.len() as u64);
    }
    Values::Bytes { offsets, data }
}
