//! The part each column plays for a model: feature, target, or neither and why.

use super::options::{Options, TargetKind};
use super::survey::Survey;
use crate::column::{Kind, Schema};
use crate::error::{Error, Result};

/// The columns that a user's options name, as nodes.
pub(super) struct Roles {
    pub target: Option<(usize, TargetKind)>,
    pub features: Vec<usize>,
    pub class: Option<usize>,
    /// Columns of numbers without a finite value in any row: no features.
    pub empty: Vec<usize>,
    excluded: Vec<usize>,
}

/// The columns of a table to a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnRoles {
    /// Names of the features.
    pub features: Vec<String>,
    /// Those of them that have the same value in every row.
    pub constant: Vec<String>,
    /// The other columns but the target, and why each is no feature.
    pub others: Vec<(String, String)>,
    /// The target.
    pub target: TargetColumn,
}

/// The column that a model predicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetColumn {
    /// Its name.
    pub name: String,
    /// Number of its classes, if it is a class.
    pub classes: Option<u64>,
    /// Rows without one: no model is trained on them.
    pub null_rows: u64,
    /// A doubt about the column, such as text that is numbers but for a few values.
    pub doubt: Option<String>,
}

impl Roles {
    /// Looks the options' columns up.
    ///
    /// # Errors
    /// `Argument` for a column that is not there, or whose name two columns have.
    pub fn of(schema: &Schema, options: &Options) -> Result<Self> {
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
        let target = options.target.as_ref().map(|(name, kind)| Ok((only(name)?, *kind))).transpose()?;
        if let Some((t, TargetKind::Value)) = target
            && let Some(n) = schema.nodes().get(t).filter(|n| !n.is_numeric_column())
        {
            return Err(Error::argument(format!(
                "target \"{}\" is not numeric: it cannot be a value",
                n.name
            )));
        }
        let excluded = options.exclude.iter().map(|name| schema.column(name)).collect::<Result<Vec<_>>>()?;
        let class = options.class.as_ref().map(only).transpose()?;
        let mut roles = Self { target, features: Vec::new(), class, empty: Vec::new(), excluded };
        roles.features = schema.columns().filter(|&c| roles.reason(schema, c).is_none()).collect();
        Ok(roles)
    }

    /// Why a column is no feature; none if it is one, or the target.
    fn reason(&self, schema: &Schema, column: usize) -> Option<String> {
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
            Kind::Struct | Kind::List => "nested",
            Kind::Interval | Kind::Signed => "a date, time or duration",
            Kind::Bool | Kind::Unsigned | Kind::Float | Kind::Decimal => "no single number",
        };
        Some(what.to_owned())
    }

    /// The roles of a surveyed table's columns, if a target is named.
    pub fn columns(&self, schema: &Schema, survey: &Survey) -> Option<ColumnRoles> {
        let (target, kind) = survey.target?;
        let name = |node: usize| schema.nodes()[node].name.clone();
        let doubt = |node: usize| survey.doubts.get(node).cloned().flatten();
        let constant = self.features.iter().zip(&survey.ranges).filter(|(_, range)| range.lo == range.hi);
        let others = schema.columns().filter(|&column| column != target);
        let others = others.filter_map(|column| {
            let why = self.reason(schema, column)?;
            let doubt = doubt(column).filter(|_| why == "text").map_or(String::new(), |d| format!(": {d}"));
            Some((name(column), why + &doubt))
        });
        Some(ColumnRoles {
            features: self.features.iter().map(|&node| name(node)).collect(),
            constant: constant.map(|(&node, _)| name(node)).collect(),
            others: others.collect(),
            target: TargetColumn {
                name: name(target),
                classes: (kind == TargetKind::Class)
                    .then(|| survey.target_labels.as_ref().map_or(0, |labels| labels.values() as u64)),
                null_rows: survey.target_nulls,
                doubt: doubt(target),
            },
        })
    }
}

/// A note on text that is numbers but for a few values: such a column was most likely meant to be numbers. None if
/// less than nine of ten values are numbers.
pub(super) fn doubt<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<String> {
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
