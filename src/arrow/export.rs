//! Values into record batches.

use super::dictionary::distinct;
use super::images::image_shape;
use super::message::decode_schema_of;
use super::nesting::{children, nullable, unencoded};
use super::runs::encoded;
use super::schema::{arrow_schema, below, holds};
use super::{bits, wrap};
use crate::column::Batch;
use crate::column::Column;
use crate::column::Values;
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::{Kind, Node, Schema};
use crate::read::Projection;
use arrow::array::{Array, ArrayData, UInt32Array, make_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef, Schema as ArrowSchema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::borrow::Cow;
use std::sync::Arc;

/// Turns the batches of one projection into record batches, in the types of the stored Arrow schema
/// or, without one, in plain types. Vectors become Arrow buffers without a copy.
///
/// Columns of Arrow dictionaries share the file's dictionary, in its order; without one (values that
/// are not strings, or too many of them) each batch gets the values it has, in the order of their
/// first appearance.
#[derive(Debug)]
pub struct Exporter {
    schema: SchemaRef,
    projection: Projection,
    columns: Vec<Plan>,
}

impl Exporter {
    /// Prepares to export batches read with [`Exporter::projection`].
    ///
    /// `arrow` is the stored Arrow schema message; `dictionary` gives the strings of the file-wide
    /// dictionary of a node. A damaged one that no Arrow dictionary has to be made of is no error: strings that are wanted are
    /// read by themselves.
    ///
    /// # Errors
    /// `Corrupt` if the Arrow schema is damaged, or does not belong to the physical one, or if a
    /// dictionary is not of the node's type; and the errors of `dictionary`.
    pub fn new(
        schema: &Schema,
        arrow: Option<&[u8]>,
        projection: &Projection,
        mut dictionary: impl FnMut(usize) -> Result<Values>,
    ) -> Result<Self> {
        let arrow = match arrow {
            Some(message) => decode_schema_of(message, schema)?,
            None => Arc::new(arrow_schema(schema)?),
        };
        let columns: Vec<usize> = schema.columns().collect();
        let below = below(schema);
        if columns.len() != arrow.fields().len() {
            return Err(mismatch(&format!("{} columns against {}", arrow.fields().len(), columns.len())));
        }
        let mut is_damaged = false;
        let mut dictionary = |node: usize, is_needed: bool| match dictionary(node) {
            Err(e) if e.kind() == ErrorKind::Corrupt && !is_needed => {
                is_damaged = true;
                Ok(None)
            }
            found => found.map(Some),
        };
        let mut fields = Vec::new();
        let mut plans = Vec::new();
        for (slot, &node) in projection.nodes().iter().enumerate() {
            if let Some(refusal) = schema.refusal(node) {
                return Err(refusal);
            }
            if let Ok(column) = columns.binary_search(&node) {
                let field = &arrow.fields()[column];
                fields.push(field.clone());
                plans.push(Plan::new(schema, &below, node, slot, field, field.name(), &mut dictionary)?);
            }
        }
        let mut projection = projection.clone();
        if plans.iter().any(Plan::has_dictionary) && !is_damaged {
            projection = projection.with_codes();
        }
        let schema = Arc::new(ArrowSchema::new_with_metadata(fields, arrow.metadata().clone()));
        Ok(Self { schema, projection, columns: plans })
    }

    /// The schema of the record batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The projection to read batches with: the one asked for, with codes where that is faster.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// The record batch of a batch.
    ///
    /// # Errors
    /// `Corrupt` if text is no UTF-8 or a code is beyond its dictionary; `Argument` if the batch has
    /// more strings than its type can hold at once, or is of another projection.
    pub fn batch(&self, batch: Batch) -> Result<RecordBatch> {
        let rows = batch.rows;
        if batch.columns.len() != self.projection.nodes().len() {
            return Err(Error::argument("the batch was read with another projection than its exporter has"));
        }
        let mut columns: Vec<_> = batch.columns.into_iter().map(Some).collect();
        let arrays = self.columns.iter().map(|plan| Ok(make_array(plan.data(rows, &mut columns, None)?)));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .map_err(|e| wrap(ErrorKind::Corrupt, e))
    }
}

fn mismatch(what: &str) -> Error {
    Error::corrupt(format!("the Arrow schema is not of this file: {what}"))
}

/// How a node becomes an array.
#[derive(Debug)]
pub(super) struct Plan {
    pub path: String,
    field: FieldRef,
    /// Its type, run ends aside.
    pub data_type: DataType,
    /// Where in the batch its column is.
    slot: usize,
    /// True if its values are images: items of a list that has no node for them.
    image: bool,
    /// Instances a row.
    instances: usize,
    /// Values an instance.
    width: usize,
    /// An empty vector of its values.
    empty: Values,
    /// The file's dictionary.
    dictionary: Option<ArrayData>,
    /// The plans of the nodes below it; of a list that of its items, whose columns are in a batch of their own.
    pub children: Vec<Plan>,
    /// The schema of the items, if it is a list.
    pub items: Option<Schema>,
}

impl Plan {
    fn new(
        schema: &Schema,
        below: &[Vec<usize>],
        index: usize,
        slot: usize,
        field: &FieldRef,
        path: &str,
        dictionary: &mut dyn FnMut(usize, bool) -> Result<Option<Values>>,
    ) -> Result<Self> {
        let node = &schema.nodes()[index];
        let data_type = field.data_type();
        let fits = match node.image {
            Some(shape) => image_shape(field) == Some(shape),
            None => holds(data_type, node),
        };
        if !fits || nullable(field) != node.nullable || *field.name() != node.name {
            return Err(mismatch(&format!("column \"{path}\" of type {data_type} is stored as {node:?}")));
        }
        let fields = if node.image.is_some() { &[] } else { children(data_type) };
        if let Some(items) = node.items.as_deref() {
            return Self::list(schema, index, slot, field, path, items);
        }
        let nodes = &below[index];
        if fields.len() != nodes.len() || node.kind == Kind::List {
            return Err(mismatch(&format!(
                "column \"{path}\" has {} children, not {}",
                nodes.len(),
                fields.len()
            )));
        }
        let children = fields.iter().zip(nodes).map(|(field, &node)| {
            let path = format!("{path}.{}", field.name());
            Plan::new(schema, below, node, slot + (node - index), field, &path, dictionary)
        });
        let children = children.collect::<Result<_>>()?;
        let mut plan = Self { children, ..Self::bare(node, slot, field, path) };
        if node.kind.is_bytes() && node.dictionary.is_some() {
            let is_needed = matches!(plan.data_type, DataType::Dictionary(..));
            let values = dictionary(index, is_needed)?;
            plan.dictionary = values.map(|values| plan.file_dictionary(values)).transpose()?;
        }
        Ok(plan)
    }

    /// The plan of a list. Strings of items come as they are, whether they have a dictionary or not.
    fn list(
        schema: &Schema,
        index: usize,
        slot: usize,
        field: &FieldRef,
        path: &str,
        items: &Schema,
    ) -> Result<Self> {
        let node = &schema.nodes()[index];
        let (Some(item), true) = (children(field.data_type()).first(), items.columns().eq([0])) else {
            return Err(mismatch(&format!("column \"{path}\" is stored as a list without an item")));
        };
        let mut plain = items.clone();
        (0..plain.nodes().len()).for_each(|node| plain.set_dictionary(node, None));
        let path_below = format!("{path}.{}", item.name());
        let none = &mut |_, _| Err(Error::internal("items have no dictionaries"));
        let item = Self::new(&plain, &self::below(&plain), 0, 0, item, &path_below, none)?;
        Ok(Self { children: vec![item], items: Some(plain), ..Self::bare(node, slot, field, path) })
    }

    /// A plan without anything below it.
    fn bare(node: &Node, slot: usize, field: &FieldRef, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            field: field.clone(),
            data_type: unencoded(field.data_type()).clone(),
            slot,
            image: node.image.is_some(),
            instances: node.instances as usize,
            width: node.values_per_instance(),
            empty: Values::empty(node),
            dictionary: None,
            children: Vec::new(),
            items: None,
        }
    }

    fn has_dictionary(&self) -> bool {
        self.dictionary.is_some() || self.children.iter().any(Plan::has_dictionary)
    }

    /// The file's dictionary in the type of the column's strings.
    fn file_dictionary(&self, values: Values) -> Result<ArrayData> {
        let count = values.len();
        match &self.data_type {
            DataType::Dictionary(index, strings) => {
                self.check_index(index, count).map_err(Error::corrupt)?;
                self.leaf(strings, values, count, None)
            }
            strings => self.leaf(strings, values, count, None),
        }
    }

    fn check_index(&self, index: &DataType, distinct: usize) -> std::result::Result<(), String> {
        if distinct as u64 <= index_values(index) {
            return Ok(());
        }
        Err(format!(
            "column \"{}\" has {distinct} distinct values, more than its {index} keys can name",
            self.path
        ))
    }

    pub fn error(&self, what: &str) -> Error {
        Error::corrupt(format!("column \"{}\": {what}", self.path))
    }

    /// The array of the node in a batch of `rows` rows; takes its columns out of `columns`. `around` is 0 where an instance
    /// is under a null.
    pub fn data(
        &self,
        rows: usize,
        columns: &mut [Option<Column>],
        around: Option<&[u8]>,
    ) -> Result<ArrayData> {
        encoded(self.field.data_type(), self.plain(rows, columns, around)?, &self.path)
    }

    /// The same without run ends.
    fn plain(&self, rows: usize, columns: &mut [Option<Column>], around: Option<&[u8]>) -> Result<ArrayData> {
        let column = columns.get_mut(self.slot).and_then(Option::take);
        let Column { validity, values } = column.ok_or_else(|| self.error("has no values"))?;
        let count = rows.checked_mul(self.instances).ok_or_else(|| self.error("too many values"))?;
        let validity = validity.as_deref();
        if validity.is_some_and(|v| v.len() != count) {
            return Err(self.error("its validity is not as long as the batch"));
        }
        if let (true, DataType::FixedSizeList(item, _)) = (self.image, &self.data_type) {
            let items = self.leaf(item.data_type(), values, count.saturating_mul(self.width), None)?;
            return self.build(&self.data_type, count, Vec::new(), vec![items], None);
        }
        if self.items.is_some() {
            return self.lists(values, count, validity, around);
        }
        if matches!(self.data_type, DataType::Struct(_) | DataType::FixedSizeList(..)) {
            let visible = bits::both(validity, around);
            // Null below a null even where its type is never null, so that nulls of run ends within it are masked.
            let nulls = bits::nulls(visible.as_deref());
            let visible = match self.data_type {
                DataType::FixedSizeList(_, length) => {
                    bits::expanded(visible.as_deref(), usize::try_from(length).unwrap_or(0))
                        .map(Cow::into_owned)
                }
                _ => visible.map(Cow::into_owned),
            };
            let below = self.children.iter().map(|plan| plan.data(rows, columns, visible.as_deref()));
            return self.build(&self.data_type, count, Vec::new(), below.collect::<Result<_>>()?, nulls);
        }
        let nulls = bits::nulls(validity);
        match (&self.dictionary, values) {
            (Some(dictionary), Values::U32(codes)) if codes.len() == count => {
                self.codes(dictionary, codes, nulls)
            }
            (_, values) => {
                let same = std::mem::discriminant(&values) == std::mem::discriminant(&self.empty);
                if !same || Some(values.len()) != count.checked_mul(self.width) {
                    return Err(self.error("its values are not those of the batch"));
                }
                match &self.data_type {
                    DataType::Dictionary(index, items) => self.number(index, items, values, count, validity),
                    data_type => self.leaf(data_type, values, count, nulls),
                }
            }
        }
    }

    /// Strings as codes of the file's dictionary.
    fn codes(&self, dictionary: &ArrayData, codes: Vec<u32>, nulls: Option<NullBuffer>) -> Result<ArrayData> {
        let count = codes.len();
        if codes.iter().max().is_some_and(|&code| code as usize >= dictionary.len()) {
            return Err(self.error("a code is beyond the dictionary"));
        }
        match &self.data_type {
            data_type @ DataType::Dictionary(index, _) => {
                self.build(data_type, count, vec![keys(index, codes)], vec![dictionary.clone()], nulls)
            }
            _ => {
                let codes = UInt32Array::new(codes.into(), nulls);
                let strings = take(make_array(dictionary.clone()).as_ref(), &codes, None);
                let strings = strings
                    .map_err(|e| wrap(ErrorKind::Argument, e).at(format!("column \"{}\"", self.path)))?;
                Ok(strings.to_data())
            }
        }
    }

    /// A dictionary of the values that a batch has.
    fn number(
        &self,
        index: &DataType,
        items: &DataType,
        values: Values,
        count: usize,
        validity: Option<&[u8]>,
    ) -> Result<ArrayData> {
        let (codes, values) = distinct(values, count, self.width, validity);
        let len = values.len() / self.width;
        self.check_index(index, len).map_err(|what| {
            Error::argument(format!("{what} in a batch of {count}; read fewer rows at a time"))
        })?;
        let values = self.leaf(items, values, len, None)?;
        self.build(&self.data_type, count, vec![keys(index, codes)], vec![values], bits::nulls(validity))
    }

    /// Builds an array, checked: lengths, offsets, UTF-8 and keys.
    pub fn build(
        &self,
        data_type: &DataType,
        count: usize,
        buffers: Vec<Buffer>,
        children: Vec<ArrayData>,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayData> {
        ArrayData::builder(data_type.clone())
            .len(count)
            .buffers(buffers)
            .child_data(children)
            .nulls(nulls)
            .build()
            .map_err(|e| wrap(ErrorKind::Corrupt, e).at(format!("column \"{}\"", self.path)))
    }
}

/// How many values an index type can name.
pub(crate) fn index_values(index: &DataType) -> u64 {
    match index {
        DataType::Int8 => 1 << 7,
        DataType::UInt8 => 1 << 8,
        DataType::Int16 => 1 << 15,
        DataType::UInt16 => 1 << 16,
        DataType::Int32 => 1 << 31,
        _ => 1 << 32,
    }
}

/// Codes as keys of an index type that can name them all.
fn keys(index: &DataType, codes: Vec<u32>) -> Buffer {
    match index.primitive_width() {
        Some(1) => Buffer::from_vec(codes.into_iter().map(|code| code as u8).collect()),
        Some(2) => Buffer::from_vec(codes.into_iter().map(|code| code as u16).collect()),
        Some(8) => Buffer::from_vec(codes.into_iter().map(u64::from).collect()),
        _ => Buffer::from_vec(codes),
    }
}
