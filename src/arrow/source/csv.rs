//! CSV files with a header. The type of a column is the first of a list that holds every value of
//! the file, so that nothing is changed by reading it: bool, int64, float64, date, timestamp (with or
//! without a zone), else text. Numbers written with leading zeros and integers too large for their
//! type stay text; empty fields are nulls.

use super::{Guarded, RecordBatches, Source, guarded, open};
use crate::error::{Error, ErrorKind, Result};
use arrow::array::AsArray;
use arrow::array::timezone::Tz;
use arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use arrow::csv::reader::{Format, Reader, ReaderBuilder};
use arrow::datatypes::{
    DataType, Date32Type, Field, Fields, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit,
};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Fields of a batch, about.
const BATCH_FIELDS: usize = 1 << 19;

/// A CSV file.
pub(in crate::arrow) struct Csv {
    path: PathBuf,
    delimiter: u8,
    schema: SchemaRef,
    rows: u64,
}

impl Csv {
    /// Reads the file once for the types of its columns.
    pub fn open(path: &Path, delimiter: u8) -> Result<Self> {
        let file = open(path)?;
        let format = Format::default().with_header(true).with_delimiter(delimiter);
        let (header, _) = guarded(path, || format.infer_schema(BufReader::new(file), Some(0)))?;
        if header.fields().is_empty() {
            return Err(Error::new(
                ErrorKind::Input,
                format!(
                    "{}: line 1: the file is empty; a line with the columns' names is needed",
                    path.display()
                ),
            ));
        }
        let text = header.fields().iter().map(|f| Field::new(f.name(), DataType::Utf8, true));
        let text = Arc::new(Schema::new(text.collect::<Fields>()));
        let mut csv = Self { path: path.to_owned(), delimiter, schema: text, rows: 0 };
        let utc: Tz = guarded(path, || "UTC".parse())?;
        let mut types = vec![Types::ALL; csv.schema.fields().len()];
        for batch in csv.reader()? {
            let batch = batch?;
            csv.rows += batch.num_rows() as u64;
            for (types, column) in types.iter_mut().zip(batch.columns()) {
                for value in column.as_string::<i32>().iter().flatten() {
                    if types.0 == 0 {
                        break;
                    }
                    types.0 &= Types::of(value, &utc).0;
                }
            }
        }
        let fields =
            header.fields().iter().zip(types).map(|(f, types)| Field::new(f.name(), types.first(), true));
        csv.schema = Arc::new(Schema::new(fields.collect::<Fields>()));
        Ok(csv)
    }

    fn reader(&self) -> Result<Guarded<Reader<File>>> {
        let rows = (BATCH_FIELDS / self.schema.fields().len().max(1)).clamp(1, 8192);
        let builder = ReaderBuilder::new(self.schema.clone())
            .with_header(true)
            .with_delimiter(self.delimiter)
            .with_batch_size(rows);
        let file = open(&self.path)?;
        Ok(Guarded::new(&self.path, guarded(&self.path, || builder.build(file))?))
    }
}

impl Source for Csv {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        Ok(Box::new(self.reader()?))
    }
}

/// Types that hold a value: a bit each, the most special first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Types(u16);

impl Types {
    const NONE: Self = Self(0);
    const BOOL: Self = Self(1);
    const INT: Self = Self(2);
    const FLOAT: Self = Self(4);
    const DATE: Self = Self(8);
    /// Four units from seconds to nanoseconds; then the same with a zone.
    const TIME: u32 = 4;
    const ALL: Self = Self(0xFFF);

    /// The type for a column; Null if it has no values.
    fn first(self) -> DataType {
        use TimeUnit::*;
        match self.0.trailing_zeros() {
            _ if self == Self::ALL => DataType::Null,
            0 => DataType::Boolean,
            1 => DataType::Int64,
            2 => DataType::Float64,
            3 => DataType::Date32,
            bit @ 4..12 => {
                let unit = [Second, Millisecond, Microsecond, Nanosecond][bit as usize % 4];
                DataType::Timestamp(unit, (bit >= 8).then(|| "UTC".into()))
            }
            _ => DataType::Utf8,
        }
    }

