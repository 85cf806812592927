//! Units for INT96 timestamps: a day and the nanoseconds of it, which need 96 bits.

use crate::arrow::guard::quietly;
use crate::arrow::wrap_parquet;
use crate::error::{Error, ErrorKind, Result};
use arrow::datatypes::TimeUnit;
use parquet::column::reader::ColumnReader;
use parquet::data_type::Int96;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::path::Path;

/// Values decoded at a time.
const VALUES: usize = 8192;

/// The day of the epoch in INT96.
const EPOCH: i128 = 2_440_588;
const DAY_NANOS: i128 = 86_400_000_000_000;

/// The unit for each of some columns: the one it would be read in, or else the finest that holds all its values exactly.
///
/// # Errors
/// `Input` for a column whose values no unit of 64 bits holds.
pub(crate) fn units(path: &Path, file: &File, columns: &[(usize, TimeUnit)]) -> Result<Vec<TimeUnit>> {
    let failed = |e: ParquetError| wrap_parquet(ErrorKind::Input, e);
    let file = file.try_clone().map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
    let survey = || -> Result<Vec<TimeUnit>> {
        let reader = SerializedFileReader::new(file).map_err(failed)?;
        let units = columns.iter().map(|&(column, unit)| {
            let seen = TimestampRange::new(&reader, column).map_err(failed)?;
            let finer = [TimeUnit::Nanosecond, TimeUnit::Microsecond, TimeUnit::Millisecond, TimeUnit::Second];
            let fits = [unit].into_iter().chain(finer).find(|&unit| seen.fits(unit));
            fits.ok_or_else(|| {
                let name = reader.metadata().file_metadata().schema_descr().column(column).path().string();
                let what = "INT96 timestamps too far from 1970 for 64 bits with the fractions of a second that they have";
                Error::new(ErrorKind::Input, format!("column \"{name}\": {what}; write them as INT64"))
            })
        });
        units.collect()
    };
    quietly(survey).unwrap_or_else(|panic| {
        Err(Error::new(ErrorKind::Input, format!("the Arrow/Parquet library cannot read it: {panic}")))
    })
}

/// The range and the precision of a column's values.
struct TimestampRange {
    /// Nanoseconds of the earliest and of the latest.
    range: Option<(i128, i128)>,
    /// The largest power of 1,000 nanoseconds that divides all, as an exponent of at most 3.
    power: u32,
    /// True if a day is beyond 31 bits: some readers take it for one long ago, some for one in the far future.
    doubtful: bool,
}

impl TimestampRange {
    fn new(reader: &SerializedFileReader<File>, column: usize) -> std::result::Result<Self, ParquetError> {
        let mut seen = Self { range: None, power: 3, doubtful: false };
        let (mut values, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
        for group in 0..reader.num_row_groups() {
            let ColumnReader::Int96ColumnReader(mut pages) =
                reader.get_row_group(group)?.get_column_reader(column)?
            else {
                return Err(ParquetError::General("a column is of INT96 in some row groups only".to_owned()));
            };
            loop {
                values.clear();
                definitions.clear();
                repetitions.clear();
                let (records, _, levels) = pages.read_records(
                    VALUES,
                    Some(&mut definitions),
                    Some(&mut repetitions),
                    &mut values,
                )?;
                values.iter().for_each(|value| seen.add(value));
                if records == 0 && levels == 0 {
                    break;
                }
            }
        }
        Ok(seen)
    }

    fn add(&mut self, value: &Int96) {
        let [low, high, day] = [0, 1, 2].map(|word| value.data()[word]);
        self.doubtful |= i32::try_from(day).is_err();
        let nanos = i128::from((u64::from(high) << 32 | u64::from(low)) as i64);
        let nanos = (i128::from(day) - EPOCH) * DAY_NANOS + nanos;
        let (first, last) = self.range.unwrap_or((nanos, nanos));
        self.range = Some((first.min(nanos), last.max(nanos)));
        while nanos % 1000_i128.pow(self.power) != 0 {
            self.power -= 1;
        }
    }

    fn fits(&self, unit: TimeUnit) -> bool {
        let power = match unit {
            TimeUnit::Nanosecond => 0,
            TimeUnit::Microsecond => 1,
            TimeUnit::Millisecond => 2,
            TimeUnit::Second => 3,
        };
        let scale = 1000_i128.pow(power);
        let small = |nanos: i128| i64::try_from(nanos / scale).is_ok();
        !self.doubtful
            && power <= self.power
            && self.range.is_none_or(|(first, last)| small(first) && small(last))
    }
}
