//! Sets of images go out to the files that people have and come back as they were, or not at all.

#![cfg(feature = "images")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/image_sets.rs"]
mod image_sets;
#[path = "common/image_tables.rs"]
mod image_tables;

use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use gede::ErrorKind;
use gede::arrow::{ImageFolderWriter, ImageFormat, ImageInput, LabelFile, image_field};
use gede::image::ImageShape;
use image_sets::*;
use image_tables::*;

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
    let mut sink = ImageFolderWriter::create(path, &batch.schema(), format, class)?;
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
    let mut sink = ImageFolderWriter::create(&out, &batch.schema(), ImageFormat::Cifar10, None).unwrap();
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
        let mut sink = ImageFolderWriter::create(&out, &good.schema(), format, None).unwrap();
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
    let mut sink = ImageFolderWriter::create(&out, &good.schema(), ImageFormat::Idx, None).unwrap();
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
