//! Sets of images come in from the files that people have.

#![cfg(feature = "images")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/image_sets.rs"]
mod image_sets;
#[path = "common/image_tables.rs"]
mod image_tables;

use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::*;
use gede::ErrorKind;
use gede::arrow::{ArrowTable, ImageInput, LabelFile, PictureStorage, PixelColumn};
use gede::image::ImageShape;
use image::ImageFormat::{Bmp, WebP};
use image_sets::*;
use image_tables::*;

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
    let as_pixels = ImageInput { storage: PictureStorage::Pixels, ..ImageInput::default() };
    for (pictures, labels, says) in [
        (cut, vec![0; 4], "row 2: "),
        (missing, vec![0; 4], "row 1: it has no image"),
        (odd, vec![0; 4], "row 3: 2 x 5 pixels where those before have 5 x 2"),
        (text, vec![0; 4], "row 0: is none of PNG, JPEG, WebP and BMP"),
        (pictures, vec![0, 1, 2, 0], "row 2: label 2 where classes are 0 to 1"),
    ] {
        hugging_face(&path, pictures, labels);
        let line = refused(&path, &as_pixels);
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
