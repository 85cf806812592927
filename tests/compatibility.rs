//! Promise 1, from the other side: what an older reader does with a newer file. Refused by name and version, or
//! skipped, never misread.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::read::rows;
use common::repair::repair;
use common::zoo;
use gede::{Error, ErrorKind, Reader};

fn file() -> Vec<u8> {
    let animal = zoo::one("integers");
    animal.table.file(&animal.options)
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// A file with a longer directory: `change` is given the old one and where it is.
fn with_directory(mut bytes: Vec<u8>, change: impl FnOnce(&mut Vec<u8>, usize)) -> Vec<u8> {
    let footer = bytes.split_off(bytes.len() - 64);
    let at = number(&footer, 8) as usize;
    let mut directory = bytes.split_off(at);
    directory.truncate(number(&footer, 16) as usize);
    change(&mut directory, at);
    let length = directory.len();
    bytes.extend(directory);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    bytes.extend(footer);
    let end = bytes.len();
    bytes[end - 64..end - 56].copy_from_slice(&(end as u64).to_le_bytes());
    bytes[end - 48..end - 40].copy_from_slice(&(length as u64).to_le_bytes());
    repair(&mut bytes);
    bytes
}

fn with_feature(required: u8) -> Vec<u8> {
    with_directory(file(), |directory, _| {
        directory[28] += 1;
        let mut entry = [0; 32];
        entry[..2].copy_from_slice(&900u16.to_le_bytes());
        entry[2] = required;
        entry[4..8].copy_from_slice(&[3, 0, 7, 0]);
        entry[8..20].copy_from_slice(b"tile records");
        directory.extend(entry);
    })
}

fn refused(bytes: &[u8]) -> Error {
    Reader::new(bytes).expect_err("it should be refused")
}

#[test]
fn an_unknown_required_feature_is_refused_by_name_and_version() {
    let error = refused(&with_feature(1));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let message = error.to_string();
    assert!(message.contains("tile records") && message.contains("3.7"), "{message}");
}

#[test]
fn an_unknown_optional_feature_is_skipped() {
    let bytes = with_feature(0);
    let reader = Reader::new(bytes.as_slice()).unwrap();
    reader.verify(|_| {}).unwrap();
    assert_eq!(rows(&reader).unwrap(), zoo::one("integers").table.rows());
    assert!(reader.features().all(|f| f != "tile records"));
}

#[test]
fn a_newer_major_version_is_refused_by_version() {
    let mut bytes = file();
    let end = bytes.len();
    for at in [8, end - 28] {
        bytes[at..at + 4].copy_from_slice(&[2, 0, 5, 0]);
    }
    repair(&mut bytes);
    let error = refused(&bytes);
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("2.5"), "{error}");
}

#[test]
fn a_newer_minor_version_is_read() {
    let mut bytes = file();
    let end = bytes.len();
    for at in [8, end - 28] {
        bytes[at..at + 4].copy_from_slice(&[1, 0, 77, 0]);
    }
    repair(&mut bytes);
    let reader = Reader::new(bytes.as_slice()).unwrap();
    assert_eq!(reader.version(), (1, 77));
    reader.verify(|_| {}).unwrap();
    assert_eq!(rows(&reader).unwrap(), zoo::one("integers").table.rows());
}

#[test]
fn an_unknown_metadata_section_is_skipped() {
    let mut bytes = file();
    let footer = bytes.split_off(bytes.len() - 64);
    let at = number(&footer, 8) as usize;
    let directory = bytes.split_off(at);
    bytes.extend([0xAB; 100]);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    let moved = bytes.len() as u64;
    bytes.extend(directory);
    bytes.extend(footer);
    let end = bytes.len();
    bytes[end - 56..end - 48].copy_from_slice(&moved.to_le_bytes());
    let bytes = with_directory(bytes, |directory, _| {
        let sections = directory[24] as usize;
        let mut entry = [0; 32];
        entry[0] = 77;
        entry[8..16].copy_from_slice(&(at as u64).to_le_bytes());
        entry[16] = 100;
        directory.splice(64 + 32 * sections..64 + 32 * sections, entry);
        directory[24] += 1;
    });
    let reader = Reader::new(bytes.as_slice()).unwrap();
    reader.verify(|_| {}).unwrap();
    assert_eq!(rows(&reader).unwrap(), zoo::one("integers").table.rows());
    // It is checked all the same: its bytes are behind a checksum.
    let mut flipped = bytes.clone();
    flipped[at + 50] ^= 1;
    let verified = Reader::new(flipped.as_slice()).and_then(|r| r.verify(|_| {}));
    assert_eq!(verified.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn an_unknown_bulk_section_is_skipped() {
    let mut bytes = file();
    let directory = number(&bytes, bytes.len() - 56) as usize;
    let count = bytes[directory + 24] as usize;
    let entry = (0..count).map(|i| directory + 64 + 32 * i).find(|&e| bytes[e] == 5).expect("it has moments");
    bytes[entry] = 15;
    // Moments are an optional feature: a reader that finds no section has none.
    repair(&mut bytes);
    let reader = Reader::new(bytes.as_slice()).unwrap();
    reader.verify(|_| {}).unwrap();
    assert!(reader.moments().unwrap().is_none());
    assert_eq!(rows(&reader).unwrap(), zoo::one("integers").table.rows());
}
