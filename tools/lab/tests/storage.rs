//! `gede-lab storage` measures the files that `gede convert` writes, beside other formats.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;

use common::Folder;
use gede::Writer;
use gede::arrow::ArrowTable;
use gede::write::{CellLimit, ImageTransform, Layout, Options};
use serde_json::Value;

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

/// Waves with some noise: what images are like.
fn pixel(image: usize, x: usize, y: usize, channel: usize) -> u8 {
    let noise = (image * 7919 + x * 104_729 + y * 1_299_709 + channel * 15_485_863) % 5;
    let wave = ((x + image) as f64 / 5.0).sin() * (y as f64 / 4.0).cos();
    (120.0 + 80.0 * wave) as u8 + noise as u8
}

/// Gray images of 9 rows and 11 columns in IDX files, as MNIST has them.
fn gray(folder: &Folder, name: &str, images: usize) {
    let head = |kind: u8, sizes: &[usize]| -> Vec<u8> {
        let sizes = sizes.iter().flat_map(|&n| (n as u32).to_be_bytes());
        [0, 0, 8, kind].into_iter().chain(sizes).collect()
    };
    let mut pixels = head(3, &[images, 9, 11]);
    pixels.extend((0..images).flat_map(|i| (0..99).map(move |at| pixel(i, at % 11, at / 11, 0))));
    let mut labels = head(1, &[images]);
    labels.extend((0..images).map(|i| (i % 3) as u8));
    std::fs::create_dir_all(folder.path(name)).unwrap();
    folder.write(&format!("{name}/train-images-idx3-ubyte"), pixels);
    folder.write(&format!("{name}/train-labels-idx1-ubyte"), labels);
}

/// CIFAR-10's records.
fn coloured(folder: &Folder, name: &str, images: usize) {
    let record = |i: usize| {
        let planes = (0..3 * 1024).map(move |at| pixel(i, at % 32, at / 32 % 32, at / 1024));
        std::iter::once((i % 2) as u8).chain(planes)
    };
    std::fs::create_dir_all(folder.path(name)).unwrap();
    folder.write(&format!("{name}/data_batch_1.bin"), (0..images).flat_map(record).collect::<Vec<u8>>());
}

/// The rows of a CSV file, by the names of its columns.
fn rows(folder: &Folder, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.path(name)).unwrap();
    let heads = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| heads.iter().zip(&row).map(|(h, v)| (h.into(), v.into())).collect();
    reader.records().map(|r| row(r.unwrap())).collect()
}

/// The length of the file that an input of the folder becomes.
fn converted(folder: &Folder, input: &str, options: Options) -> u64 {
    let table = ArrowTable::open(folder.path(input)).unwrap();
    let options = options.with_overwrite(true);
    Writer::new(options.clone()).write(folder.path("x.gede"), &table).unwrap().file_length
}

fn transform(name: &str) -> ImageTransform {
    match name {
        "none" => ImageTransform::None,
        "dct" => ImageTransform::Dct,
        "lossless" => ImageTransform::Lossless,
        other => panic!("no transform {other}"),
    }
}

#[test]
fn files_are_as_convert_writes_them() {
    let folder = Folder::new();
    gray(&folder, "data/mnist", 200);
    coloured(&folder, "data/cifar10", 30);
    let summary = folder.json("storage --data data --out results");
    assert_eq!(folder.names(), ["data", "results"]);
    let rows = rows(&folder, "results/storage/images.csv");
    assert_eq!(summary.as_array().map(Vec::len), Some(rows.len()));
    let of = |set: &str| rows.iter().filter(|row| row["set"] == set).collect::<Vec<_>>();
    assert_eq!((of("MNIST").len(), of("CIFAR-10").len()), (6 + 5, 6 + 5 + 6));
    for (set, images, pixels, input) in [
        ("MNIST", 200, 99, "data/mnist/train-images-idx3-ubyte"),
        ("CIFAR-10", 30, 3072, "data/cifar10/data_batch_1.bin"),
    ] {
        for row in of(set) {
            let number = |column: &str| row[column].parse::<f64>().unwrap();
            assert_eq!(number("images"), f64::from(images));
            let share = 100.0 * number("bytes") / f64::from(images * pixels);
            assert!((number("share") - share).abs() < 1e-9 && number("encode_mb_s") > 0.0, "{row:?}");
            let near = row["format"] == "gede" && row["what"].starts_with("dct");
            assert!(near || (row["psnr_db"].is_empty() && row["max_error"] == "0"), "{row:?}");
            assert_eq!(row["decode_images_s"].is_empty(), row["ablation"] == "true", "{row:?}");
            if row["format"] == "gede" && row["ablation"] == "false" {
                let gain = number("share_plain") - number("share");
                assert!((number("gain_points") - gain).abs() < 1e-9);
                let options = Options::default().with_layout(Layout::Paper);
                let mut options = options.with_image_transform(transform(&row["what"]));
                options.layout.class = (row["by_class"] == "true").then(|| "label".to_owned());
                assert_eq!(converted(&folder, input, options) as f64, number("bytes"), "{row:?}");
            }
        }
    }
    for figure in ["mnist.svg", "cifar-10.svg"] {
        let svg = String::from_utf8(folder.read(&format!("results/storage/{figure}"))).unwrap();
        assert!(svg.contains("class-wise") && svg.contains("WebP"));
    }
}

