//! Checks of the messages of Arrow IPC files and streams, before a reader takes memory for what they claim.

use crate::arrow::ipc_types;
use crate::error::{Error, ErrorKind, Result};
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::{Block, CompressionType, Message, RecordBatch, root_as_footer, root_as_message};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

/// The key by which Arrow 0.17 marked compressed messages, before the format had a field for it.
const OLD_COMPRESSION: &str = "ARROW:experimental_compression";

/// Claims of more than this are checked against the memory that there is.
const MUCH: u64 = 64 << 20;

/// Checks that the messages of a stream are whole and of a kind that is read. Other damage is the reader's to report.
pub(super) fn stream(file: &File) -> Result<()> {
    let mut input = Input::new(file)?;
    let mut at = 0;
    // A stream may end without its mark.
    while input.length - at >= 4 {
        let mut word: [u8; 4] = input.array(at)?;
        at += 4;
        if word == [0xFF; 4] {
            if input.length - at < 4 {
                return Err(cut_short());
            }
            word = input.array(at)?;
            at += 4;
        }
        let metadata = match u64::try_from(i32::from_le_bytes(word)) {
            Ok(0) => return Ok(()),
            Ok(metadata) if metadata <= input.length - at => metadata,
            _ => return Err(cut_short()),
        };
        let bytes = input.bytes(at..at + metadata)?;
        at += metadata;
        let Ok(message) = root_as_message(&bytes) else { return Ok(()) };
        let body = u64::try_from(message.bodyLength()).ok().filter(|&body| body <= input.length - at);
        let body = at..at + body.ok_or_else(cut_short)?;
        at = body.end;
        input.check(&message, body)?;
    }
    Ok(())
}

/// Checks the same of a file, whose footer names its messages.
pub(super) fn file(file: &File) -> Result<()> {
    let mut input = Input::new(file)?;
    let footer_end = input.length.checked_sub(10).ok_or_else(cut_short)?;
    let Ok(footer) = read_footer_length(input.array(footer_end)?) else { return Ok(()) };
    let start = footer_end.checked_sub(footer as u64).ok_or_else(cut_short)?;
    let bytes = input.bytes(start..footer_end)?;
    let Ok(footer) = root_as_footer(&bytes) else { return Ok(()) };
    if let Some(schema) = footer.schema() {
        ipc_types::check(schema)?;
    }
    let (dictionaries, batches) = (footer.dictionaries(), footer.recordBatches());
    for block in dictionaries.iter().flatten().chain(batches.iter().flatten()) {
        let (metadata, body) =
            place(block).filter(|(_, body)| body.end <= input.length).ok_or_else(cut_short)?;
        let bytes = input.bytes(metadata)?;
        let message = match bytes.strip_prefix(&[0xFF; 4]).unwrap_or(&bytes).split_first_chunk::<4>() {
            Some((_, message)) => message,
            None => continue,
        };
        if let Ok(message) = root_as_message(message) {
            input.check(&message, body)?;
        }
    }
    Ok(())
}

/// The bytes of a block's metadata and of its body.
fn place(block: &Block) -> Option<(Range<u64>, Range<u64>)> {
    let start = u64::try_from(block.offset()).ok()?;
    let middle = start.checked_add(block.metaDataLength().try_into().ok()?)?;
    Some((start..middle, middle..middle.checked_add(block.bodyLength().try_into().ok()?)?))
}

fn refuse(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Input, what)
}

fn cut_short() -> Error {
    refuse("is damaged or cut short: a message is not in it whole")
}

/// A file that is read piece by piece.
struct Input<'a> {
    file: &'a File,
    length: u64,
}

impl<'a> Input<'a> {
    fn new(file: &'a File) -> Result<Self> {
        Ok(Self { file, length: file.metadata().map_err(|e| Error::io("cannot read", e))?.len() })
    }

    fn array<const N: usize>(&mut self, at: u64) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        let read = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|e| Error::io("cannot read", e))?;
        Ok(bytes)
    }

    /// Reads what of a range is in the file.
    fn bytes(&mut self, range: Range<u64>) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let length = range.end.saturating_sub(range.start);
        let read = self.file.seek(SeekFrom::Start(range.start));
        let read = read.and_then(|_| self.file.take(length).read_to_end(&mut bytes));
        read.map_err(|e| Error::io("cannot read", e))?;
        Ok(bytes)
    }

    fn check(&mut self, message: &Message, body: Range<u64>) -> Result<()> {
        if message.custom_metadata().iter().flatten().any(|pair| pair.key() == Some(OLD_COMPRESSION)) {
            return Err(refuse(
                "is Arrow IPC with the compression of Arrow 0.17; rewrite it with a newer Arrow (pyarrow reads it)",
            ));
        }
        if let Some(schema) = message.header_as_schema() {
            return ipc_types::check(schema);
        }
        let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
        match message.header_as_record_batch().or(dictionary) {
            Some(batch) => self.buffers(&batch, body),
            None => Ok(()),
        }
    }

    /// Checks that the buffers of a batch are in its body, and that compressed ones can be as long as they claim.
    fn buffers(&mut self, batch: &RecordBatch, body: Range<u64>) -> Result<()> {
        let codec = batch.compression().map(|c| c.codec());
        for buffer in batch.buffers().iter().flatten() {
            let outside = || refuse("is damaged: a buffer is not in the body of its message");
            let offset = u64::try_from(buffer.offset()).map_err(|_| outside())?;
            let length = u64::try_from(buffer.length()).map_err(|_| outside())?;
            let end = offset.checked_add(length).filter(|&end| end <= body.end - body.start);
            end.ok_or_else(outside)?;
            let Some(codec) = codec.filter(|_| length > 0) else { continue };
            let packed = length
                .checked_sub(8)
                .ok_or_else(|| refuse("is damaged: a compressed buffer has no length"))?;
            let claimed = i64::from_le_bytes(self.array(body.start + offset)?);
            match u64::try_from(claimed) {
                Ok(claimed) if claimed > most(codec, packed) => {
                    return Err(refuse(format!(
                        "is damaged: a buffer of {packed} bytes claims {claimed} bytes unpacked, more than its compression can reach"
                    )));
                }
                Ok(claimed) if claimed > MUCH => {
                    // Seen by nobody, the allocation would be optimized away.
                    let mut room = std::hint::black_box(Vec::<u8>::new());
                    if !usize::try_from(claimed).is_ok_and(|n| room.try_reserve_exact(n).is_ok()) {
                        return Err(refuse(format!(
                            "a buffer claims {claimed} bytes unpacked: more memory than there is"
                        )));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The most bytes that `packed` bytes can unpack to.
fn most(codec: CompressionType, packed: u64) -> u64 {
    match codec {
        // A byte lengthens a match by at most 255.
        CompressionType::LZ4_FRAME => packed.saturating_mul(255),
        // The densest block repeats one byte 128 KiB: a header of 3 bytes and the byte.
        CompressionType::ZSTD => (packed / 4).saturating_add(1).saturating_mul(128 << 10),
        // The reader refuses others by name.
        _ => u64::MAX,
    }
}
