//! Lists of numbers as Parquet's encoding DELTA_BINARY_PACKED has them: how many there are, and where they end.

use super::thrift::Thrift;

/// True if lists one after the other have at most `most` numbers each. Those that are cut short are their reader's to report.
pub(crate) fn are_at_most(bytes: &[u8], lists: usize, most: u64) -> bool {
    let mut input = Thrift(bytes);
    for _ in 0..lists {
        match passed(&mut input, most) {
            Some(true) => {}
            Some(false) => return false,
            None => return true,
        }
    }
    true
}

/// Passes over a list; false if it claims more numbers than `most`.
fn passed(input: &mut Thrift, most: u64) -> Option<bool> {
    let (block, pieces, count) = (input.varint()?, input.varint()?, input.varint()?);
    if count > most {
        return Some(false);
    }
    input.varint()?; // the first number
    let piece = block.checked_div(pieces)?;
    let mut left = count.saturating_sub(1);
    while left > 0 {
        input.varint()?; // the least difference of the block
        let (widths, rest) = input.0.split_at_checked(usize::try_from(pieces).ok()?)?;
        input.0 = rest;
        for &width in widths {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(piece);
            let bytes = piece.checked_mul(width.into())? / 8;
            input.0 = input.0.get(usize::try_from(bytes).ok()?..)?;
        }
        if piece == 0 {
            return None;
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_counted_and_passed_over() {
        // Blocks of 128 numbers in 4 pieces: 5 numbers, one piece of 3 bits.
        let list = [&[0x80, 1, 4, 5, 0, 0, 3, 0, 0, 0][..], &[0; 12]].concat();
        let many = [0x80, 1, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0];
        assert!(are_at_most(&list, 1, 5) && !are_at_most(&list, 1, 4));
        assert!(are_at_most(&[&list[..], &list].concat(), 2, 5));
        assert!(!are_at_most(&[&list[..], &many].concat(), 2, 5));
        assert!(are_at_most(&[&list[..], &many].concat(), 1, 5));
        assert!(are_at_most(&list[..8], 1, 5));
    }
}
