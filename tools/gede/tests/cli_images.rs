//! Sets of images through the tool: in, out and back; bad ones are refused on one line, and nothing is written.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../../tests/common/image_sets.rs"]
mod image_sets;

use common::{Folder, parquet};
use gede::arrow::image_shape;
use image_sets::*;
use serde_json::json;

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

fn says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}

fn mnist(folder: &Folder) {
    folder.write("train-images-idx3-ubyte", idx(&[40, 8, 8], &images(40, 64)));
    folder.write("train-labels-idx1-ubyte", idx(&[40], &labels(40, 10)));
}

#[test]
fn files_that_went_in_come_out_to_the_byte() {
    let folder = Folder::new();
    mnist(&folder);
    let report = folder.json("convert train-images-idx3-ubyte m.gede --class label");
    assert_eq!((&report["rows"], &report["classes"]), (&json!(40), &json!(10)));
    folder.fine("verify m.gede");
    let report = folder.json("convert m.gede m --format idx");
    assert_eq!((&report["rows"], &report["file_length"]), (&json!(40), &json!(16 + 40 * 64 + 8 + 40)));
    assert_eq!(folder.read("m/images-idx3-ubyte"), folder.read("train-images-idx3-ubyte"));
    assert_eq!(folder.read("m/labels-idx1-ubyte"), folder.read("train-labels-idx1-ubyte"));

    std::fs::create_dir(folder.path("c")).unwrap();
    folder.write("c/data_batch_1.bin", cifar10(0..30));
    folder.write("c/batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    folder.fine("convert c c.gede --class label");
    folder.fine("convert c.gede d --format cifar10");
    for name in ["data_batch_1.bin", "batches.meta.txt"] {
        assert_eq!(folder.read(&format!("d/{name}")), folder.read(&format!("c/{name}")));
    }
    folder.write("train.bin", cifar100(30));
    for class in ["label", "coarse_label"] {
        folder.fine(&format!("convert train.bin h.gede --class {class} --overwrite"));
        folder.fine(&format!("convert h.gede {class} --format cifar100"));
        assert_eq!(folder.read(&format!("{class}/train.bin")), folder.read("train.bin"));
    }
}

#[test]
fn pictures_and_tables_carry_images_both_ways() {
    let folder = Folder::new();
    for (class, row) in [("cat", 0), ("cat", 1), ("dog", 2)] {
        write(folder.path(&format!("set/{class}/{row:08}.png")), png(6, 5, &image(row, 90)));
    }
    let text = folder.fine("convert set p.gede --class label");
    says(&text, &["p.gede: 3 rows", "2 classes"]);
    folder.fine("convert p.gede out --format png");
    folder.fine("convert out q.gede --class label");
    assert_eq!(folder.read("q.gede"), folder.read("p.gede"));
    assert_eq!(folder.read("out/classes.txt"), b"cat\ndog\n");
    assert!(folder.path("out/dog/00000002.png").is_file());
    // Parquet keeps the shape and the names.
    folder.fine("convert p.gede p.parquet");
    let table = parquet(folder.path("p.parquet"));
    let shape = image_shape(table.schema().field(0)).unwrap();
    assert_eq!((shape.channels, shape.height, shape.width), (3, 5, 6));
    assert_eq!(table.schema().metadata()["class_names"], r#"{"label":["cat","dog"]}"#);
    folder.fine("convert p.parquet q.gede --class label --overwrite");
    assert_eq!(folder.read("q.gede"), folder.read("p.gede"));
    // Without labels.
    mnist(&folder);
    folder.fine("convert train-images-idx3-ubyte alone.gede --labels none");
    folder.fine("convert alone.gede alone --format idx");
    assert_eq!(folder.read("alone/images-idx3-ubyte"), folder.read("train-images-idx3-ubyte"));
    folder.write("sevens", idx(&[40], &[7; 40]));
    folder.fine("convert train-images-idx3-ubyte sevens.gede --labels sevens");
    assert_eq!(folder.json("take sevens.gede --rows 39 --columns label"), json!([{ "label": 7 }]));
}

#[test]
fn pixels_in_a_column_are_told_by_an_option() {
    use arrow::array::{ArrayRef, BinaryArray, RecordBatch};
    let folder = Folder::new();
    let pixels: ArrayRef = std::sync::Arc::new(BinaryArray::from_iter_values(images(9, 30).chunks(30)));
    let batch = RecordBatch::try_from_iter([("pixels", pixels)]).unwrap();
    let mut sink =
        gede::arrow::ArrowFileWriter::create(folder.path("t.parquet"), &batch.schema(), false).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
    folder.fine("convert t.parquet together.gede --image pixels:2x5x3");
    folder.fine("convert t.parquet apart.gede --image pixels:3x2x5");
    folder.fine("convert together.gede together --format png");
    folder.fine("convert apart.gede apart --format png");
    let open = |name: &str| image::load_from_memory(&folder.read(&format!("{name}/00000008.png"))).unwrap();
    assert_eq!(open("together").into_rgb8().into_raw(), image(8, 30));
    assert_eq!(planes(&open("apart").into_rgb8().into_raw(), 3), image(8, 30));
    folder.fine("convert t.parquet plain.gede --image none");
    says(&folder.refused("convert plain.gede x --format png", MISUSED), &["no column of images"]);
    for (option, part) in [
        ("pixels:2x4", "row 0: 30 bytes of pixels where an image of 2 x 4 x 1 has 8"),
        ("pixels:2x4x3x1", "no size like 28x28"),
        ("pixels:2x4x6", "1, 3 or 4 channels"),
        ("pixels:3x5x1", "and not both"),
        ("pixels", "neither COL:HxWxC nor none"),
        ("x:2x4x3", "no column \"x\""),
    ] {
        let code = if part.starts_with("row") { FAILED } else { MISUSED };
        says(&folder.refused(&format!("convert t.parquet x.gede --image {option}"), code), &[part]);
    }
}

#[test]
fn bad_images_are_refused() {
    let folder = Folder::new();
    mnist(&folder);
    let refused = |input: &str, parts: &[&str]| {
        let line = folder.refused(&format!("convert {input} x.gede"), FAILED);
        says(&line, parts);
    };
    let whole = folder.read("train-images-idx3-ubyte");
    folder.write("cut-images", &whole[..700]);
    refused("cut-images", &["cut-images: image 10: the file ends before it does"]);
    folder.write("more-images", &whole);
    folder.write("more-labels", idx(&[39], &labels(39, 10)));
    refused("more-images", &["more-labels: has 39 labels", "40 images: image 39 has none"]);
    folder.write("lone-images", &whole);
    refused("lone-images", &["lone-images: its labels are not beside it"]);
    folder.write("cut.bin", &cifar10(0..3)[..9000]);
    refused("cut.bin", &["cut.bin: record 2: the file ends before it does"]);
    let mut bad = cifar10(0..3);
    bad[3073] = 77;
    folder.write("bad.bin", &bad);
    refused("bad.bin", &["bad.bin: record 1: label 77 where classes are 0 to 9"]);
    let picture = png(6, 5, &image(0, 90));
    for (set, bytes) in [
        ("cut", picture[..picture.len() / 2].to_vec()),
        ("size", png(5, 6, &image(0, 90))),
        ("text", b"x".into()),
    ] {
        write(folder.path(&format!("{set}/a/1.png")), &picture);
        write(folder.path(&format!("{set}/b/2.png")), bytes);
    }
    refused("cut", &["cut/b/2.png: "]);
    refused("size --pixels", &["size/b/2.png: 5 x 6 pixels where those before have 6 x 5"]);
    refused("text", &["text/b/2.png: is none of PNG, JPEG, WebP and BMP"]);
}

#[test]
fn options_and_files_that_do_not_fit() {
    let folder = Folder::new();
    mnist(&folder);
    folder.write("t.csv", "a\n1\n");
    folder.fine("convert train-images-idx3-ubyte m.gede --class label");
    std::fs::create_dir(folder.path("empty")).unwrap();
    write(folder.path("full/mine"), "");
    for (arguments, code, part) in [
        ("m.gede out --format cifar10", FAILED, "\"image\" has images of 1 x 8 x 8; CIFAR-10 files hold"),
        ("m.gede out --format gif", MISUSED, "gif"),
        ("m.gede full --format idx", MISUSED, "full: exists already and is no empty folder"),
        ("m.gede full --format idx --overwrite", MISUSED, "full: exists already and is no empty folder"),
        ("m.gede t.csv --format idx --overwrite", MISUSED, "t.csv: exists already and is no empty folder"),
        ("m.gede out --format idx --class x", MISUSED, "no column \"x\""),
        ("m.gede out --format idx --tau 3", MISUSED, "--target"),
        ("m.gede out --format idx --labels none", MISUSED, "--labels"),
        ("m.gede out.csv --class label", MISUSED, "--target"),
        ("m.gede nowhere/out --format idx", FAILED, "nowhere"),
        ("train-images-idx3-ubyte out --format idx", MISUSED, "--format"),
        ("train-images-idx3-ubyte out.gede --labels nowhere", FAILED, "nowhere"),
        ("t.csv out.gede --labels t.csv", MISUSED, "t.csv: is no IDX file"),
        ("empty out.gede", FAILED, "empty: has no pictures"),
    ] {
        says(&folder.refused(&format!("convert {arguments}"), code), &[part]);
    }
    assert_eq!(std::fs::read_dir(folder.path("full")).unwrap().count(), 1);
    folder.fine("convert m.gede empty --format idx");
}
