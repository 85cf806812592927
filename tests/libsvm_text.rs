//! LIBSVM text as people have it: indices from 0 or 1, in any order, queries; never dense without a limit.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/input_folder.rs"]
mod input_folder;

use arrow::array::*;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use gede::ErrorKind;
use gede::arrow::{ArrowTable, InputOptions};
use gede::write::Table;
use input_folder::Folder;
use std::io::Write;

fn open(text: impl AsRef<[u8]>, dense: bool) -> gede::Result<ArrowTable> {
    let folder = tempfile::tempdir().unwrap().keep();
    let path = folder.join("t.svm");
    std::fs::write(&path, text).unwrap();
    let mut options = InputOptions::default();
    options.libsvm.dense = dense;
    ArrowTable::open_with(path, &options)
}

fn read(text: impl AsRef<[u8]>) -> (RecordBatch, Vec<String>) {
    let table = open(text, false).unwrap();
    let batches: Vec<RecordBatch> = table.record_batches().unwrap().collect::<gede::Result<_>>().unwrap();
    (arrow::compute::concat_batches(table.arrow(), &batches).unwrap(), table.notes())
}

fn refused(text: &str) -> String {
    let error = open(text, false).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    error.to_string()
}

fn names(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|f| f.name().clone()).collect()
}

fn floats(batch: &RecordBatch, column: usize) -> Vec<f64> {
    batch.column(column).as_primitive::<Float64Type>().values().to_vec()
}

#[test]
fn indices_from_zero_in_any_order_with_queries_and_comments() {
    // Only the last line shows that indices start at 0.
    let (batch, notes) = read("1 qid:3 2:0.5 1:4 # first\n0 qid:3\n2 qid:-7 0:9 2:8\n");
    assert_eq!(names(&batch), ["label", "qid", "f0", "f1", "f2"]);
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[3, 3, -7]);
    assert_eq!(
        [floats(&batch, 2), floats(&batch, 3), floats(&batch, 4)],
        [[0.0, 0.0, 9.0], [4.0, 0.0, 0.0], [0.5, 0.0, 8.0]]
    );
    assert!(notes.len() == 1 && notes[0].contains("f0 to f2"), "{notes:?}");
    let (batch, notes) = read("1 3:1 2:2\n");
    assert_eq!(
        (names(&batch), notes.len()),
        (vec!["label".into(), "f1".into(), "f2".into(), "f3".into()], 0)
    );
    assert_eq!([floats(&batch, 1), floats(&batch, 2), floats(&batch, 3)], [[0.0], [2.0], [1.0]]);
}

#[test]
fn labels_keep_their_value() {
    let (batch, _) = read("9007199254740993 1:1\n-1.000000 1:1\n+3 1:1\n");
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[9_007_199_254_740_993, -1, 3]);
    let (batch, _) = read("-0 1:1\n");
    assert_eq!(floats(&batch, 0)[0].to_bits(), (-0.0f64).to_bits());
}

#[test]
fn what_has_no_one_meaning_is_refused_with_its_line() {
    for (text, expected) in [
        ("1 2:1 3:1 2:5\n", "index 2 comes twice"),
        ("1 qid:1 1:1\n2 1:1\n", "line 2: the line has no qid"),
        ("1 1:1\n2 qid:1 1:1\n", "line 2: the line has a qid"),
        ("1 1:1 qid:2\n", "right after the label"),
        ("1 qid:x 1:1\n", "\"qid:x\""),
        ("1 1:1e999\n", "beyond float64"),
        ("99999999999999999999 1:1\n", "beyond 64 bits"),
        ("1 -1:1\n", "the index"),
    ] {
        let message = refused(text);
        assert!(message.contains("line ") && message.contains(expected), "{message}");
    }
}

#[test]
fn a_sparse_table_is_dense_only_within_a_limit() {
    // 300 bytes of text, 200,000 features.
    let text: String = (0..30).map(|i| format!("{} {}:1\n", i % 2, 200_000 - i)).collect();
    let message = refused(&text);
    let bytes = text.len().to_string();
    for part in [bytes.as_str(), "30 rows", "200000 features", "--dense", "64 times"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(open(&text, true).unwrap().schema().nodes().len(), 200_001);
    // Small tables may be as sparse as they like.
    assert_eq!(names(&read("1 20000:1\n").0).len(), 20_001);
    // A larger table may be 64 times its text: one feature in thirty is given.
    let pairs = |i: usize| (0..10).map(|k| format!(" {}:0.125", 1 + 30 * k + i % 30)).collect::<String>();
    let text: String = (0..3000).map(|i| format!("1{}\n", pairs(i))).collect();
    assert_eq!(read(text).0.num_rows(), 3000);
}

#[test]
fn compressed_text_is_read_and_options_on_csv_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"1 1:2\n0 2:3\n").unwrap();
    let gzip = gzip.finish().unwrap();
    for name in ["t.svm.gz", "t.gz"] {
        let path = folder.path().join(name);
        std::fs::write(&path, &gzip).unwrap();
        assert_eq!(ArrowTable::open(&path).unwrap().rows(), Some(2));
    }
    let mut options = InputOptions::default();
    options.csv.no_header = true;
    let error = ArrowTable::open_with(folder.path().join("t.svm.gz"), &options).err().unwrap();
    assert!(error.to_string().contains("not CSV"), "{error}");
    options = InputOptions::default();
    options.libsvm.dense = true;
    std::fs::write(folder.path().join("t.csv"), "a\n1\n").unwrap();
    let error = ArrowTable::open_with(folder.path().join("t.csv"), &options).err().unwrap();
    assert!(error.to_string().contains("--dense"), "{error}");
}

#[test]
fn bad_libsvm_is_refused_with_file_and_line() {
    let folder = Folder::new();
    for (line, expected) in [
        ("x 1:2", "label \"x\""),
        ("1,2 1:2", "label \"1,2\""),
        ("1 qid:3 1:2", "qid"),
        ("1 2:2 2:3", "twice"),
        ("1 2", "index:value"),
        ("1 2:", "the value"),
        ("1 2:x", "the value"),
        ("1 99999999999:1", "features"),
        ("1 99999999999999999999999:1", "the index"),
    ] {
        let message = folder.refused("bad.svm", format!("1 1:1\n{line}\n"));
        assert!(message.contains("line 2") && message.contains(expected), "{message}");
    }
    assert!(folder.refused("bad.svm", "").contains("empty"));
    assert!(folder.refused("bad.svm", b"1 1:1\n\xFF\n").contains("line 2"));
    assert!(folder.refused("words.txt", "some words\n").contains("none of"));
    assert!(folder.refused("nothing", "").contains("none of"));
}
