//! Sets of images come in from the files that people have, go out to them, and come back as they were.

#![cfg(feature = "images")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/image_sets.rs"]
mod image_sets;

use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use gede::ErrorKind;
use gede::arrow::{
    ArrowTable, ImageFormat, ImageInput, ImageSink, LabelFile, PixelColumn, Sink, image_field, image_shape,
};
use gede::image::ImageShape;
use image::ImageFormat::{Bmp, Png, WebP};
use image_sets::*;
use proptest::prelude::*;

fn all(table: &ArrowTable) -> gede::Result<RecordBatch> {
    let batches = table.record_batches()?.collect::<gede::Result<Vec<_>>>()?;
    Ok(concat_batches(table.arrow(), &batches).unwrap())
}

fn try_read(path: impl AsRef<Path>, input: &ImageInput) -> gede::Result<RecordBatch> {
    all(&ArrowTable::open_images(path, input)?)
}

fn read(path: impl AsRef<Path>) -> RecordBatch {
    try_read(path, &ImageInput::default()).unwrap()
}

/// Why an input is refused, on one line.
fn refused(path: impl AsRef<Path>, input: &ImageInput) -> String {
    let error = try_read(path, input).unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
    error.to_string()
}

fn shape(batch: &RecordBatch) -> (u8, u32, u32) {
    let field = batch.schema().fields().iter().find_map(|f| image_shape(f)).unwrap();
    assert!(!field.interleaved);
    (field.channels, field.height, field.width)
}

fn pixels(batch: &RecordBatch) -> Vec<u8> {
    let schema = batch.schema();
    let column = schema.fields().iter().position(|f| image_shape(f).is_some()).unwrap();
    let list = batch.column(column).as_fixed_size_list();
    list.values().as_primitive::<UInt8Type>().values().to_vec()
}

fn numbers(batch: &RecordBatch, column: &str) -> Vec<i64> {
    let column = cast(batch.column_by_name(column).unwrap(), &DataType::Int64).unwrap();
    column.as_primitive::<Int64Type>().values().to_vec()
}

fn names(batch: &RecordBatch) -> serde_json::Value {
    let names = batch.schema().metadata().get("class_names").cloned();
    names.map_or(serde_json::Value::Null, |json| serde_json::from_str(&json).unwrap())
}

fn wide(bytes: &[u8]) -> Vec<i64> {
    bytes.iter().map(|&b| b.into()).collect()
}

#[test]
fn idx_files_come_in_with_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (of_images, of_labels) in [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
        ("images", "labels"),
    ] {
        write(at(of_images), idx(&[9, 4, 5], &images(9, 20)));
        write(at(of_labels), idx(&[9], &labels(9, 10)));
        let batch = read(at(of_images));
        assert_eq!((batch.num_columns(), shape(&batch)), (2, (1, 4, 5)));
        assert_eq!((pixels(&batch), numbers(&batch, "label")), (images(9, 20), wide(&labels(9, 10))));
    }
    write(at("other"), idx(&[9], &[7; 9]));
    let by = |labels| ImageInput { labels, ..ImageInput::default() };
    let batch = try_read(at("images"), &by(LabelFile::At(at("other")))).unwrap();
    assert_eq!(numbers(&batch, "label"), [7; 9]);
    let batch = try_read(at("images"), &by(LabelFile::None)).unwrap();
    assert_eq!((batch.num_columns(), pixels(&batch)), (1, images(9, 20)));
    write(at("none-images"), idx(&[0, 4, 5], &[]));
    write(at("none-labels"), idx(&[0], &[]));
    assert_eq!(read(at("none-images")).num_rows(), 0);
}

