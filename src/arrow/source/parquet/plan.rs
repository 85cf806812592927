//! The types that the columns of a Parquet file are read as.
//!
//! The `parquet` crate loses something of three kinds of columns: it reads INTERVAL without months, INT96 beyond the years
//! 1677 to 2262 wrong, and dictionaries of views and the like not at all. Those are read in another type and restored.

use super::super::guarded;
use super::{footer, int96, pages};
use crate::arrow::ipc_types;
use crate::arrow::nesting::{item_of, nullable, with_item};
use crate::arrow::parquet_types::{EXTENSION, JSON, UUID, annotated, foreign_dictionary, with_leaves};
use crate::error::{Error, ErrorKind, Result};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::root_as_message;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema, parquet_to_arrow_schema};
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::file::metadata::{FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// How a file is read.
pub(crate) struct Plan {
    /// The metadata that the `parquet` crate reads it by.
    pub metadata: ArrowReaderMetadata,
    /// The schema of its batches once restored.
    pub schema: SchemaRef,
    /// True if the file has an Arrow schema.
    pub hinted: bool,
    /// Bytes that the strings of a row may have while they take next to nothing in the file.
    pub long_strings: usize,
}

/// A leaf of the Parquet schema that needs attention.
#[derive(Clone, Copy, PartialEq)]
enum Leaf {
    Usual,
    Interval,
    Int96,
    Uuid,
    Json,
}

impl Leaf {
    fn new(column: &ColumnDescriptor) -> Self {
        let logical = column.logical_type_ref();
        match (column.physical_type(), column.converted_type()) {
            (PhysicalType::INT96, _) => Self::Int96,
            (PhysicalType::FIXED_LEN_BYTE_ARRAY, ConvertedType::INTERVAL) if column.type_length() == 12 => {
                Self::Interval
            }
            (PhysicalType::FIXED_LEN_BYTE_ARRAY, _) if logical == Some(&LogicalType::Uuid) => Self::Uuid,
            (PhysicalType::BYTE_ARRAY, ConvertedType::JSON) => Self::Json,
            _ => Self::Usual,
        }
    }
}

impl Plan {
    /// Reads the metadata of a file, and its INT96 columns once.
    pub fn new(path: &Path, file: File) -> Result<Self> {
        let at = |e: Error| e.at(path.display());
        let failed = |e| Error::io(format!("cannot read {}", path.display()), e);
        if let Some(what) = footer::refusal(&file).map_err(failed)? {
            return Err(at(Error::new(ErrorKind::Input, what)));
        }
        let whole = guarded(path, || Ok(ParquetMetaDataReader::new().parse_and_finish(&file)?))?;
        let long_strings = guarded(path, || Ok(pages::check(&file, &whole)))?.map_err(at)?;
        let described = whole.file_metadata().schema_descr();
        let leaves: Vec<Leaf> = described.columns().iter().map(|column| Leaf::new(column)).collect();
        let hint = hint(path, &whole)?;
        let plain = guarded(path, || {
            let interval = |at: usize| leaves.get(at) == Some(&Leaf::Interval);
            let plain = with_leaves(described, |at, leaf| {
                interval(at).then(|| annotated(leaf, ConvertedType::NONE, None)).transpose()
            });
            Ok(plain?)
        })?;
        let mut read = guarded(path, || readable(&whole, &plain, hint.as_ref()))?;
        let mut supplied = hint.as_ref().is_some_and(|hint| readable_fields(hint.fields()) != *hint.fields());
        if leaves.contains(&Leaf::Int96) {
            let units = int96::units(path, &file, &read_units(&read, &leaves)).map_err(at)?;
            let fitted = with_units(read.fields(), &mut units.iter(), &mut leaves.iter());
            supplied |= fitted != *read.fields();
            read = Schema::new_with_metadata(fitted, read.metadata().clone());
        }
        let metadata = guarded(path, || {
            let mut options = ArrowReaderOptions::new();
            if supplied {
                options = options.with_schema(Arc::new(read.clone()));
            }
            if leaves.contains(&Leaf::Interval) {
                options = options.with_parquet_schema(Arc::new(plain));
            }
            let metadata = ArrowReaderMetadata::load(&file, options.clone())?;
            Ok(match counted(metadata.metadata()) {
                Some(counted) => ArrowReaderMetadata::try_new(Arc::new(counted), options)?,
                None => metadata,
            })
        })?;
        let read = metadata.schema();
        let mut walk = Walk { leaves: leaves.iter() };
        let fields = walk.fields(read.fields(), hint.as_ref().map(Schema::fields));
        let schema = Arc::new(Schema::new_with_metadata(fields, read.metadata().clone()));
        Ok(Self { metadata, schema, hinted: hint.is_some(), long_strings })
    }

    /// True if batches are not yet in the types of the schema when they are read.
    pub fn restores(&self) -> bool {
        self.schema.fields() != self.metadata.schema().fields()
    }
}

/// The metadata of a file with as many rows as its row groups have, if it says another number: the `parquet` crate reads no
/// more rows at a time than that.
fn counted(metadata: &ParquetMetaData) -> Option<ParquetMetaData> {
    let (groups, file) = (metadata.row_groups(), metadata.file_metadata());
    let rows = groups.iter().map(|group| group.num_rows().max(0)).fold(0, i64::saturating_add);
    (rows != file.num_rows()).then(|| {
        let file = FileMetaData::new(
            file.version(),
            rows,
            file.created_by().map(str::to_owned),
            file.key_value_metadata().cloned(),
            file.schema_descr_ptr(),
            file.column_orders().cloned(),
        );
        ParquetMetaData::new(file, groups.to_vec())
    })
}

/// The Arrow schema that a file has among its key-values.
fn hint(path: &Path, whole: &ParquetMetaData) -> Result<Option<Schema>> {
    let pairs = whole.file_metadata().key_value_metadata();
    let value = pairs.into_iter().flatten().find(|pair| pair.key == ARROW_SCHEMA_META_KEY);
    let Some(value) = value.and_then(|pair| pair.value.as_ref()) else { return Ok(None) };
    let damaged =
        || Error::new(ErrorKind::Input, format!("{}: the Arrow schema in it is damaged", path.display()));
    let bytes = BASE64_STANDARD.decode(value).map_err(|_| damaged())?;
    let message = match bytes.strip_prefix(&[0xFF; 4]) {
        Some(rest) => rest.get(4..).ok_or_else(damaged)?,
        None => bytes.as_slice(),
    };
    let length = message.len();
    let message = root_as_message(message).map_err(|_| damaged())?;
    let schema = message.header_as_schema().ok_or_else(damaged)?;
    ipc_types::check_types(schema, length).map_err(|e| e.at(path.display()))?;
    guarded(path, || Ok(fb_to_schema(schema))).map(Some)
}

/// The schema that the `parquet` crate reads a file as, given the Parquet and the Arrow schema.
fn readable(
    whole: &ParquetMetaData,
    plain: &SchemaDescriptor,
    hint: Option<&Schema>,
) -> std::result::Result<Schema, ArrowError> {
    let mut pairs = whole.file_metadata().key_value_metadata().cloned().unwrap_or_default();
    pairs.retain(|pair| pair.key != ARROW_SCHEMA_META_KEY);
    if let Some(hint) = hint {
        let hint = Schema::new_with_metadata(readable_fields(hint.fields()), hint.metadata().clone());
        pairs.push(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(&hint)));
    }
    Ok(parquet_to_arrow_schema(plain, Some(&pairs))?)
}

