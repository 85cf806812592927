//! Values of statistics as text.

use super::Facts;
use crate::commands::row_values::Text;
use arrow::array::{ArrayRef, Int32Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use gede::read::{ByteSource, Value};
use std::sync::Arc;

impl<S: ByteSource> Facts<'_, S> {
    /// A value of a column as text: dates and times as their Arrow type has them; nothing where there is none.
    pub fn shown(&self, column: &str, value: Option<&Value>) -> String {
        let Some(value) = value else { return String::new() };
        match value {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => self.time(column, *number).unwrap_or_else(|| number.to_string()),
            Value::Float(number) if self.is_single(column) => (*number as f32).to_string(),
            value => value.to_string(),
        }
    }

    /// True if a column's values are floats of fewer than 64 bits, which have fewer digits.
    fn is_single(&self, column: &str) -> bool {
        let kind = self.schema.field_with_name(column).map(|field| field.data_type());
        matches!(kind, Ok(DataType::Float16 | DataType::Float32))
    }

    /// A count of the unit of a column of dates or times as text.
    fn time(&self, column: &str, number: i128) -> Option<String> {
        let kind = self.schema.field_with_name(column).ok()?.data_type();
        if !kind.is_temporal() {
            return None;
        }
        let wide: ArrayRef = Arc::new(Int64Array::from(vec![i64::try_from(number).ok()?]));
        let narrow =
            || -> Option<ArrayRef> { Some(Arc::new(Int32Array::from(vec![i32::try_from(number).ok()?]))) };
        let array = cast(&wide, kind).ok().or_else(|| cast(&narrow()?, kind).ok())?;
        Some(Text::new(&array).ok()?.value(0))
    }
}
