//! Header and footer: the two ends of a file (spec, chapters 2.1 and 2.2).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, ErrorKind, Result};
use crate::format::checksum::{PAGE, crc};
use crate::format::{ALIGN, VERSION};

/// First and last bytes of a file. A high bit, "GEDE", a carriage return with its line feed, an end-of-text control: a
/// text-mode copy damages it.
pub const MAGIC: [u8; 8] = *b"\x89GEDE\r\n\x1A";
/// First and last bytes of files from before 1.0, whose frame was another.
const PROVISIONAL: [u8; 8] = *b"\x89GEDE\n\r\n";
/// The last commit that reads files from before 1.0.
const PROVISIONAL_COMMIT: &str = "5b50c56";
/// Bytes of the header.
pub const HEADER: u64 = 64;
/// Bytes of the footer.
pub const FOOTER: u64 = 64;
/// Places for ends in the header.
pub const PLACES: usize = 2;
/// Bytes of the header that its checksum covers.
const COVERED: usize = 28;

/// The first 64 bytes.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    magic: [u8; 8],
    major: U16,
    minor: U16,
    page: U32,
    zero: [u8; 12],
    crc: U32,
    /// Places that name ends of a file that rows were appended to.
    places: [EndPlace; PLACES],
}

impl Header {
    /// The header of a file written now.
    pub fn new() -> Self {
        let mut header = Self {
            magic: MAGIC,
            major: VERSION.0.into(),
            minor: VERSION.1.into(),
            page: (PAGE as u32).into(),
            zero: [0; 12],
            crc: 0.into(),
            places: FromZeros::new_zeroed(),
        };
        header.crc = crc(&header.as_bytes()[..COVERED]).into();
        header
    }

    /// Checks a header; with `is_strict`, its reserved bytes too.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn check(bytes: &[u8], is_strict: bool) -> Result<()> {
        let (header, _) = Self::ref_from_prefix(bytes).map_err(|_| Error::corrupt("header: missing"))?;
        if header.magic != MAGIC {
            return Err(Error::corrupt("header: the magic bytes are damaged (a text-mode copy?)"));
        }
        if header.crc.get() != crc(&header.as_bytes()[..COVERED]) {
            return Err(Error::corrupt("header: its checksum does not match"));
        }
        if header.major.get() != VERSION.0 || header.page.get() as usize != PAGE {
            return Err(Error::corrupt("header: it does not agree with the footer"));
        }
        if is_strict && (header.zero != [0; 12]) {
            return Err(Error::corrupt("header: reserved bytes are not zero"));
        }
        Ok(())
    }
}

/// The last 64 bytes.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Footer {
    pub file_length: U64,
    pub directory_offset: U64,
    pub directory_length: U64,
    pub previous_footer: U64,
    pub directory_crc: U32,
    major: U16,
    minor: U16,
    zero: [u8; 12],
    crc: U32,
    magic: [u8; 8],
}

impl Footer {
    /// The footer of a file of `file_length` bytes, or of that part of it; `previous` is the offset of the footer before it.
    pub fn new(file_length: u64, directory_offset: u64, directory: &[u8], previous: u64) -> Self {
        let mut footer = Self {
            file_length: file_length.into(),
            directory_offset: directory_offset.into(),
            directory_length: (directory.len() as u64).into(),
            previous_footer: previous.into(),
            directory_crc: crc(directory).into(),
            major: VERSION.0.into(),
            minor: VERSION.1.into(),
            zero: [0; 12],
            crc: 0.into(),
            magic: MAGIC,
        };
        footer.crc = crc(&footer.as_bytes()[..52]).into();
        footer
    }

