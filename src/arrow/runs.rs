//! Run-end encoded arrays: expanded to be stored, and made of the stored values again.

use super::wrap;
use crate::error::{Error, ErrorKind, Result};
use arrow::array::MutableArrayData;
use arrow::array::{
    Array, ArrayData, ArrayRef, ArrowPrimitiveType, AsArray, RunArray, UInt64Array, make_array,
    make_comparator,
};
use arrow::buffer::Buffer;
use arrow::compute::{SortOptions, take};
use arrow::datatypes::{ArrowNativeType, DataType, Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow::error::ArrowError;

/// The values of the runs, if an array is run-end encoded.
pub(crate) fn run_values(array: &dyn Array) -> Option<ArrayRef> {
    run_ends(array).map(|(values, _)| values)
}

/// The values of the runs and, for each run that the array has a row of, the place of its value and where it ends.
pub(crate) fn run_ends(array: &dyn Array) -> Option<(ArrayRef, Vec<(usize, usize)>)> {
    fn ends<R: RunEndIndexType>(runs: &RunArray<R>) -> (ArrayRef, Vec<(usize, usize)>) {
        let ends = runs.run_ends();
        let (first, length) = (ends.offset(), ends.len());
        let all = ends.values().iter().map(|end| end.as_usize()).enumerate();
        let left = all.skip_while(|&(_, end)| end <= first).map(|(at, end)| (at, (end - first).min(length)));
        let mut own: Vec<(usize, usize)> = Vec::new();
        for (at, end) in left {
            if own.last().map_or(0, |last| last.1) == length {
                break;
            }
            own.push((at, end));
        }
        (runs.values().clone(), own)
    }
    let DataType::RunEndEncoded(run_ends, _) = array.data_type() else { return None };
    Some(match run_ends.data_type() {
        DataType::Int16 => ends(array.as_run::<Int16Type>()),
        DataType::Int32 => ends(array.as_run::<Int32Type>()),
        _ => ends(array.as_run::<Int64Type>()),
    })
}

/// The same runs with other values. A slice of no rows has no runs: Arrow's writer of files gives them an end of 0.
pub(crate) fn with_values(array: &dyn Array, values: &ArrayRef) -> std::result::Result<ArrayRef, ArrowError> {
    let data = array.to_data();
    let children = data.child_data().iter().take(1).cloned().chain([values.to_data()]);
    match array.is_empty() {
        false => data.clone().into_builder().child_data(children.collect()).build().map(make_array),
        true => {
            let children = children.map(|child| child.slice(0, 0)).collect();
            let none = ArrayData::builder(data.data_type().clone()).child_data(children);
            none.build().map(make_array)
        }
    }
}

/// The values of an array, one a row, if it is run-end encoded.
pub(crate) fn expanded(array: &dyn Array) -> Result<Option<ArrayRef>> {
    let Some((values, ends)) = run_ends(array) else { return Ok(None) };
    let mut places = Vec::with_capacity(array.len());
    ends.into_iter().for_each(|(at, end)| places.resize(end, at as u64));
    let plain = taken(values.as_ref(), places).map_err(|e| wrap(ErrorKind::Input, e))?;
    Ok(Some(expanded(plain.as_ref())?.unwrap_or(plain)))
}

/// Values of the type behind run ends, in an encoded type.
///
/// # Errors
/// `Argument` for more rows than the type's run ends can count.
pub(crate) fn encoded(data_type: &DataType, plain: ArrayData, path: &str) -> Result<ArrayData> {
    let DataType::RunEndEncoded(ends, values) = data_type else { return Ok(plain) };
    let failed = |e| wrap(ErrorKind::Corrupt, e).at(format!("column \"{path}\""));
    let plain = encoded(values.data_type(), plain, path)?;
    // A run under a null of what is around it has no value, and where values are never null it needs none.
    let plain = match values.is_nullable() {
        true => plain,
        false => plain.into_builder().nulls(None).build().map_err(failed)?,
    };
    let (rows, plain) = (plain.len(), make_array(plain));
    let starts = starts(plain.as_ref());
    let run_ends = starts.iter().skip(1).map(|&start| start as usize).chain((rows > 0).then_some(rows));
    let run_ends = match ends.data_type() {
        DataType::Int16 => buffer::<Int16Type>(run_ends),
        DataType::Int32 => buffer::<Int32Type>(run_ends),
        _ => buffer::<Int64Type>(run_ends),
    };
    let run_ends = run_ends.ok_or_else(|| {
        let what = format!("{rows} rows are more than its {} run ends count", ends.data_type());
        Error::argument(format!("column \"{path}\": {what}; read fewer rows at a time"))
    })?;
    let run_ends = ArrayData::builder(ends.data_type().clone()).len(starts.len()).add_buffer(run_ends);
    let values = taken(plain.as_ref(), starts).map_err(failed)?;
    let children = vec![run_ends.build().map_err(failed)?, values.to_data()];
    ArrayData::builder(data_type.clone()).len(rows).child_data(children).build().map_err(failed)
}

/// Where the runs of equal values begin. Values of types that Arrow does not compare are runs of one each.
fn starts(array: &dyn Array) -> Vec<u64> {
    let equal = make_comparator(array, array, SortOptions::default());
    let differs = |i: usize| i == 0 || equal.as_ref().map_or(true, |compare| compare(i - 1, i).is_ne());
    (0..array.len()).filter(|&i| differs(i)).map(|i| i as u64).collect()
}

/// Run ends as their type has them; none if it does not hold one.
fn buffer<R: ArrowPrimitiveType>(ends: impl Iterator<Item = usize>) -> Option<Buffer>
where
    R::Native: TryFrom<usize>,
{
    let ends = ends.map(|end| R::Native::try_from(end).ok()).collect::<Option<Vec<R::Native>>>()?;
    Some(Buffer::from_vec(ends))
}

/// Some values of an array, in any order. Arrow's own `take` forgets how many lists of no items there are.
pub(crate) fn taken(array: &dyn Array, places: Vec<u64>) -> std::result::Result<ArrayRef, ArrowError> {
    if !has_empty_lists(array.data_type()) {
        return take(array, &UInt64Array::from(places), None);
    }
    let data = array.to_data();
    let mut out = MutableArrayData::new(vec![&data], false, places.len());
    places.iter().try_for_each(|&place| out.try_extend(0, place as usize, place as usize + 1))?;
    Ok(make_array(out.freeze()))
}

fn has_empty_lists(data_type: &DataType) -> bool {
    use DataType::*;
    match data_type {
        FixedSizeList(item, length) => *length == 0 || has_empty_lists(item.data_type()),
        Struct(parts) => parts.iter().any(|part| has_empty_lists(part.data_type())),
        List(item) | LargeList(item) | ListView(item) | LargeListView(item) | Map(item, _) => {
            has_empty_lists(item.data_type())
        }
        RunEndEncoded(_, values) => has_empty_lists(values.data_type()),
        _ => false,
    }
}
