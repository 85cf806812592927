//! Input files as streams, decompressed where they are gzip or Zstandard. The first bytes decide, not
//! the name. Memory is bounded whatever a file expands to, and so is the text that it may expand to.

use super::open;
use crate::error::{Error, ErrorKind, Result};
use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

const GZIP: [u8; 2] = [0x1F, 0x8B];
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Largest window of a Zstandard frame, as a power of two; the memory a frame may ask for.
const WINDOW_LOG: u32 = 27;

/// Bytes that any compressed file may expand to.
const ALWAYS_ALLOWED: u64 = 16 << 20;

/// A compressed file may expand to so many times its bytes: tables that people write come to 100 times at most, and what
/// is made to expand comes to 1,000 (gzip) or 30,000 times (Zstandard).
const MOST_EXPANSION: u64 = 200;

/// Opens a file for one pass, decompressed if it is gzip (of any number of members) or Zstandard.
pub(crate) fn open_decompressed(path: &Path) -> Result<Box<dyn Read + Send>> {
    let failed = |e| failed(path, e);
    let mut file = open(path)?;
    let mut magic = Vec::with_capacity(ZSTD.len());
    (&mut file).take(ZSTD.len() as u64).read_to_end(&mut magic).map_err(failed)?;
    let gzip = magic.starts_with(&GZIP);
    let zstd = magic.starts_with(&ZSTD);
    let length = file.metadata().map_err(failed)?.len();
    let most = ALWAYS_ALLOWED.max(length.saturating_mul(MOST_EXPANSION));
    let file: Chain<Cursor<Vec<u8>>, File> = Cursor::new(magic).chain(file);
    Ok(if gzip {
        Box::new(Bounded::new(flate2::read::MultiGzDecoder::new(BufReader::new(file)), most))
    } else if zstd {
        let mut decoder = zstd::Decoder::new(file).map_err(failed)?;
        decoder.window_log_max(WINDOW_LOG).map_err(failed)?;
        Box::new(Bounded::new(decoder, most))
    } else {
        Box::new(file)
    })
}

/// A stream that fails once it has given more than `most` bytes.
struct Bounded<R> {
    reader: R,
    most: u64,
    left: u64,
}

impl<R: Read> Bounded<R> {
    fn new(reader: R, most: u64) -> Self {
        Self { reader, most, left: most }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(out)?;
        let too_much = || {
            let what = format!(
                "it expands to more than {} bytes, {MOST_EXPANSION} times its own; unpack it first",
                self.most
            );
            io::Error::new(io::ErrorKind::FileTooLarge, what)
        };
        self.left = self.left.checked_sub(read as u64).ok_or_else(too_much)?;
        Ok(read)
    }
}

/// A path without the extension of a compressed file, which is that of its content: `t.csv` of `t.csv.gz`.
pub(crate) fn content_name(path: &Path) -> PathBuf {
    let packed = ["gz", "zst", "zstd"].iter();
    let is_packed = path.extension().is_some_and(|e| packed.clone().any(|p| e.eq_ignore_ascii_case(p)));
    if is_packed { path.with_extension("") } else { path.to_owned() }
}

/// True if a file's first bytes say that it is compressed in a way that `open_decompressed` reads.
pub(crate) fn is_compressed(start: &[u8]) -> bool {
    start.starts_with(&GZIP) || start.starts_with(&ZSTD)
}

/// An error of reading such a stream: bytes that are no such compression are the input's fault.
pub(crate) fn failed(path: &Path, error: io::Error) -> Error {
    use io::ErrorKind::{FileTooLarge, InvalidData, InvalidInput, Other, UnexpectedEof};
    let path = path.display();
    match error.kind() {
        FileTooLarge => Error::new(ErrorKind::Input, format!("{path}: {error}")).with_source(error),
        UnexpectedEof => Error::new(ErrorKind::Input, format!("{path}: the compressed file is cut short")),
        // The Zstandard library reports damage as `Other`; errors of the system carry a number.
        InvalidData | InvalidInput | Other if error.raw_os_error().is_none() => {
            let message = format!("{path}: the compressed file is damaged: {error}");
            Error::new(ErrorKind::Input, message).with_source(error)
        }
        _ => Error::io(format!("cannot read {path}"), error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<u8>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut out = Vec::new();
        open_decompressed(file.path())?.read_to_end(&mut out).map_err(|e| failed(file.path(), e))?;
        Ok(out)
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn plain_gzip_and_zstd_are_known_by_their_bytes() {
        let text: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
        let two_members = [gzip(&text[..1000]), gzip(&text[1000..])].concat();
        for packed in [&text, &gzip(&text), &two_members, &zstd(&text)] {
            assert!(read(packed).unwrap() == text);
        }
        assert_eq!(read(b"").unwrap(), b"");
        assert_eq!(read(b"\x28").unwrap(), b"\x28");
    }

    #[test]
    fn damage_is_the_inputs_fault() {
        let text: Vec<u8> = (0..20_000u32).flat_map(|i| (i * i).to_le_bytes()).collect();
        for packed in [gzip(&text), zstd(&text)] {
            let cut = read(&packed[..packed.len() / 2]).unwrap_err();
            assert_eq!(cut.kind(), ErrorKind::Input, "{cut}");
            assert!(cut.to_string().contains("cut short"), "{cut}");
            let mut bad = packed.clone();
            let middle = bad.len() / 2;
            bad[middle..middle + 16].fill(0xA5);
            assert!(read(&bad).is_err_and(|e| e.kind() == ErrorKind::Input));
        }
    }

    #[test]
    fn a_file_that_expands_too_far_is_refused_where_it_does() {
        let text = vec![b'1'; 1 << 24];
        for packed in [gzip(&text), zstd(&text)] {
            assert!(read(&packed).unwrap() == text);
        }
        for packed in [gzip(&[&text[..], b"1"].concat()), zstd(&[&text[..], b"1"].concat())] {
            let error = read(&packed).unwrap_err();
            assert!(
                error.kind() == ErrorKind::Input && error.to_string().contains("unpack it first"),
                "{error}"
            );
        }
    }

    #[test]
    fn names_of_content() {
        let content = |name: &str| content_name(Path::new(name));
        assert_eq!(content("a/t.csv.gz"), Path::new("a/t.csv"));
        assert_eq!(content("t.tsv.ZST"), Path::new("t.tsv"));
        assert_eq!(content("t.csv"), Path::new("t.csv"));
    }
}
