//! Encryption of Parquet files, as their footer says it.
//!
//! A footer in plain text names the algorithm in a field that the `parquet` crate passes over; encrypted columns then look
//! damaged. The field is found here, in Thrift's compact protocol.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The field of the footer that is there only if columns are encrypted.
const ALGORITHM: i64 = 8;

/// Most levels of structs and lists; footers have fewer than ten.
const MAX_DEPTH: usize = 32;

/// True if a file is encrypted, in part or as a whole. A damaged footer is not: its reader reports it.
pub(super) fn is_encrypted(mut file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let Some(end) = length.checked_sub(8) else { return Ok(false) };
    let mut tail = [0; 8];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic == *b"PARE" {
        return Ok(true);
    }
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    let Some(start) = end.checked_sub(footer) else { return Ok(false) };
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(footer).read_to_end(&mut bytes)?;
    Ok(has_field(&mut bytes.as_slice(), ALGORITHM).unwrap_or(false))
}

/// True if a struct has a field; none if it is damaged.
fn has_field(input: &mut &[u8], wanted: i64) -> Option<bool> {
    let mut id = 0;
    loop {
        let Some((kind, next)) = field(input, id)? else { return Some(false) };
        if next == wanted {
            return Some(true);
        }
        id = next;
        skip(input, kind, MAX_DEPTH)?;
    }
}

/// The type and the number of the next field; none inside at the end of a struct.
fn field(input: &mut &[u8], last: i64) -> Option<Option<(u8, i64)>> {
    let header = byte(input)?;
    if header == 0 {
        return Some(None);
    }
    let id = match header >> 4 {
        0 => {
            let zigzag = varint(input)?;
            (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)
        }
        step => last.checked_add(i64::from(step))?,
    };
    Some(Some((header & 15, id)))
}

fn skip(input: &mut &[u8], kind: u8, depth: usize) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match kind {
        // A bool is its type.
        1 | 2 => Some(()),
        3 => advance(input, 1),
        4..=6 => varint(input).map(drop),
        7 => advance(input, 8),
        8 => {
            let length = varint(input)?;
            advance(input, length)
        }
        9 | 10 => {
            let header = byte(input)?;
            let count = if header >> 4 == 15 { varint(input)? } else { u64::from(header >> 4) };
            (0..count).try_for_each(|_| item(input, header & 15, depth))
        }
        11 => {
            let count = varint(input)?;
            let kinds = if count > 0 { byte(input)? } else { 0 };
            (0..count).try_for_each(|_| {
                item(input, kinds >> 4, depth)?;
                item(input, kinds & 15, depth)
            })
        }
        12 => {
            let mut id = 0;
            while let Some((kind, next)) = field(input, id)? {
                id = next;
                skip(input, kind, depth)?;
            }
            Some(())
        }
        13 => advance(input, 16),
        _ => None,
    }
}

/// Skips an item of a list or a map, where bools are bytes.
fn item(input: &mut &[u8], kind: u8, depth: usize) -> Option<()> {
    skip(input, if kind <= 2 { 3 } else { kind }, depth)
}

fn byte(input: &mut &[u8]) -> Option<u8> {
    let (&byte, rest) = input.split_first()?;
    *input = rest;
    Some(byte)
}

fn advance(input: &mut &[u8], bytes: u64) -> Option<()> {
    *input = input.get(usize::try_from(bytes).ok()?..)?;
    Some(())
}

fn varint(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = byte(input)?;
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_is_found_after_fields_of_every_type() {
        // An i32, a list of structs with a string and a bool, a map of bools, a double; then field 8, a struct.
        let mut bytes = vec![0x15, 2, 0x19, 0x1C, 0x18, 2, b'a', b'b', 0x11, 0, 0x1B, 1, 0x11, 1, 2, 0x17];
        bytes.extend([0; 8]);
        assert_eq!(has_field(&mut [&bytes[..], &[0]].concat().as_slice(), ALGORITHM), Some(false));
        assert_eq!(has_field(&mut [&bytes[..], &[0x4C, 0, 0]].concat().as_slice(), ALGORITHM), Some(true));
        assert_eq!(
            has_field(&mut [&bytes[..], &[0x0C, 16, 0, 0]].concat().as_slice(), ALGORITHM),
            Some(true)
        );
        assert_eq!(has_field(&mut &bytes[..], ALGORITHM), None);
        // Structs in structs without end.
        assert_eq!(has_field(&mut [0x1C; 200].as_slice(), ALGORITHM), None);
    }
}
