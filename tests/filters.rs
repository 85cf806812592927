//! A filter gives the rows that Arrow's kernels pick from a whole scan, whatever decides them: statistics, dictionaries or
//! values. Counts are their number.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::*;
use arrow::compute::kernels::cmp;
use arrow::compute::{and_kleene, concat_batches, filter_record_batch, is_null, not, or_kleene};
use arrow::datatypes::{DataType, Field, Fields, Int16Type, Schema};
use arrow::record_batch::RecordBatch;
use gede::arrow::{ArrowReader, ArrowTable};
use gede::internal::logical_eq;
use gede::read::{Comparison, FileSource, Predicate, Projection, Value};
use gede::write::{Layout, Options, StatisticsPolicy, StorageGroups};
use gede::{ErrorKind, Reader, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

const FLOATS: [f64; 8] = [f64::NAN, -0.0, 0.0, 1.5, -2.25, f64::INFINITY, f64::NEG_INFINITY, 1e300];
const TEXTS: [&str; 7] = [
    "",
    "zone",
    "a name that is longer than thirty-two bytes 1",
    "a name that is longer than thirty-two bytes 2",
    "äöü",
    "it's",
    "zoned",
];

/// A row: small numbers, nulls where there are none.
type Row = (i8, u8, usize, usize, [bool; 8]);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    // Sorted now and then, so that segments have ranges of their own.
    let rows = vec((-5i8..5, 0u8..4, 0usize..8, 0usize..7, any::<[bool; 8]>()), 1..120);
    (rows, any::<bool>()).prop_map(|(mut rows, sorted)| {
        if sorted {
            rows.sort_unstable();
        }
        rows
    })
}

