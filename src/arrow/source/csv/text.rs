//! The bytes of a text file as UTF-8, chunk by chunk: decompressed, without its byte-order mark, decoded.

use super::super::compressed::{failed, open_decompressed};
use crate::error::{Error, ErrorKind, Result};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Bytes read at once.
const CHUNK: usize = 1 << 17;

/// The encoding of a text file: UTF-8, UTF-16, Latin-1 or any other of the Encoding Standard, by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextEncoding(KnownEncoding);

#[derive(Clone, Copy, Debug, PartialEq)]
enum KnownEncoding {
    /// The order of bytes is that of the byte-order mark, or little-endian without one.
    Utf16,
    /// ISO 8859-1 as it is written down; the Encoding Standard takes the name for Windows-1252.
    Latin1,
    Standard(&'static Encoding),
}

impl FromStr for TextEncoding {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let lower = name.to_ascii_lowercase();
        Ok(Self(match lower.as_str() {
            "utf-16" | "utf16" => KnownEncoding::Utf16,
            "utf16le" => KnownEncoding::Standard(UTF_16LE),
            "utf16be" => KnownEncoding::Standard(UTF_16BE),
            "latin-1" | "latin1" | "iso-8859-1" => KnownEncoding::Latin1,
            "cp1252" => KnownEncoding::Standard(encoding_rs::WINDOWS_1252),
            _ => match Encoding::for_label_no_replacement(name.as_bytes()) {
                Some(encoding) => KnownEncoding::Standard(encoding),
                None => {
                    return Err(format!(
                        "\"{name}\" is no encoding like utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252"
                    ));
                }
            },
        }))
    }
}

/// How bytes become UTF-8.
enum Conversion {
    /// They are UTF-8; whoever takes them apart checks it.
    None,
    Latin1,
    Decoder(Box<Decoder>, &'static Encoding),
}

/// A text file, read from its start once.
pub(crate) struct Text {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    conversion: Conversion,
    raw: Vec<u8>,
    /// Where the bytes of `raw` begin that are not decoded yet.
    start: usize,
    ended: bool,
    /// A sequence that the encoding does not have comes right after what was handed out.
    malformed: bool,
}

impl Text {
    /// Opens a file. A byte-order mark decides its encoding where none is given.
    pub fn open(path: &Path, encoding: Option<TextEncoding>) -> Result<Self> {
        let mut reader = open_decompressed(path)?;
        let mut start = Vec::with_capacity(4);
        (&mut reader).take(4).read_to_end(&mut start).map_err(|e| failed(path, e))?;
        let refuse = |what: &str| Err(Error::new(ErrorKind::Input, format!("{}: {what}", path.display())));
        let found = match start.as_slice() {
            [0xFF, 0xFE, 0, 0] | [0, 0, 0xFE, 0xFF] if encoding.is_none() => {
                return refuse("the text is UTF-32, which is not read; write it as UTF-8");
            }
            [0xFF, 0xFE, ..] => Some(UTF_16LE),
            [0xFE, 0xFF, ..] => Some(UTF_16BE),
            _ => None,
        };
        let conversion = match encoding.map(|e| e.0) {
            None => found,
            Some(KnownEncoding::Utf16) => found.or(Some(UTF_16LE)),
            Some(KnownEncoding::Latin1) => None,
            Some(KnownEncoding::Standard(encoding)) => Some(encoding),
        };
        let conversion = match conversion {
            _ if encoding.is_some_and(|e| e.0 == KnownEncoding::Latin1) => Conversion::Latin1,
            Some(encoding) if encoding != UTF_8 => {
                Conversion::Decoder(Box::new(encoding.new_decoder_with_bom_removal()), encoding)
            }
            _ => {
                if start.starts_with(b"\xEF\xBB\xBF") {
                    start.drain(..3);
                }
                Conversion::None
            }
        };
        let reader = Box::new(Cursor::new(start).chain(reader));
        let path = path.to_owned();
        Ok(Self { path, reader, conversion, raw: Vec::new(), start: 0, ended: false, malformed: false })
    }

    /// Text in memory, in UTF-8.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Self {
        let (path, reader) = (path.to_owned(), Box::new(Cursor::new(bytes)));
        let conversion = Conversion::None;
        Self { path, reader, conversion, raw: Vec::new(), start: 0, ended: false, malformed: false }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The encoding's name, unless it is UTF-8.
    pub fn encoding(&self) -> Option<&'static str> {
        match &self.conversion {
            Conversion::None => None,
            Conversion::Latin1 => Some("ISO-8859-1"),
            Conversion::Decoder(_, encoding) => Some(encoding.name()),
        }
    }

    /// Replaces `out` by the next bytes of UTF-8, none at the end of the text.
    ///
    /// # Errors
    /// A fault of the bytes that follow those handed out, without the file's name, or the reason why
    /// the file cannot be read.
    pub fn next(&mut self, out: &mut Vec<u8>) -> std::result::Result<(), TextError> {
        out.clear();
        while out.is_empty() {
            if self.malformed {
                let name = self.encoding().unwrap_or("UTF-8");
                return Err(TextError::Malformed(format!("the text is not {name}; name its --encoding")));
            }
            match &mut self.conversion {
                Conversion::None => {
                    read(&mut self.reader, out).map_err(|e| TextError::File(failed(&self.path, e)))?;
                    return Ok(());
                }
                Conversion::Latin1 => {
                    self.raw.clear();
                    read(&mut self.reader, &mut self.raw)
                        .map_err(|e| TextError::File(failed(&self.path, e)))?;
                    out.extend(self.raw.iter().map(|&b| char::from(b)).collect::<String>().bytes());
                    return Ok(());
                }
                Conversion::Decoder(decoder, _) => {
                    if self.ended {
                        return Ok(());
                    }
                    if self.start == self.raw.len() {
                        (self.start, self.ended) = (0, false);
                        self.raw.clear();
                        read(&mut self.reader, &mut self.raw)
                            .map_err(|e| TextError::File(failed(&self.path, e)))?;
                    }
                    let last = self.raw.is_empty();
                    let rest = &self.raw[self.start..];
                    // Three bytes hold whatever a byte becomes, so that no output is ever too short.
                    out.resize(
                        decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(CHUNK * 4),
                        0,
                    );
                    let (result, used, written) = decoder.decode_to_utf8_without_replacement(rest, out, last);
                    out.truncate(written);
                    self.start += used;
                    self.malformed = matches!(result, DecoderResult::Malformed(..));
                    self.ended = last && !self.malformed;
                }
            }
        }
        Ok(())
    }
}

/// A reason why text cannot be read.
pub(crate) enum TextError {
    /// The file cannot be read.
    File(Error),
    /// The bytes are not of the encoding; whoever counts the lines says where.
    Malformed(String),
}

/// Reads up to a chunk; nothing at the end.
fn read(reader: &mut impl Read, out: &mut Vec<u8>) -> std::io::Result<()> {
    reader.take(CHUNK as u64).read_to_end(out).map(drop)
}
