//! Arrays in the types that they are stored as.

use super::interval;
use super::types::below;
use super::{DAY, Dates};
use crate::arrow::lists::{Lists, list_length};
use crate::arrow::nesting::item_of;
use crate::arrow::runs::expanded;
use crate::arrow::wrap;
use crate::error::{Error, ErrorKind, Result};
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, FixedSizeListArray, PrimitiveArray, StructArray, make_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Field, FieldRef, Fields, IntervalDayTimeType, IntervalMonthDayNanoType,
    IntervalUnit, IntervalYearMonthType, Time32MillisecondType, Time32SecondType, TimeUnit,
    TimestampMillisecondType, TimestampSecondType,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Turns the arrays of a file into what is stored, batch by batch.
#[derive(Default)]
pub(crate) struct Coercion {
    /// Rows before the batch.
    rows: u64,
    /// Columns with a negative interval.
    negative: BTreeSet<String>,
}

/// Where in the file an array is.
pub(crate) struct Place<'a> {
    pub path: &'a str,
    /// The row of the batch that has a value.
    pub row: &'a dyn Fn(usize) -> usize,
    /// The nulls of the structs and lists around it: what is under them is not looked at.
    pub around: Option<NullBuffer>,
}

impl Coercion {
    /// Counts the rows of a batch that has been written.
    pub fn passed(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    /// A line for each column whose values other readers take for something else.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.negative.iter().map(|path| {
            format!("column \"{path}\": has negative intervals; Parquet's are unsigned, so other readers see large ones")
        })
    }

    /// A column as it is stored.
    ///
    /// # Errors
    /// `Type` for a value that the stored type does not hold, with column and row.
    pub fn column(&mut self, field: &Field, array: &ArrayRef, stored: &DataType) -> Result<ArrayRef> {
        self.array(array, stored, &Place { path: field.name(), row: &|at| at, around: None })
    }

    fn fields(
        &mut self,
        array: &ArrayRef,
        fields: &Fields,
        stored: &Fields,
        place: &Place,
    ) -> Result<ArrayRef> {
        let whole = array.as_struct();
        let around = NullBuffer::union(whole.nulls(), place.around.as_ref());
        let parts = fields.iter().zip(whole.columns()).zip(stored).map(|((field, part), stored)| {
            let path = below(place.path, field);
            let place = Place { path: &path, row: place.row, around: around.clone() };
            self.array(part, stored.data_type(), &place)
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        // Null below a null, too: what Parquet gives back has nulls there that nothing between masks.
        let whole = StructArray::try_new_with_length(stored.clone(), parts, around, whole.len());
        Ok(Arc::new(whole.map_err(|e| wrap(ErrorKind::Type, e))?))
    }

    /// Lists with their items as they are stored.
    fn items(
        &mut self,
        array: &ArrayRef,
        field: &Field,
        stored: (&DataType, &FieldRef),
        place: &Place,
    ) -> Result<ArrayRef> {
        let failed = |e| wrap(ErrorKind::Type, e);
        let ((data_type, item), path) = (stored, below(place.path, field));
        if let DataType::FixedSizeList(_, width) = data_type {
            let list = array.as_fixed_size_list();
            let length = list_length(list);
            let nulls = NullBuffer::union(list.nulls(), place.around.as_ref());
            let around = nulls.as_ref().map(|nulls| nulls.expand(length));
            let place = Place { path: &path, row: &|at| (place.row)(at / length.max(1)), around };
            let items = self.array(list.values(), item.data_type(), &place)?;
            let list =
                FixedSizeListArray::try_new_with_length(item.clone(), *width, items, nulls, list.len());
            return Ok(Arc::new(list.map_err(failed)?));
        }
        let lists = Lists::new(array.as_ref(), place.around.as_ref()).map_err(failed)?;
        let place = Place { path: &path, row: &|at| (place.row)(lists.list_of(at)), around: None };
        let items = self.array(&lists.items, item.data_type(), &place)?;
        Lists { items, ..lists }.array(data_type, array.nulls()).map_err(failed)
    }

    fn array(&mut self, array: &ArrayRef, stored: &DataType, place: &Place) -> Result<ArrayRef> {
        use DataType::*;
        if let Some(plain) = expanded(array.as_ref())? {
            return self.array(&plain, stored, place);
        }
        if let (from, Some(field), Some(item)) =
            (array.data_type(), item_of(array.data_type()), item_of(stored))
            && from != stored
        {
            return self.items(array, field, (stored, item), place);
        }
        let too_large = |what: &'static str| move |at: usize| (at, what);
        let coerced: std::result::Result<ArrayRef, (usize, &'static str)> = match (array.data_type(), stored)
        {
            (Interval(unit), _) => {
                let seen = hidden(array, place.around.as_ref())?;
                if has_negative(&seen, *unit) {
                    self.negative.insert(place.path.to_owned());
                }
                match unit {
                    IntervalUnit::MonthDayNano => interval::to_bytes(seen.as_primitive(), array.nulls())
                        .map_err(too_large("an interval of Parquet has at most 2^31 whole milliseconds")),
                    _ => Ok(array.clone()),
                }
            }
            (Struct(fields), Struct(parts)) => return self.fields(array, fields, parts, place),
            (from, to) if from == to => Ok(array.clone()),
            (Dictionary(..), Dictionary(_, values)) => {
                let dictionary = array.as_any_dictionary();
                let values = cast(dictionary.values(), values).map_err(|e| wrap(ErrorKind::Type, e))?;
                return Ok(dictionary.with_values(values));
            }
            (Dictionary(..), _) => {
                let dictionary = array.as_any_dictionary();
                let plain = take(dictionary.values().as_ref(), dictionary.keys(), None);
                return self.array(&plain.map_err(|e| wrap(ErrorKind::Type, e))?, stored, place);
            }
            (Timestamp(TimeUnit::Second, _), Timestamp(TimeUnit::Millisecond, zone)) => {
                let seconds = hidden(array, place.around.as_ref())?;
                let times = |s: i64| s.checked_mul(1000);
                let millis =
                    convert::<TimestampSecondType, TimestampMillisecondType>(&seconds, array.nulls(), times);
                millis
                    .map(|millis| Arc::new(millis.with_timezone_opt(zone.clone())) as ArrayRef)
                    .map_err(too_large("Parquet has timestamps of milliseconds, which do not reach that far"))
            }
            (Time32(TimeUnit::Second), Time32(TimeUnit::Millisecond)) => {
                let seconds = hidden(array, place.around.as_ref())?;
                let times = |s: i32| s.checked_mul(1000);
                let millis =
                    convert::<Time32SecondType, Time32MillisecondType>(&seconds, array.nulls(), times);
                millis
                    .map(|millis| Arc::new(millis) as ArrayRef)
                    .map_err(too_large("Parquet has times of milliseconds, which do not reach that far"))
            }
            (Date64, Date32) => {
                let dates = hidden(array, place.around.as_ref())?;
                let days = convert::<Date64Type, Date32Type>(&dates, array.nulls(), whole_days);
                days.map(|days| Arc::new(days) as ArrayRef).map_err(too_large("it is no whole day"))
            }
            (Date64, Timestamp(TimeUnit::Millisecond, None)) => {
                let dates = array.as_primitive::<Date64Type>();
                Ok(Arc::new(dates.reinterpret_cast::<TimestampMillisecondType>()))
            }
            (from, to) => {
                let what = format!("column \"{}\": {from} is not stored as {to}", place.path);
                return Err(Error::new(ErrorKind::Type, what));
            }
        };
        coerced.map_err(|(at, what)| {
            let row = self.rows + (place.row)(at) as u64;
            let what = format!("column \"{}\", row {row}: {what}; write Arrow IPC", place.path);
            Error::new(ErrorKind::Type, what)
        })
    }
}

/// An array with the nulls around it as its own.
fn hidden(array: &ArrayRef, around: Option<&NullBuffer>) -> Result<ArrayRef> {
    if around.is_none() {
        return Ok(array.clone());
    }
    let nulls = NullBuffer::union(array.nulls(), around);
    let data = array.to_data().into_builder().nulls(nulls).build();
    data.map(make_array).map_err(|e| wrap(ErrorKind::Type, e))
}

/// The paths of the `Date64` columns, of those not in `timed`, that have a value which is no whole day.
pub(crate) fn untimed_dates(field: &Field, array: &ArrayRef, timed: &Dates) -> Result<Vec<String>> {
    let mut found = Vec::new();
    push_untimed(field, array, field.name(), None, timed, &mut found)?;
    Ok(found)
}

fn push_untimed(
    field: &Field,
    array: &ArrayRef,
    path: &str,
    around: Option<&NullBuffer>,
    timed: &Dates,
    found: &mut Vec<String>,
) -> Result<()> {
    if let Some(plain) = expanded(array.as_ref())? {
        let field = field.clone().with_data_type(plain.data_type().clone());
        return push_untimed(&field, &plain, path, around, timed, found);
    }
    match field.data_type() {
        DataType::Struct(fields) => {
            let around = NullBuffer::union(array.nulls(), around);
            for (field, part) in fields.iter().zip(array.as_struct().columns()) {
                push_untimed(field, part, &below(path, field), around.as_ref(), timed, found)?;
            }
        }
        DataType::FixedSizeList(item, length) => {
            let length =
                usize::try_from(*length).map_err(|_| Error::argument("a list of a negative length"))?;
            let around = NullBuffer::union(array.nulls(), around).map(|nulls| nulls.expand(length));
            let items = array.as_fixed_size_list().values();
            push_untimed(item, items, &below(path, item), around.as_ref(), timed, found)?;
        }
        DataType::Dictionary(_, values) if values.as_ref() == &DataType::Date64 => {
            let dictionary = array.as_any_dictionary();
            let plain = take(dictionary.values().as_ref(), dictionary.keys(), None);
            let plain = plain.map_err(|e| wrap(ErrorKind::Type, e))?;
            push_untimed(&Field::new("", DataType::Date64, true), &plain, path, around, timed, found)?;
        }
        DataType::Date64 if !timed.contains(path) => {
            let dates = hidden(array, around)?;
            if dates.as_primitive::<Date64Type>().iter().flatten().any(|ms| whole_days(ms).is_none()) {
                found.push(path.to_owned());
            }
        }
        data_type => {
            if let Some(item) = item_of(data_type) {
                let lists = Lists::new(array.as_ref(), around).map_err(|e| wrap(ErrorKind::Type, e))?;
                push_untimed(item, &lists.items, &below(path, item), None, timed, found)?;
            }
        }
    }
    Ok(())
}

/// Milliseconds as days, if they are whole ones.
fn whole_days(millis: i64) -> Option<i32> {
    i32::try_from(millis / DAY).ok().filter(|_| millis % DAY == 0)
}

fn has_negative(array: &ArrayRef, unit: IntervalUnit) -> bool {
    match unit {
        IntervalUnit::YearMonth => {
            array.as_primitive::<IntervalYearMonthType>().iter().flatten().any(|m| m < 0)
        }
        IntervalUnit::DayTime => {
            let mut intervals = array.as_primitive::<IntervalDayTimeType>().iter().flatten();
            intervals.any(|i| i.days < 0 || i.milliseconds < 0)
        }
        IntervalUnit::MonthDayNano => {
            let mut intervals = array.as_primitive::<IntervalMonthDayNanoType>().iter().flatten();
            intervals.any(|i| i.months < 0 || i.days < 0 || i.nanoseconds < 0)
        }
    }
}

/// Converts the values that are not null, to an array of the given nulls; fails with the place of the first that cannot be.
pub(crate) fn convert<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
    array: &dyn Array,
    nulls: Option<&NullBuffer>,
    value: impl Fn(A::Native) -> Option<B::Native>,
) -> std::result::Result<PrimitiveArray<B>, usize> {
    let values = array.as_primitive::<A>().iter().enumerate().map(|(i, v)| match v {
        Some(v) => value(v).ok_or(i),
        None => Ok(B::Native::default()),
    });
    let values = values.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(PrimitiveArray::new(values.into(), nulls.cloned()))
}
