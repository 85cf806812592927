//! Types in an Arrow IPC schema that nobody here can read. The conversion of the `arrow` crate panics on them.

use crate::error::{Error, ErrorKind, Result};
use arrow::ipc::{
    DateUnit, Endianness, Field, IntervalUnit, KeyValue, Precision, Schema, TimeUnit, Type, UnionMode,
};

/// Bytes of a message that a field, or a pair of metadata, takes at least. Tables and strings may be shared in a message,
/// so that a small one holds a large schema: each use is charged.
const LEAST_BYTES: usize = 16;

/// Checks that a schema in a message of so many bytes is little-endian and has only types that the `arrow` crate converts.
///
/// # Errors
/// `Type` for the first column of an unknown type, `Input` for big-endian data and for a schema that is larger than its
/// message.
pub(crate) fn check(schema: Schema, bytes: usize) -> Result<()> {
    if schema.endianness() != Endianness::Little {
        let what = "is Arrow of big-endian data; write it on a little-endian machine, or as Parquet";
        return Err(Error::new(ErrorKind::Input, what));
    }
    check_types(schema, bytes)
}

/// Checks a schema but for its endianness: Parquet's values do not depend on the machine.
pub(crate) fn check_types(schema: Schema, bytes: usize) -> Result<()> {
    let mut left = bytes;
    schema.custom_metadata().iter().flatten().try_for_each(|pair| charge_pair(pair, &mut left))?;
    let fields =
        schema.fields().ok_or_else(|| Error::new(ErrorKind::Input, "its Arrow schema has no fields"))?;
    fields.iter().try_for_each(|field| check_field(field, field.name().unwrap_or_default(), &mut left))
}

fn charge(bytes: usize, left: &mut usize) -> Result<()> {
    let shared = || Error::new(ErrorKind::Input, "its Arrow schema uses the same bytes many times");
    *left = left.checked_sub(LEAST_BYTES + bytes).ok_or_else(shared)?;
    Ok(())
}

fn charge_pair(pair: KeyValue, left: &mut usize) -> Result<()> {
    charge(pair.key().map_or(0, str::len) + pair.value().map_or(0, str::len), left)
}

fn check_field(field: Field, path: &str, left: &mut usize) -> Result<()> {
    charge(field.name().map_or(0, str::len), left)?;
    field.custom_metadata().iter().flatten().try_for_each(|pair| charge_pair(pair, left))?;
    if let Some(what) = unknown(&field) {
        let what = format!("column \"{path}\": type {what} is not held; cast it, or leave the column out");
        return Err(Error::new(ErrorKind::Type, what));
    }
    let children = field.children();
    let mut children = children.iter().flatten();
    children.try_for_each(|child| {
        check_field(child, &format!("{path}.{}", child.name().unwrap_or_default()), left)
    })
}

/// The name of a field's type, if the `arrow` crate does not know it.
fn unknown(field: &Field) -> Option<String> {
    let kind = field.type_type();
    let name = kind.variant_name().unwrap_or("of an unknown number").trim_end_matches('_');
    let children = field.children().map_or(0, |children| children.len());
    let integer = |bits: i32, signed: bool| {
        let known = matches!(bits, 8 | 16 | 32 | 64);
        (!known).then(|| format!("{}Int{bits}", if signed { "" } else { "U" }))
    };
    if let Some(dictionary) = field.dictionary() {
        let Some(index) = dictionary.indexType() else { return Some("Dictionary without keys".to_owned()) };
        if let Some(keys) = integer(index.bitWidth(), index.is_signed()) {
            return Some(format!("Dictionary with {keys} keys"));
        }
    }
    let known = match kind {
        Type::Int => {
            let Some(int) = field.type_as_int() else { return Some(name.to_owned()) };
            return integer(int.bitWidth(), int.is_signed());
        }
        Type::FloatingPoint => field.type_as_floating_point().is_some_and(|t| {
            matches!(t.precision(), Precision::HALF | Precision::SINGLE | Precision::DOUBLE)
        }),
        Type::Decimal => {
            let Some(decimal) = field.type_as_decimal() else { return Some(name.to_owned()) };
            let (bits, precision, scale) = (decimal.bitWidth(), decimal.precision(), decimal.scale());
            if !matches!(bits, 32 | 64 | 128 | 256) {
                return Some(format!("Decimal{bits}({precision}, {scale})"));
            }
            u8::try_from(precision).is_ok() && i8::try_from(scale).is_ok()
        }
        Type::Date => {
            field.type_as_date().is_some_and(|t| matches!(t.unit(), DateUnit::DAY | DateUnit::MILLISECOND))
        }
        Type::Time => field.type_as_time().is_some_and(|t| {
            matches!(
                (t.bitWidth(), t.unit()),
                (32, TimeUnit::SECOND | TimeUnit::MILLISECOND)
                    | (64, TimeUnit::MICROSECOND | TimeUnit::NANOSECOND)
            )
        }),
        Type::Timestamp => field.type_as_timestamp().is_some_and(|t| t.unit().variant_name().is_some()),
        Type::Duration => field.type_as_duration().is_some_and(|t| t.unit().variant_name().is_some()),
        Type::Interval => field.type_as_interval().is_some_and(|t| {
            matches!(
                t.unit(),
                IntervalUnit::YEAR_MONTH | IntervalUnit::DAY_TIME | IntervalUnit::MONTH_DAY_NANO
            )
        }),
        Type::FixedSizeBinary => field.type_as_fixed_size_binary().is_some(),
        Type::FixedSizeList => field.type_as_fixed_size_list().is_some() && children == 1,
        Type::List | Type::LargeList | Type::ListView | Type::LargeListView => children == 1,
        Type::Map => field.type_as_map().is_some() && children == 1,
        Type::RunEndEncoded => children == 2,
        // Type numbers are as many as the children, or the conversion panics.
        Type::Union => field.type_as_union().is_some_and(|t| {
            let ids = t
                .typeIds()
                .is_none_or(|ids| ids.len() == children && ids.iter().all(|id| (0..128).contains(&id)));
            ids && children <= 128 && matches!(t.mode(), UnionMode::Dense | UnionMode::Sparse)
        }),
        Type::Null | Type::Bool | Type::Struct_ | Type::Utf8 | Type::LargeUtf8 | Type::Utf8View => true,
        Type::Binary | Type::LargeBinary | Type::BinaryView => true,
        _ => false,
    };
    (!known).then(|| name.to_owned())
}