fn table(rows: &[Row]) -> RecordBatch {
    let is_null = |row: &Row, i: usize| row.4[i] && row.4[(i + 1) % 8];
    let some = |i: usize| rows.iter().map(move |row| (!is_null(row, i)).then_some(row));
    let decimals = Decimal128Array::from_iter(some(2).map(|row| row.map(|r| i128::from(r.0) * 125)));
    let inner = Int16Array::from_iter(some(5).map(|row| row.map(|r| i16::from(r.0))));
    let valid: Vec<bool> = rows.iter().map(|row| !is_null(row, 6)).collect();
    let fields: Fields = vec![Field::new("x", DataType::Int16, true)].into();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from_iter(some(0).map(|row| row.map(|r| r.0.into()))))),
        ("u", Arc::new(UInt8Array::from_iter_values(rows.iter().map(|r| r.1)))),
        ("f", Arc::new(Float64Array::from_iter(some(1).map(|row| row.map(|r| FLOATS[r.2]))))),
        ("h", Arc::new(Float32Array::from_iter_values(rows.iter().map(|r| FLOATS[(r.2 + 3) % 8] as f32)))),
        ("a text", Arc::new(StringArray::from_iter(some(3).map(|row| row.map(|r| TEXTS[r.3]))))),
        ("d", Arc::new(decimals.with_precision_and_scale(10, 2).unwrap())),
        ("day", Arc::new(Date32Array::from_iter_values(rows.iter().map(|r| i32::from(r.0) * 20)))),
        (
            "at",
            Arc::new(TimestampMillisecondArray::from_iter(
                some(4).map(|row| row.map(|r| i64::from(r.0) * 500)),
            )),
        ),
        ("b", Arc::new(BooleanArray::from_iter(some(7).map(|row| row.map(|r| r.1 > 1))))),
        ("s", Arc::new(StructArray::new(fields, vec![Arc::new(inner)], Some(valid.into())))),
    ];
    let schema = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    let schema = Schema::new(schema.collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

/// A condition: of a column and two small numbers, or of others.
#[derive(Clone, Debug)]
enum Condition {
    Compare(usize, usize, u8),
    In(usize, Vec<u8>),
    IsNull(usize),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

fn conditions() -> impl Strategy<Value = Condition> {
    let atom = prop_oneof![
        4 => (0usize..10, 0usize..6, 0u8..8).prop_map(|(c, o, v)| Condition::Compare(c, o, v)),
        1 => (0usize..10, vec(0u8..8, 1..4)).prop_map(|(c, v)| Condition::In(c, v)),
        1 => (0usize..10).prop_map(Condition::IsNull),
    ];
    atom.prop_recursive(3, 12, 2, |inner| {
        let pair = || (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        prop_oneof![
            pair().prop_map(|(a, b)| Condition::And(a, b)),
            pair().prop_map(|(a, b)| Condition::Or(a, b)),
            inner.prop_map(|a| Condition::Not(Box::new(a))),
        ]
    })
}

const COLUMNS: [&str; 10] = ["i", "u", "f", "h", "\"a text\"", "d", "day", "at", "b", "s.x"];
const OPERATORS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

/// A literal for a column, as it is written, and as Arrow has it.
fn literal(column: usize, value: u8) -> (String, ArrayRef) {
    let small = i32::from(value) - 4;
    let array: ArrayRef = match column {
        0 => Arc::new(Int32Array::from(vec![small])),
        1 => Arc::new(UInt8Array::from(vec![value / 2])),
        2 | 3 => {
            let floats = [0.0, -0.0, 1.5, -2.25, 1e300, 7.0, -9.5, 0.25];
            let value = floats[usize::from(value)];
            let text = format!("{value}");
            return match column {
                2 => (text, Arc::new(Float64Array::from(vec![value]))),
                _ => (text, Arc::new(Float32Array::from(vec![value as f32]))),
            };
        }
        4 => {
            let text =
                ["zone", "", "b", "a name that is longer than thirty-two bytes 1", "é", "it's", "zz", "a"]
                    [usize::from(value)];
            return (format!("'{}'", text.replace('\'', "''")), Arc::new(StringArray::from(vec![text])));
        }
        5 => {
            let unscaled = i128::from(small) * 125;
            let text = format!(
                "{}{}.{:02}",
                if unscaled < 0 { "-" } else { "" },
                unscaled.abs() / 100,
                unscaled.abs() % 100
            );
            let array = Decimal128Array::from(vec![unscaled]).with_precision_and_scale(10, 2).unwrap();
            return (text, Arc::new(array));
        }
        6 => {
            let days = [
                "1969-12-12",
                "1970-01-01",
                "1970-01-21",
                "1969-01-01",
                "1980-02-29",
                "1970-02-10",
                "1969-12-31",
                "1969-11-22",
            ];
            let counts = [-20, 0, 20, -365, 3711, 40, -1, -40];
            let at = usize::from(value);
            return (format!("'{}'", days[at]), Arc::new(Date32Array::from(vec![counts[at]])));
        }
        7 => {
            let text =
                format!("'1970-01-01T00:00:{:02}.{}'", value / 2, if value % 2 == 0 { "0" } else { "5" });
            return (text, Arc::new(TimestampMillisecondArray::from(vec![i64::from(value) * 500])));
        }
        8 => return ((value > 3).to_string(), Arc::new(BooleanArray::from(vec![value > 3]))),
        _ => Arc::new(Int16Array::from(vec![small as i16])),
    };
    let number = if column == 1 { i32::from(value / 2) } else { small };
    (number.to_string(), array)
}

/// The condition as it is written.
fn text(condition: &Condition) -> String {
    match condition {
        Condition::Compare(c, o, v) => format!("{} {} {}", COLUMNS[*c], OPERATORS[*o], literal(*c, *v).0),
        Condition::In(c, values) => {
            let values: Vec<_> = values.iter().map(|v| literal(*c, *v).0).collect();
            format!("{} IN ({})", COLUMNS[*c], values.join(", "))
        }
        Condition::IsNull(c) => format!("{} is null", COLUMNS[*c]),
        Condition::And(a, b) => format!("({}) and ({})", text(a), text(b)),
        Condition::Or(a, b) => format!("({}) or ({})", text(a), text(b)),
        Condition::Not(a) => format!("not ({})", text(a)),
    }
}

/// The column of a batch; the field of a struct is null where the struct is.
fn column(batch: &RecordBatch, number: usize) -> ArrayRef {
    if number < 9 {
        return batch.column(number).clone();
    }
    let outer = batch.column(9).as_struct();
    let inner = outer.column(0).as_primitive::<Int16Type>();
    Arc::new(Int16Array::from_iter(
        (0..inner.len()).map(|i| (outer.is_valid(i) && inner.is_valid(i)).then(|| inner.value(i))),
    ))
}

/// The condition by Arrow's kernels; floats as IEEE 754 has it, which Arrow's do not.
fn picked(condition: &Condition, batch: &RecordBatch) -> BooleanArray {
    match condition {
        Condition::Compare(c, o, v) => {
            let (own, value) = (column(batch, *c), literal(*c, *v).1);
            let floats = |own: &dyn Fn(usize) -> Option<f64>, value: f64| {
                let compared = (0..batch.num_rows()).map(|i| {
                    own(i).map(|x| match o {
                        0 => x == value,
                        1 => x != value,
                        2 => x < value,
                        3 => x <= value,
                        4 => x > value,
                        _ => x >= value,
                    })
                });
                BooleanArray::from_iter(compared)
            };
            if let Some(v) = own.as_any().downcast_ref::<Float64Array>() {
                let value = value.as_any().downcast_ref::<Float64Array>().unwrap().value(0);
                return floats(&|i| v.is_valid(i).then(|| v.value(i)), value);
            }
            if let Some(v) = own.as_any().downcast_ref::<Float32Array>() {
                let value = value.as_any().downcast_ref::<Float32Array>().unwrap().value(0);
                return floats(&|i| v.is_valid(i).then(|| v.value(i).into()), value.into());
            }
            let value = Scalar::new(value);
            let kernel = [cmp::eq, cmp::neq, cmp::lt, cmp::lt_eq, cmp::gt, cmp::gt_eq][*o];
            kernel(&own, &value).unwrap()
        }
        Condition::In(c, values) => {
            let equal = values.iter().map(|v| picked(&Condition::Compare(*c, 0, *v), batch));
            equal.reduce(|a, b| or_kleene(&a, &b).unwrap()).unwrap()
        }
        Condition::IsNull(c) => is_null(&column(batch, *c)).unwrap(),
        Condition::And(a, b) => and_kleene(&picked(a, batch), &picked(b, batch)).unwrap(),
        Condition::Or(a, b) => or_kleene(&picked(a, batch), &picked(b, batch)).unwrap(),
        Condition::Not(a) => not(&picked(a, batch)).unwrap(),
    }
}

fn written(batch: &RecordBatch, options: Options) -> (tempfile::TempDir, Reader<FileSource>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.gede");
    let table = ArrowTable::from_batches(batch.schema(), vec![batch.clone()]).unwrap();
    Writer::new(options.with_threads(1)).write(&path, &table).unwrap();
    let reader = Reader::open(&path).unwrap();
    (folder, reader)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn filters_equal_a_filtered_scan(
        rows in rows(),
        conditions in vec(conditions(), 1..6),
        (segment_rows, paper, statistics, classes, apart) in (1usize..60, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        (from, to, batch_rows) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1usize..50),
    ) {
        let batch = table(&rows);
        let policy = if statistics { StatisticsPolicy::Always } else { StatisticsPolicy::Never };
        let layout = if paper { Layout::Paper } else { Layout::Compact };
        let options = Options::default().with_statistics(policy).with_layout(layout).with_segment_rows(segment_rows);
        let options = if classes { options.with_class("u") } else { options };
        let options = if apart { options.with_groups(StorageGroups::Columns) } else { options };
        let (_folder, reader) = written(&batch, options);
        let (a, b) = (from.index(rows.len() + 1), to.index(rows.len() + 1));
        let (from, to) = (a.min(b), a.max(b));
        for condition in conditions {
            let predicate = Predicate::parse(&text(&condition), reader.schema()).unwrap();
            let wanted = picked(&condition, &batch);
            let all = filter_record_batch(&batch, &wanted).unwrap();
            prop_assert_eq!(reader.count(&predicate).unwrap(), all.num_rows() as u64, "{}", predicate);
            let names: Vec<&str> = if segment_rows % 2 == 0 { vec!["f", "a text", "s"] } else { vec!["i", "u", "f", "h", "a text", "d", "day", "at", "b", "s"] };
            let projection = Projection::columns(reader.schema(), &names).unwrap();
            let arrow = ArrowReader::new(&reader, &projection).unwrap();
            let scan = arrow.scan(from as u64..to as u64, batch_rows).unwrap().filter(&predicate).unwrap();
            let found: Vec<RecordBatch> = scan.map(|batch| batch.unwrap()).collect();
            prop_assert!(found.iter().all(|batch| (1..=batch_rows).contains(&batch.num_rows())));
            let found = concat_batches(arrow.schema(), &found).unwrap();
            let part = filter_record_batch(&batch.slice(from, to - from), &wanted.slice(from, to - from)).unwrap();
            let columns: Vec<usize> = names.iter().map(|name| batch.schema().index_of(name).unwrap()).collect();
            prop_assert!(logical_eq(&found, &part.project(&columns).unwrap()), "{}", predicate);
        }
    }
}

#[test]
fn conditions_that_do_not_fit_say_what_to_do() {
    let batch = table(&[(1, 2, 3, 4, [false; 8])]);
    let (_folder, reader) = written(&batch, Options::default());
    for (text, words) in [
        ("", "the end is where a column should be"),
        ("i >", "the end is where a number"),
        (
            "i > 'x'",
            "column \"i\" is signed of 32 bits and cannot be compared with 'x': write a whole number",
        ),
        ("i > 1.5", "write a whole number"),
        ("u < 300", "its values are from 0 to 255"),
        ("d = 0.125", "at most 2 digits after the point"),
        ("day = 20", "cannot"),
        ("day = '2024-02-30'", "write it as '2024-12-31'"),
        ("at < 'noon'", "write it as '2024-12-31T23:59:59.5'"),
        ("b = 1", "write true or false"),
        ("\"a text\" = 5", "write a string in single quotes"),
        ("s = 1", "only is null is for such columns"),
        ("nothing = 1", "no column \"nothing\"; there are i, u"),
        ("i = 1 or", "the end is where a column should be"),
        ("i in (1", "\")\""),
        ("i = 1 i = 2", "\"i\" is where and, or, or the end should be"),
        ("i ~ 1", "'~' means nothing here"),
        ("i = 'a", "a quote is not closed"),
        (&"(".repeat(100), "within each other"),
    ] {
        let error = Predicate::parse(text, reader.schema()).map(|predicate| predicate.to_string()).err();
        let Some(error) = error else {
            assert_eq!(words, "cannot", "{text}");
            continue;
        };
        assert_eq!(error.kind(), ErrorKind::Argument, "{text}");
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
    // Dates may be counts, too.
    assert!(Predicate::parse("day = 20", reader.schema()).is_ok());
    let nan = Predicate::compare("f", Comparison::Less, Value::Float(f64::NAN));
    assert!(reader.count(&nan).unwrap_err().to_string().contains("nothing equals NaN"));
}

#[test]
fn conditions_are_written_as_they_are_read() {
    let batch = table(&[(1, 2, 3, 4, [false; 8])]);
    let (_folder, reader) = written(&batch, Options::default());
    for text in [
        "i between -1 and 3 and not u in (1, 2)",
        "f > 1e3 or \"a text\" <= 'it''s' or d != -1.25",
        "s.x is not null and (b = true or at >= '1970-01-01 00:00:00.5Z')",
    ] {
        let predicate = Predicate::parse(text, reader.schema()).unwrap();
        let again = Predicate::parse(&predicate.to_string(), reader.schema()).unwrap();
        assert_eq!(predicate, again, "{predicate}");
    }
    let built = Predicate::compare("i", Comparison::Greater, Value::Integer(3))
        .or(Predicate::is_in("u", [Value::Integer(1), Value::Integer(2)]).negated())
        .and(Predicate::is_null("f").negated());
    assert_eq!(built, Predicate::parse(&built.to_string(), reader.schema()).unwrap());
}