/// Fields without the dictionaries that the `parquet` crate does not read: views become strings, others plain values.
fn readable_fields(fields: &Fields) -> Fields {
    fields.iter().map(readable_field).collect()
}

fn readable_field(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(readable_fields(fields)),
        DataType::RunEndEncoded(_, values) => readable_field(values).data_type().clone(),
        DataType::Dictionary(index, values) => match values.as_ref() {
            DataType::Utf8View => DataType::Dictionary(index.clone(), Box::new(DataType::Utf8)),
            DataType::BinaryView => DataType::Dictionary(index.clone(), Box::new(DataType::Binary)),
            values if foreign_dictionary(field.data_type()) => values.clone(),
            _ => return field.clone(),
        },
        data_type => match item_of(data_type) {
            Some(item) => with_item(data_type, readable_field(item)),
            None => return field.clone(),
        },
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type).with_nullable(nullable(field)))
}

/// The leaves of a type, in the order of Parquet's columns.
fn leaf_types<'a>(data_type: &'a DataType, out: &mut Vec<&'a DataType>) {
    match data_type {
        DataType::Struct(fields) => fields.iter().for_each(|field| leaf_types(field.data_type(), out)),
        data_type => match item_of(data_type) {
            Some(item) => leaf_types(item.data_type(), out),
            None => out.push(data_type),
        },
    }
}

