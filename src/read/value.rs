//! A value of a column, alone.

use std::fmt;

use crate::codec::transform::numbers::Float;
use crate::format::schema::{Kind, Node};
use crate::summary::statistics::stored::{Extreme, raw_of};

/// A value of a column, or one that a column is compared with.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Of kind bool.
    Bool(bool),
    /// Of kinds unsigned and signed; dates and times as counts of their unit.
    Integer(i128),
    /// Of kind decimal: the integer, to be divided by 10 to the power of the scale.
    Decimal(i128, i16),
    /// Of kind float.
    Float(f64),
    /// Of kind text.
    Text(String),
    /// Of kind bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// A value of a node by its place in order, or its bytes.
    pub(crate) fn new(node: &Node, value: Extreme) -> Self {
        let number = match value {
            Extreme::String(bytes) if node.kind == Kind::Text => {
                return Value::Text(String::from_utf8_lossy(&bytes).into_owned());
            }
            Extreme::String(bytes) => return Value::Bytes(bytes),
            Extreme::Number(place) => raw_of(node, place),
        };
        let unused = 128 - u32::from(node.bits);
        let signed = (number << unused) as i128 >> unused;
        match node.kind {
            Kind::Bool => Value::Bool(number == 1),
            Kind::Float => Value::Float(Float::of(node.bits).value(number as u64)),
            Kind::Decimal => Value::Decimal(signed, node.scale),
            Kind::Signed => Value::Integer(signed),
            _ => Value::Integer(number as i128), // 64 bits at most
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Value::Bytes(bytes) => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
            Value::Decimal(value, scale) if *scale > 0 => {
                let (scale, sign) = (usize::from(scale.unsigned_abs()), if *value < 0 { "-" } else { "" });
                let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                write!(f, "{sign}{whole}.{fraction}")
            }
            Value::Decimal(value, scale) => {
                write!(f, "{value}{:0>1$}", "", usize::from(scale.unsigned_abs()))
            }
        }
    }
}
