//! Numbers as they are written, and whether a type holds them without a change.

/// Digits that every decimal of which a float64 gives back.
const SAFE_DIGITS: usize = 15;

/// Most significant digits of a float64 that is written down exactly.
const MOST_DIGITS: usize = 767;

/// A decimal number as it is written: `-12.50`, `1e-3`.
#[derive(Clone, Copy)]
pub(crate) struct Spelling<'a> {
    text: &'a str,
    pub negative: bool,
    pub plus: bool,
    /// Digits before and after the point.
    pub whole: &'a str,
    pub fraction: &'a str,
    pub point: bool,
    exponent: Option<i64>,
}

impl<'a> Spelling<'a> {
    /// Takes a number apart; none if the text is no number of digits.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (negative, plus) = (text.starts_with('-'), text.starts_with('+'));
        let unsigned = if negative || plus { &text[1..] } else { text };
        if !unsigned.starts_with(|c: char| c == '.' || c.is_ascii_digit()) {
            return None;
        }
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            None => (unsigned, None),
            // An exponent beyond i64 is beyond every type too, and its text stays.
            Some((mantissa, exponent)) => (mantissa, Some(exponent.parse().ok()?)),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let point = whole.len() < mantissa.len();
        let any = whole.len() + fraction.len() > 0;
        (any && digits(whole) && digits(fraction)).then_some(Self {
            text,
            negative,
            plus,
            whole,
            fraction,
            point,
            exponent,
        })
    }

    /// True if it is written as an integer.
    pub fn is_integer(self) -> bool {
        !self.point && self.exponent.is_none()
    }

    /// True if it has an exponent.
    pub fn has_exponent(self) -> bool {
        self.exponent.is_some()
    }

    /// True if zeros lead, as in the codes `007` and `00.5`.
    pub fn has_leading_zeros(self) -> bool {
        self.whole.len() > 1 && self.whole.starts_with('0')
    }

    pub fn is_zero(self) -> bool {
        self.whole.bytes().chain(self.fraction.bytes()).all(|b| b == b'0')
    }

    /// Significant digits as they are written, with the zeros at the end.
    fn significant(self) -> usize {
        let digits = || self.whole.bytes().chain(self.fraction.bytes());
        self.whole.len() + self.fraction.len() - digits().take_while(|&b| b == b'0').count()
    }

    /// The number as digits without zeros at either end, and the power of ten of the last.
    fn normal(self) -> (String, i64) {
        let digits = format!("{}{}", self.whole, self.fraction);
        let trimmed = digits.trim_end_matches('0');
        let zeros = (digits.len() - trimmed.len()) as i64;
        // Digits without an exponent are times 10^0.
        let power =
            self.exponent.unwrap_or(0).saturating_add(zeros).saturating_sub(self.fraction.len() as i64);
        let trimmed = trimmed.trim_start_matches('0');
        (trimmed.to_owned(), if trimmed.is_empty() { 0 } else { power })
    }

    /// True if the nearest float64 is the same number: its shortest form is, or the float was written with
    /// as many digits (`%.17g`, `%.18e`) and gives the same ones when it is written so again.
    pub fn is_float(self) -> bool {
        let digits = self.significant();
        let is_small = self.whole.len() + self.fraction.len() < 290;
        if digits <= SAFE_DIGITS && self.exponent.is_none() && is_small {
            return true;
        }
        let Some(float) = self.text.parse::<f64>().ok().filter(|f| f.is_finite()) else { return false };
        let same = |printed: String| {
            let printed = printed.trim_start_matches('-');
            Spelling::parse(printed).is_some_and(|p| p.normal() == self.normal())
        };
        digits <= MOST_DIGITS
            && (same(format!("{float:e}")) || same(format!("{float:.*e}", digits.max(1) - 1)))
    }

    /// The integer that the number is in units of 10^-scale; none if it is not one of `precision` digits.
    pub fn decimal(self, precision: u8, scale: i8) -> Option<i128> {
        let (digits, power) = self.normal();
        let zeros = usize::try_from(power.checked_add(i64::from(scale))?).ok()?;
        if digits.is_empty() {
            return Some(0);
        }
        if digits.len().checked_add(zeros)? > usize::from(precision) {
            return None;
        }
        let unsigned = (digits + &"0".repeat(zeros)).parse::<i128>().ok()?;
        Some(if self.negative { -unsigned } else { unsigned })
    }
}

/// A float64 that is no number of digits: NaN and the infinities, as programs write them.
pub(crate) fn special(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is = |word: &str| unsigned.eq_ignore_ascii_case(word);
    (is("inf") || is("infinity") || is_nan(text)).then(|| text.parse().ok()).flatten()
}

/// True if the text is how programs write what is not a number.
pub(crate) fn is_nan(text: &str) -> bool {
    matches!(text, "NaN" | "nan" | "NAN" | "-NaN" | "-nan")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_the_same_number_or_was_printed_with_these_digits() {
        let held = [
            "0.1",
            "1e3",
            "-0.0",
            "0e9",
            "100000000000000000000",
            "0.30000000000000004",
            "5e-324",
            "4.9e-324",
            "1.000000000000000056e-01",
            "2.500000000000000000e-01",
            "0.10000000000000001",
            "1152921504606846976",
            "5.684341886080802e-14",
            "1.7976931348623157e308",
            "1e22",
            "123456789012345680000",
        ];
        for text in held {
            assert!(Spelling::parse(text).unwrap().is_float(), "{text}");
        }
        let changed = [
            "0.12345678901234567890",
            "9007199254740993",
            "1e400",
            "1e-400",
            "3.14159265358979323846",
            "12345678901234567.25",
            "1e99999999999",
            "0.10000000000000004",
        ];
        for text in changed {
            assert!(!Spelling::parse(text).unwrap().is_float(), "{text}");
        }
        assert!(!Spelling::parse(&format!("1{}1", "0".repeat(5000))).unwrap().is_float());
    }

    #[test]
    fn what_is_no_number() {
        for text in
            ["", "-", ".", "e", "1e", "1-2", "0x10", "1_000", "1,5", "--1", "+-1", " 1", "1.2.3", "é", "-é"]
        {
            assert!(Spelling::parse(text).is_none(), "{text}");
        }
        assert!(special("-Infinity").is_some_and(f64::is_infinite) && special("nAn").is_none());
    }

    #[test]
    fn decimals_are_exact_or_none() {
        let decimal = |text, precision, scale| Spelling::parse(text).unwrap().decimal(precision, scale);
        assert_eq!(decimal("-12.50", 4, 2), Some(-1250));
        assert_eq!(decimal("12.5", 4, 1), Some(125));
        assert_eq!(decimal("12.505", 6, 2), None);
        assert_eq!(decimal("12.50", 3, 2), None);
        assert_eq!(decimal("1.5e3", 6, 2), Some(150_000));
        assert_eq!(decimal("0.00", 1, 0), Some(0));
        assert_eq!(decimal("1e9223372036854775807", 38, 38), None);
        let most = "9".repeat(38);
        assert_eq!(decimal(&most, 38, 0), Some(most.parse().unwrap()));
    }
}
