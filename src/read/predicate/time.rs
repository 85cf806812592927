//! Dates and times as they are written, to counts of a unit (spec, chapter 3).

/// A count of a unit that a text names, if it is one that the unit has: 1 and 2 dates, 4 to 7 times of day, 8 to 11 timestamps.
pub(crate) fn count(text: &str, unit: u8) -> Option<i128> {
    let text = text.trim();
    match unit {
        1 => date(text),
        2 => Some(date(text)? * 86_400_000),
        4..=7 => nanoseconds(text, unit - 4),
        8..=11 => {
            let (day, rest) = match text.split_once(['T', 't', ' ']) {
                Some((day, rest)) => (day, rest.trim()),
                None => (text, ""),
            };
            let (clock, offset) = zone(rest)?;
            let clock = if clock.is_empty() { Some(0) } else { nanoseconds(clock, unit - 8) };
            let per_second = 1000i128.pow(u32::from(unit - 8));
            Some((date(day)? * 86_400 - i128::from(offset)) * per_second + clock?)
        }
        _ => None,
    }
}

/// What texts of a unit look like.
pub(crate) fn example(unit: u8) -> &'static str {
    match unit {
        1 | 2 => "'2024-12-31'",
        4..=7 => "'23:59:59.5'",
        8..=11 => "'2024-12-31T23:59:59.5'",
        _ => "a whole number",
    }
}

fn digits(text: &str) -> Option<i128> {
    let is_number = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn date(text: &str) -> Option<i128> {
    let (text, is_negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let mut parts = text.splitn(3, '-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if is_negative { -year } else { year };
    let is_leap = year.rem_euclid(4) == 0 && year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0;
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    // Years begin in March, so that the day that leap years have is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

/// A time of day in units of 1000^-power seconds.
fn nanoseconds(text: &str, power: u8) -> Option<i128> {
    let mut parts = text.splitn(3, ':');
    let (hours, minutes) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let (seconds, fraction) = parts.next().map_or(("0", ""), |s| s.split_once('.').unwrap_or((s, "")));
    let seconds = digits(seconds)?;
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let wanted = 3 * usize::from(power);
    let fraction = fraction.trim_end_matches('0');
    let known = fraction.len() <= wanted && fraction.bytes().all(|b| b.is_ascii_digit());
    let fraction = known.then(|| format!("{fraction:0<wanted$}"))?;
    let below = if fraction.is_empty() { 0 } else { fraction.parse::<i128>().ok()? };
    Some((hours * 3600 + minutes * 60 + seconds) * 1000i128.pow(power.into()) + below)
}

/// A time of day without its zone, and the seconds that the zone is before universal time.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (hours, minutes) = text[at + 1..].split_once(':').unwrap_or((&text[at + 1..], "0"));
    let offset = digits(hours)? * 3600 + digits(minutes)? * 60;
    let offset = i64::try_from(offset).ok()?;
    Some((&text[..at], if text[at..].starts_with('-') { -offset } else { offset }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_counts_of_their_unit() {
        assert_eq!(count("1970-01-01", 1), Some(0));
        assert_eq!(count("1969-12-31", 1), Some(-1));
        assert_eq!(count("2000-02-29", 1), Some(11_016));
        assert_eq!(
            [count("1900-02-29", 1), count("2024-13-01", 1), count("x", 1), count("2024-1", 1)],
            [None; 4]
        );
        assert_eq!(count("1970-01-02", 2), Some(86_400_000));
        assert_eq!(count("23:59:59.5", 5), Some(86_399_500));
        assert_eq!([count("23:59:59.5", 4), count("24:00", 4)], [None; 2]);
        assert_eq!(count("2024-12-31T23:59:59.000001", 10), Some(1_735_689_599_000_001));
        assert_eq!(count("2024-12-31 23:59:59Z", 8), Some(1_735_689_599));
        assert_eq!(count("2025-01-01T00:59:59+01:00", 8), Some(1_735_689_599));
        assert_eq!(count("2024-12-31", 9), Some(1_735_603_200_000));
        assert_eq!(count("12", 12), None);
    }
}