#[test]
fn sets_are_named_and_cut_short() {
    let folder = Folder::new();
    gray(&folder, "digits", 50);
    let set = "--set digits/train-images-idx3-ubyte";
    let found = folder.json(&format!("storage {set} --first 20"));
    let rows: Vec<Value> = found.as_array().unwrap().clone();
    assert!(rows.iter().all(|row| row["images"] == 20 && row["set"] == "train-images-idx3-ubyte"));
    let text = folder.fine(&format!("storage {set} --first 20"));
    for part in ["20 images", "lossless, class-wise", "Parquet", "images/s", "MB/s"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn tables_are_as_convert_writes_them() {
    let folder = Folder::new();
    let table = (0..900).map(|i| format!("{i},{}.5,{},w{}\n", i * i % 97, i % 7, i % 40)).collect::<String>();
    std::fs::create_dir_all(folder.path("data")).unwrap();
    folder.write("data/california_housing.csv", format!("n,x,k,word\n{table}"));
    let summary = folder.json("storage --data data --out results --first 800");
    assert_eq!(folder.names(), ["data", "results"]);
    let rows = rows(&folder, "results/storage/tables.csv");
    assert_eq!(summary.as_array().map(Vec::len), Some(rows.len()));
    for (set, raw, columns) in
        [("California Housing", 800 * (3 * 8 + 4) + 2200, "4"), ("sensor", 800 * 60, "12")]
    {
        let rows: Vec<_> = rows.iter().filter(|row| row["set"] == set).collect();
        assert_eq!(rows.len(), 3 + 2 + 5 + 9);
        let of = |what: &str| {
            rows.iter().find(|row| row["what"] == what).unwrap()["bytes"].parse::<u64>().unwrap()
        };
        for row in &rows {
            assert_eq!((row["rows"].as_str(), row["columns"].as_str()), ("800", columns));
            let number = |column: &str| row[column].parse::<f64>().unwrap();
            assert_eq!(number("raw_bytes"), f64::from(raw), "{row:?}");
            assert!((number("share") - 100.0 * number("bytes") / f64::from(raw)).abs() < 1e-9);
            let whole = row["ablation"] == "false" && row["what"] != "bit packing";
            assert_eq!(row["scan_ms"].is_empty(), !whole, "{row:?}");
        }
        assert!(of("compact") < of("bit packing") && of("compact") < of("without bins and code groups"));
    }
    let svg = String::from_utf8(folder.read("results/storage/california-housing.svg")).unwrap();
    assert!(svg.contains("without symbols") && svg.contains("pcodec"));
    folder.write(
        "first.csv",
        format!("n,x,k,word\n{}", table.split_inclusive('\n').take(800).collect::<String>()),
    );
    for (name, layout) in [("compact", Layout::Compact), ("paper", Layout::Paper)] {
        let options = Options::default().with_layout(layout).with_cells(CellLimit::None);
        let length = converted(&folder, "first.csv", options);
        assert!(rows.iter().any(|row| row["what"] == name && row["bytes"] == length.to_string()));
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let folder = Folder::new();
    gray(&folder, "a", 5);
    folder.write("empty.csv", "x,y\n");
    for (arguments, code, says) in [
        ("mnist", MISUSED, "--data"),
        ("cifar10 --data nothing", FAILED, "nothing"),
        ("cifar100", MISUSED, "--data"),
        ("gpu --data .", MISUSED, "--device cuda"),
        ("storage", MISUSED, "--data"),
        ("storage --data a", MISUSED, "mnist/train-images-idx3-ubyte"),
        ("storage --set a/train-images-idx3-ubyte --set a/train-images-idx3-ubyte", MISUSED, "rename"),
        ("storage --set a/train-images-idx3-ubyte --first 0", MISUSED, "--first"),
        ("california --first 3", MISUSED, "storage"),
        ("nothing", MISUSED, "california"),
        ("storage --set empty.csv", FAILED, "empty.csv: it has no rows"),
    ] {
        let line = folder.refused(arguments, code);
        assert!(line.contains(says), "{says:?} is not in {line:?}");
    }
}
