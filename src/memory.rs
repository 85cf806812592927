//! Memory that an input asks for, checked before it is taken: an allocation that fails ends the process.

use std::io::{Error, ErrorKind, Result};

/// Requests of fewer bytes are not checked.
const UNCHECKED: u64 = 1 << 20;

/// Bytes that are left for what follows a request.
const SPARE: u64 = 24 << 20;

/// Fails if so many bytes of memory cannot be had, and some to go on with. They are taken and given back at once, and none
/// of them is touched.
pub(crate) fn room(bytes: u64) -> Result<()> {
    if bytes < UNCHECKED {
        return Ok(());
    }
    let all = usize::try_from(bytes.saturating_add(SPARE));
    match all.is_ok_and(|all| memmap2::MmapMut::map_anon(all).is_ok()) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::OutOfMemory,
            format!("{bytes} bytes of memory are needed, more than there is"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_memory_than_any_machine_has_is_refused() {
        assert!(room(0).is_ok() && room(64 << 20).is_ok());
        for bytes in [u64::MAX, u64::MAX >> 1, 1 << 60] {
            assert!(room(bytes).is_err_and(|e| e.kind() == ErrorKind::OutOfMemory));
        }
    }
}
