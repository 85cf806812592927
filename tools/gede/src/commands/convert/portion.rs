//! The options of `gede convert` on how much of a gede file comes out.

use crate::commands::misuse;
use gede::Result;
use gede::column::Schema;
use gede::read::Predicate;
use std::ops::Range;
use std::str::FromStr;

/// The columns and rows of a gede file that come out.
#[derive(clap::Args)]
#[command(next_help_heading = "Options for gede files as input")]
pub struct Portion {
    /// Columns to write, in this order [default: all]
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// Rows to write, numbered from 0, end excluded: 0..1000, 1000.. or ..1000 [default: all]
    #[arg(long, value_name = "FROM..TO")]
    rows: Option<RowRange>,
    /// Only rows that pass a condition, such as "temperature > 30 and zone in (3, 5)"
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
}

/// The value of `--rows`.
#[derive(Clone, Copy)]
struct RowRange {
    from: u64,
    to: Option<u64>,
}

impl FromStr for RowRange {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (from, to) = text.split_once("..").ok_or("no range like 0..1000, 1000.. or ..1000")?;
        let number = |text: &str| text.parse().map_err(|_| format!("\"{text}\" is no row number"));
        let from = if from.is_empty() { 0 } else { number(from)? };
        let to = if to.is_empty() { None } else { Some(number(to)?) };
        match to {
            Some(to) if to < from => Err("the range ends before it starts".to_owned()),
            _ => Ok(Self { from, to }),
        }
    }
}

impl Portion {
    /// True if the whole file is asked for.
    pub fn is_all(&self) -> bool {
        self.columns.is_none() && self.rows.is_none() && self.condition.is_none()
    }

    /// The condition that rows pass, if there is one.
    pub fn condition(&self, schema: &Schema) -> Result<Option<Predicate>> {
        self.condition.as_deref().map(|condition| Predicate::parse(condition, schema)).transpose()
    }

    /// The rows, of so many.
    pub fn rows(&self, of: u64) -> Result<Range<u64>> {
        let Some(RowRange { from, to }) = self.rows else { return Ok(0..of) };
        let to = to.unwrap_or(of);
        if from > of || to > of {
            let asked = if to > of { format!("{from}..{to}") } else { format!("{from}..") };
            return Err(misuse(format!("--rows {asked}: the file has {of} rows; a range is within 0..{of}")));
        }
        Ok(from..to)
    }
}
