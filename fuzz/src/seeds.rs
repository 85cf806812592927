//! Seeds that mutations alone would take long to find: those that become large, and small files of every kind.

use crate::frame::Frame;
use crate::memory::{Builder, Memory};
use crate::repair::repair;
use arrow::array::*;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use gede::arrow::ArrowFileWriter;
use gede::column::Kind;
use gede::image::ImageShape;
use gede::write::{CellLimit, ImageTransform, Layout, Options};
use image::{DynamicImage, ImageFormat};
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

/// Writes the seeds of a target into a folder.
pub fn write(target: &str, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let seeds = match target {
        "csv" => texts(),
        "libsvm" => vec![
            b"1 1:2 5:3.5\n-1 2:1\n".to_vec(),
            b"0.5 qid:3 0:1 9:2 # a comment\n1 qid:3 1:1\n".to_vec(),
            b"1 20000:1\n".to_vec(),
        ],
        "ipc" => ipc(),
        "parquet" => parquet(),
        "pictures" => pictures(),
        "arrow" => (0..32_u8)
            .map(|i| (0..64_u8).map(|j| i.wrapping_mul(37).wrapping_add(j.wrapping_mul(i | 1))).collect())
            .collect(),
        _ => gede(),
    };
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
    }
}

/// gede files of few bytes and much in them.
fn gede() -> Vec<Vec<u8>> {
    let options = |layout, images| {
        Options::default()
            .with_layout(layout)
            .with_image_transform(images)
            .with_threads(1)
            .with_cells(CellLimit::None)
    };
    let compact = options(Layout::Compact, ImageTransform::Auto);
    let paper = options(Layout::Paper, ImageTransform::Auto);
    let heap = Builder::new(8).text("t", |i| format!("{i}").repeat(i * 1600)).finish();
    let dictionary =
        Builder::new(3000).text("t", |i| format!("a word of some length, {}", i % 1500)).finish();
    let image = |side: (u32, u32), transform| {
        let shape = ImageShape::new(1, side.0, side.1, false).unwrap();
        let table = Builder::new(2).image("image", shape, |row, i| (i * 7 + row) as u8 / 3).finish();
        table.file(&options(Layout::Compact, transform))
    };
    let wide = (0..400).fold(Builder::new(5), |table, i| {
        table.number(&format!("c{i}"), Kind::Unsigned, 16, |row| (row * i) as u128 % 900)
    });
    let trended = Builder::new(600)
        .number("a", Kind::Unsigned, 32, |i| i as u128 * 1000 + 5)
        .f64("x", |i| i as f64 / 8.0);
    let trended = trended.finish();
    let cells = CellLimit::Most(20);
    let targeted = compact.clone().with_target("x", gede::write::TargetKind::Value).with_cells(cells);
    let text_too = Builder::new(300)
        .f64("x", |i| (i % 17) as f64)
        .text("t", |i| format!("{}", i % 9))
        .number("k", Kind::Unsigned, 8, |i| i as u128 % 3)
        .finish();
    let class = compact
        .clone()
        .with_target("k", gede::write::TargetKind::Class)
        .with_class("k")
        .with_cells(cells)
        .with_cell_covariances(true);
    vec![
        heap.file(&compact),
        heap.file(&paper),
        dictionary.file(&compact),
        dictionary.file(&paper),
        image((1, 1024), ImageTransform::Dct),
        image((1024, 2), ImageTransform::Dct),
        image((1, 4096), ImageTransform::Lossless),
        image((60, 60), ImageTransform::None),
        wide.finish().file(&compact),
        trended.file(&compact),
        trended.file(&targeted),
        text_too.file(&class),
        lists(900, |i| i % 4).file(&compact),
        lists(300, |_| 7).file(&paper),
        lists(40, |i| 40 + i).file(&compact),
        trillion(),
    ]
}

/// Lists of lists and of structs with text, whose items repeat each other.
fn lists(rows: usize, length: fn(usize) -> usize) -> Memory {
    Builder::new(rows)
        .list(
            None,
            "numbers",
            true,
            |i| (i % 9 > 0).then(|| length(i)),
            |b| b.number("item", Kind::Unsigned, 32, |i| (i % 23 * 1000) as u128),
        )
        .list(
            None,
            "deep",
            false,
            move |i| Some(length(i)),
            |b| {
                b.list(
                    None,
                    "item",
                    true,
                    |i| (i % 5 > 0).then_some(i % 3),
                    |b| {
                        b.column(None, "item", Kind::Struct, 0, 0, None, |_, _| 0).strings(
                            Some(0),
                            "t",
                            Kind::Text,
                            true,
                            |i| (i % 4 > 0).then(|| vec![b'a'; i % 30]),
                        )
                    },
                )
            },
        )
        .finish()
}