/// The unit that each INT96 column would be read in.
fn read_units(read: &Schema, leaves: &[Leaf]) -> Vec<(usize, TimeUnit)> {
    let mut types = Vec::new();
    read.fields().iter().for_each(|field| leaf_types(field.data_type(), &mut types));
    let leaves = leaves.iter().zip(types).enumerate().filter(|(_, (leaf, _))| **leaf == Leaf::Int96);
    let unit = |(at, (_, data_type)): (usize, (&Leaf, &DataType))| match data_type {
        DataType::Timestamp(unit, _) => (at, *unit),
        _ => (at, TimeUnit::Nanosecond),
    };
    leaves.map(unit).collect()
}

/// The fields with the INT96 columns in other units.
fn with_units<'a>(
    fields: &Fields,
    units: &mut impl Iterator<Item = &'a TimeUnit>,
    leaves: &mut impl Iterator<Item = &'a Leaf>,
) -> Fields {
    fields.iter().map(|field| Arc::new(with_unit(field, units, leaves))).collect()
}

fn with_unit<'a>(
    field: &Field,
    units: &mut dyn Iterator<Item = &'a TimeUnit>,
    leaves: &mut dyn Iterator<Item = &'a Leaf>,
) -> Field {
    let mut item = |item: &FieldRef| Arc::new(with_unit(item, units, leaves));
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(item).collect()),
        data_type => match (item_of(data_type), data_type) {
            (Some(list), _) => with_item(data_type, item(list)),
            (None, leaf) => match (leaves.next(), leaf) {
                (Some(Leaf::Int96), DataType::Timestamp(unit, zone)) => {
                    DataType::Timestamp(*units.next().unwrap_or(unit), zone.clone())
                }
                _ => leaf.clone(),
            },
        },
    };
    field.clone().with_data_type(data_type)
}

/// Goes through the fields that are read and those of the Arrow schema side by side.
struct Walk<'a> {
    leaves: std::slice::Iter<'a, Leaf>,
}

impl Walk<'_> {
    fn fields(&mut self, read: &Fields, hint: Option<&Fields>) -> Fields {
        let hint = hint.filter(|hint| hint.len() == read.len());
        let fields = read.iter().enumerate();
        fields.map(|(i, field)| self.field(field, hint.map(|hint| hint[i].as_ref()))).collect()
    }

    fn field(&mut self, read: &FieldRef, hint: Option<&Field>) -> FieldRef {
        let hinted = hint.map(Field::data_type);
        let mut extension = None;
        let data_type = match (read.data_type(), hinted) {
            (DataType::Struct(fields), hinted) => {
                let hint = match hinted {
                    Some(DataType::Struct(hint)) => Some(hint),
                    _ => None,
                };
                DataType::Struct(self.fields(fields, hint))
            }
            (read, hinted) => match item_of(read) {
                Some(item) => with_item(read, self.field(item, hinted.and_then(item_of).map(AsRef::as_ref))),
                None => {
                    let leaf = self.leaves.next();
                    extension = match leaf {
                        Some(Leaf::Uuid) => Some(UUID),
                        Some(Leaf::Json) => Some(JSON),
                        _ => None,
                    };
                    original(read, hinted, leaf == Some(&Leaf::Interval))
                }
            },
        };
        let mut field = read.as_ref().clone().with_data_type(data_type);
        if let Some(extension) = extension.filter(|_| field.extension_type_name().is_none()) {
            field.metadata_mut().insert(EXTENSION.to_owned(), extension.to_owned());
        }
        Arc::new(field)
    }
}

/// The type that a leaf is restored to, of what is read and what the Arrow schema says.
fn original(read: &DataType, hint: Option<&DataType>, interval: bool) -> DataType {
    use DataType::*;
    match (read, hint) {
        (FixedSizeBinary(12), Some(Interval(unit))) if interval => Interval(*unit),
        (FixedSizeBinary(12), _) if interval => Interval(IntervalUnit::MonthDayNano),
        (Timestamp(TimeUnit::Millisecond, zone), Some(Timestamp(TimeUnit::Second, own))) => {
            let is_zone = |zone: &Option<Arc<str>>| zone.as_ref().is_some_and(|zone| !zone.is_empty());
            let same = is_zone(zone) == is_zone(own);
            Timestamp(TimeUnit::Second, if same { own.clone() } else { zone.clone() })
        }
        (Time32(TimeUnit::Millisecond), Some(Time32(TimeUnit::Second))) => Time32(TimeUnit::Second),
        (Timestamp(TimeUnit::Millisecond, None), Some(Date64)) => Date64,
        (Dictionary(index, strings), Some(Dictionary(_, values))) => {
            match (strings.as_ref(), values.as_ref()) {
                (Utf8, Utf8View) | (Binary, BinaryView) => Dictionary(index.clone(), values.clone()),
                _ => read.clone(),
            }
        }
        _ => read.clone(),
    }
}
