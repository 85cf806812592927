//! The columns that the names of folders give, as Hive has them: one value a file. Files may have such a column
//! themselves, and must then agree.

use std::path::Path;

use arrow::array::{Array, ArrayRef, Scalar, StringArray, UInt32Array, new_null_array};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;

use crate::error::{Error, ErrorKind, Result};

/// The column for a key that no file has: int64 if all values are whole numbers, else text.
pub(crate) fn field<'v>(name: &str, values: impl Iterator<Item = Option<&'v str>>) -> Field {
    let (mut integers, mut nullable) = (true, false);
    for value in values {
        nullable |= value.is_none();
        integers &= value.is_none_or(is_integer);
    }
    Field::new(name, if integers { DataType::Int64 } else { DataType::Utf8 }, nullable)
}

fn is_integer(value: &str) -> bool {
    !value.starts_with('+') && !value.starts_with("-0") && value.parse::<i64>().is_ok()
}

/// The value of a key in the type of its column, an array of one.
pub(crate) fn value(path: &Path, field: &Field, value: Option<&str>) -> Result<ArrayRef> {
    let Some(value) = value else { return Ok(new_null_array(field.data_type(), 1)) };
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(&StringArray::from(vec![value]), field.data_type(), &options).map_err(|_| {
        let (name, data_type) = (field.name(), field.data_type());
        refuse(
            path,
            format!("the name of its folder has {name}={value}, and column \"{name}\" is {data_type}; rename the folder"),
        )
    })
}

/// The value as the column of so many rows.
pub(crate) fn repeated(value: &ArrayRef, rows: usize) -> std::result::Result<ArrayRef, ArrowError> {
    take(value, &UInt32Array::from_value(0, rows), None)
}

/// Fails unless a column that a file has itself, from row `first` on, is the value throughout.
pub(crate) fn check(
    path: &Path,
    field: &Field,
    column: &ArrayRef,
    value: &ArrayRef,
    first: u64,
) -> Result<()> {
    let agree = not_distinct(column, &Scalar::new(value.clone())).map_err(|e| super::unreadable(path, e))?;
    let Some(row) = agree.values().iter().position(|agrees| !agrees) else { return Ok(()) };
    let shown = |array: &ArrayRef, row| match array.is_null(row) {
        true => "null".to_owned(),
        false => array_value_to_string(array, row).unwrap_or_default(),
    };
    let (own, given) = (shown(column, row), shown(value, 0));
    let row = first + row as u64;
    let what = format!(
        "row {row}: column \"{}\" is {own}, and the name of the file's folder says {given}; rename one",
        field.name()
    );
    Err(refuse(path, what))
}

fn refuse(path: &Path, what: String) -> Error {
    Error::new(ErrorKind::Input, format!("{}: {what}", path.display()))
}
