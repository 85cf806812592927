//! The type that holds the values of two types, where there is one.

use crate::arrow::nesting::{item_of, with_item};
use arrow::datatypes::{
    DECIMAL32_MAX_PRECISION, DECIMAL64_MAX_PRECISION, DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION,
    DataType, Field, FieldRef, Fields, TimeUnit,
};
use std::sync::Arc;

/// Metadata that say what a type means: fields that disagree in them are not of one type.
const EXTENSION: [&str; 2] = ["ARROW:extension:name", "ARROW:extension:metadata"];

/// The field that holds the values of both; none if no type does.
pub(crate) fn common_field(a: &Field, b: &Field) -> Option<Field> {
    let data_type = common(a.data_type(), b.data_type())?;
    let nulls = [a, b].map(|f| f.data_type() == &DataType::Null);
    let says = |f: &Field| EXTENSION.map(|key| f.metadata().get(key).cloned());
    if says(a) != says(b) && !nulls.contains(&true) {
        return None;
    }
    let mut metadata = b.metadata().clone();
    metadata.extend(a.metadata().clone());
    let nullable = a.is_nullable() || b.is_nullable() || (nulls.contains(&true) && nulls != [true; 2]);
    let field = if nulls[0] { b } else { a };
    Some(field.clone().with_data_type(data_type).with_nullable(nullable).with_metadata(metadata))
}

/// The type that holds the values of both; none if no type does. Values that its range does not hold (integers beyond 2^53
/// in a float64, times beyond the years of nanoseconds) are found when they are converted.
pub(crate) fn common(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::*;
    if a == b {
        return Some(a.clone());
    }
    Some(match (a, b) {
        (Null, other) | (other, Null) => other.clone(),
        (Dictionary(a_keys, a_values), Dictionary(b_keys, b_values)) => {
            let values = common(a_values, b_values)?;
            // Values of another width are of other rows' dictionaries: plain values are simpler, and as small.
            if a_values != b_values && !(values.is_string() || values.is_binary()) {
                return Some(values);
            }
            Dictionary(Box::new(common(a_keys, b_keys)?), Box::new(values))
        }
        (Dictionary(_, values), other) | (other, Dictionary(_, values)) => common(values, other)?,
        (a, b) if a.is_integer() && b.is_integer() => integer(a, b),
        (a, b) if a.is_floating() && b.is_floating() => float(width(a).max(width(b))),
        (integer, number) | (number, integer) if integer.is_integer() && number.is_floating() => {
            // A float of n bits holds all integers of n / 2.
            float((2 * width(integer)).min(64).max(width(number)))
        }
        (a, b) if a.is_string() && b.is_string() => {
            if [a, b].contains(&&LargeUtf8) {
                LargeUtf8
            } else {
                Utf8
            }
        }
        (Binary | LargeBinary | BinaryView, Binary | LargeBinary | BinaryView) => {
            if [a, b].contains(&&LargeBinary) { LargeBinary } else { Binary }
        }
        (Timestamp(a, zone), Timestamp(b, other)) if same_zone(zone.as_deref(), other.as_deref()) => {
            Timestamp(finer(*a, *b), zone.clone())
        }
        // A date is its midnight.
        (Date32, Timestamp(unit, None)) | (Timestamp(unit, None), Date32) => Timestamp(*unit, None),
        (Date32, Date64) | (Date64, Date32) => Date64,
        (Duration(a), Duration(b)) => Duration(finer(*a, *b)),
        (Time32(a) | Time64(a), Time32(b) | Time64(b)) => match finer(*a, *b) {
            unit @ (TimeUnit::Second | TimeUnit::Millisecond) => Time32(unit),
            unit => Time64(unit),
        },
        (a, b) if a.is_decimal() && (b.is_decimal() || b.is_integer()) => decimal(a, b)?,
        (a, b) if a.is_integer() && b.is_decimal() => decimal(b, a)?,
        (FixedSizeList(a, a_length), FixedSizeList(b, b_length)) if a_length == b_length => {
            FixedSizeList(Arc::new(common_field(a, b)?), *a_length)
        }
        (Struct(a), Struct(b)) => Struct(fields(a, b)?),
        (Map(a, a_sorted), Map(b, b_sorted)) => Map(Arc::new(entries(a, b)?), *a_sorted && *b_sorted),
        (Map(..), _) | (_, Map(..)) => return None,
        (RunEndEncoded(a_ends, a), RunEndEncoded(b_ends, b)) => {
            let ends = if width(a_ends.data_type()) < width(b_ends.data_type()) { b_ends } else { a_ends };
            RunEndEncoded(ends.clone(), Arc::new(common_field(a, b)?))
        }
        (RunEndEncoded(_, values), other) | (other, RunEndEncoded(_, values)) => {
            common(values.data_type(), other)?
        }
        (a, b) => {
            let item = Arc::new(common_field(item_of(a)?, item_of(b)?)?);
            let kinds = [a, b];
            let large = kinds.iter().any(|kind| matches!(kind, LargeList(_) | LargeListView(_)));
            let views = kinds.iter().all(|kind| matches!(kind, ListView(_) | LargeListView(_)));
            match (large, views) {
                (false, false) => List(item),
                (true, false) => LargeList(item),
                (false, true) => ListView(item),
                (true, true) => LargeListView(item),
            }
        }
    })
}

