//! Whatever `verify` calls whole every command reads: all golden files through all commands that read a file.
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;
use std::path::{Path, PathBuf};

fn golden() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|f| f.extension().is_some_and(|e| e == "gede")).collect();
    files.sort();
    assert!(files.len() > 60);
    files
}

/// What a kind of file does not hold, as the tool says it.
const NOT_HELD: [(&str, &str); 3] =
    [("csv", "CSV has only plain columns"), ("csv", "Cast error"), ("parquet", "Parquet")];

#[test]
fn every_command_reads_every_golden_file() {
    for file in golden() {
        let folder = Folder::new();
        folder.write("x.gede", std::fs::read(&file).unwrap());
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for command in ["verify x.gede", "info x.gede", "head x.gede --rows 1000", "count x.gede"] {
            let output = folder.run(command);
            assert!(
                output.status.success(),
                "{name}: {command}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let rows = folder.json("info x.gede")["rows"].as_u64().unwrap();
        let head = folder.json("head x.gede --rows 1000");
        assert_eq!(head.as_array().unwrap().len() as u64, rows.min(1000), "{name}");
        if rows > 0 {
            let take = folder.run(&format!("take x.gede --rows {},0", rows - 1));
            assert!(take.status.success(), "{name}: take: {}", String::from_utf8_lossy(&take.stderr));
        }
        for format in ["arrow", "csv", "parquet"] {
            let output = folder.run(&format!("convert x.gede out.{format}"));
            let complaint = String::from_utf8_lossy(&output.stderr);
            let held = !NOT_HELD.iter().any(|(of, what)| *of == format && complaint.contains(what));
            assert!(output.status.success() || !held, "{name} to {format}: {complaint}");
            assert!(!complaint.contains("panicked"), "{name} to {format}: {complaint}");
        }
        assert!(folder.names().contains(&"out.arrow".to_owned()), "{name}");
    }
}
