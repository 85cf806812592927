//! Symbol tables: a code of one byte for up to 8 bytes of a string (spec, chapter 4.3).

use crate::earned;
use crate::error::{Error, Result};

/// The code whose next byte stands for itself.
pub const ESCAPE: u8 = 255;
/// Bytes of a symbol, at most.
pub const MAX_SYMBOL: usize = 8;
/// Symbols of a table, at most.
pub const MAX_SYMBOLS: usize = 255;

/// Table from codes to symbols.
#[derive(Clone)]
pub struct SymbolTable {
    symbols: [[u8; MAX_SYMBOL]; 256],
    /// Length of each symbol; 0 for codes without one.
    lengths: [u8; 256],
}

impl SymbolTable {
    /// Reads a table of `count` symbols from the start of some bytes, and says what follows it.
    ///
    /// # Errors
    /// `Corrupt`, if there are too many, they are empty or too long, or the bytes end before them.
    pub fn read(bytes: &[u8], count: u64) -> Result<(Self, &[u8])> {
        let bad = || Error::corrupt("a symbol table does not fit its length");
        let count = usize::try_from(count).ok().filter(|n| (1..=MAX_SYMBOLS).contains(n)).ok_or_else(bad)?;
        let (lengths, mut rest) = bytes.split_at_checked(count).ok_or_else(bad)?;
        let mut table = Self { symbols: [[0; MAX_SYMBOL]; 256], lengths: [0; 256] };
        for ((&length, slot), symbol) in lengths.iter().zip(&mut table.lengths).zip(&mut table.symbols) {
            let (bytes, after) = rest.split_at_checked(length.into()).ok_or_else(bad)?;
            symbol.get_mut(..bytes.len()).filter(|s| !s.is_empty()).ok_or_else(bad)?.copy_from_slice(bytes);
            (*slot, rest) = (length, after);
        }
        Ok((table, rest))
    }

    /// Writes the symbols of codes to `out` from byte `end` on and moves `end` past them; the bytes of `out` from there
    /// on mean nothing. A code takes at most 8 bytes.
    ///
    /// # Errors
    /// `Corrupt` for a code without a symbol or an escape without a byte; `Memory`.
    pub fn append(&self, codes: &[u8], out: &mut Vec<u8>, end: &mut usize) -> Result<()> {
        let room = codes.len().saturating_mul(MAX_SYMBOL).saturating_add(*end);
        if out.len() < room {
            earned::resize(out, room, 0)?;
        }
        let decoded = out.get_mut(*end..).and_then(|out| self.decode(codes, out));
        *end += decoded.ok_or_else(|| Error::corrupt("a string has a code without a symbol"))?;
        Ok(())
    }

    /// Writes what codes stand for to the start of `out`, which has 8 bytes a code or more; how many it wrote.
    fn decode(&self, codes: &[u8], out: &mut [u8]) -> Option<usize> {
        let (mut at, mut known) = (0, true);
        let mut codes = codes.iter();
        while let Some(&code) = codes.next() {
            if code == ESCAPE {
                *out.get_mut(at)? = *codes.next()?;
                at += 1;
                continue;
            }
            // Always 8 bytes: the next symbol overwrites those that are too many.
            out.get_mut(at..at + MAX_SYMBOL)?.copy_from_slice(&self.symbols[usize::from(code)]);
            let length = self.lengths[usize::from(code)];
            at += usize::from(length);
            known &= length > 0;
        }
        known.then_some(at)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_table_and_any_codes_do_no_harm(
            table in vec(any::<u8>(), 0..300),
            short in vec(1..9u8, 0..30),
            count in 0..300u64,
            codes in vec(prop_oneof![0..4u8, any::<u8>(), Just(ESCAPE)], 0..60),
        ) {
            let bytes = [short, table].concat();
            if let Ok((table, rest)) = SymbolTable::read(&bytes, count) {
                prop_assert!(rest.len() < bytes.len() && (1..=255).contains(&count));
                let (mut out, mut end) = (b"before".to_vec(), 6);
                if table.append(&codes, &mut out, &mut end).is_ok() {
                    prop_assert!(end <= 6 + 8 * codes.len() && out.starts_with(b"before"));
                    let known = |(i, &c): (usize, &u8)| i > 0 && codes[i - 1] == ESCAPE || c == ESCAPE || u64::from(c) < count;
                    prop_assert!(codes.iter().enumerate().all(known));
                }
                prop_assert!(out.len() <= 6 + 8 * codes.len());
            }
        }
    }

    #[test]
    fn codes_are_decoded_and_wrong_ones_refused() {
        let decoded = |codes: &[u8]| {
            let (table, rest) = SymbolTable::read(b"\x03\x01\x08thee 8 bytes.", 3).unwrap();
            assert_eq!(rest, b".");
            let (mut out, mut end) = (Vec::new(), 0);
            table.append(codes, &mut out, &mut end).ok()?;
            out.truncate(end);
            String::from_utf8(out).ok()
        };
        assert_eq!(decoded(&[0, 1, ESCAPE, b'!', 2]).as_deref(), Some("thee! 8 bytes"));
        assert_eq!(decoded(&[]).as_deref(), Some(""));
        assert_eq!(decoded(&[0, 3]), None);
        assert_eq!(decoded(&[0, ESCAPE]), None);
        assert!(SymbolTable::read(b"\x03th", 1).is_err());
        assert!(SymbolTable::read(b"\x00", 1).is_err());
        assert!(SymbolTable::read(b"\x09123456789", 1).is_err());
        assert!(SymbolTable::read(&[1; 600], 256).is_err());
    }
}
