//! The type of a column, from all of its values: the first of a list that holds each of them unchanged.

use super::nulls::{Nulls, SPACES};
use super::number::{Spelling, is_nan, special};
use super::time::{Clock, UNITS, Zones};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};

/// Types that hold a value: a bit each, the most special first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Types(u16);

impl Types {
    const NONE: Self = Self(0);
    const BOOL: Self = Self(1);
    const INT: Self = Self(2);
    const FLOAT: Self = Self(4);
    const DATE: Self = Self(8);
    /// Four units from seconds to nanoseconds; then the same with a zone.
    const TIME: u32 = 4;
    const ZONED: u32 = 8;
    const DECIMAL: Self = Self(1 << 12);
    /// Numbers and times as people write them, if a type holds them or not.
    const NUMBER: Self = Self(1 << 13);
    const TIMELIKE: Self = Self(1 << 14);
    const ALL: Self = Self((1 << 15) - 1);
    /// The bits of types.
    const REAL: u16 = Self::NUMBER.0 - 1;

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// True if a type other than text holds all values.
    fn any(self) -> bool {
        self.0 & Self::REAL != 0
    }
}

/// A value that decides something, and its line.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub line: u64,
    pub value: String,
}

impl Seen {
    fn new(line: u64, value: &str) -> Self {
        Self { line, value: shortened(value) }
    }
}

/// The start of a value on one line, for a message.
pub(crate) fn shortened(value: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = value.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// The state of a column's type search after some of its values.
#[derive(Clone)]
pub(crate) struct Column {
    pub types: Types,
    /// Values that are neither empty nor words for null.
    pub values: u64,
    /// How often each word for null came; empty until the first did.
    pub words: Vec<u64>,
    pub zones: Zones,
    /// Values that are neither numbers nor times, and the first of them.
    pub others: u64,
    pub other: Option<Seen>,
    /// The first number that is no float64, and the first number or time that no type holds.
    pub no_float: Option<Seen>,
    pub unheld: Option<Seen>,
    /// True if spaces are around some values.
    pub spaced: bool,
    whole: usize,
    fraction: usize,
}

impl Column {
    pub fn new() -> Self {
        Self {
            types: Types::ALL,
            values: 0,
            words: Vec::new(),
            zones: Zones::None,
            others: 0,
            other: None,
            no_float: None,
            unheld: None,
            spaced: false,
            whole: 0,
            fraction: 0,
        }
    }

    /// Looks at a value in a line.
    pub fn add(&mut self, value: &str, line: u64, nulls: &Nulls, clock: Clock) {
        let trimmed = value.trim_matches(SPACES);
        self.spaced |= trimmed.len() < value.len();
        if trimmed.is_empty() {
            return;
        }
        if let Some(word) = nulls.word(trimmed) {
            self.words.resize(nulls.words().len(), 0);
            self.words[word] += 1;
            return;
        }
        self.values += 1;
        let types = self.look(trimmed, clock);
        if !types.has(Types::NUMBER.or(Types::TIMELIKE)) {
            self.others += 1;
            self.other.get_or_insert_with(|| Seen::new(line, value));
        } else if !types.any() {
            self.unheld.get_or_insert_with(|| Seen::new(line, value));
        }
        if types.has(Types::NUMBER) && !types.has(Types::FLOAT) {
            self.no_float.get_or_insert_with(|| Seen::new(line, value));
        }
        self.types.0 &= types.0;
    }

    /// The types that hold a value.
    fn look(&mut self, value: &str, clock: Clock) -> Types {
        if value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") {
            return Types::BOOL;
        }
        if let [b'0'..=b'9', _, _, _, b'-', ..] = value.as_bytes()
            && let Some(time) = clock.parse(value)
        {
            let mut types = Types::TIMELIKE;
            if !time.zone.is_empty() {
                self.zones.add(time.zone);
            }
            let first = if time.zone.is_empty() { Types::TIME } else { Types::ZONED };
            for (bit, unit) in (first..).zip(UNITS) {
                types.0 |= u16::from(time.in_unit(unit).is_some()) << bit;
            }
            return if time.date.is_some() { types.or(Types::DATE) } else { types };
        }
        match Spelling::parse(value) {
            Some(number) => self.number(value, number),
            None if special(value).is_some() => Types::FLOAT.or(Types::NUMBER),
            None => Types::NONE,
        }
    }

    fn number(&mut self, value: &str, number: Spelling) -> Types {
        let negative_zero = number.negative && number.is_zero();
        if number.is_integer() {
            // Codes and telephone numbers: what leads says something.
            let is_code = number.has_leading_zeros() || number.plus;
            match value.parse::<i64>() {
                _ if is_code => return Types::NONE,
                Err(_) => return Types::NUMBER,
                Ok(_) if negative_zero => return Types::NUMBER.or(Types::FLOAT),
                Ok(_) => {}
            }
        }
        let mut types = Types::NUMBER;
        if number.is_float() {
            types = types.or(Types::FLOAT);
        }
        if number.is_integer() {
            types = types.or(Types::INT);
        }
        if !number.has_exponent() && !negative_zero && !number.has_leading_zeros() {
            self.whole = self.whole.max(number.whole.trim_start_matches('0').len());
            self.fraction = self.fraction.max(number.fraction.len());
            types = types.or(Types::DECIMAL);
        }
        types
    }

    /// The type; text if none holds all values, Null if there are none.
    pub fn data_type(&self, nulls: &Nulls) -> DataType {
        let counted = |nan: bool| {
            let words = self.words.iter().zip(nulls.words());
            words.filter(|(_, word)| is_nan(word) == nan).any(|(&count, _)| count > 0)
        };
        if self.values == 0 {
            // A column of NA alone may well be text; NaN is a value of floats.
            return match nulls.are_usual() {
                true if counted(true) => DataType::Float64,
                true if counted(false) => DataType::Utf8,
                _ => DataType::Null,
            };
        }
        match (self.types.0 & Types::REAL).trailing_zeros() {
            0 => DataType::Boolean,
            1 => DataType::Int64,
            2 => DataType::Float64,
            3 => DataType::Date32,
            bit @ Types::TIME..12 => self.timestamp(bit),
            12 => self.decimal().unwrap_or(DataType::Utf8),
            _ => DataType::Utf8,
        }
    }

    /// The coarsest timestamp that holds all values; none if none does.
    pub fn time(&self) -> Option<DataType> {
        let bit = (self.types.0 & 0xFF << Types::TIME).trailing_zeros();
        (bit < 12).then(|| self.timestamp(bit))
    }

    fn timestamp(&self, bit: u32) -> DataType {
        let zoned = bit >= Types::ZONED;
        DataType::Timestamp(UNITS[bit as usize % UNITS.len()], zoned.then(|| self.zones.name().into()))
    }

    fn decimal(&self) -> Option<DataType> {
        let precision = u8::try_from(self.whole + self.fraction).ok()?.max(1);
        let scale = i8::try_from(self.fraction).ok()?;
        (precision <= DECIMAL128_MAX_PRECISION).then_some(DataType::Decimal128(precision, scale))
    }

    /// True if all values are numbers, or all are times.
    pub fn is_uniform(&self) -> bool {
        self.types.has(Types::NUMBER.or(Types::TIMELIKE))
    }
}
