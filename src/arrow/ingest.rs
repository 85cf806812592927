//! Record batches into values.

use super::bits::unpack;
use super::expanded::list_length;
use super::images::image_shape;
use super::schema::nullable;
use super::wrap;
use crate::column::{Batch, Column, Values};
use crate::error::{Error, ErrorKind, Result};
use arrow::array::{Array, AsArray, OffsetSizeTrait};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::RecordBatch;
use std::borrow::Cow;

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
    let rows = Numbered { first, count: batch.num_rows() };
    let mut columns = Vec::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if image_shape(field).is_some() {
            columns.push(images(array.as_ref(), field.name())?);
            continue;
        }
        push(field, array.as_ref(), None, field.name(), rows, &mut columns)?;
    }
    Ok(Batch { rows: batch.num_rows(), columns })
}

/// The rows of a batch in its table.
#[derive(Clone, Copy)]
struct Numbered {
    first: u64,
    count: usize,
}

impl Numbered {
    /// The row of one of `instances` of a column: several a row within lists.
    fn row(self, instance: usize, instances: usize) -> u64 {
        self.first + (instance / (instances / self.count.max(1)).max(1)) as u64
    }
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
    path: &str,
    rows: Numbered,
    out: &mut Vec<Column>,
) -> Result<()> {
    let own = array.logical_nulls().filter(|n| n.null_count() > 0).map(|n| unpack(n.inner()));
    if let Some(own) = own.as_ref().filter(|_| !nullable(field)) {
        let visible = |i: &usize| around.is_none_or(|a| a[*i] == 1);
        if let Some(instance) = (0..own.len()).filter(visible).find(|&i| own[i] == 0) {
            let row = rows.row(instance, own.len());
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
    out.push(Column { validity, values: values(array, mask, path)? });
    match array.data_type() {
        DataType::Struct(fields) => {
            for (child, array) in fields.iter().zip(array.as_struct().columns()) {
                push(child, array.as_ref(), mask, &format!("{path}.{}", child.name()), rows, out)?;
            }
        }
        DataType::FixedSizeList(item, _) => {
            let list = array.as_fixed_size_list();
            let length = list_length(list);
            let mask: Option<Vec<u8>> =
                mask.map(|m| m.iter().flat_map(|&v| std::iter::repeat_n(v, length)).collect());
            push(
                item,
                list.values().as_ref(),
                mask.as_deref(),
                &format!("{path}.{}", item.name()),
                rows,
                out,
            )?;
        }
        _ => {}
    }
    Ok(())
}

/// The values of one array, zero where the mask is 0.
pub(crate) fn values(array: &dyn Array, mask: Option<&[u8]>, path: &str) -> Result<Values> {
    use DataType::*;
    let data_type = array.data_type();
    Ok(match data_type {
        Struct(_) | FixedSizeList(..) => Values::None,
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