#[test]
fn cifar_files_come_in_alone_or_together() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(at("ten/data_batch_2.bin"), cifar10(3..5));
    write(at("ten/data_batch_10.bin"), cifar10(5..6));
    write(at("ten/data_batch_1.bin"), cifar10(0..3));
    write(at("ten/test_batch.bin"), cifar10(80..90));
    let batch = read(at("ten"));
    assert_eq!((shape(&batch), pixels(&batch)), ((3, 32, 32), images(6, 3072)));
    assert_eq!((numbers(&batch, "label"), names(&batch)), (wide(&labels(6, 10)), serde_json::Value::Null));
    write(at("ten/batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    let batch = read(at("ten/test_batch.bin"));
    assert_eq!((batch.num_rows(), &pixels(&batch)[..3072]), (10, &*image(80, 3072)));
    assert_eq!(names(&batch)["label"][9], "j");

    write(at("hundred/train.bin"), cifar100(7));
    write(at("hundred/coarse_label_names.txt"), "fish\r\nflowers\r\n");
    let batch = read(at("hundred"));
    assert_eq!(pixels(&batch), images(7, 3072));
    assert_eq!(numbers(&batch, "coarse_label"), [0, 3, 6, 9, 12, 15, 18]);
    assert_eq!(numbers(&batch, "label"), [0, 7, 14, 21, 28, 35, 42]);
    assert_eq!(names(&batch), serde_json::json!({ "coarse_label": ["fish", "flowers"] }));
    // One image tells which of the two it is, even a black one.
    write(at("one.bin"), [0; 3074]);
    assert_eq!(read(at("one.bin")).num_columns(), 3);
    write(at("one.bin"), [0; 3073]);
    assert_eq!(read(at("one.bin")).num_columns(), 2);
}

#[test]
fn pictures_come_in_by_class() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(at("set/dog/b.webp"), picture(WebP, 3, 2, &image(2, 18)));
    write(at("set/dog/a.PNG"), png(3, 2, &image(1, 18)));
    write(at("set/cat/z.bmp"), picture(Bmp, 3, 2, &image(0, 18)));
    write(at("set/.hidden/z.txt"), "");
    let batch = read(at("set"));
    let expected: Vec<u8> = (0..3).flat_map(|row| planes(&image(row, 18), 3)).collect();
    assert_eq!((shape(&batch), pixels(&batch)), ((3, 2, 3), expected));
    assert_eq!(
        (numbers(&batch, "label"), names(&batch)["label"].to_string()),
        (vec![0, 1, 1], r#"["cat","dog"]"#.to_owned())
    );
    // A list of names gives their order.
    write(at("set/classes.txt"), "dog\nbird\ncat\n");
    let batch = read(at("set"));
    assert_eq!((numbers(&batch, "label"), &names(&batch)["label"][1]), (vec![0, 0, 2], &"bird".into()));
    // Numbers are those of the classes.
    for (class, row) in [("2", 0), ("10", 1), ("300", 2)] {
        write(at("numbers").join(class).join("x.png"), png(4, 1, &image(row, 4)));
    }
    let batch = read(at("numbers"));
    assert_eq!((shape(&batch), pixels(&batch)), ((1, 1, 4), images(3, 4)));
    assert_eq!((numbers(&batch, "label"), names(&batch)), (vec![2, 10, 300], serde_json::Value::Null));
    // Without classes, and with channels for all: gray and transparent ones.
    write(at("flat/1.png"), png(2, 1, &[1, 2]));
    write(at("flat/2.png"), png(2, 1, &[1, 2, 3, 4]));
    let batch = read(at("flat"));
    assert_eq!((batch.num_columns(), shape(&batch)), (1, (4, 1, 2)));
    assert_eq!(pixels(&batch), [1, 2, 1, 2, 1, 2, 255, 255, 1, 3, 1, 3, 1, 3, 2, 4]);
}

/// A table in a Parquet file.
fn parquet(path: &Path, schema: Schema, columns: Vec<ArrayRef>) {
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let mut sink = Sink::create(path, &batch.schema(), true).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
}

/// Pictures and labels as the `datasets` library writes them.
fn hugging_face(path: &Path, pictures: Vec<Option<Vec<u8>>>, labels: Vec<i64>) {
    let bytes = BinaryArray::from_iter(pictures.iter().map(|p| p.as_deref()));
    let paths = StringArray::from_iter((0..pictures.len()).map(|i| (i % 2 > 0).then(|| format!("{i}.png"))));
    let parts = [
        (Arc::new(Field::new("bytes", DataType::Binary, true)), Arc::new(bytes) as ArrayRef),
        (Arc::new(Field::new("path", DataType::Utf8, true)), Arc::new(paths) as ArrayRef),
    ];
    let images = StructArray::from(parts.to_vec());
    let fields =
        vec![Field::new("img", images.data_type().clone(), true), Field::new("label", DataType::Int64, true)];
    let features = r#"{"info":{"features":{"img":{"_type":"Image"},"label":{"names":["no","yes"],"_type":"ClassLabel"}}}}"#;
    let metadata = [("huggingface".to_owned(), features.to_owned())].into();
    let columns: Vec<ArrayRef> = vec![Arc::new(images), Arc::new(Int64Array::from(labels))];
    parquet(path, Schema::new_with_metadata(fields, metadata), columns);
}

#[test]
fn pictures_in_tables_become_images() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let pictures = (0..4).map(|row| Some(png(5, 2, &image(row, 30)))).collect::<Vec<_>>();
    hugging_face(&path, pictures.clone(), vec![0, 1, 1, 0]);
    let batch = read(&path);
    let expected: Vec<u8> = (0..4).flat_map(|row| planes(&image(row, 30), 3)).collect();
    assert_eq!((shape(&batch), pixels(&batch)), ((3, 2, 5), expected));
    assert_eq!(
        (numbers(&batch, "label"), batch.schema().field(0).name().as_str()),
        (vec![0, 1, 1, 0], "img")
    );
    assert_eq!(names(&batch), serde_json::json!({ "label": ["no", "yes"] }));
    let as_it_is = ImageInput { column: PixelColumn::None, ..ImageInput::default() };
    assert!(matches!(try_read(&path, &as_it_is).unwrap().column(0).data_type(), DataType::Struct(_)));

    let mut cut = pictures.clone();
    cut[2].as_mut().unwrap().truncate(60);
    let mut missing = pictures.clone();
    missing[1] = None;
    let mut odd = pictures.clone();
    odd[3] = Some(png(2, 5, &image(0, 30)));
    let mut text = pictures.clone();
    text[0] = Some(b"no picture".to_vec());
    for (pictures, labels, says) in [
        (cut, vec![0; 4], "row 2: "),
        (missing, vec![0; 4], "row 1: it has no image"),
        (odd, vec![0; 4], "row 3: 2 x 5 pixels where those before have 5 x 2"),
        (text, vec![0; 4], "row 0: is none of PNG, WebP and BMP"),
        (pictures, vec![0, 1, 2, 0], "row 2: label 2 where classes are 0 to 1"),
    ] {
        hugging_face(&path, pictures, labels);
        let line = refused(&path, &ImageInput::default());
        assert!(line.contains("t.parquet: ") && line.contains(says), "{says:?} is not in {line:?}");
    }
}

