//! Pictures as people have them through the tool: mixed folders in, trained on and out; what is passed over is said.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../../tests/common/image_sets.rs"]
mod image_sets;

use common::Folder;
use image::ImageFormat::Jpeg;
use image_sets::*;
use serde_json::json;

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

fn says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}

/// Dark pictures of one class and bright ones of another, JPEG and PNG of mixed sizes.
fn mixed(folder: &Folder, set: &str) {
    for row in 0..24_u32 {
        let (width, height) = (20 + row % 5, 18 + row % 7);
        let (class, level) = if row % 2 == 0 { ("dark", 30) } else { ("bright", 220) };
        let pixels: Vec<u8> = (0..width * height * 3).map(|at| level + (at % 17) as u8).collect();
        let (end, bytes) = match row % 3 {
            0 => ("png", png(width, height, &pixels)),
            _ => ("jpg", picture(Jpeg, width, height, &pixels)),
        };
        write(folder.path(&format!("{set}/{class}/{row}.{end}")), bytes);
    }
}

#[test]
fn a_mixed_folder_comes_in_trains_and_goes_out() {
    let folder = Folder::new();
    mixed(&folder, "set");
    write(folder.path("set/dark/Thumbs.db"), "x");
    let text = folder.fine("convert set p.gede --class label");
    says(
        &text,
        &[
            "p.gede: 24 rows",
            "2 classes",
            "  pictures are kept as files (16 JPEG, 8 PNG, of 20 x 18 to 24 x 24 pixels)",
            "  passed over 1 file that is no picture: dark/Thumbs.db",
        ],
    );
    folder.fine("verify p.gede");
    let report = folder.json("convert set q.gede --encoded");
    assert_eq!(report["notes"], json!(["passed over 1 file that is no picture: dark/Thumbs.db"]));
    // Out: the files as they were.
    folder.fine("convert p.gede out --format files");
    for name in ["dark/0.png", "bright/1.jpg", "bright/23.jpg"] {
        assert_eq!(folder.read(&format!("out/{name}")), folder.read(&format!("set/{name}")));
    }
    says(&folder.refused("convert p.gede no --format png", MISUSED), &["p", "--format files"]);
    // Parquet holds them as the datasets library does, and gives them back.
    folder.fine("convert p.gede p.parquet");
    folder.fine("convert p.parquet back.gede --class label");
    folder.fine("convert back.gede back --format files");
    assert_eq!(folder.read("back/dark/0.png"), folder.read("set/dark/0.png"));
    // Training.
    let options = "--fraction 1 --epochs 8 --batch 8 --lr 0.02 --test p.gede";
    let report = folder.json(&format!("train lenet5 p.gede {options}"));
    assert_eq!(report["pictures"], "28 x 28 pixels in gray");
    assert_eq!(report["test_accuracy"], 1.0);
    let text = folder.fine("train lenet5 p.gede --size 16x20x1 --epochs 1");
    says(&text, &["cut and scaled to 16 x 20 pixels in gray (--size)"]);
    let text = folder.fine("train resnet18 p.gede --size 8x8 --epochs 1 --batch 4 --fraction 0.2");
    says(&text, &["cut and scaled to 8 x 8 pixels in color"]);
    says(&folder.refused("train lenet5 p.gede --size 8", MISUSED), &["no size like 224x224"]);
    folder.fine("sample p.gede --out sheet.png --count 6 --size 12x12");
    // Pixels have their size.
    folder.fine("convert set r.gede --class label --resize 16x16");
    folder.fine("train lenet5 r.gede --epochs 1 --mean 0,0,0 --deviation 1,1,1");
    says(&folder.refused("train lenet5 r.gede --size 9x9", MISUSED), &["r.gede", "--size is for pictures"]);
}

