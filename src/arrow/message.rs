//! The Arrow schema as an encapsulated IPC message. Reading it never trusts a byte: the conversion
//! of the `arrow` crate panics on unknown types and sizes.

use super::schema::arrow_schema;
use super::wrap;
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Schema as Physical;
use crate::format::schema_rules::MAX_DEPTH;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use arrow::ipc;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions, write_message};
use flatbuffers::VerifierOptions;
use std::collections::HashMap;
use std::sync::Arc;

/// Least bytes of a field in a message: its entry in the list of fields, the table's head, the places of its
/// name and its type. Flatbuffers may share tables and strings, so that a small message decodes into a large
/// schema; a charge for each use keeps that in proportion. Every writer that shares no tables stays above it.
const FIELD_BYTES: usize = 16;
/// Least bytes of a pair of metadata, likewise.
const PAIR_BYTES: usize = 16;
/// Most tables in one another in a message: a field and its type for each level of a column, and what is around them.
const MESSAGE_DEPTH: usize = 2 * MAX_DEPTH + 8;

/// An Arrow schema, with its metadata, as an encapsulated IPC message.
///
/// # Errors
/// `Type` if the schema does not fit such a message.
pub fn encode_schema(schema: &Schema) -> Result<Vec<u8>> {
    let options = IpcWriteOptions::default();
    let mut tracker = DictionaryTracker::new(false);
    let encoded = IpcDataGenerator {}.schema_to_bytes_with_dictionary_tracker(schema, &mut tracker, &options);
    let mut message = Vec::new();
    write_message(&mut message, encoded, &options).map_err(|e| wrap(ErrorKind::Type, e))?;
    Ok(message)
}

/// The message of the schema of a table of such nodes, once it has been seen to decode into that schema again; none if the
/// nodes say as much.
///
/// # Errors
/// As `encode_schema`; `Type` for a schema that a message does not hold as it is.
pub(crate) fn lasting_message(schema: &Schema, nodes: &Physical) -> Result<Option<Vec<u8>>> {
    if arrow_schema(nodes)? == *schema {
        return Ok(None);
    }
    let message = encode_schema(schema)?;
    let lost = |why: &str| {
        let what = format!("the Arrow schema does not come back from its IPC message: {why}");
        Error::new(ErrorKind::Type, what)
    };
    let back = decode_schema(&message).map_err(|e| lost(&e.to_string()))?;
    let changed = schema.fields().iter().zip(back.fields()).find(|(field, back)| field != back);
    if let Some((field, back)) = changed {
        return Err(lost(&format!("column \"{}\" is {field}, then {back}", field.name())));
    }
    if *back != *schema {
        return Err(lost("its number of columns or its metadata differs"));
    }
    Ok(Some(message))
}

/// The Arrow schema in an encapsulated IPC message.
///
/// # Errors
/// `Corrupt` if the message is damaged or has a type that the format does not hold.
pub fn decode_schema(message: &[u8]) -> Result<SchemaRef> {
    decode(message, usize::MAX)
}

/// The Arrow schema that belongs to a physical one, in an encapsulated IPC message. A field in memory takes many
/// times its bytes in a message, so there may be no more fields than nodes, of which the file holds a table.
pub(crate) fn decode_schema_of(message: &[u8], physical: &Physical) -> Result<SchemaRef> {
    decode(message, most_fields(physical))
}

/// The most fields of an Arrow schema that belongs to a physical one. A column of images is one node, and a list with an
/// item in Arrow; a run-end encoded one is two fields more than its node.
fn most_fields(physical: &Physical) -> usize {
    let below: usize = physical.lists().map(|(_, items)| most_fields(items)).sum();
    3 * physical.nodes().len() + below
}

/// Decodes a message of at most `fields` fields, those below others included.
fn decode(message: &[u8], fields: usize) -> Result<SchemaRef> {
    let body = message.strip_prefix(&[0xFF; 4]).unwrap_or(message);
    let (length, body) = body.split_first_chunk().ok_or_else(|| corrupt("is cut short"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| corrupt("is too long"))?;
    let body = body.get(..length).ok_or_else(|| corrupt("is cut short"))?;
    let options = VerifierOptions { max_depth: MESSAGE_DEPTH, ..VerifierOptions::default() };
    let root = ipc::root_as_message_with_opts(&options, body)
        .map_err(|e| corrupt(&format!("is damaged: {e}").replace('\n', " ")))?;
    let schema = root.header_as_schema().ok_or_else(|| corrupt("is no schema"))?;
    if schema.endianness() != ipc::Endianness::Little {
        return Err(corrupt("is of big-endian data"));
    }
    let mut budget = Budget { bytes: body.len(), fields };
    let fields = schema.fields().ok_or_else(|| corrupt("has no fields"))?;
    let fields = fields.iter().map(|f| field(f, &mut budget)).collect::<Result<Fields>>()?;
    let mut metadata = HashMap::new();
    for pair in schema.custom_metadata().iter().flatten() {
        budget.insert(&mut metadata, pair)?;
    }
    Ok(Arc::new(Schema::new_with_metadata(fields, metadata)))
}

fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("the Arrow schema message {what}"))
}