#[test]
fn pixels_in_tables_become_images() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let values = images(3, 24);
    let binary: ArrayRef = Arc::new(BinaryArray::from_iter_values(values.chunks(24)));
    let item = |nullable| Arc::new(Field::new("item", DataType::UInt8, nullable));
    let list = |nullable| -> ArrayRef {
        Arc::new(FixedSizeListArray::new(
            item(nullable),
            24,
            Arc::new(UInt8Array::from(values.clone())),
            None,
        ))
    };
    let kinds = [
        binary.clone(),
        cast(&binary, &DataType::LargeBinary).unwrap(),
        cast(&binary, &DataType::BinaryView).unwrap(),
        Arc::new(FixedSizeBinaryArray::try_from_iter(values.chunks(24)).unwrap()),
        list(false),
        list(true),
    ];
    let sizes = |size: [i64; 3]| size.map(|n| Arc::new(Int64Array::from(vec![n; 3])) as ArrayRef);
    let table = |pixels: &ArrayRef, sizes: [ArrayRef; 3]| {
        let label: ArrayRef = Arc::new(Int8Array::from(vec![3, 1, 2]));
        let [height, width, channels] = sizes;
        let columns = [
            ("height", height),
            ("label", label),
            ("pixels", pixels.clone()),
            ("width", width),
            ("channels", channels),
        ];
        let fields: Vec<_> = columns
            .iter()
            .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
            .collect();
        parquet(&path, Schema::new(fields), columns.into_iter().map(|(_, column)| column).collect());
    };
    let together: Vec<u8> = values.chunks(24).flat_map(|image| planes(image, 3)).collect();
    let of = |channels, interleaved| {
        let shape = ImageShape::new(channels, 2, 24 / u32::from(channels) / 2, interleaved).unwrap();
        ImageInput { column: PixelColumn::Of("pixels".to_owned(), shape), ..ImageInput::default() }
    };
    for pixels_ in &kinds {
        table(pixels_, sizes([2, 4, 3]));
        let batch = read(&path);
        assert_eq!((shape(&batch), pixels(&batch)), ((3, 2, 4), together.clone()), "{}", pixels_.data_type());
        let schema = batch.schema();
        let left: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!((left, numbers(&batch, "label")), (vec!["label", "pixels"], vec![3, 1, 2]));
        table(pixels_, sizes([4, 6, 1]));
        assert_eq!(pixels(&read(&path)), values);
        // The shape can be given; then the other columns are as any.
        let batch = try_read(&path, &of(3, true)).unwrap();
        assert_eq!((shape(&batch), pixels(&batch), batch.num_columns()), ((3, 2, 4), together.clone(), 5));
        let batch = try_read(&path, &of(3, false)).unwrap();
        assert_eq!((shape(&batch), pixels(&batch)), ((3, 2, 4), values.clone()));
    }
    let by = |height: Vec<Option<i64>>| {
        let mut sizes = sizes([2, 4, 3]);
        sizes[0] = Arc::new(Int64Array::from(height));
        table(&binary, sizes);
        refused(&path, &ImageInput::default())
    };
    let line = by(vec![Some(2), Some(3), Some(2)]);
    assert!(line.contains("t.parquet: row 1: height 3 where the first image has 2"), "{line}");
    let line = by(vec![Some(2), Some(2), None]);
    assert!(line.contains("t.parquet: row 2: height null"), "{line}");
    let line = by(vec![None, Some(2), Some(2)]);
    assert!(line.contains("t.parquet: row 0: "), "{line}");
    let ragged: ArrayRef =
        Arc::new(BinaryArray::from_iter_values([&values[..24], &values[..23], &values[..24]]));
    table(&ragged, sizes([2, 4, 3]));
    let line = refused(&path, &ImageInput::default());
    assert!(
        line.contains("t.parquet: row 1: 23 bytes of pixels where an image of 2 x 4 x 3 has 24"),
        "{line}"
    );
    let missing = ImageInput {
        column: PixelColumn::Of("x".to_owned(), ImageShape::new(1, 2, 2, false).unwrap()),
        ..ImageInput::default()
    };
    let error = try_read(&path, &missing).unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("no column \"x\"")), (ErrorKind::Argument, true));
    let mut holes = UInt8Builder::new();
    (0..72).for_each(|i| holes.append_option((i != 30).then_some(1)));
    let holes: ArrayRef = Arc::new(FixedSizeListArray::new(item(true), 24, Arc::new(holes.finish()), None));
    table(&holes, sizes([2, 4, 3]));
    assert!(refused(&path, &ImageInput::default()).contains("a pixel is null"));
}

