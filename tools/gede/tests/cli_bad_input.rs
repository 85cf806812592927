//! Bad input and misuse: one clear line, exit 1 or 2, nothing half-written.
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;

/// Failed, misused.
const FAILED: i32 = 1;
const MISUSED: i32 = 2;

fn says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}

#[test]
fn files_that_are_not_there() {
    let folder = Folder::new();
    for command in ["convert x.csv x.gede", "info x.gede", "verify x.gede", "head x.gede", "condensed x.gede"]
    {
        let line = folder.refused(command, FAILED);
        says(&line, &[command.split(' ').nth(1).unwrap(), "os error 2"]);
    }
    says(&folder.refused("take x.gede --rows 0", FAILED), &["x.gede"]);
    says(&folder.refused("train linear x.gede", FAILED), &["x.gede"]);
    folder.write("t.csv", "a\n1\n");
    says(&folder.refused("convert t.csv nowhere/t.gede", FAILED), &["nowhere"]);
}

#[test]
fn files_that_are_something_else() {
    let folder = Folder::new();
    folder.write("a.gede", "");
    folder.write("b.gede", [7; 5000]);
    folder.write("t.dat", [0, 159, 146, 150]);
    for file in ["a.gede", "b.gede"] {
        for command in ["info", "verify", "head", "condensed"] {
            says(&folder.refused(&format!("{command} {file}"), FAILED), &[file, "not a gede file"]);
        }
        says(&folder.refused(&format!("convert {file} t.csv"), FAILED), &[file, "not a gede file"]);
    }
    says(&folder.refused("convert t.dat t.gede", FAILED), &["t.dat", "Parquet"]);
    says(&folder.refused("head .", MISUSED), &["not a file"]);
}

#[test]
fn damaged_files() {
    let folder = Folder::new();
    folder.california();
    let whole = folder.read("c.gede");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 16;
    folder.write("flipped.gede", flipped);
    folder.write("cut.gede", &whole[..whole.len() - 1]);
    says(&folder.refused("verify flipped.gede", FAILED), &["flipped.gede", "checksum"]);
    says(&folder.refused("verify cut.gede", FAILED), &["cut.gede"]);
    says(&folder.refused("convert flipped.gede t.csv", FAILED), &["flipped.gede", "checksum"]);
    let output = folder.run("verify flipped.gede --json");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(output.status.code(), Some(FAILED));
}

#[test]
fn bad_tables() {
    let folder = Folder::new();
    folder.write("empty.csv", "");
    folder.write("ragged.csv", "a,b\n1,2\n3\n5,6\n");
    folder.write("bad.libsvm", "1 1:2.5\n0 x:1\n");
    says(&folder.refused("convert empty.csv t.gede", FAILED), &["empty.csv"]);
    says(&folder.refused("convert ragged.csv t.gede", FAILED), &["ragged.csv", "3"]);
    says(&folder.refused("convert bad.libsvm t.gede", FAILED), &["bad.libsvm", "2"]);
}

#[test]
fn options_that_do_not_fit_the_table() {
    let folder = Folder::new();
    folder.write("t.csv", "a,b,name\n1,2.5,x\n2,3.5,y\n3,4.5,z\n");
    let unknown = ["--target c", "--target c:class", "--exclude a,c", "--class c"];
    for option in unknown {
        let line = folder.refused(&format!("convert t.csv t.gede {option}"), MISUSED);
        says(&line, &["t.csv", "no column \"c\"", "a, b, name"]);
    }
    says(&folder.refused("convert t.csv t.gede --target name:value", MISUSED), &["t.csv", "name"]);
    says(&folder.refused("convert t.csv t.gede --layout tight", MISUSED), &["tight", "compact", "paper"]);
    says(&folder.refused("convert t.csv t.gede --max-condensed 101%", MISUSED), &["100%"]);
    says(&folder.refused("convert t.csv t.gede --max-condensed few", MISUSED), &["few"]);
    says(&folder.refused("convert t.csv t.gede --beta 3 --max-condensed 3", MISUSED), &["--beta"]);
    says(&folder.refused("convert t.csv t.gede --segment-rows 0", MISUSED), &["--segment-rows"]);
    says(&folder.refused("convert t.csv t.parquet", MISUSED), &["t.parquet", ".gede"]);
}

#[test]
fn files_that_are_there_already() {
    let folder = Folder::new();
    folder.write("t.csv", "a\n1\n");
    folder.write("t.gede", "mine");
    says(&folder.refused("convert t.csv t.gede", MISUSED), &["t.gede", "--overwrite"]);
    assert_eq!(folder.read("t.gede"), b"mine");
    folder.fine("convert t.csv t.gede --overwrite");
    folder.write("u.csv", "mine");
    says(&folder.refused("convert t.gede u.csv", MISUSED), &["u.csv", "--overwrite"]);
    folder.fine("convert t.gede u.csv --overwrite");
    assert_eq!(folder.read("u.csv"), b"a\n1\n");
    folder.fine("convert t.csv c.gede --max-condensed 1");
    says(&folder.refused("condensed c.gede u.csv", MISUSED), &["u.csv", "--overwrite"]);
}

#[test]
fn requests_that_do_not_fit_the_file() {
    let folder = Folder::new();
    folder.write("t.csv", "a,name\n1,x\n2,y\n");
    folder.fine("convert t.csv t.gede");
    says(&folder.refused("take t.gede --rows 0,2", MISUSED), &["t.gede", "no row 2", "2 rows"]);
    says(&folder.refused("take t.gede --rows -1", MISUSED), &["-1"]);
    says(&folder.refused("take t.gede", MISUSED), &["--rows"]);
    says(&folder.refused("take t.gede --rows 0 --columns b", MISUSED), &["no column \"b\"", "a, name"]);
    says(&folder.refused("head t.gede --columns b", MISUSED), &["t.gede", "no column \"b\""]);
    says(&folder.refused("condensed t.gede", MISUSED), &["t.gede", "--target"]);
    for method in ["condensed", "full", "mini-batch", "closed-form", "moments"] {
        let line = folder.refused(&format!("train linear t.gede --method {method}"), MISUSED);
        says(&line, &["t.gede", "--target"]);
    }
    says(&folder.refused("convert t.gede u.gede", MISUSED), &["t.gede", "already"]);
    says(&folder.refused("convert t.gede u.csv --target a", MISUSED), &["u.csv", "--target"]);
    says(&folder.refused("convert t.gede u.txt", MISUSED), &["u.txt", ".parquet"]);
    says(&folder.refused("frobnicate t.gede", MISUSED), &["frobnicate"]);
    says(&folder.refused("info t.gede --frobnicate", MISUSED), &["--frobnicate"]);
    assert_eq!(folder.run("").status.code(), Some(MISUSED));
}

#[test]
fn a_reader_that_leaves_early() {
    let folder = Folder::new();
    folder.california();
    for arguments in ["head c.gede -n 20640", "head c.gede -n 20640 --json", "condensed c.gede"] {
        let mut command = folder.command(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert!(output.status.success(), "{arguments}: {}", output.status);
    }
}
