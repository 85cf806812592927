//! Intervals as Parquet has them: months, days and milliseconds, 4 bytes each.
//!
//! Parquet says that they are unsigned. Arrow's may be negative; where the file has an Arrow schema they are read as
//! signed, as the `parquet` crate writes them.

use arrow::array::{
    Array, ArrayRef, FixedSizeBinaryArray, IntervalDayTimeArray, IntervalMonthDayNanoArray,
    IntervalYearMonthArray,
};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{IntervalDayTime, IntervalMonthDayNano, IntervalUnit};
use std::sync::Arc;

const BYTES: usize = 12;
const NANOS: i64 = 1_000_000;

/// The bytes of the intervals that are not null, with the given nulls; or the first of more than whole milliseconds.
pub(crate) fn to_bytes(
    intervals: &IntervalMonthDayNanoArray,
    nulls: Option<&NullBuffer>,
) -> Result<ArrayRef, usize> {
    let mut bytes = Vec::with_capacity(intervals.len() * BYTES);
    for (i, interval) in intervals.iter().enumerate() {
        let IntervalMonthDayNano { months, days, nanoseconds } = interval.unwrap_or_default();
        let millis = i32::try_from(nanoseconds / NANOS).ok().filter(|_| nanoseconds % NANOS == 0).ok_or(i)?;
        [months, days, millis].iter().for_each(|part| bytes.extend(part.to_le_bytes()));
    }
    let bytes = FixedSizeBinaryArray::new(BYTES as i32, Buffer::from_vec(bytes), nulls.cloned());
    Ok(Arc::new(bytes))
}

/// Intervals of a unit, or the first that it does not hold.
pub(crate) fn from_bytes(
    bytes: &FixedSizeBinaryArray,
    unit: IntervalUnit,
    signed: bool,
) -> Result<ArrayRef, usize> {
    let parts = |i: usize| -> Result<Option<[i64; 3]>, usize> {
        if bytes.is_null(i) {
            return Ok(None);
        }
        let words: &[[u8; 4]] = bytes.value(i).as_chunks().0;
        let [months, days, millis] = words else { return Err(i) };
        Ok(Some([months, days, millis].map(|word| match signed {
            true => i32::from_le_bytes(*word).into(),
            false => u32::from_le_bytes(*word).into(),
        })))
    };
    let parts = (0..bytes.len()).map(parts).collect::<Result<Vec<_>, _>>()?;
    let rows = parts.into_iter().enumerate();
    let small = |i: usize, part: i64| i32::try_from(part).map_err(|_| i);
    let none = |i: usize, rest: &[i64]| if rest.iter().all(|&part| part == 0) { Ok(()) } else { Err(i) };
    Ok(match unit {
        IntervalUnit::YearMonth => Arc::new(
            rows.map(|(i, parts)| {
                parts.map(|[months, rest @ ..]| none(i, &rest).and_then(|()| small(i, months))).transpose()
            })
            .collect::<Result<IntervalYearMonthArray, _>>()?,
        ) as ArrayRef,
        IntervalUnit::DayTime => Arc::new(
            rows.map(|(i, parts)| {
                let day_time = |[months, days, millis]: [i64; 3]| -> Result<_, usize> {
                    none(i, &[months])?;
                    Ok(IntervalDayTime::new(small(i, days)?, small(i, millis)?))
                };
                parts.map(day_time).transpose()
            })
            .collect::<Result<IntervalDayTimeArray, _>>()?,
        ) as ArrayRef,
        IntervalUnit::MonthDayNano => Arc::new(
            rows.map(|(i, parts)| {
                let whole = |[months, days, millis]: [i64; 3]| -> Result<_, usize> {
                    Ok(IntervalMonthDayNano::new(small(i, months)?, small(i, days)?, millis * NANOS))
                };
                parts.map(whole).transpose()
            })
            .collect::<Result<IntervalMonthDayNanoArray, _>>()?,
        ) as ArrayRef,
    })
}