#[test]
fn large_images_in_tables_come_a_few_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let black = png(1000, 1000, &vec![0; 1_000_000]);
    hugging_face(&path, vec![Some(black); 10], vec![1; 10]);
    let table = ArrowTable::open(&path).unwrap();
    let rows: Vec<usize> = table.record_batches().unwrap().map(|batch| batch.unwrap().num_rows()).collect();
    assert_eq!(rows, [4, 4, 2]);
}

/// Images of a shape and two columns of labels, the first with names.
fn set(shape: (u8, u32, u32), interleaved: bool, rows: usize, names: &[&str]) -> RecordBatch {
    let (channels, height, width) = shape;
    let shape = ImageShape::new(channels, height, width, interleaved).unwrap();
    let bytes = images(rows, shape.values());
    let bytes = match interleaved {
        true => bytes.chunks(shape.values()).flat_map(|i| planes(i, shape.area())).collect(),
        false => bytes,
    };
    let field = image_field("image", shape);
    let DataType::FixedSizeList(item, length) = field.data_type() else { panic!() };
    let image = FixedSizeListArray::new(item.clone(), *length, Arc::new(UInt8Array::from(bytes)), None);
    let classes = if names.is_empty() { 7 } else { names.len() };
    let coarse = UInt8Array::from_iter_values((0..rows).map(|row| (row * 3 % 20) as u8));
    let label = UInt8Array::from_iter_values((0..rows).map(|row| (row / 3 % classes) as u8));
    let fields = vec![
        field,
        Field::new("coarse_label", DataType::UInt8, false),
        Field::new("label", DataType::UInt8, false),
    ];
    let json = serde_json::json!({ "label": names }).to_string();
    let metadata =
        if names.is_empty() { Default::default() } else { [("class_names".to_owned(), json)].into() };
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    RecordBatch::try_new(schema, vec![Arc::new(image), Arc::new(coarse), Arc::new(label)]).unwrap()
}

