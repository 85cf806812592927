//! The union of dictionaries that differ from batch to batch, in the order of first appearance.

use super::ingest::values;
use crate::column::Values;
use crate::error::Result;
use arrow::array::{Array, UInt32Array};
use std::collections::HashMap;

/// Distinct values, numbered as they come.
#[derive(Default)]
pub(crate) struct Union {
    codes: HashMap<Box<[u8]>, u32>,
}

impl Union {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Adds a dictionary's values. Returns the code of each (null for a null), and the places of
    /// those that are new.
    pub fn add(&mut self, dictionary: &dyn Array, path: &str) -> Result<(UInt32Array, UInt32Array)> {
        let mut new = Vec::new();
        let nulls = dictionary.logical_nulls();
        let items = bytes_of(values(dictionary, None, path)?, dictionary.len());
        let codes = items.into_iter().enumerate().map(|(i, item)| {
            if nulls.as_ref().is_some_and(|n| n.is_null(i)) {
                return None;
            }
            let next = self.codes.len() as u32;
            let code = *self.codes.entry(item).or_insert(next);
            if code == next {
                new.push(i as u32);
            }
            Some(code)
        });
        let codes = codes.collect();
        Ok((codes, UInt32Array::from(new)))
    }
}

/// The bytes of each of `count` values.
fn bytes_of(values: Values, count: usize) -> Vec<Box<[u8]>> {
    match values {
        Values::None | Values::Lists { .. } => Vec::new(),
        Values::U8(v) => v.chunks_exact((v.len() / count.max(1)).max(1)).map(Into::into).collect(),
        Values::U16(v) => v.iter().map(|x| x.to_le_bytes().into()).collect(),
        Values::U32(v) => v.iter().map(|x| x.to_le_bytes().into()).collect(),
        Values::U64(v) => v.iter().map(|x| x.to_le_bytes().into()).collect(),
        Values::U128(v) => v.iter().map(|x| x.to_le_bytes().into()).collect(),
        Values::Bytes { offsets, data } => {
            super::dictionary::strings(&offsets, &data).map(Into::into).collect()
        }
    }
}
