//! Lists, maps, runs and extension types by the tool: in, printed, merged, and out again as they were.
#![allow(clippy::unwrap_used)]

mod common;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::*;
use arrow::ipc::reader::FileReader;
use arrow::record_batch::RecordBatch;
use common::Folder;
use gede::arrow::ArrowFileWriter;
use gede::internal::logical_eq;
use std::sync::Arc;

const FAILED: i32 = 1;

fn write(folder: &Folder, name: &str, batch: &RecordBatch) {
    let mut sink = ArrowFileWriter::create(folder.path(name), &batch.schema(), true).unwrap();
    sink.write(batch).unwrap();
    sink.finish().unwrap();
}

/// All rows of an Arrow file.
fn arrow(folder: &Folder, name: &str) -> RecordBatch {
    let file = FileReader::try_new(std::fs::File::open(folder.path(name)).unwrap(), None).unwrap();
    let schema = file.schema();
    arrow::compute::concat_batches(&schema, &file.collect::<Result<Vec<_>, _>>().unwrap()).unwrap()
}

/// Lists of three rows, the second null, with the items given.
fn list(items: ArrayRef) -> ArrayRef {
    let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
    let nulls = NullBuffer::from(vec![true, false, true]);
    Arc::new(ListArray::new(field, OffsetBuffer::from_lengths([2, 0, 1]), items, Some(nulls)))
}

/// A map of three rows.
fn map(keys: ArrayRef) -> ArrayRef {
    let parts = vec![
        Arc::new(Field::new("keys", keys.data_type().clone(), false)),
        Arc::new(Field::new("values", DataType::Int64, true)),
    ];
    let values = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let entries = StructArray::new(parts.into(), vec![keys, values], None);
    let field = Arc::new(Field::new("entries", entries.data_type().clone(), false));
    Arc::new(MapArray::new(field, OffsetBuffer::from_lengths([2, 0, 1]), entries, None, false))
}

/// Three rows of a column of every kind of nesting, and of extension types.
fn rows() -> RecordBatch {
    let words: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("b")]));
    let embedding = FixedSizeListArray::new(
        Arc::new(Field::new_list_field(DataType::Float32, false)),
        20,
        Arc::new(Float32Array::from_iter_values((0..60u8).map(f32::from))),
        None,
    );
    let runs =
        RunArray::<Int32Type>::try_new(&vec![2, 3].into(), &Int64Array::from(vec![Some(7), None])).unwrap();
    let tags: DictionaryArray<Int8Type> = ["x", "y", "x"].into_iter().collect();
    let wide = Decimal256Array::from(vec![i256::MAX, i256::MINUS_ONE, i256::ZERO]);
    let times = TimestampSecondArray::from(vec![0, i64::MAX, 1]);
    let columns: [(&str, ArrayRef); 10] = [
        ("words", list(words.clone())),
        (
            "deep",
            list(Arc::new(ListArray::from_iter_primitive::<Int8Type, _, _>([
                Some(vec![Some(1)]),
                None,
                Some(vec![]),
            ]))),
        ),
        ("by_name", map(Arc::new(StringArray::from(vec!["p", "q", "r"])))),
        ("by_number", map(Arc::new(Int32Array::from(vec![5, 6, 7])))),
        ("embedding", Arc::new(embedding)),
        ("runs", Arc::new(runs)),
        ("tags", list(Arc::new(tags))),
        ("wide", Arc::new(wide.with_precision_and_scale(76, 2).unwrap())),
        ("times", list(Arc::new(times))),
        ("id", Arc::new(FixedSizeBinaryArray::try_from_iter([[1u8; 16], [2; 16], [3; 16]].iter()).unwrap())),
    ];
    let field = |(name, array): &(&str, ArrayRef)| {
        let extension = (*name == "id").then(|| ("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned()));
        Field::new(*name, array.data_type().clone(), true).with_metadata(extension.into_iter().collect())
    };
    let fields: Vec<Field> = columns.iter().map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.map(|(_, array)| array).to_vec()).unwrap()
}

#[test]
fn lists_come_back_by_every_way() {
    let folder = Folder::new();
    let rows = rows();
    write(&folder, "in.arrow", &rows);
    folder.fine("convert in.arrow t.gede");
    folder.fine("verify t.gede");
    folder.fine("convert t.gede out.arrow");
    assert!(logical_eq(&arrow(&folder, "out.arrow"), &rows));
    folder.fine("merge t.gede t.gede two.gede");
    folder.fine("convert two.gede two.arrow");
    let twice = arrow(&folder, "two.arrow");
    assert!(logical_eq(&twice.slice(0, 3), &rows) && logical_eq(&twice.slice(3, 3), &rows));
    let line = folder.refused("convert t.gede t.parquet", FAILED);
    assert!(line.contains("\"times.item\", row 0") && line.contains("milliseconds"), "{line}");
    // Parquet keeps all but the runs.
    let names: Vec<String> = rows.schema().fields().iter().map(|f| f.name().clone()).collect();
    let names: Vec<String> = names.into_iter().filter(|name| name != "times").collect();
    folder.fine(&format!("convert t.gede t.parquet --columns {}", names.join(",")));
    folder.fine("convert t.parquet again.gede");
    folder.fine("convert again.gede again.arrow");
    let again = arrow(&folder, "again.arrow");
    assert_eq!(again.num_columns(), names.len());
    for (field, column) in
        rows.schema().fields().iter().zip(rows.columns()).filter(|(f, _)| f.name() != "times")
    {
        let other = again.column_by_name(field.name()).unwrap();
        match field.data_type() {
            DataType::RunEndEncoded(..) => {
                assert_eq!(other.as_ref(), &Int64Array::from(vec![Some(7), Some(7), None]))
            }
            _ => assert_eq!(other.to_data(), column.to_data(), "{field}"),
        }
    }
    assert_eq!(again.schema().field_with_name("id").unwrap().extension_type_name(), Some("arrow.uuid"));
}

#[test]
fn lists_are_printed() {
    let folder = Folder::new();
    write(&folder, "in.arrow", &rows());
    folder.fine("convert in.arrow t.gede");
    let text = folder.fine("head t.gede --columns words,deep,by_number,tags,runs");
    for cell in ["[a, null]", "[[1], null]", "{5: 1, 6: null}", "[x, y]", "7"] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
    let rows = folder.json("head t.gede");
    assert_eq!(rows, folder.json("take t.gede --rows 0,1,2"));
    assert_eq!(rows[0]["words"], serde_json::json!(["a", null]));
    assert!(rows[1]["words"].is_null());
    assert_eq!(rows[0]["by_name"], serde_json::json!({"p": 1, "q": null}));
    assert_eq!(rows[2]["by_number"], serde_json::json!([{"key": 7, "value": 3}]));
    assert_eq!(rows[1]["embedding"][19], 39.0);
    assert_eq!(rows[0]["times"][1], "9223372036854775807 s");
    assert_eq!(rows[1]["runs"], 7);
    assert!(rows[2]["runs"].is_null());
    let line = folder.refused("convert t.gede t.csv", FAILED);
    assert!(line.contains("\"words\"") && line.contains("write Parquet or Arrow IPC"), "{line}");
    let line = folder.refused("convert t.gede - --to csv", FAILED);
    assert!(line.contains("\"words\"") && line.contains("--columns"), "{line}");
    folder.fine("convert t.gede t.csv --columns runs");
    assert_eq!(folder.read("t.csv"), b"runs\n7\n7\n\"\"\n");
}
