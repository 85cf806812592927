//! The paper's experiments: tables as CSV, figures as SVG.

mod california;
mod csv;
mod plot;
mod table;

use std::path::Path;

use gede::{Error, ErrorKind, Result};

/// The experiments there are.
pub const NAMES: [&str; 1] = ["california"];

/// Runs an experiment and writes its tables and figures into `out/NAME`. The data is looked for in
/// `data`; some experiments have theirs bundled. Prints the summary, as JSON if asked; progress goes
/// to standard error.
///
/// # Errors
/// `Argument` for a name that is none of [`NAMES`]; whatever keeps data from being read or results
/// from being written.
pub fn run(name: &str, data: Option<&Path>, out: &Path, json: bool) -> Result<()> {
    let out = out.join(name);
    std::fs::create_dir_all(&out).map_err(|e| Error::io(format!("creating {}", out.display()), e))?;
    match name {
        "california" => california::run(data, &out, json),
        _ => Err(Error::new(
            ErrorKind::Argument,
            format!("no experiment \"{name}\"; there are {}", NAMES.join(", ")),
        )),
    }
}
