//! Tables in Parquet, Arrow IPC, CSV and LIBSVM files, in and out.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/arrow_tables.rs"]
mod arrow_tables;
#[path = "common/batches.rs"]
mod batches;
#[path = "common/input_folder.rs"]
mod input_folder;

use arrow::array::*;
use arrow::compute::take;
use arrow::datatypes::*;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use arrow_tables::*;
use gede::ErrorKind;
use gede::arrow::{ArrowFileWriter, ArrowTable};
use gede::internal::{ingest, logical_eq};
use gede::write::Table;
use input_folder::Folder;
use proptest::prelude::*;
use std::sync::Arc;

/// Whether a type, and all that it is made of, is as asked.
fn every(data_type: &DataType, holds: &dyn Fn(&DataType) -> bool) -> bool {
    holds(data_type)
        && match data_type {
            DataType::Struct(fields) => fields.iter().all(|f| every(f.data_type(), holds)),
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::ListView(item)
            | DataType::LargeListView(item)
            | DataType::FixedSizeList(item, _)
            | DataType::Map(item, _) => every(item.data_type(), holds),
            DataType::RunEndEncoded(_, values) => every(values.data_type(), holds),
            DataType::Dictionary(_, values) => every(values, holds),
            _ => true,
        }
}

/// Whether Parquet may refuse values of a type: some are out of reach, or all.
fn may_be_refused(data_type: &DataType) -> bool {
    !every(data_type, &|t| match t {
        DataType::Interval(unit) => *unit != IntervalUnit::MonthDayNano,
        DataType::Timestamp(unit, _) | DataType::Time32(unit) => *unit != TimeUnit::Second,
        DataType::Struct(fields) => !fields.is_empty(),
        DataType::FixedSizeList(_, length) => *length > 0,
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => *scale >= 0,
        _ => true,
    })
}

/// The array as Parquet gives it back: dictionaries are plain values, but for those of strings, integers and floats, and so
/// are runs.
fn through_parquet(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Dictionary(_, values) => {
            let floats = [DataType::Float32, DataType::Float64];
            if batches::strings().contains(values) || floats.contains(values) || values.is_integer() {
                return array.clone();
            }
            let dictionary = array.as_any_dictionary();
            take(dictionary.values().as_ref(), dictionary.keys(), None).unwrap()
        }
        DataType::RunEndEncoded(_, _) => through_parquet(&batches::plain(array)),
        DataType::Struct(fields) if !fields.is_empty() => {
            let parts: Vec<ArrayRef> = array.as_struct().columns().iter().map(through_parquet).collect();
            let fields = fields.iter().zip(&parts).map(|(field, part)| retyped(field, part));
            Arc::new(StructArray::new(fields.collect(), parts, array.nulls().cloned()))
        }
        data_type => {
            let Some(item) = batches::item_of(data_type) else { return array.clone() };
            let data = array.to_data();
            let items = through_parquet(&make_array(data.child_data()[0].clone()));
            let item = Arc::new(retyped(item, &items));
            let data_type = match data_type {
                DataType::List(_) => DataType::List(item),
                DataType::LargeList(_) => DataType::LargeList(item),
                DataType::ListView(_) => DataType::ListView(item),
                DataType::LargeListView(_) => DataType::LargeListView(item),
                DataType::FixedSizeList(_, length) => DataType::FixedSizeList(item, *length),
                DataType::Map(_, sorted) => DataType::Map(item, *sorted),
                other => panic!("{other} is no list"),
            };
            let data = data.into_builder().data_type(data_type).child_data(vec![items.to_data()]);
            make_array(data.build().unwrap())
        }
    }
}