/// The rest that a message may use: bytes that have not been accounted for, and fields.
struct Budget {
    bytes: usize,
    fields: usize,
}

impl Budget {
    fn charge(&mut self, bytes: usize) -> Result<()> {
        self.bytes =
            self.bytes.checked_sub(bytes).ok_or_else(|| corrupt("uses the same bytes many times"))?;
        Ok(())
    }

    fn field(&mut self) -> Result<()> {
        self.fields = self.fields.checked_sub(1).ok_or_else(|| corrupt("has more fields than the file"))?;
        self.charge(FIELD_BYTES)
    }

    fn string(&mut self, string: Option<&str>) -> Result<String> {
        let string = string.unwrap_or_default();
        self.charge(string.len())?;
        Ok(string.to_owned())
    }

    fn insert(&mut self, map: &mut HashMap<String, String>, pair: ipc::KeyValue) -> Result<()> {
        self.charge(PAIR_BYTES)?;
        map.insert(self.string(pair.key())?, self.string(pair.value())?);
        Ok(())
    }
}

fn field(fb: ipc::Field, budget: &mut Budget) -> Result<FieldRef> {
    budget.field()?;
    let name = budget.string(fb.name())?;
    let refuse = || corrupt(&format!("gives field \"{name}\" a type that is not held"));
    let mut data_type = data_type(&fb, budget)?.ok_or_else(refuse)?;
    let dictionary = fb.dictionary();
    if let Some(dictionary) = &dictionary {
        let index = dictionary.indexType().and_then(integer).ok_or_else(refuse)?;
        data_type = DataType::Dictionary(Box::new(index), Box::new(data_type));
    }
    let mut metadata = HashMap::new();
    for pair in fb.custom_metadata().iter().flatten() {
        budget.insert(&mut metadata, pair)?;
    }
    let ordered = dictionary.is_some_and(|d| d.isOrdered());
    let field = Field::new(name, data_type, fb.nullable()).with_dict_is_ordered(ordered);
    Ok(Arc::new(field.with_metadata(metadata)))
}

fn integer(int: ipc::Int) -> Option<DataType> {
    Some(match (int.bitWidth(), int.is_signed()) {
        (8, true) => DataType::Int8,
        (16, true) => DataType::Int16,
        (32, true) => DataType::Int32,
        (64, true) => DataType::Int64,
        (8, false) => DataType::UInt8,
        (16, false) => DataType::UInt16,
        (32, false) => DataType::UInt32,
        (64, false) => DataType::UInt64,
        _ => return None,
    })
}

fn time_unit(unit: ipc::TimeUnit) -> Option<TimeUnit> {
    Some(match unit {
        ipc::TimeUnit::SECOND => TimeUnit::Second,
        ipc::TimeUnit::MILLISECOND => TimeUnit::Millisecond,
        ipc::TimeUnit::MICROSECOND => TimeUnit::Microsecond,
        ipc::TimeUnit::NANOSECOND => TimeUnit::Nanosecond,
        _ => return None,
    })
}