/// Some of its columns, sorted by label as folders of classes are.
fn sorted(batch: &RecordBatch) -> RecordBatch {
    let order = numbers(batch, "label");
    let mut rows: Vec<u64> = (0..batch.num_rows() as u64).collect();
    rows.sort_by_key(|&row| order[row as usize]);
    arrow::compute::take_record_batch(batch, &UInt64Array::from(rows)).unwrap()
}

fn export(path: &Path, batch: &RecordBatch, format: ImageFormat, class: Option<&str>) -> gede::Result<()> {
    let mut sink = ImageSink::create(path, &batch.schema(), format, class)?;
    for first in (0..batch.num_rows()).step_by(5) {
        sink.write(&batch.slice(first, 5.min(batch.num_rows() - first)))?;
    }
    sink.finish()
}

#[test]
fn images_that_went_out_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let back = |batch: &RecordBatch, format, input: &str| {
        export(&out, batch, format, None).unwrap();
        let back = read(out.join(input));
        std::fs::remove_dir_all(&out).unwrap();
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        back
    };
    // Coarse labels are CIFAR-100's only.
    let fine = |batch: &RecordBatch| batch.project(&[0, 2]).unwrap();
    let gray = fine(&set((1, 5, 4), false, 23, &[]));
    assert_eq!(back(&gray, ImageFormat::Idx, "images-idx3-ubyte"), gray);
    for names in [&[][..], &["a", "b", "c"]] {
        let [batch, together] = [false, true].map(|together| set((3, 32, 32), together, 23, names));
        for table in [&batch, &together] {
            assert_eq!(back(&fine(table), ImageFormat::Cifar10, ""), fine(&batch));
            assert_eq!(back(table, ImageFormat::Cifar100, ""), batch);
        }
    }
    // Names in no order, names that are numbers, names that cannot be those of folders.
    let names: [&[&str]; 5] = [&[], &["z", "a", "m"], &["1", "0", "2", "5"], &["x/y", "", "z"], &["A", "a"]];
    for (channels, names) in [1, 3, 4].into_iter().flat_map(|c| names.map(|n| (c, n))) {
        let [batch, together] = [false, true].map(|i| fine(&set((channels, 5, 4), i, 23, names)));
        for table in [&batch, &together] {
            if names.contains(&"") {
                let error = export(&out, table, ImageFormat::Png, None).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Type, "{error}");
                continue;
            }
            assert_eq!(back(table, ImageFormat::Png, ""), sorted(&batch), "{channels} {names:?}");
        }
    }
    let alone = gray.project(&[0]).unwrap();
    assert_eq!(back(&alone, ImageFormat::Png, ""), alone);
    export(&out, &alone, ImageFormat::Idx, None).unwrap();
    let no_labels = ImageInput { labels: LabelFile::None, ..ImageInput::default() };
    assert_eq!(try_read(out.join("images-idx3-ubyte"), &no_labels).unwrap(), alone);
    assert_eq!(out.read_dir().unwrap().count(), 1);
}

#[test]
fn cifar_10_goes_out_in_files_of_ten_thousand() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let batch = set((3, 32, 32), false, 500, &[]).project(&[0, 2]).unwrap();
    let mut sink = ImageSink::create(&out, &batch.schema(), ImageFormat::Cifar10, None).unwrap();
    (0..41).for_each(|_| sink.write(&batch).unwrap());
    sink.finish().unwrap();
    let length = |n| out.join(format!("data_batch_{n}.bin")).metadata().unwrap().len();
    assert_eq!([1, 2, 3].map(length), [10_000 * 3073, 10_000 * 3073, 500 * 3073]);
}

#[test]
fn tables_keep_the_shape_and_the_names() {
    let folder = tempfile::tempdir().unwrap();
    for interleaved in [false, true] {
        let batch = set((3, 5, 4), interleaved, 9, &["a", "b", "c"]);
        for name in ["t.parquet", "t.arrow"] {
            let path = folder.path().join(name);
            parquet(&path, batch.schema().as_ref().clone(), batch.columns().to_vec());
            assert_eq!(read(&path), batch);
        }
    }
}

