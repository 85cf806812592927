//! `gede verify`: checks of a whole file.

use super::open;
use crate::output::{bytes, json, many, path, print, seconds};
use crate::progress::Bar;
use gede::write::Progress;
use gede::{ErrorKind, Result};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Check every checksum, offset and value of a file
#[derive(clap::Args)]
pub struct Verify {
    /// A gede file
    file: PathBuf,
}

impl Verify {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let started = Instant::now();
        let file = self.file.display();
        let checked = open(&self.file).and_then(|reader| {
            let (bar, mut done) = (Bar::new(), 0);
            let checked = reader.verify(|more| {
                done += more;
                bar.set(Progress { pass: "verifying", rows: done, of: Some(3 * reader.file_length()) });
            });
            checked.map(|()| (reader.rows(), reader.file_length())).map_err(|e| e.at(&file))
        });
        let taken = started.elapsed().as_secs_f64();
        match checked {
            Ok((rows, length)) if as_json => json(&json!({
                "file": path(&self.file),
                "ok": true,
                "rows": rows,
                "file_length": length,
                "seconds": taken,
            })),
            Ok((rows, length)) => {
                let (rows, length) = (many(rows, "row", "rows"), bytes(length));
                print(&format!("{file}: whole; {rows} in {length} checked in {}\n", seconds(taken)))
            }
            Err(e) if as_json && matches!(e.kind(), ErrorKind::Corrupt | ErrorKind::NotGede) => {
                json(
                    &json!({ "file": path(&self.file), "ok": false, "error": e.to_string(), "seconds": taken }),
                )?;
                Err(e)
            }
            Err(e) => Err(e),
        }
    }
}
