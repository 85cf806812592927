//! The values of a column as an array of its type.

use super::nulls::{Nulls, SPACES};
use super::number::{Spelling, special};
use super::time::Clock;
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Decimal128Array, NullArray, PrimitiveArray,
    StringArray,
};
use arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use std::str::FromStr;
use std::sync::Arc;

/// A value that its type does not hold: its row in the batch.
pub(crate) struct Misfit {
    pub row: usize,
    pub value: String,
}

/// Values as an array. Empty fields are nulls, in types other than text words for null too.
pub(crate) fn array<'a>(
    data_type: &DataType,
    values: impl Iterator<Item = &'a str>,
    nulls: &Nulls,
    clock: Clock,
) -> Result<ArrayRef, Misfit> {
    use DataType::*;
    if let Utf8 = data_type {
        return Ok(Arc::new(values.map(|v| (!v.is_empty()).then_some(v)).collect::<StringArray>()));
    }
    let floats = data_type.is_floating();
    let words = values.map(|value| {
        let trimmed = value.trim_matches(SPACES);
        (!nulls.is_null(trimmed, floats)).then_some(trimmed)
    });
    Ok(match data_type {
        Null => Arc::new(NullArray::new(all(words, |_| None::<()>)?.len())),
        Boolean => Arc::new(BooleanArray::from(all(words, boolean)?)),
        Int8 => numbers::<Int8Type>(words)?,
        Int16 => numbers::<Int16Type>(words)?,
        Int32 => numbers::<Int32Type>(words)?,
        Int64 => numbers::<Int64Type>(words)?,
        UInt8 => numbers::<UInt8Type>(words)?,
        UInt16 => numbers::<UInt16Type>(words)?,
        UInt32 => numbers::<UInt32Type>(words)?,
        UInt64 => numbers::<UInt64Type>(words)?,
        Float32 => {
            let float = |v: &str| float(v, |v| v.parse::<f32>().ok().filter(|f| f.is_finite()), |f| f as f32);
            Arc::new(PrimitiveArray::<Float32Type>::from(all(words, float)?))
        }
        Float64 => {
            let float = |v: &str| float(v, |v| v.parse::<f64>().ok().filter(|f| f.is_finite()), |f| f);
            Arc::new(PrimitiveArray::<Float64Type>::from(all(words, float)?))
        }
        Date32 => Arc::new(Date32Array::from(all(words, |v| clock.parse(v)?.date)?)),
        Timestamp(unit, zone) => {
            // A column has a zone in all of its values or in none: which it is was found from all of them.
            let time = |v: &str| {
                let time = clock.parse(v).filter(|t| t.zone.is_empty() == zone.is_none())?;
                time.in_unit(*unit)
            };
            let times = all(words, time)?;
            let zone = zone.clone();
            match unit {
                TimeUnit::Second => {
                    Arc::new(PrimitiveArray::<TimestampSecondType>::from(times).with_timezone_opt(zone))
                }
                TimeUnit::Millisecond => {
                    Arc::new(PrimitiveArray::<TimestampMillisecondType>::from(times).with_timezone_opt(zone))
                }
                TimeUnit::Microsecond => {
                    Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from(times).with_timezone_opt(zone))
                }
                TimeUnit::Nanosecond => {
                    Arc::new(PrimitiveArray::<TimestampNanosecondType>::from(times).with_timezone_opt(zone))
                }
            }
        }
        Decimal128(precision, scale) => {
            let decimals = all(words, |v| Spelling::parse(v)?.decimal(*precision, *scale))?;
            Arc::new(Decimal128Array::from(decimals).with_data_type(data_type.clone()))
        }
        // `CsvType` names no other.
        _ => return Err(Misfit { row: 0, value: format!("no values of type {data_type}") }),
    })
}

/// Fails with the first value that is neither a null nor a date or a time.
pub(crate) fn times<'a>(
    values: impl Iterator<Item = &'a str>,
    nulls: &Nulls,
    clock: Clock,
) -> Result<(), Misfit> {
    let trimmed = values.map(|value| Some(value.trim_matches(SPACES)).filter(|v| !nulls.is_null(v, false)));
    all(trimmed, |value| clock.parse(value).map(drop)).map(drop)
}

/// The values that `parse` makes of text, nulls where there is none.
fn all<'a, T>(
    words: impl Iterator<Item = Option<&'a str>>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<Option<T>>, Misfit> {
    let value = |(row, word): (usize, Option<&str>)| match word {
        None => Ok(None),
        Some(word) => match parse(word) {
            None => Err(Misfit { row, value: word.to_owned() }),
            value => Ok(value),
        },
    };
    words.enumerate().map(value).collect()
}

fn numbers<'a, T: ArrowPrimitiveType<Native: FromStr>>(
    words: impl Iterator<Item = Option<&'a str>>,
) -> Result<ArrayRef, Misfit> {
    Ok(Arc::new(PrimitiveArray::<T>::from_iter(all(words, |v| v.parse::<T::Native>().ok())?)))
}

/// A float of digits, or one that has none.
fn float<T>(value: &str, digits: impl Fn(&str) -> Option<T>, of: impl Fn(f64) -> T) -> Option<T> {
    match special(value) {
        Some(float) => Some(of(float)),
        None => digits(value),
    }
}

fn boolean(value: &str) -> Option<bool> {
    let is = |words: [&str; 5]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    match () {
        () if is(["true", "t", "yes", "y", "1"]) => Some(true),
        () if is(["false", "f", "no", "n", "0"]) => Some(false),
        () => None,
    }
}