#[test]
fn a_folder_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let good = set((1, 5, 4), false, 23, &[]).project(&[0, 2]).unwrap();
    let entries = || folder.path().read_dir().unwrap().count();
    for format in [ImageFormat::Idx, ImageFormat::Png] {
        let mut sink = ImageSink::create(&out, &good.schema(), format, None).unwrap();
        sink.write(&good).unwrap();
        assert!(!out.exists());
        drop(sink);
        assert_eq!(entries(), 0);
    }
    std::fs::create_dir(&out).unwrap();
    export(&out, &good, ImageFormat::Png, None).unwrap();
    let before = read(&out);
    let error = export(&out, &good, ImageFormat::Png, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.to_string().contains("out: exists already"), "{error}");
    assert_eq!((entries(), read(&out)), (1, before));
    std::fs::remove_dir_all(&out).unwrap();
    // One that comes into being meanwhile is left as it is.
    let mut sink = ImageSink::create(&out, &good.schema(), ImageFormat::Idx, None).unwrap();
    sink.write(&good).unwrap();
    write(&out, "mine");
    assert_eq!(sink.finish().unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!((entries(), std::fs::read(&out).unwrap()), (1, b"mine".to_vec()));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let colour = set((3, 32, 32), false, 30, &[]);
    let (gray, two) = (set((1, 5, 4), false, 30, &[]), set((2, 5, 4), false, 30, &[]));
    let many = set((3, 32, 32), false, 60, &["x"; 11]);
    use ImageFormat::{Cifar10, Cifar100, Idx, Png};
    let refused = |batch: &RecordBatch, format, class, kind, says: &str| {
        let error = export(&out, batch, format, class).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(says), "{says:?} is not in {error}");
        assert!(error.to_string().contains("out"), "{error}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    };
    use ErrorKind::{Argument, Type};
    refused(
        &colour,
        Idx,
        None,
        Type,
        "\"image\" has images of 3 x 32 x 32; IDX files hold images of 1 channel",
    );
    refused(&gray, Cifar10, None, Type, "images of 1 x 5 x 4; CIFAR-10 files hold images of 3 x 32 x 32");
    refused(&two, Png, None, Type, "images of 1, 3 or 4 channels");
    refused(&gray, Idx, None, Argument, "column \"coarse_label\" has no place in IDX files");
    refused(&gray, Idx, Some("x"), Argument, "no column \"x\"");
    refused(&gray.project(&[1, 2]).unwrap(), Idx, None, Argument, "no column of images");
    refused(&colour.project(&[0]).unwrap(), Cifar10, None, Argument, "there are no labels");
    refused(&colour.project(&[0, 2]).unwrap(), Cifar100, None, Argument, "coarse_label");
    refused(&colour, Cifar10, Some("coarse_label"), Type, "row 4: coarse_label 12 where classes are 0 to 9");
    refused(&many, Cifar10, Some("label"), Type, "\"label\" has 11 classes; CIFAR-10 files hold 10");
    export(&out, &gray, Idx, Some("coarse_label")).unwrap();
    assert_eq!(numbers(&read(out.join("images-idx3-ubyte")), "label"), numbers(&gray, "coarse_label"));
}

#[test]
fn bad_files_are_refused_with_file_and_record() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let whole = idx(&[9, 4, 5], &images(9, 20));
    write(at("labels"), idx(&[9], &labels(9, 10)));
    let says = |name: &str, says: &str| {
        let line = refused(at(name), &ImageInput::default());
        assert!(
            line.starts_with(at("").to_str().unwrap()) && line.contains(says),
            "{says:?} is not in {line:?}"
        );
    };
    for (bytes, why) in [
        (&whole[..whole.len() - 1], "images: image 8: the file ends before it does; it says it has 9"),
        (&whole[..60], "image 2: the file ends before it does"),
        (&whole[..12], "is cut short"),
        (&[&whole[..], &[0]].concat(), "1 bytes follow its 9 images"),
        (&idx(&[9, 0, 5], &[]), "from 1 to"),
        (&idx(&[u32::MAX; 3], &[]), "from 1 to"),
        (&idx(&[u32::MAX, 4, 5], &[]), "image 0"),
        (&idx(&[9], &[0; 9]), "name the file of their images"),
        (&idx(&[1, 2, 2, 3], &[0; 12]), "has 4 dimensions"),
        (&[0, 0, 13, 1, 0, 0, 0, 0], "type 0x0d"),
    ] {
        write(at("images"), bytes);
        says("images", why);
    }
    write(at("images"), &whole);
    write(at("labels"), idx(&[8], &labels(8, 10)));
    says("images", "labels: has 8 labels where");
    says("images", "has 9 images: image 8 has none");
    write(at("labels"), &idx(&[9], &labels(9, 10))[..12]);
    says("images", "labels: label 4: the file ends before it does");
    std::fs::remove_file(at("labels")).unwrap();
    says("images", "its labels are not beside it");

    let whole = cifar10(0..5);
    write(at("c.bin"), &whole[..3073 * 4 + 5]);
    says("c.bin", "c.bin: record 4: the file ends before it does; a record of CIFAR-10 has 3073 bytes");
    let mut bad = whole.clone();
    bad[3073 * 3] = 10;
    write(at("c.bin"), bad);
    says("c.bin", "c.bin: record 3: label 10 where classes are 0 to 9");
    let mut bad = cifar100(6);
    bad[3074 * 5 + 1] = 100;
    write(at("c.bin"), &bad);
    says("c.bin", "c.bin: record 5: label 100 where classes are 0 to 99");
    write(at("set/data_batch_1.bin"), &whole);
    write(at("set/data_batch_2.bin"), cifar100(6));
    says("set", "data_batch_2.bin: holds other records");
    write(at("set/data_batch_2.bin"), &whole[..9]);
    says("set", "data_batch_2.bin: record 0");
    std::fs::remove_file(at("set/data_batch_2.bin")).unwrap();
    write(at("set/batches.meta.txt"), "x\n".repeat(11));
    says("set", "batches.meta.txt: has 11 names where there are 10 classes");

    write(at("p/a/1.png"), png(3, 2, &image(1, 6)));
    for (bytes, why) in [
        (png(3, 2, &image(1, 6))[..50].to_vec(), ""),
        (png(2, 3, &image(1, 6)), "2 x 3 pixels where those before have 3 x 2"),
        (b"text".to_vec(), "is none of PNG"),
        (Vec::new(), "is none of PNG"),
        (b"GIF89a".to_vec(), "Gif is not read"),
    ] {
        write(at("p/b/2.png"), bytes);
        says("p", "2.png: ");
        says("p", why);
    }
    write(at("p/b/2.png"), png(3, 2, &image(1, 6)));
    write(at("p/x.csv"), "");
    says("p", "x.csv: lies beside the folders");
    std::fs::remove_file(at("p/x.csv")).unwrap();
    write(at("p/classes.txt"), "a\nc\n");
    says("p", "classes.txt: has other names than the folders");
    std::fs::create_dir(at("empty")).unwrap();
    says("empty", "has no pictures");
    write(at("q/x.txt"), "");
    says("q", "x.txt: is no picture");
}

