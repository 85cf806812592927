//! Arrays in the unified type. Every value stays what it is; the first that the type does not hold is an error.

use crate::arrow::lists::{Lists, list_length};
use crate::arrow::nesting::{item_of, unencoded};
use crate::arrow::runs::{encoded, expanded};
use crate::error::Error;
use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Int64Array, StructArray, make_array, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Fields, Int64Type, TimeUnit, UInt64Type};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;
use std::sync::Arc;

/// Integers up to here are exact in a float64.
const EXACT: u64 = 1 << 53;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// Why an array has no form in another type.
pub(crate) enum Misfit {
    /// A value that the type does not hold: its row in the array, and what is wrong.
    Value(usize, String),
    /// Arrow refuses.
    Arrow(ArrowError),
}

impl From<ArrowError> for Misfit {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

type Converted = Result<ArrayRef, Misfit>;

/// The array in a type that `types::common` found for its own. Values under a null of `around` do not count.
pub(crate) fn convert(array: &ArrayRef, to: &DataType, around: Option<&NullBuffer>) -> Converted {
    use DataType::*;
    let from = array.data_type();
    if from == to {
        return Ok(array.clone());
    }
    let around = NullBuffer::union(around, array.logical_nulls().as_ref());
    let visible = |row: usize| around.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    match (from, to) {
        (Null, _) => Ok(new_null_array(to, array.len())),
        (RunEndEncoded(..), _) | (_, RunEndEncoded(..)) => {
            let plain = expanded(array.as_ref()).map_err(unreadable)?.unwrap_or_else(|| array.clone());
            let plain = convert(&plain, unencoded(to), around.as_ref())?;
            Ok(make_array(encoded(to, plain.to_data(), "").map_err(unreadable)?))
        }
        (Dictionary(..), Dictionary(..)) => Ok(cast(array, to)?),
        (Dictionary(..), _) => {
            let dictionary = array.as_any_dictionary();
            convert(&take(dictionary.values(), dictionary.keys(), None)?, to, around.as_ref())
        }
        (Int64 | UInt64, Float64) => {
            let sizes: Vec<u64> = match from {
                Int64 => {
                    array.as_primitive::<Int64Type>().values().iter().map(|v| v.unsigned_abs()).collect()
                }
                _ => array.as_primitive::<UInt64Type>().values().to_vec(),
            };
            match (0..sizes.len()).find(|&row| sizes[row] > EXACT && visible(row)) {
                Some(row) => Err(misfit(array, row, to, "which holds whole numbers up to 2^53 exactly")),
                None => Ok(cast(array, to)?),
            }
        }
        (Date32, Timestamp(unit, _)) => scaled(array, to, SECONDS_OF_A_DAY * per_second(*unit), visible),
        (Date32, Date64) => scaled(array, to, SECONDS_OF_A_DAY * 1000, visible),
        (
            Timestamp(own, _) | Duration(own) | Time32(own) | Time64(own),
            Timestamp(unit, _) | Duration(unit) | Time32(unit) | Time64(unit),
        ) => scaled(array, to, per_second(*unit) / per_second(*own), visible),
        (Struct(_), Struct(fields)) => {
            let whole = array.as_struct();
            let part = |field: &arrow::datatypes::FieldRef| match whole.column_by_name(field.name()) {
                Some(part) => convert(part, field.data_type(), around.as_ref()),
                None => Ok(new_null_array(field.data_type(), array.len())),
            };
            let parts = fields.iter().map(part).collect::<Result<_, _>>()?;
            Ok(Arc::new(StructArray::try_new(fields.clone(), parts, array.nulls().cloned())?))
        }
        (FixedSizeList(_, length), FixedSizeList(item, _)) => {
            let list = array.as_fixed_size_list();
            let count = list_length(list);
            let around = around.as_ref().map(|nulls| nulls.expand(count));
            let items = converted_items(list.values(), item, around.as_ref(), |at| at / count.max(1))?;
            let (nulls, rows) = (list.nulls().cloned(), list.len());
            Ok(Arc::new(FixedSizeListArray::try_new_with_length(item.clone(), *length, items, nulls, rows)?))
        }
        (from, to) if item_of(from).is_some() => {
            let item = item_of(to).ok_or_else(|| ArrowError::CastError(format!("{from} is no {to}")))?;
            let lists = Lists::new(array.as_ref(), around.as_ref())?;
            let items = match (lists.items.as_struct_opt(), to, item.data_type()) {
                // Keys and values, whatever their names.
                (Some(entries), Map(..), Struct(parts)) => {
                    let nulls = entries.nulls().cloned();
                    let named =
                        StructArray::try_new(named(entries, parts), entries.columns().to_vec(), nulls);
                    Arc::new(named?)
                }
                _ => lists.items.clone(),
            };
            let items = converted_items(&items, item, None, |at| lists.list_of(at))?;
            Ok(Lists { items, ..lists }.array(to, array.nulls())?)
        }
        _ => {
            let out = cast(array, to)?;
            let lost = |row: &usize| out.is_null(*row) && array.is_valid(*row) && visible(*row);
            match (out.null_count() > array.null_count()).then(|| (0..out.len()).find(lost)).flatten() {
                Some(row) => Err(misfit(array, row, to, "which does not hold it")),
                None => Ok(out),
            }
        }
    }
}

/// The items of lists in another type; `list` is the list that has an item.
fn converted_items(
    items: &ArrayRef,
    to: &Field,
    around: Option<&NullBuffer>,
    list: impl Fn(usize) -> usize,
) -> Converted {
    convert(items, to.data_type(), around).map_err(|e| match e {
        Misfit::Value(item, why) => Misfit::Value(list(item), why),
        e => e,
    })
}

/// The fields of entries with other names.
fn named(entries: &StructArray, names: &Fields) -> Fields {
    let fields = entries.fields().iter().zip(names);
    fields.map(|(own, other)| own.as_ref().clone().with_name(other.name())).collect()
}

fn misfit(array: &ArrayRef, row: usize, to: &DataType, why: &str) -> Misfit {
    let value = array_value_to_string(array, row).unwrap_or_else(|_| "a value".to_owned());
    Misfit::Value(row, format!("{value} of type {} would become {to}, {why}", array.data_type()))
}

/// An error of ours as one of Arrow.
fn unreadable(error: Error) -> Misfit {
    Misfit::Arrow(ArrowError::ExternalError(Box::new(error)))
}

/// Times and dates in a finer unit: their stored numbers times `factor`.
fn scaled(array: &ArrayRef, to: &DataType, factor: i64, visible: impl Fn(usize) -> bool) -> Converted {
    let narrow =
        if array.data_type().primitive_width() == Some(4) { DataType::Int32 } else { DataType::Int64 };
    let numbers = cast(&cast(array, &narrow)?, &DataType::Int64)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    let most = if to.primitive_width() == Some(4) { i64::from(i32::MAX) } else { i64::MAX };
    let fits = |number: i64| number.checked_mul(factor).filter(|n| (-most - 1..=most).contains(n));
    let mut out = Vec::with_capacity(numbers.len());
    for (row, &number) in numbers.values().iter().enumerate() {
        match fits(number) {
            Some(number) => out.push(number),
            None if visible(row) => return Err(misfit(array, row, to, "whose range ends before")),
            None => out.push(0),
        }
    }
    let out: ArrayRef = Arc::new(Int64Array::new(out.into(), numbers.nulls().cloned()));
    let narrow = if to.primitive_width() == Some(4) { DataType::Int32 } else { DataType::Int64 };
    Ok(cast(&cast(&out, &narrow)?, to)?)
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use arrow::array::*;
    use arrow::datatypes::{Float64Type, Int8Type, Int16Type, Int32Type};

    fn fits(array: impl Array + 'static, to: &DataType) -> ArrayRef {
        let array: ArrayRef = Arc::new(array);
        let out = convert(&array, to, None).unwrap_or_else(|_| panic!("{array:?} is no {to}"));
        assert_eq!(out.data_type(), to);
        out
    }

    fn refused(array: impl Array + 'static, to: &DataType) -> (usize, String) {
        let array: ArrayRef = Arc::new(array);
        match convert(&array, to, None) {
            Err(Misfit::Value(row, why)) => (row, why),
            Err(Misfit::Arrow(e)) => panic!("{e}"),
            Ok(out) => panic!("{out:?}"),
        }
    }

    #[test]
    fn integers_are_exact_in_floats_or_refused() {
        let most = 1_i64 << 53;
        let out = fits(Int64Array::from(vec![Some(most), None, Some(-most)]), &DataType::Float64);
        assert_eq!(out.as_primitive::<Float64Type>().value(2), -(most as f64));
        let (row, why) = refused(Int64Array::from(vec![1, -most - 1]), &DataType::Float64);
        assert!(row == 1 && why.contains("-9007199254740993") && why.contains("2^53"), "{why}");
        assert_eq!(refused(UInt64Array::from(vec![u64::MAX]), &DataType::Int64).0, 0);
        assert_eq!(refused(UInt64Array::from(vec![0, u64::MAX]), &DataType::Float64).0, 1);
    }

    #[test]
    fn times_keep_their_instant_or_are_refused() {
        let nanoseconds = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let seconds = |v: Vec<Option<i64>>| TimestampSecondArray::from(v).with_timezone("+00:00");
        let out = fits(seconds(vec![Some(-2), None]), &nanoseconds);
        assert_eq!(out.as_primitive::<arrow::datatypes::TimestampNanosecondType>().value(0), -2_000_000_000);
        assert!(out.is_null(1));
        assert_eq!(refused(seconds(vec![Some(1), Some(253_402_300_799)]), &nanoseconds).0, 1);
        let midnights = fits(Date32Array::from(vec![-1]), &DataType::Timestamp(TimeUnit::Second, None));
        assert_eq!(midnights.as_primitive::<arrow::datatypes::TimestampSecondType>().value(0), -86_400);
        assert_eq!(
            refused(Date32Array::from(vec![3_000_000]), &DataType::Timestamp(TimeUnit::Nanosecond, None)).0,
            0
        );
        let wide = fits(Time32SecondArray::from(vec![86_399]), &DataType::Time64(TimeUnit::Nanosecond));
        assert_eq!(
            wide.as_primitive::<arrow::datatypes::Time64NanosecondType>().value(0),
            86_399_000_000_000
        );
        refused(Time32SecondArray::from(vec![i32::MAX]), &DataType::Time32(TimeUnit::Millisecond));
        refused(DurationSecondArray::from(vec![i64::MAX]), &DataType::Duration(TimeUnit::Millisecond));
    }

    #[test]
    fn values_under_a_null_do_not_count() {
        let hidden = Int64Array::new(vec![i64::MAX, 1].into(), Some(vec![false, true].into()));
        assert!(fits(hidden.clone(), &DataType::Float64).is_null(0));
        let part = |data_type| Field::new("x", data_type, false);
        let inner = Int64Array::from(vec![i64::MAX, 1]);
        let nulls = Some(NullBuffer::from(vec![false, true]));
        let whole = StructArray::new(vec![part(DataType::Int64)].into(), vec![Arc::new(inner)], nulls);
        let fields = vec![part(DataType::Float64), Field::new("y", DataType::Utf8, true)];
        let out = fits(whole, &DataType::Struct(fields.into()));
        assert!(out.is_null(0) && out.as_struct().column(1).null_count() == 2);
        assert_eq!(out.as_struct().column(0).as_primitive::<Float64Type>().value(1), 1.0);
    }

    #[test]
    fn items_of_lists_name_their_row() {
        let item = |data_type| Arc::new(Field::new_list_field(data_type, true));
        let to = DataType::FixedSizeList(item(DataType::Float64), 2);
        let list = |items: Vec<i64>| {
            let items: ArrayRef = Arc::new(Int64Array::from(items));
            FixedSizeListArray::new(item(DataType::Int64), 2, items, None)
        };
        let sliced = list(vec![i64::MAX, 0, 1, 2, 3, 4]).slice(1, 2);
        let out = fits(sliced, &to);
        assert_eq!(
            out.as_fixed_size_list().values().as_primitive::<Float64Type>().values(),
            &[1.0, 2.0, 3.0, 4.0]
        );
        assert_eq!(refused(list(vec![0, 1, 2, i64::MIN]), &to).0, 1);
    }

    #[test]
    fn lists_become_another_kind_with_other_items() {
        let item = |data_type| Arc::new(Field::new_list_field(data_type, true));
        let mut lists = ListBuilder::new(Int64Builder::new());
        lists.append_value([Some(1), None]);
        lists.append_null();
        lists.append_value([Some(2)]);
        let lists = lists.finish();
        let out = fits(lists.clone(), &DataType::LargeListView(item(DataType::Float64)));
        let views = out.as_list_view::<i64>();
        assert_eq!((views.value_offsets(), views.value_sizes()), (&[0, 2, 2][..], &[2, 0, 1][..]));
        assert!(views.is_null(1) && views.value(0).is_null(1));
        let fixed =
            FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), Some(2)]), None], 2);
        let out = fits(fixed, &DataType::List(item(DataType::Int64)));
        assert_eq!(out.as_list::<i32>().value_offsets(), &[0, 2, 2]);
        let mut far = ListBuilder::new(Int64Builder::new());
        [vec![1, 2], vec![], vec![3, i64::MAX]]
            .into_iter()
            .for_each(|own| far.append_value(own.into_iter().map(Some)));
        assert_eq!(refused(far.finish(), &DataType::List(item(DataType::Float64))).0, 2);
    }

    #[test]
    fn runs_become_values_and_other_runs() {
        let runs = RunArray::<Int16Type>::try_new(&vec![2, 3].into(), &Int32Array::from(vec![Some(7), None]))
            .unwrap();
        let out = fits(runs.clone(), &DataType::Int64);
        assert_eq!(out.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(7), Some(7), None]);
        let field = |name: &str, data_type, nullable| Arc::new(Field::new(name, data_type, nullable));
        let ends = field("run_ends", DataType::Int32, false);
        let wide = DataType::RunEndEncoded(ends, field("values", DataType::Int64, true));
        assert_eq!(fits(runs, &wide).as_run::<Int32Type>().run_ends().values(), &[2, 3]);
    }

    #[test]
    fn dictionaries_become_values_or_wider() {
        let words: DictionaryArray<Int8Type> = ["b", "a", "b"].into_iter().collect();
        let plain = fits(words.clone(), &DataType::LargeUtf8);
        assert_eq!(plain.as_string::<i64>().iter().flatten().collect::<Vec<_>>(), ["b", "a", "b"]);
        let wide = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::LargeUtf8));
        let out = fits(words, &wide);
        assert_eq!(out.as_dictionary::<Int32Type>().keys().values(), &[0, 1, 0]);
        assert_eq!(fits(NullArray::new(2), &wide).null_count(), 2);
    }
}
