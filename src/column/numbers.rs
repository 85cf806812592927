//! Numeric columns as f64.

use crate::column::values::{Column, Values};
use crate::format::schema::{Kind, Node};

impl Node {
    /// The values of a numeric column as f64, the nearest there is: decimals divided by their scale.
    /// Values under a null are zero. Empty for columns that are not numeric.
    pub fn numbers(&self, column: &Column) -> Vec<f64> {
        if !self.is_numeric_column() {
            return Vec::new();
        }
        let power = decimal_power(self.scale);
        match (self.kind, &column.values) {
            (Kind::Float, Values::U16(v)) => v.iter().map(|&x| half::f16::from_bits(x).to_f64()).collect(),
            (Kind::Float, Values::U32(v)) => v.iter().map(|&x| f64::from(f32::from_bits(x))).collect(),
            (Kind::Float, Values::U64(v)) => v.iter().map(|&x| f64::from_bits(x)).collect(),
            (Kind::Signed, Values::U8(v)) => v.iter().map(|&x| f64::from(x as i8)).collect(),
            (Kind::Signed, Values::U16(v)) => v.iter().map(|&x| f64::from(x as i16)).collect(),
            (Kind::Signed, Values::U32(v)) => v.iter().map(|&x| f64::from(x as i32)).collect(),
            (Kind::Signed, Values::U64(v)) => v.iter().map(|&x| x as i64 as f64).collect(),
            (Kind::Decimal, Values::U32(v)) => v.iter().map(|&x| f64::from(x as i32) / power).collect(),
            (Kind::Decimal, Values::U64(v)) => v.iter().map(|&x| x as i64 as f64 / power).collect(),
            (Kind::Decimal, Values::U128(v)) => v.iter().map(|&x| x as i128 as f64 / power).collect(),
            (_, Values::U8(v)) => v.iter().map(|&x| f64::from(x)).collect(),
            (_, Values::U16(v)) => v.iter().map(|&x| f64::from(x)).collect(),
            (_, Values::U32(v)) => v.iter().map(|&x| f64::from(x)).collect(),
            (_, Values::U64(v)) => v.iter().map(|&x| x as f64).collect(),
            _ => Vec::new(),
        }
    }
}

/// The f64 nearest to 10^scale.
fn decimal_power(scale: i16) -> f64 {
    format!("1e{scale}").parse().unwrap_or(1.0)
}

impl Node {
    /// A label (raw little-endian bytes of a value of this node, or a string's bytes) as text.
    pub fn label_text(&self, label: Option<&[u8]>) -> String {
        let Some(bytes) = label else { return "null".to_owned() };
        let raw = bytes.iter().rev().fold(0u128, |n, &b| n << 8 | u128::from(b));
        let signed = || {
            let unused = 128u32.saturating_sub(u32::from(self.bits));
            (raw << unused.min(127)) as i128 >> unused.min(127)
        };
        match self.kind {
            Kind::Bytes | Kind::Text => String::from_utf8_lossy(bytes).into_owned(),
            Kind::Bool => (raw == 1).to_string(),
            Kind::Signed => signed().to_string(),
            Kind::Decimal => format!("{}e{}", signed(), -i32::from(self.scale)),
            Kind::Float => match self.bits {
                16 => half::f16::from_bits(raw as u16).to_string(),
                32 => f32::from_bits(raw as u32).to_string(),
                _ => f64::from_bits(raw as u64).to_string(),
            },
            _ => raw.to_string(),
        }
    }
}
