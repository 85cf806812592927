//! Arrays of a Parquet file in the types that the Arrow schema in it says.

use super::coerce::{Place, convert};
use super::interval;
use super::types::below;
use crate::arrow::lists::Lists;
use crate::arrow::nesting::item_of;
use crate::arrow::wrap;
use crate::error::{Error, ErrorKind, Result};
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date64Type, FieldRef, SchemaRef, Time32MillisecondType, Time32SecondType, TimeUnit,
    TimestampMillisecondType, TimestampSecondType,
};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::sync::Arc;

/// Turns the batches of a file into those of its Arrow schema.
pub(crate) struct Restorer {
    schema: SchemaRef,
    /// True if the parts of intervals are signed.
    signed: bool,
    /// Rows before the batch.
    rows: u64,
}

impl Restorer {
    /// Batches of `schema`. Intervals are signed in files with an Arrow schema.
    pub fn new(schema: SchemaRef, signed: bool) -> Self {
        Self { schema, signed, rows: 0 }
    }

    /// The batch in the types of the schema.
    ///
    /// # Errors
    /// `Input` for a value that its type does not hold, with column and row.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let fields = self.schema.fields().iter().zip(batch.columns());
        let columns = fields.map(|(field, column)| {
            let place = Place { path: field.name(), row: &|at| at, around: None };
            self.array(column, field.data_type(), &place)
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let restored = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        self.rows += batch.num_rows() as u64;
        restored.map_err(|e| wrap(ErrorKind::Input, e))
    }

    /// Lists of any length in the type `original`.
    fn lists(&self, array: &ArrayRef, original: &DataType, place: &Place) -> Result<ArrayRef> {
        let failed = |e| wrap(ErrorKind::Input, e);
        let Some(item) = item_of(original) else {
            let what =
                format!("column \"{}\": {} cannot be read as {original}", place.path, array.data_type());
            return Err(Error::new(ErrorKind::Input, what));
        };
        let lists = Lists::new(array.as_ref(), place.around.as_ref()).map_err(failed)?;
        let path = below(place.path, item);
        let below = Place { path: &path, row: &|at| (place.row)(lists.list_of(at)), around: None };
        let items = self.array(&lists.items, item.data_type(), &below)?;
        Lists { items, ..lists }.array(original, array.nulls()).map_err(failed)
    }

    /// An array in the type `original`. A list or struct gets the nulls around it as its own: where it may have none, what
    /// is in it is null there nevertheless.
    fn array(&self, array: &ArrayRef, original: &DataType, place: &Place) -> Result<ArrayRef> {
        use DataType::*;
        let failed = |what: &'static str| move |at: usize| (at, what);
        let restored: std::result::Result<ArrayRef, (usize, &'static str)> =
            match (array.data_type(), original) {
                (from, to) if from == to => Ok(array.clone()),
                (FixedSizeBinary(12), Interval(unit)) => {
                    interval::from_bytes(array.as_fixed_size_binary(), *unit, self.signed)
                        .map_err(failed("its interval is not of the type that is held"))
                }
                (Timestamp(TimeUnit::Millisecond, _), Timestamp(TimeUnit::Second, zone)) => {
                    convert::<TimestampMillisecondType, TimestampSecondType>(array, array.nulls(), |ms| {
                        whole_seconds(ms, 1000)
                    })
                    .map(|seconds| Arc::new(seconds.with_timezone_opt(zone.clone())) as ArrayRef)
                    .map_err(failed("is no whole second, as its Arrow schema says"))
                }
                (Time32(TimeUnit::Millisecond), Time32(TimeUnit::Second)) => {
                    convert::<Time32MillisecondType, Time32SecondType>(array, array.nulls(), |ms| {
                        whole_seconds(ms, 1000)
                    })
                    .map(|seconds| Arc::new(seconds) as ArrayRef)
                    .map_err(failed("is no whole second, as its Arrow schema says"))
                }
                (Timestamp(TimeUnit::Millisecond, None), Date64) => {
                    let times = array.as_primitive::<TimestampMillisecondType>();
                    Ok(Arc::new(times.reinterpret_cast::<Date64Type>()))
                }
                (Dictionary(..), Dictionary(_, views)) => {
                    let dictionary = array.as_any_dictionary();
                    let views = cast(dictionary.values(), views).map_err(|e| wrap(ErrorKind::Input, e))?;
                    return Ok(dictionary.with_values(views));
                }
                (Struct(_), Struct(fields)) => {
                    let whole = array.as_struct();
                    let nulls = NullBuffer::union(whole.nulls(), place.around.as_ref());
                    let part = |(field, part): (&FieldRef, &ArrayRef)| {
                        let path = below(place.path, field);
                        let around = nulls.clone();
                        self.array(part, field.data_type(), &Place { path: &path, row: place.row, around })
                    };
                    let parts = fields.iter().zip(whole.columns()).map(part).collect::<Result<Vec<_>>>()?;
                    let whole = StructArray::try_new_with_length(fields.clone(), parts, nulls, whole.len());
                    return Ok(Arc::new(whole.map_err(|e| wrap(ErrorKind::Input, e))?));
                }
                (FixedSizeList(..), FixedSizeList(item, length)) => {
                    let list = array.as_fixed_size_list();
                    let nulls = NullBuffer::union(list.nulls(), place.around.as_ref());
                    let width = usize::try_from(*length).unwrap_or(1);
                    let around = nulls.as_ref().map(|nulls| nulls.expand(width));
                    let path = below(place.path, item);
                    let below = Place { path: &path, row: &|at| (place.row)(at / width.max(1)), around };
                    let items = self.array(list.values(), item.data_type(), &below)?;
                    let rows = list.len();
                    let list =
                        FixedSizeListArray::try_new_with_length(item.clone(), *length, items, nulls, rows);
                    return Ok(Arc::new(list.map_err(|e| wrap(ErrorKind::Input, e))?));
                }
                (from, to) if item_of(from).is_some() && !matches!(from, FixedSizeList(..)) => {
                    return self.lists(array, to, place);
                }
                (from, to) => {
                    let what = format!("column \"{}\": {from} cannot be read as {to}", place.path);
                    return Err(Error::new(ErrorKind::Input, what));
                }
            };
        restored.map_err(|(at, what)| {
            let row = self.rows + (place.row)(at) as u64;
            Error::new(ErrorKind::Input, format!("column \"{}\", row {row}: {what}", place.path))
        })
    }
}

/// Units as wholes of `many`.
fn whole_seconds<T: Copy + std::ops::Rem<Output = T> + std::ops::Div<Output = T> + Default + PartialEq>(
    units: T,
    many: T,
) -> Option<T> {
    (units % many == T::default()).then(|| units / many)
}
