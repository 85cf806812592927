//! Promise 3, for a file that is cut short: it does not open, and the error says so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::zoo;
use gede::{ErrorKind, Reader};

#[test]
fn a_truncated_file_does_not_open() {
    for animal in zoo::all() {
        let bytes = animal.table.file(&animal.options);
        for length in 0..bytes.len() {
            let error = match Reader::new(&bytes[..length]) {
                Ok(_) => panic!("{} opens when cut to {length} bytes", animal.name),
                Err(error) => error,
            };
            let kind = if length < 8 { ErrorKind::NotGede } else { ErrorKind::Corrupt };
            assert_eq!(error.kind(), kind, "{} cut to {length} bytes: {error}", animal.name);
            assert!(!error.to_string().contains('\n') && error.to_string().len() > 10);
        }
    }
}

#[test]
fn a_file_with_bytes_after_it_does_not_open() {
    let animal = zoo::one("integers");
    let mut bytes = animal.table.file(&animal.options);
    for _ in 0..200 {
        bytes.push(0);
        assert!(Reader::new(bytes.as_slice()).is_err());
    }
}

#[test]
fn the_message_names_the_file_and_the_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.gede");
    let animal = zoo::one("integers");
    let bytes = animal.table.file(&animal.options);
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let message = Reader::open(&path).err().unwrap().to_string();
    assert!(message.contains("cut.gede") && message.contains("cut short"), "{message}");
    std::fs::write(&path, b"id,name\n1,x\n").unwrap();
    let error = Reader::open(&path).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotGede);
    assert!(error.to_string().contains("not a gede file"));
    std::fs::write(&path, b"").unwrap();
    assert_eq!(Reader::open(&path).err().unwrap().kind(), ErrorKind::NotGede);
    assert_eq!(Reader::open(folder.path().join("none.gede")).err().unwrap().kind(), ErrorKind::Io);
}