/// A file that says it has 10^12 rows, all of them alike.
fn trillion() -> Vec<u8> {
    let rows: u64 = 1_000_000_000_000;
    let table = Builder::new(1000)
        .number("a", Kind::Unsigned, 16, |_| 12_345)
        .text("t", |_| "one".to_owned())
        .finish();
    let mut bytes = table.file(&Options::default().with_cells(CellLimit::None).with_threads(1));
    let frame = Frame::new(&bytes);
    let (block, table) = (frame.section(2).unwrap().bytes.start, frame.tables[0]);
    for at in [table + 8, table + 16, block + 8] {
        bytes[at..at + 8].copy_from_slice(&rows.to_le_bytes());
    }
    repair(&mut bytes);
    bytes
}

fn texts() -> Vec<Vec<u8>> {
    [
        "a,b\n1,2\n3,4\n",
        "id;when;what\n1;2024-02-29T12:00:00Z;\"a, \"\"b\"\"\"\n2;;NA\n",
        "x\ty\n0.1\t-1e300\n1e-5\ttrue\n",
        "a,a,,b\n001,+5,2024-02-29,99999999999999999999\n",
        ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n",
        "n\n1.10\n2.345\n",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}

/// A table of many types.
fn batch(rows: i64) -> RecordBatch {
    let some = |i: i64| (i % 5 != 3).then_some(i);
    let words = || (0..rows).map(|i| some(i).map(|i| format!("word {}", i % 7)));
    let words_of: Vec<Option<String>> = words().collect();
    let dictionary =
        words_of.iter().map(Option::as_deref).collect::<DictionaryArray<arrow::datatypes::Int8Type>>();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int64Array::from_iter((0..rows).map(some)))),
        ("f", Arc::new(Float64Array::from_iter_values((0..rows).map(|i| i as f64 / 3.0)))),
        ("b", Arc::new(BooleanArray::from_iter((0..rows).map(|i| some(i).map(|i| i % 2 == 0))))),
        ("s", Arc::new(StringArray::from_iter(words()))),
        ("v", Arc::new(StringViewArray::from_iter(words()))),
        ("d", Arc::new(dictionary)),
        ("z", Arc::new(TimestampSecondArray::from_iter((0..rows).map(some)).with_timezone("Europe/Berlin"))),
        ("n", Arc::new(NullArray::new(rows as usize))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn ipc() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for codec in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        for batch in [batch(20), batch(1500), RecordBatch::try_from_iter([("f", zeros(1 << 20))]).unwrap()] {
            if batch.num_rows() > 10_000 && codec != Some(CompressionType::ZSTD) {
                continue;
            }
            let options = || IpcWriteOptions::default().try_with_compression(codec).unwrap();
            let mut file = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options()).unwrap();
            file.write(&batch).unwrap();
            seeds.push(file.into_inner().unwrap());
            let mut stream =
                StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options()).unwrap();
            stream.write(&batch).unwrap();
            seeds.push(stream.into_inner().unwrap());
        }
    }
    seeds
}

fn zeros(rows: usize) -> ArrayRef {
    Arc::new(Float64Array::from(vec![0.0; rows]))
}

fn parquet() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let words = StringArray::from_iter_values((0..500).map(|i| format!("{}", i % 2).repeat(5000)));
    let tables = [
        batch(20),
        batch(1500),
        RecordBatch::try_from_iter([("f", zeros(1 << 20))]).unwrap(),
        RecordBatch::try_from_iter([("s", Arc::new(words) as ArrayRef)]).unwrap(),
    ];
    let seed = |(number, batch): (usize, &RecordBatch)| {
        let path = folder.path().join(format!("{number}.parquet"));
        let mut sink = ArrowFileWriter::create(&path, &batch.schema(), false).unwrap();
        sink.write(batch).unwrap();
        sink.finish().unwrap();
        std::fs::read(path).unwrap()
    };
    tables.iter().enumerate().map(seed).collect()
}

fn pictures() -> Vec<Vec<u8>> {
    let encoded = |picture: DynamicImage, format| {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    };
    let colour = |width, height| {
        DynamicImage::from(image::RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([x as u8, y as u8, (x * y) as u8])
        }))
    };
    let gray = |width, height| DynamicImage::from(image::GrayImage::new(width, height));
    let mut seeds = vec![
        [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 3][..], &[7; 24]].concat(),
        vec![3; 3073 * 2],
        vec![9; 3074],
        encoded(gray(4000, 4000), ImageFormat::Png),
    ];
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp] {
        seeds.push(encoded(colour(13, 9), format));
        seeds.push(encoded(gray(8, 8).into_rgb8().into(), format));
    }
    seeds
}
