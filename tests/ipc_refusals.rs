//! Arrow IPC that is not read: refused by name, before memory is taken for what it claims.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/arrow_tables.rs"]
mod arrow_tables;

use arrow::array::*;
use arrow::ipc;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow::record_batch::RecordBatch;
use arrow_tables::*;
use flatbuffers::FlatBufferBuilder;
use gede::arrow::ArrowTable;
use std::path::Path;
use std::sync::Arc;

/// Why a file is refused: when it is opened, or when its batches are read.
fn refused(path: &Path) -> String {
    let read = ArrowTable::open(path).and_then(|table| {
        let batches = table.record_batches()?.collect::<gede::Result<Vec<RecordBatch>>>()?;
        Ok(batches.len())
    });
    let message = read.unwrap_err().to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(message.contains(name) && !message.contains('\n'), "{message}");
    message
}

/// A message as it is in a stream.
fn framed(message: &[u8]) -> Vec<u8> {
    let padded = message.len().next_multiple_of(8);
    let mut bytes = [[0xFF; 4], (padded as u32).to_le_bytes()].concat();
    bytes.extend_from_slice(message);
    bytes.resize(8 + padded, 0);
    bytes
}

/// A stream of a schema alone: a column of integers of some bits.
fn schema(bits: i32, endianness: ipc::Endianness) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let int = ipc::Int::create(&mut fbb, &ipc::IntArgs { bitWidth: bits, is_signed: true }).as_union_value();
    let (name, children) =
        (fbb.create_string("n"), fbb.create_vector::<flatbuffers::ForwardsUOffset<ipc::Field>>(&[]));
    let mut field = ipc::FieldBuilder::new(&mut fbb);
    field.add_name(name);
    field.add_type_type(ipc::Type::Int);
    field.add_type_(int);
    field.add_children(children);
    let field = field.finish();
    let fields = fbb.create_vector(&[field]);
    let mut schema = ipc::SchemaBuilder::new(&mut fbb);
    schema.add_fields(fields);
    schema.add_endianness(endianness);
    let schema = schema.finish().as_union_value();
    message(fbb, ipc::MessageHeader::Schema, schema, None)
}

fn message(
    mut fbb: FlatBufferBuilder,
    kind: ipc::MessageHeader,
    header: flatbuffers::WIPOffset<flatbuffers::UnionWIPOffset>,
    key: Option<&str>,
) -> Vec<u8> {
    let pairs = key.map(|key| {
        let (key, value) = (fbb.create_string(key), fbb.create_string("zstd"));
        let mut pair = ipc::KeyValueBuilder::new(&mut fbb);
        pair.add_key(key);
        pair.add_value(value);
        let pair = pair.finish();
        fbb.create_vector(&[pair])
    });
    let mut message = ipc::MessageBuilder::new(&mut fbb);
    message.add_version(ipc::MetadataVersion::V4);
    message.add_header_type(kind);
    message.add_header(header);
    if let Some(pairs) = pairs {
        message.add_custom_metadata(pairs);
    }
    let message = message.finish();
    fbb.finish(message, None);
    framed(fbb.finished_data())
}

#[test]
fn big_endian_data_and_unknown_types_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.arrows");
    std::fs::write(&path, schema(32, ipc::Endianness::Little)).unwrap();
    assert_eq!(read(&path).num_rows(), 0);
    std::fs::write(&path, schema(32, ipc::Endianness::Big)).unwrap();
    assert!(refused(&path).contains("big-endian"));
    std::fs::write(&path, schema(128, ipc::Endianness::Little)).unwrap();
    assert!(refused(&path).contains("column \"n\": type Int128 is not held"));
}

#[test]
fn the_compression_of_arrow_0_17_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.arrows");
    let mut fbb = FlatBufferBuilder::new();
    let nodes = fbb.create_vector(&[ipc::FieldNode::new(0, 0)]);
    let buffers = fbb.create_vector(&[ipc::Buffer::new(0, 0), ipc::Buffer::new(0, 0)]);
    let mut batch = ipc::RecordBatchBuilder::new(&mut fbb);
    batch.add_nodes(nodes);
    batch.add_buffers(buffers);
    let batch = batch.finish().as_union_value();
    let batch = message(fbb, ipc::MessageHeader::RecordBatch, batch, Some("ARROW:experimental_compression"));
    std::fs::write(&path, [schema(32, ipc::Endianness::Little), batch].concat()).unwrap();
    assert!(refused(&path).contains("Arrow 0.17"));
}

#[test]
fn claims_that_no_compression_can_keep_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0..5003).map(|i| i % 3)));
    let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
    for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        for stream in [true, false] {
            let options = IpcWriteOptions::default().try_with_compression(Some(codec)).unwrap();
            let mut bytes = Vec::new();
            if stream {
                let mut writer =
                    StreamWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            } else {
                let mut writer =
                    FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            }
            let path = folder.path().join("t.arrow");
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(read(&path), batch);
            let length = (5003u64 * 8).to_le_bytes();
            let at = bytes.windows(8).position(|window| window == length).unwrap();
            for claim in [1u64 << 40, (1 << 62) + 5, i64::MAX as u64] {
                bytes[at..at + 8].copy_from_slice(&claim.to_le_bytes());
                std::fs::write(&path, &bytes).unwrap();
                assert!(refused(&path).contains(&format!("claims {claim} bytes")), "{}", refused(&path));
            }
        }
    }
}

#[test]
fn a_buffer_outside_its_message_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.arrows");
    let mut fbb = FlatBufferBuilder::new();
    let nodes = fbb.create_vector(&[ipc::FieldNode::new(4, 0)]);
    let buffers = fbb.create_vector(&[ipc::Buffer::new(0, 0), ipc::Buffer::new(8, 16)]);
    let mut batch = ipc::RecordBatchBuilder::new(&mut fbb);
    batch.add_length(4);
    batch.add_nodes(nodes);
    batch.add_buffers(buffers);
    let batch = batch.finish().as_union_value();
    let batch = message(fbb, ipc::MessageHeader::RecordBatch, batch, None);
    std::fs::write(&path, [schema(32, ipc::Endianness::Little), batch].concat()).unwrap();
    assert!(refused(&path).contains("a buffer is not in the body"));
}
