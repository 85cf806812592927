//! The types that Arrow types are stored as, and what Parquet cannot say.

use super::{JSON, UUID};
use crate::arrow::nesting::{item_of, nullable, unencoded, with_item};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit};
use parquet::basic::{ConvertedType, LogicalType};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The columns of `Date64`, by path, that have a time of day; Parquet's dates have none.
pub(crate) type Dates = BTreeSet<String>;

/// The fields as they are stored.
pub(crate) fn stored_fields(fields: &Fields, timed: &Dates) -> Fields {
    map_fields(fields, "", &|data_type, path| stored(data_type, path, timed))
}

/// The fields that the embedded Arrow schema has: the original ones, but for dictionaries and runs that are stored as plain
/// values.
pub(crate) fn hint_fields(fields: &Fields) -> Fields {
    map_fields(fields, "", &|data_type, _| match data_type {
        DataType::Dictionary(_, values) if foreign_dictionary(data_type) => values.as_ref().clone(),
        data_type => data_type.clone(),
    })
}

/// Fields with the types of their leaves mapped, and without run ends.
fn map_fields(fields: &Fields, path: &str, leaf: &dyn Fn(&DataType, &str) -> DataType) -> Fields {
    fields.iter().map(|field| map_field(field, &below(path, field), leaf)).collect()
}

fn map_field(field: &FieldRef, path: &str, leaf: &dyn Fn(&DataType, &str) -> DataType) -> FieldRef {
    let data_type = match unencoded(field.data_type()) {
        DataType::Struct(fields) => DataType::Struct(map_fields(fields, path, leaf)),
        data_type => match item_of(data_type) {
            Some(item) => with_item(data_type, map_field(item, &below(path, item), leaf)),
            None => leaf(data_type, path),
        },
    };
    match data_type == *field.data_type() {
        true => field.clone(),
        false => Arc::new(field.as_ref().clone().with_data_type(data_type).with_nullable(nullable(field))),
    }
}

/// The path of a field below a path.
pub(crate) fn below(path: &str, field: &Field) -> String {
    if path.is_empty() { field.name().clone() } else { format!("{path}.{}", field.name()) }
}

fn stored(data_type: &DataType, path: &str, timed: &Dates) -> DataType {
    use DataType::*;
    match data_type {
        Timestamp(TimeUnit::Second, zone) => Timestamp(TimeUnit::Millisecond, zone.clone()),
        Time32(TimeUnit::Second) => Time32(TimeUnit::Millisecond),
        Date64 if timed.contains(path) => Timestamp(TimeUnit::Millisecond, None),
        Date64 => Date32,
        Interval(IntervalUnit::MonthDayNano) => FixedSizeBinary(12),
        Dictionary(index, values) => match values.as_ref() {
            Utf8View => Dictionary(index.clone(), Box::new(Utf8)),
            BinaryView => Dictionary(index.clone(), Box::new(Binary)),
            values if foreign_dictionary(data_type) => stored(values, path, timed),
            _ => data_type.clone(),
        },
        data_type => data_type.clone(),
    }
}

/// True if a type is a dictionary that the Parquet library may write and then not read: it is stored as plain values.
pub(crate) fn foreign_dictionary(data_type: &DataType) -> bool {
    use DataType::*;
    let DataType::Dictionary(_, values) = data_type else { return false };
    let native = matches!(
        values.as_ref(),
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | Float32 | Float64
    );
    !native && !values.is_integer()
}

/// The reason why Parquet cannot hold a field, with the field's path.
pub(crate) fn refusal(field: &Field, path: &str) -> Option<String> {
    let refuse = |what: &str| Some(format!("column \"{path}\": Parquet holds no {what}; write Arrow IPC"));
    let scale = |data_type: &DataType| match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => *scale,
        _ => 0,
    };
    match unencoded(field.data_type()) {
        DataType::Struct(fields) if fields.is_empty() => refuse("structs without fields"),
        DataType::Struct(fields) => fields.iter().find_map(|field| refusal(field, &below(path, field))),
        DataType::FixedSizeList(_, 0) => refuse("lists of no items"),
        // On which the Parquet writer panics.
        DataType::FixedSizeBinary(0) => refuse("values of 0 bytes"),
        DataType::Dictionary(_, values) if scale(values) < 0 => refuse("decimals of negative scale"),
        data_type if scale(data_type) < 0 => refuse("decimals of negative scale"),
        data_type => item_of(data_type).and_then(|item| refusal(item, &below(path, item))),
    }
}

/// The annotation that the leaf of a field gets instead of the usual one.
pub(crate) fn leaf_annotation(field: &Field) -> Option<(ConvertedType, Option<LogicalType>)> {
    let text =
        |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let values = match unencoded(field.data_type()) {
        DataType::Dictionary(_, values) => values.as_ref(),
        data_type => data_type,
    };
    match (values, field.extension_type_name()) {
        (DataType::Interval(IntervalUnit::MonthDayNano), _) => Some((ConvertedType::INTERVAL, None)),
        (DataType::FixedSizeBinary(16), Some(UUID)) => Some((ConvertedType::NONE, Some(LogicalType::Uuid))),
        (values, Some(JSON)) if text(values) => Some((ConvertedType::NONE, Some(LogicalType::Json))),
        _ => None,
    }
}

/// A line for each column with a type that other readers of Parquet see differently.
pub(crate) fn notes(fields: &Fields, path: &str) -> Vec<String> {
    fields.iter().flat_map(|field| note(field, &below(path, field))).collect()
}

fn note(field: &Field, path: &str) -> Vec<String> {
    if let Some(item) = item_of(unencoded(field.data_type())) {
        return note(item, &below(path, item));
    }
    let data_type = match unencoded(field.data_type()) {
        DataType::Struct(fields) => return notes(fields, path),
        DataType::Dictionary(_, values) => values.as_ref(),
        data_type => data_type,
    };
    let what = match data_type {
        DataType::Duration(unit) => {
            let unit = unit_name(*unit);
            format!("Parquet has no durations; a reader without the Arrow schema sees integers of {unit}")
        }
        DataType::Interval(_) => {
            "pyarrow and pandas see 12 bytes for an interval of Parquet, and Polars reads no file with one"
                .to_owned()
        }
        DataType::Timestamp(_, Some(zone)) if !zone.is_empty() && !is_utc(zone) => {
            format!("Parquet keeps the instants but not the zone {zone}, which is in the Arrow schema only")
        }
        _ => return Vec::new(),
    };
    vec![format!("column \"{path}\": {what}")]
}

fn is_utc(zone: &str) -> bool {
    ["UTC", "Etc/UTC", "Z", "+00:00"].contains(&zone)
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}