/// The entries of two maps: keys and values by their place, whatever their names.
fn entries(a: &FieldRef, b: &FieldRef) -> Option<Field> {
    let (DataType::Struct(own), DataType::Struct(others)) = (a.data_type(), b.data_type()) else {
        return None;
    };
    let parts = own.iter().zip(others).map(|(a, b)| common_field(a, b).map(Arc::new));
    Some(a.as_ref().clone().with_data_type(DataType::Struct(parts.collect::<Option<_>>()?)))
}

/// The type with 32 bits for the keys of its dictionaries that have fewer; none if it has no such dictionary.
pub(crate) fn wide_keys(data_type: &DataType) -> Option<DataType> {
    let wide = |field: &FieldRef| {
        let wide = wide_keys(field.data_type())?;
        Some(Arc::new(field.as_ref().clone().with_data_type(wide)))
    };
    match data_type {
        DataType::Dictionary(keys, values) if width(keys) < 32 => {
            Some(DataType::Dictionary(Box::new(DataType::Int32), values.clone()))
        }
        DataType::Struct(fields) => {
            let wide: Vec<Option<FieldRef>> = fields.iter().map(wide).collect();
            let any = wide.iter().any(Option::is_some);
            let parts = fields.iter().zip(wide).map(|(field, wide)| wide.unwrap_or_else(|| field.clone()));
            any.then(|| DataType::Struct(parts.collect()))
        }
        DataType::RunEndEncoded(ends, values) => {
            wide(values).map(|values| DataType::RunEndEncoded(ends.clone(), values))
        }
        data_type => item_of(data_type).and_then(wide).map(|item| with_item(data_type, item)),
    }
}

/// The parts of two structs, by name: those of the first, then those that only the second has.
fn fields(a: &Fields, b: &Fields) -> Option<Fields> {
    let missing = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
    let own = a.iter().map(|field| match b.find(field.name()) {
        Some((_, other)) => common_field(field, other).map(Arc::new),
        None => Some(missing(field)),
    });
    let more = b.iter().filter(|field| a.find(field.name()).is_none()).map(|field| Some(missing(field)));
    own.chain(more).collect()
}

/// Bits of a number.
fn width(number: &DataType) -> usize {
    8 * number.primitive_width().unwrap_or(8)
}

fn float(bits: usize) -> DataType {
    match bits {
        16 => DataType::Float16,
        32 => DataType::Float32,
        _ => DataType::Float64,
    }
}

/// The narrowest integer for both; a signed one of 64 bits for those of 64 bits without a sign, as far as it goes.
fn integer(a: &DataType, b: &DataType) -> DataType {
    use DataType::*;
    let bits = |number: &DataType, signed: bool| match number.is_unsigned_integer() && signed {
        true => 2 * width(number),
        false => width(number),
    };
    let signed = a.is_signed_integer() || b.is_signed_integer();
    match (signed, bits(a, signed).max(bits(b, signed))) {
        (true, 16) => Int16,
        (true, 32) => Int32,
        (true, 8) => Int8,
        (true, _) => Int64,
        (false, 8) => UInt8,
        (false, 16) => UInt16,
        (false, 32) => UInt32,
        (false, _) => UInt64,
    }
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    a.max(b)
}

