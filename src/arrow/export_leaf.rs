//! Values into arrays of numbers, bytes and strings.

use super::bits;
use super::export::Plan;
use crate::column::Values;
use crate::error::{Error, Result};
use arrow::array::{ArrayData, make_view};
use arrow::buffer::{Buffer, MutableBuffer, NullBuffer};
use arrow::datatypes::{DataType, i256};

impl Plan {
    /// The array of values that are no dictionary.
    pub fn leaf(
        &self,
        data_type: &DataType,
        values: Values,
        count: usize,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayData> {
        use DataType::*;
        let buffers = match (data_type, values) {
            (Null, _) => return self.build(&Null, count, Vec::new(), Vec::new(), None),
            (Boolean, Values::U8(v)) => vec![bits::pack(&v).into_inner()],
            (Utf8 | Binary, Values::Bytes { offsets, data }) => {
                let end = self.check_offsets(&offsets, &data)?;
                if i32::try_from(end).is_err() {
                    let too_much = format!("{end} bytes are more than one batch of type {data_type} holds");
                    return Err(Error::argument(format!(
                        "column \"{}\": {too_much}; read fewer rows at a time",
                        self.path
                    )));
                }
                let offsets: Vec<i32> = offsets.into_iter().map(|o| o as i32).collect();
                vec![Buffer::from_vec(offsets), Buffer::from_vec(data)]
            }
            (LargeUtf8 | LargeBinary, Values::Bytes { offsets, data }) => {
                self.check_offsets(&offsets, &data)?;
                vec![Buffer::from_vec(offsets), Buffer::from_vec(data)]
            }
            (Utf8View | BinaryView, Values::Bytes { offsets, data }) => {
                let end = self.check_offsets(&offsets, &data)?;
                if i32::try_from(end).is_err() {
                    let too_much = format!("{end} bytes are more than one buffer of type {data_type} holds");
                    return Err(Error::argument(format!(
                        "column \"{}\": {too_much}; read fewer rows at a time",
                        self.path
                    )));
                }
                let view = |w: &[u64]| make_view(&data[w[0] as usize..w[1] as usize], 0, w[0] as u32);
                let views: Vec<u128> = offsets.windows(2).map(view).collect();
                vec![Buffer::from_vec(views), Buffer::from_vec(data)]
            }
            (Decimal256(..), Values::U8(mut v)) => {
                v.as_chunks_mut().0.iter_mut().for_each(|number| *number = unfolded(*number));
                vec![aligned(&v)]
            }
            (_, Values::U8(v)) => vec![Buffer::from_vec(v)],
            (_, Values::U16(v)) => vec![Buffer::from_vec(v)],
            (_, Values::U32(v)) => vec![Buffer::from_vec(v)],
            (_, Values::U64(v)) => vec![Buffer::from_vec(v)],
            (_, Values::U128(v)) => vec![Buffer::from_vec(v)],
            _ => return Err(self.error("its values are of another type")),
        };
        self.build(data_type, count, buffers, Vec::new(), nulls)
    }

    /// Checks that offsets ascend from 0 and stay within the data; returns the last.
    fn check_offsets(&self, offsets: &[u64], data: &[u8]) -> Result<u64> {
        let ascending = offsets.first() == Some(&0) && offsets.is_sorted();
        let end = offsets.last().filter(|&&end| ascending && end <= data.len() as u64);
        end.copied().ok_or_else(|| self.error("its strings overlap or lie beyond the heap"))
    }
}

/// The number of 256 bits that `folded` made the bytes of.
fn unfolded(bytes: [u8; 32]) -> [u8; 32] {
    let [low, ..] = bytes;
    // 0, 1, 2, 3, 4 mean 0, -1, 1, -2, 2.
    let folded = i256::from_le_bytes(bytes);
    let half = (folded >> 1u8) & i256::MAX;
    let sign = if low & 1 == 1 { i256::MINUS_ONE } else { i256::ZERO };
    (half ^ sign).to_le_bytes()
}

/// Bytes in a buffer that is aligned for numbers.
fn aligned(bytes: &[u8]) -> Buffer {
    let mut buffer = MutableBuffer::with_capacity(bytes.len());
    buffer.extend_from_slice(bytes);
    buffer.into()
}
