//! Checks of the messages of Arrow IPC files and streams, before a reader takes memory for what they claim.

use crate::arrow::ipc_types;
use crate::earned::room;
use crate::error::{Error, ErrorKind, Result};
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::{Block, CompressionType, Message, RecordBatch, root_as_footer, root_as_message};
use lz4_flex::frame::FrameDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

/// The key by which Arrow 0.17 marked compressed messages, before the format had a field for it.
const OLD_COMPRESSION: &str = "ARROW:experimental_compression";

/// Rows that the batches of any file may have, and rows a byte of their buffers: bits are the shortest values. Columns of
/// nulls have no buffers.
const ALWAYS_ROWS: u64 = 1 << 22;
const BYTE_ROWS: u64 = 8;

/// Bytes that the compressed buffers of any file may have, and how many times the bytes of the file beyond that.
const ALWAYS_UNPACKED: u64 = 64 << 20;
const MOST_EXPANSION: u64 = 1000;

/// Bytes that a compressed buffer may claim without being unpacked first.
const TRUSTED: u64 = 64 << 10;

/// Checks that the messages of a stream are whole and of a kind that is read. Other damage is the reader's to report.
pub(crate) fn stream(file: &File) -> Result<()> {
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
        input.check(&message, bytes.len(), body)?;
    }
    Ok(())
}

/// Checks the same of a file, whose footer names its messages.
pub(crate) fn file(file: &File) -> Result<()> {
    let mut input = Input::new(file)?;
    let footer_end = input.length.checked_sub(10).ok_or_else(cut_short)?;
    let Ok(footer) = read_footer_length(input.array(footer_end)?) else { return Ok(()) };
    let start = footer_end.checked_sub(footer as u64).ok_or_else(cut_short)?;
    let bytes = input.bytes(start..footer_end)?;
    let Ok(footer) = root_as_footer(&bytes) else { return Ok(()) };
    if let Some(schema) = footer.schema() {
        ipc_types::check(schema, bytes.len())?;
    }
    let (dictionaries, batches) = (footer.dictionaries(), footer.recordBatches());
    for block in dictionaries.iter().flatten().chain(batches.iter().flatten()) {
        let (metadata, body) =
            place(block).filter(|(_, body)| body.end <= input.length).ok_or_else(cut_short)?;
        let bytes = input.bytes(metadata)?;
        let bytes = match bytes.strip_prefix(&[0xFF; 4]).unwrap_or(&bytes).split_first_chunk::<4>() {
            Some((_, message)) => message,
            None => continue,
        };
        if let Ok(message) = root_as_message(bytes) {
            input.check(&message, bytes.len(), body)?;
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
    /// Rows of the batches so far, bytes of their buffers once unpacked, and of those that were packed.
    rows: u64,
    bytes: u64,
    unpacked: u64,
}

impl<'a> Input<'a> {
    fn new(file: &'a File) -> Result<Self> {
        let length = file.metadata().map_err(|e| Error::io("cannot read", e))?.len();
        Ok(Self { file, length, rows: 0, bytes: 0, unpacked: 0 })
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

    /// Checks a message of `length` bytes.
    fn check(&mut self, message: &Message, length: usize, body: Range<u64>) -> Result<()> {
        if message.custom_metadata().iter().flatten().any(|pair| pair.key() == Some(OLD_COMPRESSION)) {
            return Err(refuse(
                "is Arrow IPC with the compression of Arrow 0.17; rewrite it with a newer Arrow (pyarrow reads it)",
            ));
        }
        if let Some(schema) = message.header_as_schema() {
            return ipc_types::check(schema, length);
        }
        let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
        match message.header_as_record_batch().or(dictionary) {
            Some(batch) => self.batch(&batch, body),
            None => Ok(()),
        }
    }

    /// Checks that the buffers of a batch have their own places in its body, that compressed ones are as long as they
    /// claim, that there is memory for them, and that their bytes can hold the batch's rows.
    fn batch(&mut self, batch: &RecordBatch, body: Range<u64>) -> Result<()> {
        let codec = batch.compression().map(|c| c.codec());
        let (mut left, before) = (body.end - body.start, self.unpacked);
        for buffer in batch.buffers().iter().flatten() {
            let outside = || refuse("is damaged: a buffer is not in the body of its message");
            let offset = u64::try_from(buffer.offset()).map_err(|_| outside())?;
            let length = u64::try_from(buffer.length()).map_err(|_| outside())?;
            let end = offset.checked_add(length).filter(|&end| end <= body.end - body.start);
            end.ok_or_else(outside)?;
            let shared = || refuse("is damaged: the buffers of a batch have more bytes than its message");
            left = left.checked_sub(length).ok_or_else(shared)?;
            let unpacked = match codec {
                Some(codec) if length > 0 => self.unpacked(codec, body.start + offset, length)?,
                _ => None,
            };
            if let Some(unpacked) = unpacked {
                self.unpacked = self.unpacked.saturating_add(unpacked);
            }
            self.bytes = self.bytes.saturating_add(unpacked.unwrap_or(length));
        }
        let most = ALWAYS_UNPACKED.max(self.length.saturating_mul(MOST_EXPANSION));
        if self.unpacked > most {
            return Err(refuse(format!(
                "its buffers unpack to more than {most} bytes, {MOST_EXPANSION} times the file; rewrite it without \
                 compression, or as Parquet"
            )));
        }
        room(self.unpacked - before).map_err(|e| Error::io("cannot unpack a batch", e))?;
        let rows =
            u64::try_from(batch.length()).map_err(|_| refuse("is damaged: a batch has negative rows"))?;
        self.rows = self.rows.saturating_add(rows);
        if self.rows > ALWAYS_ROWS.saturating_add(self.bytes.saturating_mul(BYTE_ROWS)) {
            return Err(refuse(format!(
                "claims {} rows of nulls alone in {} bytes; leave out columns without values",
                self.rows, self.length
            )));
        }
        Ok(())
    }

    /// The bytes of a compressed buffer once unpacked; none for one that is not compressed after all.
    fn unpacked(&mut self, codec: CompressionType, at: u64, length: u64) -> Result<Option<u64>> {
        let packed =
            length.checked_sub(8).ok_or_else(|| refuse("is damaged: a compressed buffer has no length"))?;
        let Ok(claimed) = u64::try_from(i64::from_le_bytes(self.array(at)?)) else { return Ok(None) };
        let most = most(codec, packed);
        if claimed > most {
            return Err(refuse(format!(
                "is damaged: a buffer of {packed} bytes claims {claimed} bytes unpacked, more than its compression can reach"
            )));
        }
        // The reader unpacks a frame of LZ4 to its end, whatever it claims.
        if codec == CompressionType::LZ4_FRAME
            && most > TRUSTED
            && self.lz4_exceeds(at + 8, packed, claimed)?
        {
            return Err(refuse(format!("is damaged: a buffer claims {claimed} bytes unpacked and has more")));
        }
        Ok(Some(claimed))
    }

    /// True if frames of LZ4 unpack to more than `most` bytes. Damage is the reader's to report.
    fn lz4_exceeds(&mut self, at: u64, packed: u64, most: u64) -> Result<bool> {
        self.file.seek(SeekFrom::Start(at)).map_err(|e| Error::io("cannot read", e))?;
        let mut frames = FrameDecoder::new(BufReader::new(self.file.take(packed)));
        let (mut unpacked, mut piece) = (0, vec![0; 64 << 10]);
        while unpacked <= most {
            match frames.read(&mut piece) {
                Ok(0) | Err(_) => return Ok(false),
                Ok(read) => unpacked += read as u64,
            }
        }
        Ok(true)
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
