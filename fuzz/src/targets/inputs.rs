//! Files of other formats: what can be read is written and comes back the same.

use crate::bounds::within;
use crate::memory::Memory;
use crate::read::rows;
use gede::arrow::{ArrowTable, ImageInput, InputOptions, LabelFile, PictureStorage};
use gede::write::{Options, Table};
use gede::{Error, ErrorKind, Reader, Writer};
use std::path::Path;

/// Memory that an input may take, whatever it claims.
const MOST: usize = 256 << 20;

/// A picture may have 2^28 values.
const MOST_OF_PICTURES: usize = 1 << 30;

/// Rows of a table that is written; of larger ones the batches are read.
const WRITTEN: usize = 20_000;

pub fn csv(data: &[u8]) {
    in_file("t.csv", data, MOST, &InputOptions::default());
}

pub fn libsvm(data: &[u8]) {
    in_file("t.svm", data, MOST, &InputOptions::default());
}

pub fn ipc(data: &[u8]) {
    in_file("t.arrow", data, MOST, &InputOptions::default());
}

pub fn parquet(data: &[u8]) {
    in_file("t.parquet", data, MOST, &InputOptions::default());
}

/// IDX and CIFAR files, and folders of a picture.
pub fn pictures(data: &[u8]) {
    let storage = [PictureStorage::Auto, PictureStorage::Files, PictureStorage::Pixels];
    let storage = storage[data.last().map_or(0, |&last| usize::from(last) % 3)];
    let mut options = InputOptions::default();
    options.images = ImageInput { labels: LabelFile::None, storage, ..ImageInput::default() };
    let name = match data {
        [0, 0, ..] => "t-images-idx3-ubyte",
        [0x89, ..] => "folder/t.png",
        [0xFF, ..] => "folder/t.jpg",
        [b'B', ..] => "folder/t.bmp",
        [b'R', ..] => "folder/t.webp",
        _ => "t.bin",
    };
    in_file(name, data, MOST_OF_PICTURES, &options);
}

fn in_file(name: &str, data: &[u8], most: usize, options: &InputOptions) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let around = path.parent().unwrap();
    std::fs::create_dir_all(around).unwrap();
    std::fs::write(&path, data).unwrap();
    let input = if around == folder.path() { path.as_path() } else { around };
    within(most, data, || {
        let done = ArrowTable::open_with(input, options).and_then(|table| round(&table, folder.path()));
        // The messages are a line each.
        done.err().into_iter().for_each(|e| assert!(!e.to_string().contains('\n'), "{e}"));
    });
}

fn round(table: &ArrowTable, folder: &Path) -> gede::Result<()> {
    let mut batches = Vec::new();
    let mut rows_read = 0;
    for batch in table.batches()? {
        let batch = batch?;
        rows_read += batch.rows;
        if rows_read <= WRITTEN {
            batches.push(batch);
        }
        if rows_read > 1 << 22 {
            return Ok(());
        }
    }
    if rows_read > WRITTEN {
        return Ok(());
    }
    let written = Memory { schema: table.schema().clone(), batches, ..Memory::default() }.rows();
    let file = folder.join("t.gede");
    Writer::new(Options::default().with_threads(1)).write(&file, table).map_err(unless_ours)?;
    let reader = Reader::open(&file)?;
    reader.verify(|_| {}).unwrap();
    if table.dictionaries().is_empty() {
        assert!(rows(&reader).unwrap() == written);
    }
    Ok(())
}

/// An input may be refused while it is written; that bytes do not read back is a fault of ours.
fn unless_ours(error: Error) -> Error {
    assert!(!matches!(error.kind(), ErrorKind::Internal | ErrorKind::Corrupt), "{error}");
    error
}
