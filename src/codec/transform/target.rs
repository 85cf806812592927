//! Where values go, and how raw bits are written there.

use crate::column::values::Values;

/// Where the values of some rows go: output row `rows[i]`, or `first + i`; one instance of them.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub first: usize,
    pub rows: Option<&'a [u32]>,
    /// Values a row.
    pub stride: usize,
    /// The value of the row that is written.
    pub offset: usize,
}

impl Target<'_> {
    #[inline(always)]
    pub fn index(&self, i: usize) -> usize {
        let row = self.rows.map_or(self.first + i, |rows| rows.get(i).map_or(usize::MAX, |&r| r as usize));
        row.saturating_mul(self.stride).saturating_add(self.offset)
    }

    /// Writes one value for so many rows.
    pub fn fill<T: Copy>(&self, out: &mut [T], rows: usize, value: T) {
        if let (None, 1, Some(out)) = (self.rows, self.stride, out.get_mut(self.first..self.first + rows)) {
            return out.fill(value);
        }
        for i in 0..rows {
            if let Some(slot) = out.get_mut(self.index(i)) {
                *slot = value;
            }
        }
    }

    /// Writes a value for every field.
    #[inline(always)]
    pub fn put<F: Copy, T>(&self, out: &mut [T], fields: &[F], value: impl Fn(F) -> T) {
        if let (None, 1, Some(out)) =
            (self.rows, self.stride, out.get_mut(self.first..self.first + fields.len()))
        {
            for (slot, &field) in out.iter_mut().zip(fields) {
                *slot = value(field);
            }
            return;
        }
        for (i, &field) in fields.iter().enumerate() {
            if let Some(slot) = out.get_mut(self.index(i)) {
                *slot = value(field);
            }
        }
    }
}

/// Writes raw bits that are made from fields by `raw`.
#[inline(always)]
pub(crate) fn put_raw(out: &mut Values, target: Target, fields: &[u64], raw: impl Fn(u64) -> u64) {
    match out {
        Values::U8(v) => target.put(v, fields, |f| raw(f) as u8),
        Values::U16(v) => target.put(v, fields, |f| raw(f) as u16),
        Values::U32(v) => target.put(v, fields, |f| raw(f) as u32),
        Values::U64(v) => target.put(v, fields, raw),
        Values::U128(_) | Values::None | Values::Bytes { .. } | Values::Lists { .. } => {}
    }
}
