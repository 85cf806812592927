//! Predicates: conditions on the columns of a row, by which scans pick rows.

pub(crate) mod bound;
pub(crate) mod literal;
pub(crate) mod logic;
pub(crate) mod outcomes;
mod parse;
mod ranges;
mod time;
mod tokens;

use std::fmt;

use crate::error::Result;
use crate::format::schema::Schema;
use crate::read::value::Value;

/// A comparison of a column with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`, or `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A condition on the columns of a row.
///
/// A row passes if the condition is true of it. With nulls it is neither true nor false: a comparison with a null is unknown,
/// `not` of unknown is unknown, and `and` and `or` are unknown if their outcome depends on it. Floats are compared as IEEE 754
/// has it: -0 equals 0, and every comparison with NaN is false but `!=`, so that `not (x > 1)` is true of NaN and `x <= 1` is
/// not. Strings are compared by their bytes.
///
/// ```
/// use gede::column::{Kind, SchemaBuilder};
/// use gede::read::Predicate;
///
/// let mut schema = SchemaBuilder::default();
/// schema.push(None, "temperature", Kind::Float, false, 64, 0)?;
/// schema.push(None, "zone", Kind::Unsigned, true, 8, 0)?;
/// let predicate = Predicate::parse("temperature > 30 and zone in (3, 5)", &schema.finish())?;
/// assert_eq!(predicate.to_string(), "\"temperature\" > 30 and \"zone\" in (3, 5)");
/// # Ok::<(), gede::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate(pub(crate) Expression);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Compare(String, Comparison, Value),
    In(String, Vec<Value>),
    IsNull(String),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
}

impl Predicate {
    /// Reads a condition on the columns of a schema: comparisons (`=`, `!=`, `<`, `<=`, `>`, `>=`), `between A and B`, `in (A,
    /// B)`, `is null`, `is not null`, `not`, `and`, `or` and parentheses. Strings are in single quotes, names that are no words
    /// in double quotes, dates and times are ISO 8601 in single quotes, bytes are `x'00ff'`; fields of structs follow their
    /// column and a dot.
    ///
    /// # Errors
    /// `Argument` for words that are no condition, columns that there are not, and values that are not of their column's type.
    pub fn parse(text: &str, schema: &Schema) -> Result<Self> {
        let predicate = Self(parse::parse(text)?);
        bound::Bound::new(&predicate.0, schema)?;
        Ok(predicate)
    }

    /// A comparison of a column with a value.
    pub fn compare(column: impl Into<String>, comparison: Comparison, value: Value) -> Self {
        Self(Expression::Compare(column.into(), comparison, value))
    }

    /// True where a column has one of these values.
    pub fn is_in(column: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self(Expression::In(column.into(), values.into_iter().collect()))
    }

    /// True where a column is null; never unknown.
    pub fn is_null(column: impl Into<String>) -> Self {
        Self(Expression::IsNull(column.into()))
    }

    /// Both conditions.
    pub fn and(self, other: Self) -> Self {
        Self(Expression::And(vec![self.0, other.0]))
    }

    /// One of two conditions, or both.
    pub fn or(self, other: Self) -> Self {
        Self(Expression::Or(vec![self.0, other.0]))
    }

    /// The opposite.
    pub fn negated(self) -> Self {
        Self(Expression::Not(Box::new(self.0)))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        })
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |column: &str| format!("\"{}\"", column.replace('"', "\"\""));
        let joined = |parts: &[Self], word: &str| {
            let part = |part: &Self| match part {
                Expression::And(_) | Expression::Or(_) => format!("({part})"),
                _ => part.to_string(),
            };
            parts.iter().map(part).collect::<Vec<_>>().join(word)
        };
        match self {
            Expression::Compare(column, comparison, value) => {
                write!(f, "{} {comparison} {value}", name(column))
            }
            Expression::In(column, values) => {
                let values: Vec<_> = values.iter().map(Value::to_string).collect();
                write!(f, "{} in ({})", name(column), values.join(", "))
            }
            Expression::IsNull(column) => write!(f, "{} is null", name(column)),
            Expression::And(parts) => f.write_str(&joined(parts, " and ")),
            Expression::Or(parts) => f.write_str(&joined(parts, " or ")),
            Expression::Not(part) => write!(f, "not ({part})"),
        }
    }
}
