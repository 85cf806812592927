//! Promise 2: bytes that did harm once, found by fuzzing or by `hostile.rs`, do none now.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::Read;

use common::allocation::{ALONE, Tracked, peak};
use common::read::everything;
use gede::arrow::ArrowTable;
use gede::write::Table;
use gede::{ErrorKind, Reader};
use std::path::Path;

#[global_allocator]
static ALLOCATOR: Tracked = Tracked;

/// Reads a file of another format; a picture in a folder of its own.
fn read(file: &Path) -> gede::Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let is_picture = file.extension().is_some_and(|extension| extension == "jpg");
    if is_picture {
        std::fs::copy(file, folder.path().join("t.jpg")).unwrap();
    }
    let input = if is_picture { folder.path() } else { file };
    ArrowTable::open(input)?.batches()?.try_for_each(|batch| batch.map(drop))
}

#[test]
fn finds_do_no_harm() {
    let _alone = ALONE.lock();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/finds")).unwrap();
    let files: Vec<_> = folder.map(|f| f.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let (result, peak) = peak(|| match file.extension().is_some_and(|extension| extension == "gede") {
            true => everything(&bytes, 2000),
            false => read(&file),
        });
        // Errors are a line each.
        let message = result.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(!message.contains('\n'), "{}: {message}", file.display());
        assert!(peak <= 4 * bytes.len() + (16 << 20), "{}: {peak} bytes allocated", file.display());
    }
}

/// A small file that claims much: its bytes.
fn hostile(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/hostile/{name}.gede.gz", env!("CARGO_MANIFEST_DIR"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Opens and verifies a file within the memory that its bytes earn, and says what is wrong with it.
fn verified(name: &str) -> Option<String> {
    let bytes = hostile(name);
    let (result, peak) = peak(|| Reader::new(bytes.as_slice())?.verify(|_| {}));
    assert!(peak <= 4 * bytes.len() + (16 << 20), "{name}: {peak} bytes allocated");
    result.map_err(|e| format!("{:?}: {e}", e.kind())).err()
}

#[test]
fn strings_that_rows_share_are_checked_where_they_are() {
    let _alone = ALONE.lock();
    assert_eq!(verified("amplify"), None);
    assert_eq!(verified("amplify_small"), None);
}

#[test]
fn rows_beyond_what_memory_holds_are_an_error_and_scans_take_fewer() {
    let _alone = ALONE.lock();
    let bytes = hostile("amplify");
    let reader = Reader::new(bytes.as_slice()).unwrap();
    let all = gede::read::Projection::all(reader.schema());
    let mut batch = gede::column::Batch::default();
    let (_, peak) =
        peak(|| reader.scan(&all, 0..reader.rows(), 65_536).unwrap().next_into(&mut batch).unwrap());
    assert!(batch.rows > 1 && peak < 48 << 20, "{} rows, {peak} bytes allocated", batch.rows);
    // 400 GB of strings.
    let error = reader.take(&vec![0; 1 << 22], &all).map(|batch| batch.rows);
    assert!(error.is_err_and(|e| e.kind() == ErrorKind::Memory));
}

#[test]
fn a_condensed_table_of_other_columns_is_refused_before_it_is_read() {
    let _alone = ALONE.lock();
    // Its blocks are in the section of the rows, too.
    verified("condensed_text").unwrap();
    let bytes = hostile("condensed_text");
    let reader = Reader::new(bytes.as_slice()).unwrap();
    let (result, peak) = peak(|| reader.condensed().map(drop));
    let wrong = result.unwrap_err().to_string();
    assert!(wrong.contains("do not have the shape that the cells name"), "{wrong}");
    assert!(peak < 1 << 20, "{peak} bytes allocated");
    assert!(reader.condensed_info().unwrap().unwrap().stored);
}

#[test]
fn images_too_large_for_the_cosine_transform_are_refused() {
    let _alone = ALONE.lock();
    for name in ["row4096", "row16381"] {
        let wrong = verified(name).unwrap();
        assert!(wrong.contains("larger images in the cosine transform"), "{wrong}");
    }
    assert_eq!(verified("row4096_pixels"), None);
}

#[test]
fn rows_by_the_trillion_are_verified_as_one() {
    let _alone = ALONE.lock();
    let alike = ["framed_width0", "const_fixed", "const_grouped", "const_images", "const_images_label"];
    let more = ["trillion_no_columns", "trillion_class", "trillion_recomputed", "trillion_recomputed_class"];
    for name in alike.into_iter().chain(more) {
        let bytes = hostile(name);
        assert!(Reader::new(bytes.as_slice()).unwrap().rows() >= 100_000_000_000, "{name}");
        assert_eq!(verified(name), None, "{name}");
    }
}

#[test]
fn samples_are_rebuilt_from_rows_by_the_trillion() {
    let _alone = ALONE.lock();
    let bytes = hostile("trillion_recomputed");
    let reader = Reader::new(bytes.as_slice()).unwrap();
    let (condensed, peak) = peak(|| reader.condensed().unwrap().unwrap());
    assert_eq!(condensed.samples.weights.iter().sum::<u64>(), reader.rows());
    assert!(!condensed.stored && peak < 2 << 20, "{peak} bytes allocated");
}

#[test]
fn lists_of_items_by_the_trillion_are_verified_and_not_read() {
    let _alone = ALONE.lock();
    for name in ["lists_trillion", "lists_levels"] {
        assert_eq!(verified(name), None, "{name}");
        let bytes = hostile(name);
        let reader = Reader::new(bytes.as_slice()).unwrap();
        let all = gede::read::Projection::all(reader.schema());
        let rows: Vec<u64> = (0..reader.rows().min(1000)).collect();
        let (result, peak) = peak(|| reader.take(&rows, &all).map(|batch| batch.rows));
        assert!(result.is_err_and(|e| e.kind() == ErrorKind::Memory), "{name}");
        assert!(peak <= 4 * bytes.len() + (16 << 20), "{name}: {peak} bytes allocated");
    }
}