/// What happens to bytes: some are replaced, then some are cut off.
fn mutations() -> impl Strategy<Value = (Vec<(prop::sample::Index, u8)>, Option<prop::sample::Index>)> {
    (
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        any::<Option<prop::sample::Index>>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_bytes_make_an_import_panic((replaced, cut) in mutations(), kind in 0..9usize) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (name, mut bytes) = match kind {
            0 => ("images", idx(&[3, 4, 5], &images(3, 20))),
            1 => ("labels", idx(&[3], &labels(3, 10))),
            2 => ("t.bin", cifar10(0..2)),
            3 => ("t.bin", cifar100(2)),
            4 => ("p/t.png", png(5, 2, &image(1, 10))),
            5 => ("p/t.png", png(5, 2, &image(1, 40))),
            6 => ("p/t.webp", picture(WebP, 5, 2, &image(1, 30))),
            7 => ("p/t.bmp", picture(Bmp, 5, 2, &image(1, 10))),
            _ => ("p/t.png", picture(Png, 9, 9, &image(1, 243))),
        };
        for (place, byte) in replaced {
            let place = place.index(bytes.len().min(80));
            bytes[place] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        write(at("images"), idx(&[3, 4, 5], &images(3, 20)));
        write(at("labels"), idx(&[3], &labels(3, 10)));
        write(at("p/other.png"), png(5, 2, &image(1, 30)));
        write(at(name), bytes);
        let input = match kind { 0 | 1 => "images", 2 | 3 => "t.bin", _ => "p" };
        if let Err(error) = try_read(at(input), &ImageInput::default()) {
            prop_assert!(error.to_string().starts_with(folder.path().to_str().unwrap()), "{}", error);
        }
    }
}
