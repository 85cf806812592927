//! `gede convert` of CSV and LIBSVM text: its options, and what it says of how text was read.

#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

fn says(text: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(text.contains(part), "\"{part}\" is not in: {text}"));
}

#[test]
fn what_was_found_is_said_in_the_summary_and_in_json() {
    let folder = Folder::new();
    folder.write("t.csv", "a;b\n1;NA\n2;4.5\n");
    let summary = folder.fine("convert t.csv t.gede");
    says(&summary, &["2 rows", "separated by \";\"", "\"NA\" is null: 1 in column \"b\""]);
    let json = folder.json("convert t.csv t.gede --overwrite");
    assert_eq!(json["notes"].as_array().unwrap().len(), 2);
    folder.fine("convert t.gede back.csv");
    assert_eq!(folder.read("back.csv"), b"a,b\n1,\n2,4.5\n");
    assert_eq!(folder.json("convert back.csv u.gede")["notes"], serde_json::json!([]));
}

#[test]
fn options_on_csv_text() {
    let folder = Folder::new();
    folder.write("t.data", b"001:1:caf\xE9\n002:-9:x\n");
    let options = "--delimiter : --no-header --null -9 --type c1=text --type c2=float32 --encoding latin-1";
    says(&folder.fine(&format!("convert t.data t.gede {options}")), &["\"-9\" is null: 1 in column \"c2\""]);
    folder.fine("convert t.gede back.csv");
    assert_eq!(String::from_utf8(folder.read("back.csv")).unwrap(), "c1,c2,c3\n001,1.0,café\n002,,x\n");
    folder.write("t.tsv", "a,b\tc\n1\t2\n");
    folder.fine("convert t.tsv tabs.gede");
    folder.fine("convert t.data again.gede --delimiter tab --encoding latin-1");
}

#[test]
fn text_that_cannot_be_read_is_refused_with_file_and_line() {
    let folder = Folder::new();
    folder.write("open.csv", "a,b\n1,x\n2,\"y\n3,z\n");
    says(&folder.refused("convert open.csv t.gede", FAILED), &["open.csv: line 3", "quote"]);
    folder.write("latin.csv", b"a\n\xE9\n");
    says(&folder.refused("convert latin.csv t.gede", FAILED), &["latin.csv: line 2", "--encoding"]);
    folder.write("t.csv", "a\n1.5\n");
    says(&folder.refused("convert t.csv t.gede --type a=int64", FAILED), &["t.csv: line 2", "\"a\"", "1.5"]);
    folder.write("bomb.svm", "1 999999:1\n");
    says(&folder.refused("convert bomb.svm t.gede", FAILED), &["bomb.svm", "999999 features", "--dense"]);
}

#[test]
fn options_that_do_not_fit_are_misuse() {
    let folder = Folder::new();
    folder.write("t.csv", "a\n1\n");
    folder.fine("convert t.csv t.gede");
    says(&folder.refused("convert t.csv u.gede --type b=text", MISUSED), &["t.csv", "\"b\"", "\"a\""]);
    says(
        &folder.refused("convert t.csv u.gede --type a=text --type a=date", MISUSED),
        &["\"a\"", "two types"],
    );
    says(&folder.refused("convert t.csv u.gede --type a=number", MISUSED), &["number", "float64"]);
    says(&folder.refused("convert t.csv u.gede --type a", MISUSED), &["COL=TYPE"]);
    says(&folder.refused("convert t.csv u.gede --delimiter ab", MISUSED), &["one ASCII character"]);
    says(&folder.refused("convert t.csv u.gede --encoding utf-99", MISUSED), &["utf-99", "latin-1"]);
    says(&folder.refused("convert t.gede u.csv --no-header", MISUSED), &["u.csv"]);
    says(&folder.refused("convert t.csv u.gede --dense", MISUSED), &["t.csv", "--dense"]);
    folder.write("t.svm", "1 1:1\n");
    says(&folder.refused("convert t.svm u.gede --no-header", MISUSED), &["t.svm", "not CSV"]);
}
