//! Memory that numbers of a file ask for.
//!
//! A tiny file can claim 10^12 rows, since identical rows take no bytes. So no size that a file claims is allocated
//! unchecked: what is kept as a whole is held against the bytes of the file (`check`), and
//! every allocation may be refused by the system, which is an error and not the end of the process (`reserve`).

use std::io;

use crate::error::Error;
use crate::error::Result;

/// Bytes of memory that a byte of a file earns for what is kept as a whole, and bytes that every file may take.
const PER_BYTE: u128 = 64;
const FREE: u128 = 16 << 20;

/// Holds the memory of something that is kept as a whole against the length of the file that names its size.
///
/// # Errors
/// `Memory`.
pub fn check(what: &str, bytes: u128, file_length: u64) -> Result<()> {
    if bytes <= PER_BYTE * u128::from(file_length) + FREE {
        // Asked for once, and given back: what takes it afterwards does not ask.
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        return with_room::<u8>(bytes).map(drop);
    }
    Err(Error::memory(format!("{what} would take {bytes} bytes of memory, out of proportion to the file")))
}

/// Makes room for `more` values.
///
/// # Errors
/// `Memory` if the system has not so much.
pub fn reserve<T>(to: &mut Vec<T>, more: usize) -> Result<()> {
    to.try_reserve(more).map_err(|_| refused::<T>(more))
}

/// An empty vector with room for exactly `count` values.
///
/// # Errors
/// As `reserve`.
pub fn with_room<T>(count: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| refused::<T>(count))?;
    Ok(values)
}

/// Makes a vector `length` long, new values being `value`.
///
/// # Errors
/// As `reserve`.
pub fn resize<T: Clone>(to: &mut Vec<T>, length: usize, value: T) -> Result<()> {
    reserve(to, length.saturating_sub(to.len()))?;
    to.resize(length, value);
    Ok(())
}

fn refused<T>(count: usize) -> Error {
    let bytes = count as u128 * size_of::<T>() as u128;
    Error::memory(format!("{bytes} more bytes are not to be had: ask for fewer rows or columns at a time"))
}

/// Requests of fewer bytes are not checked.
const UNCHECKED: u64 = 1 << 20;

/// Bytes that are left for what follows a request.
const SPARE: u64 = 24 << 20;

/// Fails if so many bytes of memory cannot be had, and some to go on with. They are taken and given back at once, and none
/// of them is touched.
pub fn room(bytes: u64) -> io::Result<()> {
    if bytes < UNCHECKED {
        return Ok(());
    }
    let all = usize::try_from(bytes.saturating_add(SPARE));
    match all.is_ok_and(|all| memmap2::MmapMut::map_anon(all).is_ok()) {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::OutOfMemory,
            format!("{bytes} bytes of memory are needed, more than there is"),
        )),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn sizes_beyond_the_file_or_the_machine_are_errors() {
        check("a table", 16 << 20, 0).unwrap();
        check("a table", (16 << 20) + 64, 1).unwrap();
        assert_eq!(check("a table", (16 << 20) + 65, 1).unwrap_err().kind(), ErrorKind::Memory);
        assert_eq!(with_room::<u64>(usize::MAX / 16).unwrap_err().kind(), ErrorKind::Memory);
        let mut values = vec![1u8];
        assert_eq!(reserve(&mut values, isize::MAX as usize).unwrap_err().kind(), ErrorKind::Memory);
        resize(&mut values, 3, 7).unwrap();
        assert_eq!(values, [1, 7, 7]);
    }

    #[test]
    fn more_memory_than_any_machine_has_is_refused() {
        assert!(room(0).is_ok() && room(64 << 20).is_ok());
        for bytes in [u64::MAX, u64::MAX >> 1, 1 << 60] {
            assert!(room(bytes).is_err_and(|e| e.kind() == io::ErrorKind::OutOfMemory));
        }
    }
}