    fn of(value: &str, utc: &Tz) -> Self {
        if value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") {
            return Self::BOOL;
        }
        let bytes = value.as_bytes();
        match bytes {
            [b'0'..=b'9', _, _, _, b'-', _, _, b'-', ..] if value.is_ascii() => Self::of_time(value, utc),
            _ => Self::of_number(value),
        }
    }

    fn of_number(value: &str) -> Self {
        if matches!(value, "NaN" | "nan" | "inf" | "-inf") {
            return Self::FLOAT;
        }
        let digits = value.strip_prefix('-').unwrap_or(value);
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            return match Int64Type::parse(value) {
                Some(0) if value.starts_with('-') => Self::FLOAT,
                Some(_) if leading_zero => Self::NONE,
                Some(int) if int.unsigned_abs() <= 1 << 53 => Self(Self::INT.0 | Self::FLOAT.0),
                Some(_) => Self::INT,
                None => Self::NONE,
            };
        }
        let spelled = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
        if spelled && Float64Type::parse(value).is_some_and(f64::is_finite) {
            Self::FLOAT
        } else {
            Self::NONE
        }
    }

    fn of_time(value: &str, utc: &Tz) -> Self {
        let Ok(time) = string_to_datetime(utc, value) else { return Self::NONE };
        let (zone, date) = match value.len() {
            10 if Date32Type::parse(value).is_some() => ("", Self::DATE),
            0..19 => return Self::NONE,
            _ => {
                let rest = &value[19..];
                let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
                if rest.len() - zone.len() > ".123456789".len() {
                    return Self::NONE;
                }
                (zone, Self::NONE)
            }
        };
        let nanoseconds = time.timestamp_subsec_nanos();
        let holds = [
            nanoseconds == 0,
            nanoseconds % 1_000_000 == 0,
            nanoseconds % 1_000 == 0,
            time.timestamp_nanos_opt().is_some(),
        ];
        let units = holds.iter().rev().fold(0, |units, &holds| units << 1 | u16::from(holds));
        Self(units << if zone.is_empty() { Self::TIME } else { Self::TIME + 4 } | date.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn first(values: &[&str]) -> DataType {
        let utc = "UTC".parse().unwrap();
        let types = values.iter().map(|v| Types::of(v, &utc).0).fold(Types::ALL.0, |a, b| a & b);
        Types(types).first()
    }

    #[test]
    fn the_first_type_that_changes_no_value() {
        use DataType::*;
        let time = |unit| Timestamp(unit, None);
        let zoned = |unit| Timestamp(unit, Some("UTC".into()));
        for (values, data_type) in [
            (&[][..], Null),
            (&["true", "FALSE"], Boolean),
            (&["true", "1"], Utf8),
            (&["0", "-1", "9223372036854775807"], Int64),
            (&["9223372036854775808"], Utf8),
            (&["007"], Utf8),
            (&["-0"], Float64),
            (&["1", "2.5"], Float64),
            (&["9007199254740993", "2.5"], Utf8),
            (&["1e3", ".5", "5.", "NaN", "-inf"], Float64),
            (&["1e999"], Utf8),
            (&["e"], Utf8),
            (&["-"], Utf8),
            (&["1-2"], Utf8),
            (&[" 1"], Utf8),
            (&["2020-02-29", "1066-10-14"], Date32),
            (&["2020-02-30"], Utf8),
            (&["2020-02-29", "2020-02-29 12:30:00"], time(TimeUnit::Second)),
            (&["2020-02-29T12:30:00.120", "2020-02-29 12:30:00"], time(TimeUnit::Millisecond)),
            (&["2020-02-29T12:30:00.123456"], time(TimeUnit::Microsecond)),
            (&["2020-02-29T12:30:00.123456789"], time(TimeUnit::Nanosecond)),
            (&["2020-02-29T12:30:00.1234567891"], Utf8),
            (&["2020-02-29T12:30:00.123456789", "9999-12-31"], Utf8),
            (&["2020-02-29T12:30:00Z", "2020-02-29T12:30:00+02:00"], zoned(TimeUnit::Second)),
            (&["2020-02-29T12:30:00Z", "2020-02-29T12:30:00"], Utf8),
            (&["2020-02-29 12:30:00 or so"], Utf8),
            (&["2020-02-29 12:30"], Utf8),
            (&["2020-02-29 12:30:00é"], Utf8),
        ] {
            assert_eq!(first(values), data_type, "{values:?}");
        }
    }
}
