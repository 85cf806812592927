//! The part each column plays for a model: feature, target, or neither and why.

use crate::error::{Error, Result};
use crate::format::schema::{Kind, Schema};
use crate::summary::cells::options::TargetKind;
use crate::write::options::Options;

/// The columns that a user's options name, as nodes.
pub(crate) struct Roles {
    pub target: Option<(usize, TargetKind)>,
    pub features: Vec<usize>,
    pub class: Option<usize>,
    /// Columns of numbers without a finite value in any row: no features.
    pub empty: Vec<usize>,
    /// True if the features are those of a file that is there.
    pub are_given: bool,
    excluded: Vec<usize>,
}

impl Roles {
    /// Looks the options' columns up.
    ///
    /// # Errors
    /// `Argument` for a column that is not there, or whose name two columns have.
    pub fn new(schema: &Schema, options: &Options) -> Result<Self> {
        let only = |name: &String| -> Result<usize> {
            let column = schema.column(name)?;
            let same = schema.columns().filter(|&i| schema.nodes()[i].name == *name).count();
            match same {
                1 => Ok(column),
                _ => Err(Error::argument(format!(
                    "{same} columns are named \"{name}\", so that it is not clear which is meant: rename or leave out \
                     all but one"
                ))),
            }
        };
        let target =
            options.summaries.target.as_ref().map(|(name, kind)| Ok((only(name)?, *kind))).transpose()?;
        if let Some((t, TargetKind::Value)) = target
            && let Some(n) = schema.nodes().get(t).filter(|n| !n.is_numeric_column())
        {
            return Err(Error::argument(format!(
                "target \"{}\" is not numeric: it cannot be a value",
                n.name
            )));
        }
        let excluded =
            options.summaries.exclude.iter().map(|name| schema.column(name)).collect::<Result<Vec<_>>>()?;
        let class = options.layout.class.as_ref().map(only).transpose()?;
        let mut roles =
            Self { target, features: Vec::new(), class, empty: Vec::new(), are_given: false, excluded };
        roles.features = schema.columns().filter(|&c| roles.reason(schema, c).is_none()).collect();
        Ok(roles)
    }

    /// Why a column is no feature; none if it is one, or the target.
    pub fn reason(&self, schema: &Schema, column: usize) -> Option<String> {
        let node = &schema.nodes()[column];
        let is_target = self.target.is_some_and(|(t, _)| t == column);
        // Rows to train on are read by name.
        let second = self.target.is_some()
            && schema.columns().take_while(|&c| c < column).any(|c| schema.nodes()[c].name == node.name);
        let what = match node.kind {
            _ if is_target => "the target",
            _ if self.excluded.iter().any(|&c| schema.nodes()[c].name == node.name) => "excluded",
            _ if second => "a column before it has its name",
            _ if self.empty.contains(&column) => "null or not finite in every row",
            _ if node.is_numeric_column() => return None,
            Kind::Text => "text",
            Kind::Bytes | Kind::FixedBytes => "bytes",
            Kind::Image => "images",
            Kind::Struct | Kind::FixedList | Kind::List => "nested",
            Kind::Interval | Kind::Signed => "a date, time or duration",
            Kind::Bool | Kind::Unsigned | Kind::Float | Kind::Decimal => "no single number",
            Kind::Unknown => "of a feature that this gede does not know",
        };
        Some(what.to_owned())
    }
}

/// A note on text that is numbers but for a few values: such a column was most likely meant to be numbers. None if
/// less than nine of ten values are numbers.
pub(crate) fn doubt<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let (mut numbers, mut all, mut other) = (0u64, 0u64, None::<&[u8]>);
    for value in values {
        let text = std::str::from_utf8(value).unwrap_or_default().trim();
        all += 1;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => numbers += 1,
            // The least one, whatever the order of the values.
            _ => other = Some(other.map_or(value, |other| other.min(value))),
        }
    }
    if numbers == 0 || numbers * 10 < all * 9 {
        return None;
    }
    Some(match other {
        Some(word) => {
            let word: String = String::from_utf8_lossy(word).chars().take(20).collect();
            format!("{numbers} of its {all} values are numbers, {word:?} is not")
        }
        None => format!("all of its {all} values are numbers, written in a way that would not come back"),
    })
}
