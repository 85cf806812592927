//! Columns in memory before and after they are decoded.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::column::values::{Column, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::format::schema::Node;

/// Makes a column ready for `rows` rows, all zero.
///
/// # Errors
/// `Argument` for more values than memory has places; `Memory` if it is not to be had.
pub(crate) fn prepare(column: &mut Column, node: &Node, rows: usize, codes: bool) -> Result<()> {
    let count = |per_row: usize| {
        let count = rows.checked_mul(per_row).filter(|&c| c <= isize::MAX as usize / 16);
        count.ok_or_else(|| Error::argument("too many values for one batch; read fewer rows at a time"))
    };
    let instances = count(node.instances as usize)?;
    column.validity = match node.nullable {
        true => {
            let mut validity = column.validity.take().unwrap_or_default();
            validity.clear();
            earned::resize(&mut validity, instances, 0)?;
            Some(validity)
        }
        false => None,
    };
    let wanted = if codes { Values::U32(Vec::new()) } else { Values::empty(node) };
    if std::mem::discriminant(&wanted) != std::mem::discriminant(&column.values) {
        column.values = wanted;
    }
    column.values.clear();
    let values = count((node.instances as usize).saturating_mul(node.values_per_instance()))?;
    match &mut column.values {
        Values::U8(v) => earned::resize(v, values, 0),
        Values::U16(v) => earned::resize(v, values, 0),
        Values::U32(v) => earned::resize(v, values, 0),
        Values::U64(v) => earned::resize(v, values, 0),
        Values::U128(v) => earned::resize(v, values, 0),
        Values::None | Values::Bytes { .. } | Values::Lists { .. } => Ok(()),
    }
}

/// Values under a null are zero.
pub(crate) fn zero_nulls(validity: &[u8], values: &mut Values) {
    fn zero<T: Copy + Default>(validity: &[u8], values: &mut [T]) {
        if !values.is_empty() && validity.contains(&0) {
            let per = values.len() / validity.len();
            for (valid, values) in validity.iter().zip(values.chunks_mut(per)) {
                if *valid == 0 {
                    values.fill(T::default());
                }
            }
        }
    }
    match values {
        Values::U8(v) => zero(validity, v),
        Values::U16(v) => zero(validity, v),
        Values::U32(v) => zero(validity, v),
        Values::U64(v) => zero(validity, v),
        Values::U128(v) => zero(validity, v),
        Values::None | Values::Bytes { .. } | Values::Lists { .. } => {}
    }
}
