//! `gede count`: the number of rows, of all or of those that pass a condition.

use super::open;
use crate::output::{count, json, print};
use gede::Result;
use gede::read::Predicate;
use serde_json::json;
use std::path::PathBuf;

/// Count the rows of a file, or those that pass a condition
#[derive(clap::Args)]
pub struct Count {
    /// A gede file
    file: PathBuf,
    /// Only rows that pass a condition, such as "temperature > 30 and zone in (3, 5)"
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
}

impl Count {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let reader = open(&self.file)?;
        let rows = || match &self.condition {
            Some(condition) => reader.count(&Predicate::parse(condition, reader.schema())?),
            None => Ok(reader.rows()),
        };
        let rows = rows().map_err(|e| e.at(self.file.display()))?;
        if as_json { json(&json!({ "rows": rows })) } else { print(&format!("{}\n", count(rows))) }
    }
}