#[test]
fn pictures_that_cannot_be_read_are_named() {
    let folder = Folder::new();
    mixed(&folder, "set");
    folder.write("set/dark/bad.jpg", "no picture");
    says(&folder.refused("convert set p.gede", FAILED), &["set/dark/bad.jpg: is none of PNG, JPEG"]);
    let report = folder.json("convert set p.gede --skip-bad --encoded");
    assert_eq!(report["rows"], 24);
    assert_eq!(report["notes"], json!(["passed over 1 picture that cannot be read: dark/bad.jpg"]));
    let text = folder.fine("convert set q.gede --skip-bad --resize 9x8");
    says(&text, &["are cut and scaled to 8 x 9", "passed over 1 picture that cannot be read: dark/bad.jpg"]);
    for (options, part) in [
        ("--pixels", "--resize HxW"),
        ("--resize 0x8", "no size"),
        ("--resize 8", "no size"),
        ("--encoded --pixels", "cannot be used with"),
    ] {
        let code = if options == "--pixels" { FAILED } else { MISUSED };
        std::fs::remove_file(folder.path("set/dark/bad.jpg")).ok();
        says(&folder.refused(&format!("convert set x.gede {options}"), code), &[part]);
    }
}

#[test]
fn large_pictures_are_kept_as_files_or_their_limit_is_said() {
    let folder = Folder::new();
    write(folder.path("in/1.png"), png(1200, 900, &vec![9; 1200 * 900]));
    write(folder.path("in/2.png"), png(1200, 900, &vec![8; 1200 * 900]));
    let text = folder.fine("convert in a.gede --resize 30x40");
    says(&text, &["cut and scaled to 40 x 30"]);
    write(folder.path("in/3.png"), png(1200, 900, &image(1, 1200 * 900 * 3)));
    let text = folder.fine("convert in p.gede");
    says(
        &text,
        &["pictures are kept as files (3 PNG, of 1200 x 900 pixels): they have more pixels than a row holds"],
    );
    let line = folder.refused("convert in x.gede --pixels", FAILED);
    says(&line, &["in: ", "1200 x 900 pixels in 3 channels", "at most 1048512 values", "591 x 591"]);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn compressed_idx_files_come_in() {
    let folder = Folder::new();
    let (pixels, classes) = (idx(&[40, 8, 8], &images(40, 64)), idx(&[40], &labels(40, 10)));
    folder.write("train-images-idx3-ubyte.gz", gzip(&pixels));
    folder.write("train-labels-idx1-ubyte.gz", gzip(&classes));
    folder.write("plain-images", &pixels);
    folder.write("plain-labels", &classes);
    folder.fine("convert plain-images plain.gede --class label");
    folder.fine("convert train-images-idx3-ubyte.gz packed.gede --class label");
    assert_eq!(folder.read("packed.gede"), folder.read("plain.gede"));
    // One of the two unpacked.
    std::fs::remove_file(folder.path("train-labels-idx1-ubyte.gz")).unwrap();
    says(
        &folder.refused("convert train-images-idx3-ubyte.gz x.gede", FAILED),
        &["train-images-idx3-ubyte.gz: its labels are not beside it"],
    );
    folder.write("train-labels-idx1-ubyte", &classes);
    folder.fine("convert train-images-idx3-ubyte.gz packed.gede --class label --overwrite");
    assert_eq!(folder.read("packed.gede"), folder.read("plain.gede"));
    // Faults.
    folder.write("short-images.gz", gzip(&pixels[..700]));
    folder.write("short-labels.gz", gzip(&classes));
    says(
        &folder.refused("convert short-images.gz x.gede", FAILED),
        &["short-images.gz: image 10: the file ends before it does"],
    );
    let whole = gzip(&pixels);
    folder.write("cut-images.gz", &whole[..whole.len() / 2]);
    folder.write("cut-labels.gz", gzip(&classes));
    says(&folder.refused("convert cut-images.gz x.gede", FAILED), &["cut-images.gz"]);
}

#[test]
fn pickles_of_cifar_are_called_that() {
    let folder = Folder::new();
    for name in ["data_batch_1", "data_batch_2", "test_batch", "batches.meta"] {
        write(folder.path(&format!("cifar-10-batches-py/{name}")), b"\x80\x02}q\x01(U\x0bbatch_label");
    }
    let parts = ["is a pickle of Python", "take the binary version", "cifar-10-binary.tar.gz"];
    says(&folder.refused("convert cifar-10-batches-py x.gede", FAILED), &parts);
    says(&folder.refused("convert cifar-10-batches-py/data_batch_2 x.gede", FAILED), &parts);
    write(folder.path("cifar-100-python/train"), b"\x80\x04\x95");
    says(&folder.refused("convert cifar-100-python x.gede", FAILED), &parts);
}