fn retyped(field: &Field, array: &ArrayRef) -> Field {
    match field.data_type() == array.data_type() {
        true => field.clone(),
        false => {
            let runs = matches!(field.data_type(), DataType::RunEndEncoded(..));
            Field::new(field.name(), array.data_type().clone(), field.is_nullable() || runs)
                .with_metadata(field.metadata().clone())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn tables_come_back_through_values(table in batches::tables()) {
        let schema = table[0].schema();
        let expected = all(&schema, table.iter().cloned().map(Ok));
        let source = ArrowTable::from_batches(schema, table).unwrap();
        prop_assert_eq!(source.rows(), Some(expected.num_rows() as u64));
        prop_assert!(logical_eq(&through_values(&source), &expected));
        prop_assert!(logical_eq(&through_values(&source), &expected), "a second pass");
    }

    #[test]
    fn arrow_files_keep_everything(table in batches::tables()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.arrow");
        write(&path, &table).unwrap();
        let expected = all(&table[0].schema(), table.iter().cloned().map(Ok));
        prop_assert!(logical_eq(&read(&path), &expected));
        prop_assert!(logical_eq(&through_values(&ArrowTable::open(&path).unwrap()), &expected));

        let path = folder.path().join("stream");
        let mut writer = StreamWriter::try_new(std::fs::File::create(&path).unwrap(), &table[0].schema()).unwrap();
        table.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
        // Arrow writes runs of no rows that it does not read.
        let mut own = StreamReader::try_new(std::fs::File::open(&path).unwrap(), None).unwrap();
        if own.all(|batch| batch.is_ok()) {
            prop_assert!(logical_eq(&through_values(&ArrowTable::open(&path).unwrap()), &expected));
        }
    }

    #[test]
    fn parquet_files_keep_everything_they_hold(table in batches::tables()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let schema = table[0].schema();
        let expected = all(&schema, table.iter().cloned().map(Ok));
        match write(&path, &table) {
            Ok(()) => {
                let columns: Vec<ArrayRef> = expected.columns().iter().map(through_parquet).collect();
                let fields: Fields = schema.fields().iter().zip(&columns).map(|(f, c)| retyped(f, c)).collect();
                let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
                let options = RecordBatchOptions::new().with_row_count(Some(expected.num_rows()));
                let expected = RecordBatch::try_new_with_options(schema, columns, &options).unwrap();
                prop_assert!(logical_eq(&read(&path), &expected), "{:#?}\n{:#?}", read(&path), expected);
                prop_assert!(logical_eq(&through_values(&ArrowTable::open(&path).unwrap()), &expected));
            }
            Err(e) => {
                let rows_alone = table[0].num_columns() == 0;
                let refused = schema.fields().iter().any(|f| may_be_refused(f.data_type()));
                prop_assert!(rows_alone || refused, "{}", e);
                prop_assert_eq!(e.kind(), ErrorKind::Type);
                prop_assert!(!path.exists());
            }
        }
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), usize::from(path.exists()));
    }
}

#[test]
fn missing_files_and_folders_are_named() {
    let folder = Folder::new();
    let path = folder.0.path().join("nothing.parquet");
    let error = ArrowTable::open(&path).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("nothing.parquet"), "{error}");
    let error = ArrowTable::open(folder.0.path()).err().unwrap();
    assert!(error.to_string().contains("folder"), "{error}");
}

#[test]
fn libsvm_text_is_dense() {
    let folder = Folder::new();
    let text = "# a comment\n-1.000000 2:0.5 4:1e-3 # more\n\n+1 1:-7\n1\n";
    for name in ["t.libsvm", "t.svm", "t.t", "t", "t.txt"] {
        let batch = read(&folder.file(name, text));
        let schema = batch.schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names, ["label", "f1", "f2", "f3", "f4"]);
        assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[-1, 1, 1]);
        assert_eq!(batch.column(1).as_primitive::<Float64Type>().values(), &[0.0, -7.0, 0.0]);
        assert_eq!(batch.column(2).as_primitive::<Float64Type>().values(), &[0.5, 0.0, 0.0]);
        assert_eq!(batch.column(4).as_primitive::<Float64Type>().values(), &[1e-3, 0.0, 0.0]);
    }
    let batch = read(&folder.file("regression", "0.5 1:1\n2 1:3\n"));
    assert_eq!(batch.column(0).as_primitive::<Float64Type>().values(), &[0.5, 2.0]);
    // More rows than a batch has.
    let many: String = (0..20_000).map(|i| format!("{} 1:{i} 3:{}\n", i % 2, i * 2)).collect();
    let table = ArrowTable::open(folder.file("many.libsvm", many)).unwrap();
    assert_eq!(table.rows(), Some(20_000));
    let batch = through_values(&table);
    assert_eq!(batch.num_rows(), 20_000);
    assert_eq!(batch.column(3).as_primitive::<Float64Type>().value(19_999), 39_998.0);
}

#[test]
fn damaged_binary_files_are_errors() {
    let folder = Folder::new();
    folder.refused("t.parquet", "not parquet at all");
    folder.refused("t.parquet", b"PAR1");
    folder.refused("t.arrow", "not arrow at all");
    folder.refused("t.arrow", b"ARROW1\0\0");
    folder.refused("stream", [0xFF; 4]);
    let array = Arc::new(StringArray::from_iter_values((0..3000).map(|i| format!("text {}", i % 700))));
    let numbers =
        Arc::new(Int64Array::from_iter((0..3000).map(|i| (i % 7 > 0).then_some(i * i)))) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("t", array as ArrayRef), ("n", numbers)]).unwrap();
    for name in ["t2.parquet", "t2.arrow"] {
        let path = folder.0.path().join(name);
        write(&path, std::slice::from_ref(&batch)).unwrap();
        let good = std::fs::read(&path).unwrap();
        for length in (0..good.len()).step_by(good.len() / 60) {
            let path = folder.file(name, &good[..length]);
            let whole = ArrowTable::open(&path).and_then(|t| t.batches()?.collect::<Result<Vec<_>, _>>());
            assert!(whole.is_err(), "{name} cut to {length} bytes");
        }
    }
}