/// True if two zones are one. UTC has several names.
fn same_zone(a: Option<&str>, b: Option<&str>) -> bool {
    let utc = |zone: &str| matches!(zone, "UTC" | "Z" | "+00:00" | "-00:00" | "Etc/UTC");
    a == b || a.zip(b).is_some_and(|(a, b)| utc(a) && utc(b))
}

/// The decimal with all digits of both, before and after the point. Of integers as many as they may have.
fn decimal(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::*;
    let digits = |decimal: &DataType| match decimal {
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => Some((i16::from(*precision) - i16::from(*scale), *scale)),
        Int8 | UInt8 => Some((3, 0)),
        Int16 | UInt16 => Some((5, 0)),
        Int32 | UInt32 => Some((10, 0)),
        Int64 => Some((19, 0)),
        UInt64 => Some((20, 0)),
        _ => None,
    };
    let ((whole, scale), (other, other_scale)) = (digits(a)?, digits(b)?);
    let scale = scale.max(other_scale);
    let precision = u8::try_from(whole.max(other) + i16::from(scale)).ok()?;
    let width = width(a).max(width(b));
    Some(match precision {
        0 => return None,
        p if p <= DECIMAL32_MAX_PRECISION && width == 32 => Decimal32(p, scale),
        p if p <= DECIMAL64_MAX_PRECISION && width <= 64 => Decimal64(p, scale),
        p if p <= DECIMAL128_MAX_PRECISION && width <= 128 => Decimal128(p, scale),
        p if p <= DECIMAL256_MAX_PRECISION => Decimal256(p, scale),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType::*;

    #[test]
    fn both_orders_give_one_type() {
        let dictionary = |keys, values| Dictionary(Box::new(keys), Box::new(values));
        let utc = |name: &str| Some(name.into());
        for (a, b, both) in [
            (Int8, Int32, Some(Int32)),
            (UInt8, Int8, Some(Int16)),
            (UInt32, Int8, Some(Int64)),
            (UInt64, Int8, Some(Int64)),
            (UInt16, UInt64, Some(UInt64)),
            (Int8, Float16, Some(Float16)),
            (Int16, Float32, Some(Float32)),
            (Int32, Float32, Some(Float64)),
            (UInt64, Float64, Some(Float64)),
            (Float16, Float32, Some(Float32)),
            (Null, Boolean, Some(Boolean)),
            (Boolean, Int8, None),
            (Int64, Utf8, None),
            (Utf8, Utf8View, Some(Utf8)),
            (LargeUtf8, Utf8View, Some(LargeUtf8)),
            (Binary, LargeBinary, Some(LargeBinary)),
            (Utf8, Binary, None),
            (dictionary(Int8, Utf8), Utf8, Some(Utf8)),
            (dictionary(Int8, Utf8), dictionary(Int32, Utf8), Some(dictionary(Int32, Utf8))),
            (dictionary(Int8, Int32), dictionary(Int8, Int64), Some(Int64)),
            (dictionary(Int8, Utf8), Int64, None),
            (Date32, Date64, Some(Date64)),
            (Date32, Timestamp(TimeUnit::Second, None), Some(Timestamp(TimeUnit::Second, None))),
            (Timestamp(TimeUnit::Second, None), Timestamp(TimeUnit::Second, utc("UTC")), None),
            (Time32(TimeUnit::Second), Time64(TimeUnit::Nanosecond), Some(Time64(TimeUnit::Nanosecond))),
            (Time32(TimeUnit::Second), Time32(TimeUnit::Millisecond), Some(Time32(TimeUnit::Millisecond))),
            (Decimal128(5, 2), Decimal128(6, 4), Some(Decimal128(7, 4))),
            (Decimal32(5, 2), Decimal64(18, 0), Some(Decimal128(20, 2))),
            (Decimal128(38, 0), Decimal128(38, 1), Some(Decimal256(39, 1))),
            (Decimal256(76, 0), Decimal32(5, 1), None),
            (Decimal256(5, 0), Decimal32(5, 1), Some(Decimal256(6, 1))),
            (Decimal64(5, 2), Int64, Some(Decimal128(21, 2))),
            (Decimal32(9, 9), UInt8, Some(Decimal64(12, 9))),
            (Decimal64(5, 2), Float64, None),
        ] {
            assert_eq!(common(&a, &b), both, "{a} and {b}");
            assert_eq!(common(&b, &a), both, "{b} and {a}");
        }
        let times =
            |a, b| common(&Timestamp(TimeUnit::Second, utc(a)), &Timestamp(TimeUnit::Microsecond, utc(b)));
        assert_eq!(times("UTC", "+00:00"), Some(Timestamp(TimeUnit::Microsecond, utc("UTC"))));
        assert_eq!(times("UTC", "Europe/Berlin"), None);
    }

    #[test]
    fn parts_of_structs_are_matched_by_name() {
        let part = |name: &str, data_type| Field::new(name, data_type, false);
        let a = Struct(vec![part("x", Int8), part("y", Utf8)].into());
        let b = Struct(vec![part("z", Null), part("x", Float64)].into());
        let both = vec![
            part("x", Float64),
            part("y", Utf8).with_nullable(true),
            part("z", Null).with_nullable(true),
        ];
        assert_eq!(common(&a, &b), Some(Struct(both.into())));
        let other = Struct(vec![part("x", Boolean)].into());
        assert_eq!(common(&a, &other), None);
    }

    #[test]
    fn lists_of_any_kind_become_one_of_any_length() {
        let item = |data_type| Arc::new(Field::new_list_field(data_type, true));
        let map = |key: &str, value| {
            let parts = vec![Field::new(key, Utf8, false), Field::new("v", value, true)];
            Map(Arc::new(Field::new("entries", Struct(parts.into()), false)), false)
        };
        let runs = |values| RunEndEncoded(Arc::new(Field::new("run_ends", Int32, false)), item(values));
        for (a, b, both) in [
            (List(item(Int8)), List(item(Int16)), Some(List(item(Int16)))),
            (List(item(Int8)), LargeListView(item(Int8)), Some(LargeList(item(Int8)))),
            (ListView(item(Int8)), LargeListView(item(Int8)), Some(LargeListView(item(Int8)))),
            (FixedSizeList(item(Int8), 2), FixedSizeList(item(Int8), 3), Some(List(item(Int8)))),
            (FixedSizeList(item(Int8), 2), ListView(item(Null)), Some(List(item(Int8)))),
            (List(item(Int8)), List(item(Utf8)), None),
            (List(item(Int8)), Int8, None),
            (map("k", Int8), map("k", Int32), Some(map("k", Int32))),
            (map("k", Int8), List(item(Int8)), None),
            (runs(Int8), runs(Int64), Some(runs(Int64))),
            (runs(Int8), Int32, Some(Int32)),
        ] {
            assert_eq!(common(&a, &b), both, "{a} and {b}");
            assert_eq!(common(&b, &a), both, "{b} and {a}");
        }
        assert_eq!(common(&map("key", Int8), &map("k", Int8)), Some(map("key", Int8)));
        let words = |keys| List(item(Dictionary(Box::new(keys), Box::new(Utf8))));
        assert_eq!(wide_keys(&words(Int8)), Some(words(Int32)));
        assert_eq!(wide_keys(&words(Int32)), None);
    }

    #[test]
    fn extension_types_are_not_mixed() {
        let field = |shape: &str| {
            let says = [(EXTENSION[0], "shaped"), (EXTENSION[1], shape)];
            Field::new("x", Int8, false).with_metadata(says.map(|(k, v)| (k.to_owned(), v.to_owned())).into())
        };
        assert!(common_field(&field("2x3"), &field("2x3")).is_some());
        assert_eq!(common_field(&field("2x3"), &field("3x2")), None);
        let null = Field::new("x", Null, true);
        assert_eq!(common_field(&field("2x3"), &null), Some(field("2x3").with_nullable(true)));
    }
}