    /// The footer at the end of `tail`, the last bytes of a file of `file_length` bytes; `head` are
    /// its first bytes, which distinguish a torn file from another kind of file.
    pub fn read(tail: &[u8], head: &[u8], file_length: u64) -> Result<Self> {
        let ours = head.starts_with(&MAGIC);
        let footer = match Self::read_from_suffix(tail) {
            Ok((_, footer)) if footer.magic == MAGIC => footer,
            _ if ours => {
                return Err(Error::corrupt(
                    "cut short or never finished: it starts as a gede file but has no footer",
                ));
            }
            _ if head.starts_with(&PROVISIONAL) => {
                let what = format!(
                    "a file from before format 1.0, which this gede does not read: write it anew from its source, or read it \
                     with gede of commit {PROVISIONAL_COMMIT}"
                );
                return Err(Error::new(ErrorKind::Unsupported, what));
            }
            _ => return Err(Error::new(ErrorKind::NotGede, "not a gede file")),
        };
        if footer.crc.get() != crc(&footer.as_bytes()[..52]) {
            return Err(Error::corrupt("footer: its checksum does not match"));
        }
        if footer.major.get() != VERSION.0 {
            let (major, minor) = (footer.major, footer.minor);
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "written in format {major}.{minor}; this reader knows {}.x: use a gede that reads {major}.{minor}",
                    VERSION.0
                ),
            ));
        }
        if footer.file_length.get() != file_length {
            return Err(Error::corrupt(format!(
                "footer: the file should have {} bytes and has {file_length}",
                footer.file_length
            )));
        }
        Ok(footer)
    }

    /// Checks the bytes that only features of a later version use.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn check_reserved(&self) -> Result<()> {
        if self.zero != [0; 12] {
            return Err(Error::corrupt("footer: reserved bytes are not zero"));
        }
        Ok(())
    }

    /// Its version.
    pub fn version(&self) -> (u16, u16) {
        (self.major.get(), self.minor.get())
    }
}

/// A place of the header that may name an end of the file: the byte after a footer that is on the disk, with all that is
/// before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct EndPlace {
    end: U64,
    zero: U32,
    crc: U32,
}

/// The meaning of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// It was never written.
    Nothing,
    End(u64),
    /// It was written by half, or damaged.
    Damaged,
}

impl EndPlace {
    /// Bytes of a place.
    pub const SIZE: u64 = 16;

    /// A place that names an end.
    pub fn new(end: u64) -> Self {
        let mut place = Self { end: end.into(), zero: 0.into(), crc: 0.into() };
        place.crc = crc(&place.as_bytes()[..12]).into();
        place
    }

    /// The offset of a place in the file.
    pub fn offset(number: usize) -> u64 {
        HEADER - (PLACES - number) as u64 * Self::SIZE
    }

    fn named(&self) -> Named {
        if self.as_bytes().iter().all(|&b| b == 0) {
            return Named::Nothing;
        }
        let end = self.end.get();
        let is_end = end % ALIGN == 0 && end >= HEADER + FOOTER;
        if *self == Self::new(end) && is_end { Named::End(end) } else { Named::Damaged }
    }
}

/// The place of a header to name an end in: one that names no end, or else that of the end before the last.
pub fn place_for(places: &[Named; PLACES]) -> usize {
    let end = |number: &usize| if let Named::End(end) = places[*number] { end } else { 0 };
    usize::from(end(&1) < end(&0))
}

/// The meanings of the places of a header; nothing if it is cut short.
pub fn places(header: &[u8]) -> [Named; PLACES] {
    let at = EndPlace::offset(0) as usize;
    let places =
        header.get(at..HEADER as usize).and_then(|bytes| <[EndPlace; PLACES]>::read_from_bytes(bytes).ok());
    places.map_or([Named::Nothing; PLACES], |places| places.each_ref().map(EndPlace::named))
}

/// The end of the table in a file of `length` bytes: the last that a place names, or the file's own. Where a place is
/// damaged, it may have named the file's end, which then has a footer: `tail` are the file's last bytes.
///
/// # Errors
/// `Corrupt` for an end beyond the file.
pub fn end(header: &[u8], tail: &[u8], length: u64) -> Result<u64> {
    let places = places(header);
    let named =
        places.iter().filter_map(|place| if let Named::End(end) = place { Some(*end) } else { None }).max();
    let Some(end) = named else { return Ok(length) };
    if end > length {
        return Err(Error::corrupt(format!(
            "cut short: the header says that the table ends at byte {end}, and the file has {length} bytes"
        )));
    }
    let has_footer = || Footer::read(tail, header, length).is_ok();
    Ok(if places.contains(&Named::Damaged) && has_footer() { length } else { end })
}
