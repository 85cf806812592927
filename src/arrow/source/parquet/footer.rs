//! Checks of a Parquet file's footer, before the `parquet` crate takes memory for what it claims: the crate sets aside what
//! lists and groups say of their lengths, and goes into groups of groups as deep as they are.

use super::thrift::{LIST, STRUCT, Thrift};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Most groups in one another.
const MAX_DEPTH: usize = 64;

/// The fields of a footer: the elements of the schema, and the algorithm of encryption, which is there only if columns
/// are encrypted. The `parquet` crate passes over it; encrypted columns then look damaged.
const SCHEMA: i64 = 2;
const ALGORITHM: i64 = 8;

/// The field of a schema element that says how many of those that follow are its children.
const CHILDREN: i64 = 5;

/// Why a file is not read; none if its footer is whole.
pub(crate) fn refusal(mut file: &File) -> io::Result<Option<&'static str>> {
    let length = file.metadata()?.len();
    // The Parquet reader reports a file of another format.
    let Some(end) = length.checked_sub(8) else { return Ok(None) };
    let mut tail = [0; 8];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic == *b"PARE" {
        return Ok(Some(ENCRYPTED));
    }
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    let Some(start) = end.checked_sub(footer).filter(|_| magic == *b"PAR1") else { return Ok(None) };
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(footer).read_to_end(&mut bytes)?;
    Ok(check(&bytes).err())
}

const ENCRYPTED: &str = "is encrypted Parquet; decrypt it first";
const DAMAGED: &str = "is damaged: its footer is not whole";
const NESTED: &str = "is damaged: the schema in its footer has other columns than it says";

fn check(footer: &[u8]) -> Result<(), &'static str> {
    let (mut schema, mut encrypted) = (true, false);
    let whole = Thrift(footer).fields(|input, kind, id| {
        encrypted |= id == ALGORITHM;
        if id != SCHEMA || kind != LIST {
            return Some(false);
        }
        schema = is_tree(&elements(input)?);
        Some(true)
    });
    match whole {
        _ if encrypted => Err(ENCRYPTED),
        None => Err(DAMAGED),
        Some(()) if !schema => Err(NESTED),
        Some(()) => Ok(()),
    }
}

/// The number of children of each element of a schema.
fn elements(input: &mut Thrift) -> Option<Vec<i64>> {
    let (kind, count) = input.list()?;
    let mut children = Vec::new();
    for _ in 0..count {
        if kind != STRUCT {
            return None;
        }
        let mut own = 0;
        input.fields(|input, kind, id| {
            let is_number = id == CHILDREN && (4..=6).contains(&kind);
            if is_number {
                own = input.integer()?;
            }
            Some(is_number)
        })?;
        children.push(own);
    }
    Some(children)
}

/// True if elements are one tree that is not too deep, parents before their children.
fn is_tree(children: &[i64]) -> bool {
    // Children that are still to come, of each element around the next.
    let mut open: Vec<u64> = vec![1];
    for &own in children {
        while open.last() == Some(&0) {
            open.pop();
        }
        let (Some(around), Ok(own)) = (open.last_mut(), u64::try_from(own)) else { return false };
        *around -= 1;
        open.push(own);
        if open.len() > MAX_DEPTH {
            return false;
        }
    }
    open.iter().all(|&left| left == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_is_found_after_fields_of_every_type() {
        // An i32, an empty list, a list of structs with a string and a bool, a map of bools, a double; then field 8, a struct.
        let mut bytes = vec![0x15, 2, 0x29, 0x1C, 0x18, 2, b'a', b'b', 0x11, 0, 0x1B, 1, 0x11, 1, 2, 0x17];
        bytes.extend([0; 8]);
        assert_eq!(check(&[&bytes[..], &[0]].concat()), Ok(()));
        assert_eq!(check(&[&bytes[..], &[0x3C, 0, 0]].concat()), Err(ENCRYPTED));
        assert_eq!(check(&[&bytes[..], &[0x0C, 16, 0, 0]].concat()), Err(ENCRYPTED));
        assert_eq!(check(&bytes), Err(DAMAGED));
        // Structs in structs without end.
        assert_eq!(check(&[0x1C; 200]), Err(DAMAGED));
    }

    #[test]
    fn a_schema_is_one_tree_of_the_elements_that_are_there() {
        assert!(is_tree(&[2, 1, 0, 0]) && is_tree(&[0]));
        for wrong in [&[][..], &[1], &[2, 0], &[1, 0, 0], &[-1], &[i64::MAX], &[1, i64::from(i32::MAX), 0]] {
            assert!(!is_tree(wrong), "{wrong:?}");
        }
        assert!(!is_tree(&[vec![1; MAX_DEPTH], vec![0]].concat()));
    }

    #[test]
    fn lists_have_no_more_items_than_bytes() {
        // Row groups: a list of 2^31 - 1 structs.
        let groups = [0x49, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0, 0];
        assert_eq!(check(&groups), Err(DAMAGED));
    }
}
