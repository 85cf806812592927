//! Values as text and as JSON.
//!
//! A number that JSON has no form for becomes a string (`"NaN"`, `"Infinity"`, `"-Infinity"`), and so does a time for which
//! the calendar has no date: the number that is stored and its unit, as in `"9223372036854775807 s"`. Dates, times and
//! intervals are strings as well, binary values strings of hexadecimal digits. A map is an object if its keys are text, else
//! an array of objects of a `key` and a `value`.

use arrow::array::{Array, AsArray, MapArray};
use arrow::datatypes::{DataType, FieldRef, Float16Type, Float32Type, Float64Type, TimeUnit};
use arrow::error::ArrowError;
use arrow::json::writer::{NullableEncoder, make_encoder};
use arrow::json::{Encoder, EncoderFactory, EncoderOptions};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::sync::LazyLock;

/// The values of an array as text.
pub struct Text<'a> {
    array: &'a dyn Array,
    formatter: ArrayFormatter<'a>,
}

impl<'a> Text<'a> {
    pub fn new(array: &'a dyn Array) -> Result<Self, ArrowError> {
        let options = FormatOptions::default().with_display_error(false).with_null("null");
        Ok(Self { array, formatter: ArrayFormatter::try_new(array, &options)? })
    }

    /// The text of a value; of one without a text, what is stored.
    pub fn value(&self, at: usize) -> String {
        let text = self.formatter.value(at).try_to_string();
        text.unwrap_or_else(|_| stored(self.array, at).unwrap_or_else(|| "null".to_owned()))
    }
}

/// The number that is stored for a time, with its unit.
fn stored(array: &dyn Array, at: usize) -> Option<String> {
    let unit = match array.data_type() {
        DataType::Timestamp(unit, _)
        | DataType::Duration(unit)
        | DataType::Time32(unit)
        | DataType::Time64(unit) => match unit {
            TimeUnit::Second => "s",
            TimeUnit::Millisecond => "ms",
            TimeUnit::Microsecond => "us",
            TimeUnit::Nanosecond => "ns",
        },
        DataType::Date32 => "days",
        DataType::Date64 => "ms",
        _ => return None,
    };
    let data = array.to_data();
    let number = match array.data_type().primitive_width()? {
        4 => i64::from(*data.buffer::<i32>(0).get(at)?),
        _ => *data.buffer::<i64>(0).get(at)?,
    };
    Some(format!("{number} {unit}"))
}

/// Makes JSON of values of every type, and of every value.
#[derive(Debug)]
pub struct JsonValues;

impl EncoderFactory for JsonValues {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        static PLAIN: LazyLock<EncoderOptions> = LazyLock::new(EncoderOptions::default);
        let encoder: Box<dyn Encoder + 'a> = match array.data_type() {
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                Box::new(Floats { array, finite: make_encoder(field, array, &PLAIN)? })
            }
            data_type if data_type.is_decimal() => Box::new(Decimals(Text::new(array)?)),
            data_type if data_type.is_temporal() => Box::new(Times(Text::new(array)?)),
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(parts) if !parts[0].data_type().is_string() => {
                    Box::new(Entries::new(array.as_map(), options)?)
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(NullableEncoder::new(encoder, array.nulls().cloned())))
    }
}

/// Floats, those that are no numbers as strings.
struct Floats<'a> {
    array: &'a dyn Array,
    finite: NullableEncoder<'a>,
}

impl Encoder for Floats<'_> {
    fn encode(&mut self, at: usize, out: &mut Vec<u8>) {
        let value = match self.array.data_type() {
            DataType::Float16 => self.array.as_primitive::<Float16Type>().value(at).to_f64(),
            DataType::Float32 => self.array.as_primitive::<Float32Type>().value(at).into(),
            _ => self.array.as_primitive::<Float64Type>().value(at),
        };
        match value {
            v if v.is_nan() => out.extend(b"\"NaN\""),
            f64::INFINITY => out.extend(b"\"Infinity\""),
            f64::NEG_INFINITY => out.extend(b"\"-Infinity\""),
            _ => self.finite.encode(at, out),
        }
    }
}

/// Decimals as numbers. Arrow writes a zero of negative scale as `000`.
struct Decimals<'a>(Text<'a>);

impl Encoder for Decimals<'_> {
    fn encode(&mut self, at: usize, out: &mut Vec<u8>) {
        let text = self.0.value(at);
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        let digits = digits.trim_start_matches('0');
        let zero = if digits.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
        out.extend([sign, zero, digits].concat().into_bytes());
    }
}

/// Maps whose keys are no text, which those of JSON objects are: arrays of objects.
struct Entries<'a> {
    map: &'a MapArray,
    parts: [(&'static [u8], NullableEncoder<'a>); 2],
}

impl<'a> Entries<'a> {
    fn new(map: &'a MapArray, options: &'a EncoderOptions) -> Result<Self, ArrowError> {
        let fields = map.entries().fields();
        let keys = make_encoder(&fields[0], map.keys().as_ref(), options)?;
        let values = make_encoder(&fields[1], map.values().as_ref(), options)?;
        Ok(Self { map, parts: [(b"{\"key\":", keys), (b",\"value\":", values)] })
    }
}

impl Encoder for Entries<'_> {
    fn encode(&mut self, at: usize, out: &mut Vec<u8>) {
        out.push(b'[');
        let offsets = self.map.value_offsets();
        for entry in offsets[at] as usize..offsets[at + 1] as usize {
            if entry > offsets[at] as usize {
                out.push(b',');
            }
            for (name, part) in &mut self.parts {
                out.extend(*name);
                match part.is_null(entry) {
                    true => out.extend(b"null"),
                    false => part.encode(entry, out),
                }
            }
            out.push(b'}');
        }
        out.push(b']');
    }
}

/// Dates, times, durations and intervals as strings.
struct Times<'a>(Text<'a>);

impl Encoder for Times<'_> {
    fn encode(&mut self, at: usize, out: &mut Vec<u8>) {
        out.extend(serde_json::Value::String(self.0.value(at)).to_string().into_bytes());
    }
}