/// The type of a field, dictionary aside; none for types and sizes that are not held.
fn data_type(fb: &ipc::Field, budget: &mut Budget) -> Result<Option<DataType>> {
    let children = fb.children();
    Ok(match fb.type_type() {
        ipc::Type::Struct_ => {
            let fields = children.iter().flatten().map(|f| field(f, budget)).collect::<Result<Fields>>()?;
            Some(DataType::Struct(fields))
        }
        ipc::Type::FixedSizeList => match fb.type_as_fixed_size_list() {
            Some(list) => only(fb, budget)?.map(|item| DataType::FixedSizeList(item, list.listSize())),
            None => None,
        },
        ipc::Type::List => only(fb, budget)?.map(DataType::List),
        ipc::Type::LargeList => only(fb, budget)?.map(DataType::LargeList),
        ipc::Type::ListView => only(fb, budget)?.map(DataType::ListView),
        ipc::Type::LargeListView => only(fb, budget)?.map(DataType::LargeListView),
        ipc::Type::Map => match fb.type_as_map() {
            Some(map) => only(fb, budget)?.map(|entries| DataType::Map(entries, map.keysSorted())),
            None => None,
        },
        ipc::Type::RunEndEncoded => match children {
            Some(parts) if parts.len() == 2 => run_ends(parts.get(0), budget)?
                .map(|ends| Ok(DataType::RunEndEncoded(ends, field(parts.get(1), budget)?)))
                .transpose()?,
            _ => None,
        },
        ipc::Type::Timestamp => match fb.type_as_timestamp() {
            Some(t) => {
                let zone = t.timezone().map(|z| budget.string(Some(z))).transpose()?;
                time_unit(t.unit()).map(|unit| DataType::Timestamp(unit, zone.map(Into::into)))
            }
            None => None,
        },
        _ => leaf(fb),
    })
}

/// The only child of a field; none if it has another number of them.
fn only(fb: &ipc::Field, budget: &mut Budget) -> Result<Option<FieldRef>> {
    let children = fb.children().filter(|children| children.len() == 1);
    children.map(|children| field(children.get(0), budget)).transpose()
}

/// The run ends of an encoded type; none if they are of no type for them.
fn run_ends(fb: ipc::Field, budget: &mut Budget) -> Result<Option<FieldRef>> {
    let ends = field(fb, budget)?;
    let known = matches!(ends.data_type(), DataType::Int16 | DataType::Int32 | DataType::Int64);
    Ok(Some(ends).filter(|ends| known && !ends.is_nullable()))
}

fn leaf(fb: &ipc::Field) -> Option<DataType> {
    Some(match fb.type_type() {
        ipc::Type::Null => DataType::Null,
        ipc::Type::Bool => DataType::Boolean,
        ipc::Type::Int => integer(fb.type_as_int()?)?,
        ipc::Type::FloatingPoint => match fb.type_as_floating_point()?.precision() {
            ipc::Precision::HALF => DataType::Float16,
            ipc::Precision::SINGLE => DataType::Float32,
            ipc::Precision::DOUBLE => DataType::Float64,
            _ => return None,
        },
        ipc::Type::Decimal => {
            let decimal = fb.type_as_decimal()?;
            let (precision, scale) = (decimal.precision().try_into().ok()?, decimal.scale().try_into().ok()?);
            match decimal.bitWidth() {
                32 => DataType::Decimal32(precision, scale),
                64 => DataType::Decimal64(precision, scale),
                128 => DataType::Decimal128(precision, scale),
                256 => DataType::Decimal256(precision, scale),
                _ => return None,
            }
        }
        ipc::Type::Date => match fb.type_as_date()?.unit() {
            ipc::DateUnit::DAY => DataType::Date32,
            ipc::DateUnit::MILLISECOND => DataType::Date64,
            _ => return None,
        },
        ipc::Type::Time => {
            let time = fb.type_as_time()?;
            match (time.bitWidth(), time_unit(time.unit())?) {
                (32, unit) => DataType::Time32(unit),
                (64, unit) => DataType::Time64(unit),
                _ => return None,
            }
        }
        ipc::Type::Duration => DataType::Duration(time_unit(fb.type_as_duration()?.unit())?),
        ipc::Type::Interval => DataType::Interval(match fb.type_as_interval()?.unit() {
            ipc::IntervalUnit::YEAR_MONTH => IntervalUnit::YearMonth,
            ipc::IntervalUnit::DAY_TIME => IntervalUnit::DayTime,
            ipc::IntervalUnit::MONTH_DAY_NANO => IntervalUnit::MonthDayNano,
            _ => return None,
        }),
        ipc::Type::FixedSizeBinary => DataType::FixedSizeBinary(fb.type_as_fixed_size_binary()?.byteWidth()),
        ipc::Type::Utf8 => DataType::Utf8,
        ipc::Type::LargeUtf8 => DataType::LargeUtf8,
        ipc::Type::Utf8View => DataType::Utf8View,
        ipc::Type::Binary => DataType::Binary,
        ipc::Type::LargeBinary => DataType::LargeBinary,
        ipc::Type::BinaryView => DataType::BinaryView,
        _ => return None,
    })
}
