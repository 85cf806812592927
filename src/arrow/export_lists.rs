//! Values into arrays of lists.

use super::bits;
use super::export::Plan;
use super::lists::buffers;
use crate::column::{Batch, Column, Node, Schema, Values};
use crate::earned;
use crate::error::{Error, Result};
use arrow::array::ArrayData;
use arrow::datatypes::DataType;
use std::borrow::Cow;

impl Plan {
    /// The array of `count` lists; `around` is 0 where a list is under a null.
    pub fn lists(
        &self,
        values: Values,
        count: usize,
        validity: Option<&[u8]>,
        around: Option<&[u8]>,
    ) -> Result<ArrayData> {
        let (Values::Lists { offsets, items }, Some(schema), [item]) =
            (values, &self.items, self.children.as_slice())
        else {
            return Err(self.error("its values are of another type"));
        };
        let cut = offsets.is_sorted() && offsets.first() == Some(&0);
        if !cut || offsets.len() != count + 1 || offsets.last() != Some(&(items.rows as u64)) {
            return Err(self.error("its lists overlap or do not have all of their items"));
        }
        let mut nulls = bits::nulls(validity);
        let (items, visible) = match &self.data_type {
            DataType::FixedSizeList(_, length) => {
                let visible = bits::both(validity, around);
                nulls = bits::nulls(visible.as_deref());
                let items = self.spread(&offsets, items, *length, schema, visible.as_deref())?;
                let visible = bits::expanded(visible.as_deref(), usize::try_from(*length).unwrap_or(0));
                (items, visible.map(Cow::into_owned))
            }
            _ => (items, None),
        };
        let mut columns: Vec<_> = items.columns.into_iter().map(Some).collect();
        let items = item.data(items.rows, &mut columns, visible.as_deref())?;
        let buffers = match &self.data_type {
            DataType::FixedSizeList(..) => Vec::new(),
            data_type => buffers(data_type, &offsets).ok_or_else(|| {
                let what = format!("{} items are more than one batch of {data_type} holds", items.len());
                Error::argument(format!("column \"{}\": {what}; read fewer rows at a time", self.path))
            })?,
        };
        self.build(&self.data_type, count, buffers, vec![items], nulls)
    }

    /// The items of lists of one length, with as many empty ones for each that is null or under a null, whatever it has.
    fn spread(
        &self,
        offsets: &[u64],
        items: Batch,
        length: i32,
        schema: &Schema,
        visible: Option<&[u8]>,
    ) -> Result<Batch> {
        let length = u64::try_from(length).map_err(|_| self.error("lists of a negative length"))?;
        let lists = offsets.len() as u64 - 1;
        let valid = |i: usize| visible.is_none_or(|visible| visible.get(i) == Some(&1));
        let fits = |w: &[u64]| w[1] - w[0] == length;
        if !offsets.windows(2).enumerate().all(|(i, w)| fits(w) || !valid(i)) {
            return Err(self.error(&format!("a list has not the {length} items that all have")));
        }
        let rows = lists.checked_mul(length).filter(|&rows| rows <= u32::MAX.into()).ok_or_else(|| {
            let what = format!("{lists} lists of {length} items are more than one batch holds");
            Error::argument(format!("column \"{}\": {what}; read fewer rows at a time", self.path))
        })?;
        if offsets.windows(2).all(fits) {
            return Ok(items);
        }
        let room = earned::room(rows.saturating_mul(schema.nodes().len() as u64));
        room.map_err(|e| Error::io("cannot read the items of lists", e))?;
        let starts: Vec<Option<usize>> =
            (0..lists as usize).map(|i| valid(i).then_some(offsets[i] as usize)).collect();
        let spread = Spread { starts: &starts, length: length as usize };
        let columns =
            schema.nodes().iter().zip(items.columns).map(|(node, column)| spread.column(node, column));
        Ok(Batch { rows: rows as usize, columns: columns.collect::<Result<_>>()? })
    }
}

/// Where the items of each list begin, none for a null, and how many a list is to have.
struct Spread<'a> {
    starts: &'a [Option<usize>],
    length: usize,
}

impl Spread<'_> {
    fn column(&self, node: &Node, column: Column) -> Result<Column> {
        let per_row = node.values_per_row();
        let validity = column.validity.map(|v| self.vector(v, node.instances as usize)).transpose()?;
        let values = match column.values {
            Values::None => Values::None,
            Values::U8(v) => Values::U8(self.vector(v, per_row)?),
            Values::U16(v) => Values::U16(self.vector(v, per_row)?),
            Values::U32(v) => Values::U32(self.vector(v, per_row)?),
            Values::U64(v) => Values::U64(self.vector(v, per_row)?),
            Values::U128(v) => Values::U128(self.vector(v, per_row)?),
            Values::Bytes { offsets, data } => Values::Bytes { offsets: self.offsets(&offsets)?, data },
            Values::Lists { offsets, items } => Values::Lists { offsets: self.offsets(&offsets)?, items },
        };
        Ok(Column { validity, values })
    }

    fn vector<T: Copy + Default>(&self, values: Vec<T>, per_row: usize) -> Result<Vec<T>> {
        let length = self.length * per_row;
        let mut out = Vec::new();
        earned::reserve(&mut out, self.starts.len().saturating_mul(length))?;
        for start in self.starts {
            match start.map(|start| start * per_row).and_then(|start| values.get(start..start + length)) {
                Some(own) => out.extend_from_slice(own),
                None => out.resize(out.len() + length, T::default()),
            }
        }
        Ok(out)
    }

    /// Offsets of strings or lists, empty ones for the items of nulls.
    fn offsets(&self, offsets: &[u64]) -> Result<Vec<u64>> {
        let mut out = Vec::new();
        earned::reserve(&mut out, self.starts.len().saturating_mul(self.length) + 1)?;
        let mut end = offsets.first().copied().unwrap_or(0);
        out.push(end);
        for start in self.starts {
            match start.and_then(|start| offsets.get(start + 1..start + 1 + self.length)) {
                Some(own) => {
                    out.extend_from_slice(own);
                    end = own.last().copied().unwrap_or(end);
                }
                None => out.resize(out.len() + self.length, end),
            }
        }
        Ok(out)
    }
}
