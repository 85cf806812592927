//! Several files as one table: columns by name, types that hold all values, refusals that name file, row and column.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used)]

#[path = "common/arrow_tables.rs"]
mod arrow_tables;

use arrow::array::*;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use arrow_tables::*;
use gede::arrow::{ArrowTable, InputKind, InputOptions};
use gede::write::Table;
use gede::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A Parquet or Arrow file of columns.
    fn table<const N: usize>(&self, name: &str, columns: [(&str, ArrayRef); N]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write(&path, &[RecordBatch::try_from_iter(columns).unwrap()]).unwrap();
        path
    }

    fn open(&self, names: &[&str]) -> Result<ArrowTable, Error> {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        ArrowTable::open_many(&paths, &InputOptions::default())
    }

    /// All rows, the same in a second pass and through the writer's values.
    fn rows(&self, names: &[&str]) -> RecordBatch {
        let table = self.open(names).unwrap();
        let rows = all(table.arrow(), table.record_batches().unwrap());
        assert_eq!(rows, all(table.arrow(), table.record_batches().unwrap()));
        assert_eq!(through_values(&table).num_rows(), rows.num_rows());
        assert_eq!(table.rows(), Some(rows.num_rows() as u64));
        rows
    }

    /// What is said of a table that is refused, when it is opened or read.
    fn refused(&self, names: &[&str]) -> (ErrorKind, String) {
        let read = |table: ArrowTable| table.record_batches()?.collect::<Result<Vec<_>, _>>();
        let error = self.open(names).and_then(read).unwrap_err();
        (error.kind(), error.to_string())
    }
}

fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn floats(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn words(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn names(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|f| f.name().clone()).collect()
}

fn column<T: ArrowPrimitiveType>(batch: &RecordBatch, name: &str) -> Vec<Option<T::Native>> {
    batch.column_by_name(name).unwrap().as_primitive::<T>().iter().collect()
}

fn text(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    batch.column_by_name(name).unwrap().as_string::<i32>().iter().map(|v| v.map(str::to_owned)).collect()
}

#[test]
fn columns_are_matched_by_name_and_missing_ones_are_null() {
    let folder = Folder::new();
    folder.table("b.parquet", [("n", ints(&[1, 2])), ("w", words(&["x", "y"]))]);
    folder.table("a.arrow", [("more", floats(&[0.5])), ("w", words(&["z"])), ("n", ints(&[3]))]);
    let rows = folder.rows(&["b.parquet", "a.arrow"]);
    assert_eq!(names(&rows), ["n", "w", "more"]);
    assert_eq!(column::<Int64Type>(&rows, "n"), [Some(1), Some(2), Some(3)]);
    assert_eq!(text(&rows, "w"), ["x", "y", "z"].map(|w| Some(w.to_owned())));
    assert_eq!(column::<Float64Type>(&rows, "more"), [None, None, Some(0.5)]);
    assert!(!rows.schema().field(0).is_nullable() && rows.schema().field(2).is_nullable());
    let notes = folder.open(&["b.parquet", "a.arrow"]).unwrap().notes();
    assert!(notes[0].starts_with("2 files as one table"), "{notes:?}");
    assert!(notes.iter().any(|n| n.contains("\"more\": null in") && n.contains("b.parquet")), "{notes:?}");
}

#[test]
fn types_widen_to_one_that_holds_all_values() {
    let folder = Folder::new();
    let keys: DictionaryArray<Int8Type> = ["u", "v"].into_iter().collect();
    folder.table(
        "1.parquet",
        [
            ("i", Arc::new(Int16Array::from(vec![-5, 6])) as ArrayRef),
            ("f", ints(&[1 << 53, -7])),
            ("d", Arc::new(keys)),
            ("t", Arc::new(TimestampSecondArray::from(vec![10, -10]))),
            ("z", Arc::new(NullArray::new(2))),
        ],
    );
    folder.table(
        "2.parquet",
        [
            ("i", ints(&[1 << 40])),
            ("f", floats(&[0.25])),
            ("d", words(&["w"])),
            ("t", Arc::new(TimestampMicrosecondArray::from(vec![3]))),
            ("z", Arc::new(BooleanArray::from(vec![true]))),
        ],
    );
    for order in [["1.parquet", "2.parquet"], ["2.parquet", "1.parquet"]] {
        let rows = folder.rows(&order);
        let first = usize::from(order[0] == "2.parquet");
        let two = |values: Vec<String>| values[first..first + 2].to_vec();
        let shown = |name: &str| {
            let column = rows.column_by_name(name).unwrap();
            let value = |i| arrow::util::display::array_value_to_string(column, i).unwrap();
            (column.data_type().clone(), two((0..3).map(value).collect()))
        };
        assert_eq!(shown("i"), (DataType::Int64, vec!["-5".to_owned(), "6".to_owned()]));
        assert_eq!(shown("f"), (DataType::Float64, vec!["9007199254740992.0".to_owned(), "-7.0".to_owned()]));
        assert_eq!(shown("d").1, ["u", "v"]);
        let (unit, times) = shown("t");
        assert_eq!(unit, DataType::Timestamp(TimeUnit::Microsecond, None));
        assert_eq!(times, ["1970-01-01T00:00:10", "1969-12-31T23:59:50"]);
        assert_eq!(rows.column_by_name("z").unwrap().null_count(), 2);
        let notes = folder.open(&order).unwrap().notes();
        assert!(
            notes.iter().any(|n| n.contains("\"f\": Float64 here") && n.contains("Int64 in")),
            "{notes:?}"
        );
    }
}

#[test]
fn values_that_the_type_does_not_hold_name_file_row_and_column() {
    let folder = Folder::new();
    folder.table("a.parquet", [("x", floats(&[0.5]))]);
    let many: Vec<i64> = (0..70_000).map(|i| if i == 66_000 { (1 << 53) + 1 } else { i }).collect();
    folder.table("b.parquet", [("x", ints(&many))]);
    let (kind, message) = folder.refused(&["a.parquet", "b.parquet"]);
    assert_eq!(kind, ErrorKind::Input);
    for part in ["b.parquet", "row 66000", "\"x\"", "9007199254740993", "Int64", "Float64"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    folder.table("ns.arrow", [("t", Arc::new(TimestampNanosecondArray::from(vec![1])) as ArrayRef)]);
    folder.table("s.arrow", [("t", Arc::new(TimestampSecondArray::from(vec![0, 1 << 40])) as ArrayRef)]);
    let (_, message) = folder.refused(&["ns.arrow", "s.arrow"]);
    assert!(message.contains("s.arrow: row 1: column \"t\""), "{message}");
}

#[test]
fn types_that_have_nothing_in_common_are_refused_with_both_names() {
    let folder = Folder::new();
    folder.table("a.parquet", [("n", ints(&[1])), ("x", ints(&[1]))]);
    folder.table("b.parquet", [("n", ints(&[1])), ("x", words(&["one"]))]);
    let (kind, message) = folder.refused(&["a.parquet", "b.parquet"]);
    assert_eq!(kind, ErrorKind::Type);
    for part in ["b.parquet", "column \"x\"", "Utf8", "Int64", "a.parquet"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    let twice = Schema::new(vec![Field::new("x", DataType::Int64, false); 2]);
    let batch = RecordBatch::try_new(Arc::new(twice), vec![ints(&[1]), ints(&[2])]).unwrap();
    write(&folder.path("twice.arrow"), &[batch]).unwrap();
    assert!(
        folder.refused(&["a.parquet", "twice.arrow"]).1.contains("twice.arrow: column \"x\" is there twice")
    );
}

#[test]
fn classes_of_other_names_are_refused() {
    let folder = Folder::new();
    let table = |name: &str, classes: &str| {
        let says = [("class_names".to_owned(), format!("{{\"k\": {classes}}}"))];
        let field = Field::new("k", DataType::UInt8, false);
        let schema = Arc::new(Schema::new_with_metadata(vec![field], says.into()));
        let batch = RecordBatch::try_new(schema, vec![Arc::new(UInt8Array::from(vec![0]))]).unwrap();
        write(&folder.path(name), &[batch]).unwrap();
    };
    table("a.arrow", r#"["cat", "dog"]"#);
    table("b.arrow", r#"["dog", "cat"]"#);
    table("c.arrow", r#"["cat", "dog", "eel"]"#);
    let (kind, message) = folder.refused(&["a.arrow", "b.arrow"]);
    assert!(kind == ErrorKind::Type && message.contains("b.arrow") && message.contains("\"k\""), "{message}");
    let rows = folder.rows(&["a.arrow", "c.arrow"]);
    assert!(rows.schema().metadata()["class_names"].contains("eel"));
}

#[test]
fn types_of_csv_columns_are_found_over_all_files() {
    let folder = Folder::new();
    folder.file("a.csv", "a,b,c,d\n1,1,,true\n2,2,,false\n");
    folder.file("b.csv", "a,b,c,d\n1.50,x,7,true\n");
    let rows = folder.rows(&["a.csv", "b.csv"]);
    assert_eq!(column::<Float64Type>(&rows, "a"), [Some(1.0), Some(2.0), Some(1.5)]);
    assert_eq!(text(&rows, "b"), ["1", "2", "x"].map(|v| Some(v.to_owned())));
    assert_eq!(column::<Int64Type>(&rows, "c"), [None, None, Some(7)]);
    // Text is what was written, not what a number would be printed as.
    folder.file("c.csv", "a,b,c,d\nfar,1,007,maybe\n");
    let rows = folder.rows(&["b.csv", "c.csv", "a.csv"]);
    assert_eq!(text(&rows, "a"), ["1.50", "far", "1", "2"].map(|v| Some(v.to_owned())));
    assert_eq!(text(&rows, "c"), [Some("7".to_owned()), Some("007".to_owned()), None, None]);
    assert_eq!(text(&rows, "d")[0], Some("true".to_owned()));
}

#[test]
fn folders_are_read_in_the_order_of_paths() {
    let folder = Folder::new();
    for (name, n) in [("d/b.parquet", 2), ("d/a.parquet", 1), ("d/c/z.parquet", 3)] {
        folder.table(name, [("n", ints(&[n]))]);
    }
    folder.file("d/_SUCCESS", "");
    folder.file("d/.b.parquet.crc", "crc");
    folder.file("d/_metadata", "PAR1");
    let rows = folder.rows(&["d"]);
    assert_eq!(column::<Int64Type>(&rows, "n"), [Some(1), Some(2), Some(3)]);
    let notes = folder.open(&["d"]).unwrap().notes().join("; ");
    for part in ["3 files", "passed over", "_SUCCESS", "_metadata", ".crc"] {
        assert!(notes.contains(part), "{part} is not in {notes}");
    }
    // Named files come as they are named, matches of patterns in order.
    let rows = folder.rows(&["d/b.parquet", "d/*.parquet"]);
    assert_eq!(column::<Int64Type>(&rows, "n"), [Some(2), Some(1), Some(2)]);
    assert_eq!(folder.rows(&["d/**/?.parquet"]).num_rows(), 3);
    assert!(folder.refused(&["d/*.csv"]).1.contains("no file matches"));
}

#[test]
fn folders_of_other_things_say_what_they_hold() {
    let folder = Folder::new();
    folder.table("mixed/a.parquet", [("n", ints(&[1]))]);
    folder.file("mixed/b.csv", "n\n2\n");
    folder.file("mixed/README.md", "words");
    let (_, message) = folder.refused(&["mixed"]);
    for part in ["1 Parquet file", "1 CSV file", "README.md", "*.parquet"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    folder.table("delta/a.parquet", [("n", ints(&[1]))]);
    folder.file("delta/_delta_log/0.json", "{}");
    assert!(folder.refused(&["delta"]).1.contains("Delta Lake"));
    folder.file("gedes/a.gede", "gede");
    assert!(folder.refused(&["gedes"]).1.contains("gede merge"));
    folder.file("notes/a.md", "words");
    assert!(folder.refused(&["notes", "mixed/a.parquet"]).1.contains("without Parquet"));
}

#[test]
fn folders_of_hive_give_columns() {
    let folder = Folder::new();
    for (year, month, n) in [("2024", "02", 2), ("2023", "11", 1), ("2024", "__HIVE_DEFAULT_PARTITION__", 3)]
    {
        folder.table(&format!("t/year={year}/month={month}/part.parquet"), [("n", ints(&[n]))]);
    }
    let rows = folder.rows(&["t"]);
    assert_eq!(names(&rows), ["n", "year", "month"]);
    assert_eq!(column::<Int64Type>(&rows, "year"), [Some(2023), Some(2024), Some(2024)]);
    assert_eq!(column::<Int64Type>(&rows, "month"), [Some(11), Some(2), None]);
    assert_eq!(rows.num_rows(), folder.rows(&["t/year=*/*/*.parquet"]).num_rows());
    assert_eq!(names(&folder.rows(&["t/year=*"])), ["n", "year", "month"]);
    // Text if one is no integer; bytes that are escaped.
    folder.file("w/place=a%2Fb/1.csv", "n\n1\n");
    folder.file("w/place=7/1.csv", "n\n2\n");
    let rows = folder.rows(&["w"]);
    assert_eq!(text(&rows, "place"), [Some("7".to_owned()), Some("a/b".to_owned())]);
    folder.file("w/1.csv", "n\n1\n");
    assert!(folder.refused(&["w"]).1.contains("the columns place"));
}

#[test]
fn columns_of_folders_that_files_have_too_must_agree() {
    let folder = Folder::new();
    folder.file("v/n=1/1.csv", "n,x\n1,5\n1,6\n");
    folder.file("v/n=02/1.csv", "x\n7\n");
    let rows = folder.rows(&["v"]);
    assert_eq!(names(&rows), ["x", "n"]);
    assert_eq!(column::<Int64Type>(&rows, "n"), [Some(2), Some(1), Some(1)]);
    folder.table("w/k=a/1.parquet", [("k", words(&["a", "b"]))]);
    let (_, message) = folder.refused(&["w"]);
    assert!(message.contains("row 1: column \"k\" is b") && message.contains("says a"), "{message}");
    folder.table("u/k=a/1.parquet", [("k", ints(&[1]))]);
    assert!(folder.refused(&["u"]).1.contains("k=a"));
}

#[test]
fn dictionaries_of_all_files_become_one() {
    let folder = Folder::new();
    let keys = |words: &[&str]| -> ArrayRef {
        Arc::new(words.iter().copied().collect::<DictionaryArray<Int32Type>>())
    };
    folder.table("a.arrow", [("n", ints(&[1, 2])), ("k", keys(&["x", "y"]))]);
    folder.table("b.arrow", [("k", keys(&["z", "x"])), ("n", ints(&[3, 4]))]);
    let table = folder.open(&["a.arrow", "b.arrow"]).unwrap();
    assert_eq!(table.dictionaries().len(), 1);
    let rows = through_values(&table);
    let plain = arrow::compute::cast(rows.column(1), &DataType::Utf8).unwrap();
    assert_eq!(plain.as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["x", "y", "z", "x"]);
}

#[test]
fn keys_are_widened_for_the_values_of_all_files() {
    let folder = Folder::new();
    let table = |name: &str, from: usize| {
        let words: Vec<String> = (from..from + 100).map(|i| format!("w{i}")).collect();
        let keys: DictionaryArray<Int8Type> = words.iter().map(String::as_str).collect();
        folder.table(name, [("k", Arc::new(keys) as ArrayRef)]);
    };
    table("a.parquet", 0);
    table("b.parquet", 20);
    table("c.parquet", 100);
    let narrow = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let table = folder.open(&["a.parquet", "b.parquet"]).unwrap();
    assert_eq!(table.arrow().field(0).data_type(), &narrow);
    let names = ["a.parquet", "b.parquet", "c.parquet"];
    let rows = through_values(&folder.open(&names).unwrap());
    let plain = arrow::compute::cast(rows.column(0), &DataType::Utf8).unwrap();
    let expected = (0..100).chain(20..120).chain(100..200).map(|i| format!("w{i}"));
    assert!(plain.as_string::<i32>().iter().flatten().eq(expected.collect::<Vec<_>>().iter()));
    let notes = folder.open(&names).unwrap().notes().join("; ");
    assert!(notes.contains("\"k\": Dictionary(Int32, Utf8) here"), "{notes}");
}

#[test]
fn files_that_change_between_passes_are_noticed() {
    let folder = Folder::new();
    folder.file("a.csv", "n\n1\n");
    folder.file("b.csv", "n\n2\n");
    let table = folder.open(&["a.csv", "b.csv"]).unwrap();
    folder.file("b.csv", "n\n2\n3\n");
    let read = |table: &ArrowTable| table.record_batches()?.collect::<Result<Vec<_>, _>>();
    let message = read(&table).unwrap_err().to_string();
    assert!(message.contains("b.csv") && message.contains("changed while it was read"), "{message}");
    folder.table("c.parquet", [("n", ints(&[1]))]);
    let table = folder.open(&["a.csv", "c.parquet"]).unwrap();
    folder.table("d.parquet", [("m", ints(&[1]))]);
    std::fs::rename(folder.path("d.parquet"), folder.path("c.parquet")).unwrap();
    let message = read(&table).unwrap_err().to_string();
    assert!(message.contains("c.parquet") && message.contains("changes while it is read"), "{message}");
}

#[test]
fn more_files_than_a_process_may_open() {
    let folder = Folder::new();
    for i in 0..1500 {
        folder.file(&format!("m/{i:04}.csv"), format!("n\n{i}\n"));
    }
    let rows = folder.rows(&["m"]);
    assert!(column::<Int64Type>(&rows, "n").into_iter().eq((0..1500).map(Some)));
}

#[test]
fn a_kind_that_is_named_goes_before_the_name() {
    let folder = Folder::new();
    let path = folder.file("data.txt", "a\tb\n1\t2\n");
    let mut options = InputOptions::default();
    assert!(ArrowTable::open_with(&path, &options).is_err());
    options.kind = Some(InputKind::Tsv);
    let table = ArrowTable::open_with(Path::new(&path), &options).unwrap();
    assert_eq!(table.arrow().fields().len(), 2);
}