#[test]
fn types_that_are_not_held_are_refused_with_their_file() {
    let folder = Folder::new();
    let mut either = UnionBuilder::new_dense();
    either.append::<Int32Type>("a", 1).unwrap();
    let either = Arc::new(either.build().unwrap()) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("either", either)]).unwrap();
    let path = folder.0.path().join("t.arrow");
    write(&path, std::slice::from_ref(&batch)).unwrap();
    let error = ArrowTable::open(&path).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Type);
    let message = error.to_string();
    let says = |what: &str| message.contains(what);
    assert!(says("t.arrow") && says("\"either\"") && says("Union") && says("use a struct"), "{message}");
}

#[test]
fn parquet_without_an_arrow_schema_is_read_too() {
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_writer::ArrowWriterOptions;
    let folder = Folder::new();
    let path = folder.0.path().join("plain.parquet");
    let words = Arc::new(StringArray::from(vec![Some("a"), None, Some("b")])) as ArrayRef;
    let floats = Arc::new(Float64Array::from(vec![0.5, f64::NAN, -0.0])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("w", words), ("x", floats)]).unwrap();
    let file = std::fs::File::create(&path).unwrap();
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert!(logical_eq(&through_values(&ArrowTable::open(&path).unwrap()), &batch));
}

#[test]
fn large_batches_are_cut() {
    let column = Arc::new(Int64Array::from_iter_values(0..200_000)) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let table = ArrowTable::from_batches(batch.schema(), vec![batch.clone()]).unwrap();
    assert!(table.batches().unwrap().all(|b| b.unwrap().rows <= 65_536));
    assert!(logical_eq(&through_values(&table), &batch));
    let wide: Vec<_> =
        (0..2000).map(|i| (i.to_string(), Arc::new(Int64Array::from(vec![i; 3000])) as ArrayRef)).collect();
    let batch = RecordBatch::try_from_iter(wide).unwrap();
    let table = ArrowTable::from_batches(batch.schema(), vec![batch]).unwrap();
    assert!(table.batches().unwrap().all(|b| b.unwrap().rows <= 600));
}

#[test]
fn batches_of_another_schema_are_refused() {
    let batch = |name: &str| {
        RecordBatch::try_from_iter([(name, Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).unwrap()
    };
    assert!(ArrowTable::from_batches(batch("a").schema(), vec![batch("a"), batch("b")]).is_err());
    let folder = Folder::new();
    let mut sink =
        ArrowFileWriter::create(folder.0.path().join("t.csv"), &batch("a").schema(), false).unwrap();
    assert_eq!(sink.write(&batch("b")).unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn files_appear_whole_or_not_at_all() {
    let folder = Folder::new();
    let batch =
        RecordBatch::try_from_iter([("x", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]).unwrap();
    let files = || {
        let names = std::fs::read_dir(folder.0.path()).unwrap().map(|e| e.unwrap().file_name());
        let mut names: Vec<_> = names.map(|n| n.into_string().unwrap()).collect();
        names.sort();
        names
    };
    for name in ["t.parquet", "t.arrow", "t.csv"] {
        let path = folder.0.path().join(name);
        let mut sink = ArrowFileWriter::create(&path, &batch.schema(), false).unwrap();
        sink.write(&batch).unwrap();
        assert!(!path.exists());
        drop(sink);
        assert!(files().is_empty());

        std::fs::write(&path, "old").unwrap();
        let error = ArrowFileWriter::create(&path, &batch.schema(), false).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.to_string().contains(name), "{error}");
        let mut sink = ArrowFileWriter::create(&path, &batch.schema(), true).unwrap();
        sink.write(&batch).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        sink.finish().unwrap();
        assert_eq!(files(), [name]);
        assert!(ingest(&read(&path)).unwrap() == ingest(&batch).unwrap() || name == "t.csv");

        // One that comes into being meanwhile is left alone.
        std::fs::remove_file(&path).unwrap();
        let sink = ArrowFileWriter::create(&path, &batch.schema(), false).unwrap();
        std::fs::write(&path, "another").unwrap();
        assert_eq!(sink.finish().unwrap_err().kind(), ErrorKind::Argument);
        assert_eq!(std::fs::read(&path).unwrap(), b"another");
        assert_eq!(files(), [name]);
        std::fs::remove_file(&path).unwrap();
    }
    let error =
        ArrowFileWriter::create(folder.0.path().join("t.xlsx"), &batch.schema(), false).err().unwrap();
    assert!(error.to_string().contains(".parquet"), "{error}");
    let error =
        ArrowFileWriter::create(folder.0.path().join("no/such/t.csv"), &batch.schema(), false).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(files().is_empty());
}
