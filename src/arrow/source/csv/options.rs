//! How CSV text is read.

use super::text::TextEncoding;
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use std::str::FromStr;

/// How CSV text is read. If anything is said here, a file whose kind is not known is CSV.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CsvInput {
    /// The character between fields: by default a tab in `.tsv`, and else the one of `,`, `;`, tab and
    /// `|` that cuts the first lines into as many fields each.
    pub delimiter: Option<u8>,
    /// The first line is a row, not the names of the columns; these are `c1`, `c2` and so on then.
    pub no_header: bool,
    /// Words that are nulls, beside empty fields, in columns that hold no text: by default NA, N/A, null,
    /// NaN, ? and the like. NaN of the default is a value where the others are floats.
    pub nulls: Option<Vec<String>>,
    /// Types of columns, by name; others are found.
    pub types: Vec<(String, CsvType)>,
    /// By default UTF-8, or UTF-16 if the text starts with its byte-order mark.
    pub encoding: Option<TextEncoding>,
}

impl CsvInput {
    /// True if all is as by default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The type of a column of CSV text.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvType(pub(crate) Type);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    This(DataType),
    /// A timestamp of the coarsest unit that holds all values, with a zone if they have one.
    Timestamp,
}

impl CsvType {
    /// The type of columns of an Arrow type, if text is read in it.
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        use DataType::*;
        let is_known = data_type.is_integer()
            || matches!(data_type, Utf8 | Boolean | Float32 | Float64 | Date32 | Decimal128(_, 0..));
        match data_type {
            Timestamp(..) => Some(Self(Type::Timestamp)),
            _ => is_known.then(|| Self(Type::This(data_type.clone()))),
        }
    }
}

impl FromStr for CsvType {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        use DataType::*;
        let decimal = |text: &str| {
            let (precision, scale) = text.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
            let (precision, scale) = (precision.trim().parse::<u8>().ok()?, scale.trim().parse::<u8>().ok()?);
            let fits = (1..=DECIMAL128_MAX_PRECISION).contains(&precision) && scale <= precision;
            fits.then_some(Decimal128(precision, scale as i8))
        };
        Ok(Self(Type::This(match name {
            "timestamp" => return Ok(Self(Type::Timestamp)),
            "text" => Utf8,
            "bool" => Boolean,
            "int8" => Int8,
            "int16" => Int16,
            "int32" => Int32,
            "int64" => Int64,
            "uint8" => UInt8,
            "uint16" => UInt16,
            "uint32" => UInt32,
            "uint64" => UInt64,
            "float32" => Float32,
            "float64" => Float64,
            "date" => Date32,
            _ => decimal(name).ok_or_else(|| {
                format!(
                    "\"{name}\" is none of text, bool, int8 to int64, uint8 to uint64, float32, float64, date, \
                     timestamp and decimal(precision,scale) of at most {DECIMAL128_MAX_PRECISION} digits"
                )
            })?,
        })))
    }
}
