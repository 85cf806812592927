//! Dates and timestamps as they are written.

use arrow::array::timezone::Tz;
use arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use arrow::datatypes::{Date32Type, TimeUnit};
use arrow::error::ArrowError;

/// A date, or a time on a date: `2020-02-29`, `2020-02-29 12:30:00.5+01:00`.
pub(crate) struct Time<'a> {
    seconds: i64,
    /// Nanosecond of the second; a leap second has a billion and more.
    nanosecond: u32,
    nanoseconds: Option<i64>,
    /// The zone as it is written, empty if there is none.
    pub zone: &'a str,
    /// Days since 1970, if it is only a date.
    pub date: Option<i32>,
    /// True if no timestamp is the same: a leap second, more than nine digits of a second.
    pub is_beyond: bool,
}

/// Units from the coarsest, in the order of their bits.
pub(crate) const UNITS: [TimeUnit; 4] =
    [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];

/// Parses dates and times; what has no zone is taken as UTC.
#[derive(Clone, Copy)]
pub(crate) struct Clock(Tz);

impl Clock {
    pub fn new() -> Result<Self, ArrowError> {
        "UTC".parse().map(Self)
    }

    /// A date or a time; none if the text is neither.
    pub fn parse(self, text: &str) -> Option<Time<'_>> {
        let (rest, date) = match text.as_bytes() {
            _ if !text.is_ascii() => return None,
            [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _] => ("", Some(Date32Type::parse(text)?)),
            [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, _, _, _, b':', _, _, b':', _, _, ..] => {
                (&text[19..], None)
            }
            _ => return None,
        };
        let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let too_fine = rest.len() - zone.len() > ".123456789".len();
        let time = string_to_datetime(&self.0, text).ok()?;
        let nanosecond = time.timestamp_subsec_nanos();
        Some(Time {
            seconds: time.timestamp(),
            nanosecond,
            nanoseconds: time.timestamp_nanos_opt(),
            zone,
            date,
            is_beyond: too_fine || nanosecond >= 1_000_000_000,
        })
    }
}

impl Time<'_> {
    /// The time in a unit since 1970; none if the unit does not hold it.
    pub fn in_unit(&self, unit: TimeUnit) -> Option<i64> {
        let per_second = match unit {
            _ if self.is_beyond => return None,
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => return self.nanoseconds,
        };
        let nanoseconds = 1_000_000_000 / per_second;
        let part = i64::from(self.nanosecond / nanoseconds);
        let whole = self.seconds.checked_mul(i64::from(per_second))?.checked_add(part)?;
        (self.nanosecond % nanoseconds == 0).then_some(whole)
    }
}

/// The zones of a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Zones {
    #[default]
    None,
    One(String),
    /// Instants are kept, in UTC.
    Several,
}

impl Zones {
    /// Adds a zone as it is written.
    pub fn add(&mut self, written: &str) {
        match self {
            Self::None => *self = Self::One(written.to_owned()),
            Self::One(zone) if zone != written => *self = Self::Several,
            _ => {}
        }
    }

    /// The zone of the column's type.
    pub fn name(&self) -> String {
        let Self::One(written) = self else { return "UTC".to_owned() };
        let zone = written.trim();
        let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
        let offset = match (zone.as_bytes().first(), digits.len()) {
            (Some(&sign @ (b'+' | b'-')), 2 | 4) => {
                let (hours, minutes) = digits.split_at(2);
                let minutes = if minutes.is_empty() { "00" } else { minutes };
                Some(format!("{}{hours}:{minutes}", char::from(sign)))
            }
            _ => None,
        };
        match offset.as_deref() {
            Some("+00:00" | "-00:00") => "UTC".to_owned(),
            Some(offset) => offset.to_owned(),
            None if zone.eq_ignore_ascii_case("z") || zone.parse::<Tz>().is_err() => "UTC".to_owned(),
            None => zone.to_owned(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_zone_is_kept_and_several_become_utc() {
        let name = |zones: &[&str]| {
            let mut all = Zones::default();
            zones.iter().for_each(|zone| all.add(zone));
            all.name()
        };
        assert_eq!(name(&["Z", "Z"]), "UTC");
        assert_eq!(name(&["+02:00", "+02:00"]), "+02:00");
        assert_eq!(name(&[" -08"]), "-08:00");
        assert_eq!(name(&["+0530"]), "+05:30");
        assert_eq!(name(&["+00:00"]), "UTC");
        assert_eq!(name(&[" Europe/Berlin"]), "Europe/Berlin");
        assert_eq!(name(&["+01:00", "+02:00", "+01:00"]), "UTC");
    }
}
