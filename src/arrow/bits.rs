//! Arrow's bitmaps, and our bytes of 0 and 1.

use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use std::borrow::Cow;

/// One byte, 0 or 1, for every bit.
pub(crate) fn unpack(bits: &BooleanBuffer) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bits.len() + 64);
    for chunk in bits.bit_chunks().iter_padded() {
        bytes.extend((0..64).map(|bit| (chunk >> bit) as u8 & 1));
    }
    bytes.truncate(bits.len());
    bytes
}

/// One bit for every byte, set where the byte is not 0.
pub(crate) fn pack(bytes: &[u8]) -> BooleanBuffer {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut bits: Vec<u8> = Vec::with_capacity(words.len() + 1);
    bits.extend(words.iter().map(|word| {
        // Every byte's lowest bit is gathered into the highest byte of a product.
        let ones = word.map(|byte| u8::from(byte != 0));
        (u64::from_le_bytes(ones).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
    }));
    if !rest.is_empty() {
        bits.push(rest.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit != 0)));
    }
    BooleanBuffer::new(Buffer::from_vec(bits), 0, bytes.len())
}

/// The null buffer of a validity column; none where all is valid.
pub(crate) fn nulls(validity: Option<&[u8]>) -> Option<NullBuffer> {
    let validity = validity.filter(|v| v.contains(&0))?;
    Some(NullBuffer::new(pack(validity)))
}

/// 1 where both are; one that is not there is 1 everywhere.
pub(crate) fn both<'a>(a: Option<&'a [u8]>, b: Option<&'a [u8]>) -> Option<Cow<'a, [u8]>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| a & b).collect()),
        (a, b) => a.or(b).map(Cow::Borrowed),
    }
}

/// Each byte as often as a list has items.
pub(crate) fn expanded(bytes: Option<&[u8]>, length: usize) -> Option<Cow<'_, [u8]>> {
    bytes.map(|bytes| bytes.iter().flat_map(|&byte| std::iter::repeat_n(byte, length)).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_bytes_agree_at_every_length_and_offset() {
        let bools: Vec<bool> = (0..300u32).map(|i| i.wrapping_mul(0x9E37_79B9) >> 31 == 1).collect();
        let all = BooleanBuffer::from(bools.clone());
        for length in 0..140 {
            for offset in [0, 1, 7, 8, 63, 64, 65, 130] {
                let expected: Vec<u8> = bools[offset..offset + length].iter().map(|&b| b.into()).collect();
                assert_eq!(unpack(&all.slice(offset, length)), expected);
                assert_eq!(pack(&expected), all.slice(offset, length));
            }
        }
    }

    #[test]
    fn no_null_buffer_without_a_null() {
        assert!(nulls(None).is_none());
        assert!(nulls(Some(&[1; 100])).is_none());
        assert_eq!(nulls(Some(&[1, 0, 1])).unwrap().null_count(), 1);
    }
}
