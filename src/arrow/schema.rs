//! Arrow types and the physical nodes that hold them.

use super::images::{image_field, image_shape};
use super::nesting::{Nesting, children, nullable, unencoded};
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Kind;
use crate::format::schema::Node;
use crate::format::schema::Schema;
use crate::format::schema_builder::SchemaBuilder;
use crate::format::schema_rules::MAX_DEPTH;
use arrow::datatypes::{
    DECIMAL32_MAX_PRECISION, DECIMAL64_MAX_PRECISION, DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION,
    DataType, Field, FieldRef, Fields, IntervalUnit, Schema as ArrowSchema, TimeUnit,
};
use std::sync::Arc;

/// Bytes of a decimal of 256 bits.
pub(crate) const DECIMAL256_BYTES: u32 = 32;

/// The physical schema of an Arrow schema: a node for every column, and below it one for every
/// child of a struct and the item of a fixed-size list.
///
/// Lists, list views and maps (lists of structs of a key and a value) are lists, whose items have a schema of their own;
/// so are fixed-size lists but for those of some, at most 16, values of fixed width. Runs and dictionaries are stored as
/// their values. A decimal of 256 bits is 32 bytes, the lowest first, of `2 n` for its integer `n` if that is not negative,
/// else of `-2 n - 1`.
///
/// # Errors
/// `Type` for a type that the format does not hold, with the column's path and what to do.
pub fn physical_schema(arrow: &ArrowSchema) -> Result<Schema> {
    let mut builder = SchemaBuilder::default();
    for field in arrow.fields() {
        push(&mut builder, None, field, &Place { path: field.name(), depth: 1 })?;
    }
    Ok(builder.finish())
}

/// Where a field is.
struct Place<'a> {
    path: &'a str,
    /// Levels, its own among them.
    depth: usize,
}

impl Place<'_> {
    /// The same place, for an error.
    fn at(&self, error: Error) -> Error {
        if self.depth > 1 { error.at(format!("column \"{}\"", self.path)) } else { error }
    }
}

fn push(builder: &mut SchemaBuilder, parent: Option<usize>, field: &Field, place: &Place) -> Result<()> {
    let data_type = field.data_type();
    let path = place.path;
    if let (1, Some(shape)) = (place.depth, image_shape(field)) {
        return builder.push_image(field.name(), shape).map(drop);
    }
    let shape = Shape::from_type(data_type).map_err(|advice| {
        Error::new(ErrorKind::Type, format!("column \"{path}\": type {data_type} is not held; {advice}"))
    })?;
    if place.depth > MAX_DEPTH {
        return Err(Error::new(
            ErrorKind::Type,
            format!("column \"{path}\" is nested deeper than {MAX_DEPTH} levels; flatten it"),
        ));
    }
    let below = |builder: &mut SchemaBuilder, parent: Option<usize>, child: &Field| {
        let path = format!("{path}.{}", child.name());
        push(builder, parent, child, &Place { path: &path, depth: place.depth + 1 })
    };
    if let Nesting::List(item) = Nesting::new(data_type) {
        let mut items = SchemaBuilder::default();
        below(&mut items, None, item)?;
        let list = builder.push_list(parent, field.name(), nullable(field), items.finish());
        return list.map(drop).map_err(|e| place.at(e));
    }
    let node = builder.push(parent, field.name(), shape.kind, nullable(field), shape.bits, shape.length);
    let node = node.map_err(|e| place.at(e))?;
    builder.unit(shape.unit);
    builder.decimal(shape.precision, shape.scale);
    children(data_type).iter().try_for_each(|child| below(builder, Some(node), child))
}

/// The schema of the items of a list.
///
/// # Errors
/// As `physical_schema`.
pub(crate) fn item_schema(item: &Field) -> Result<Schema> {
    let mut builder = SchemaBuilder::default();
    push(&mut builder, None, item, &Place { path: item.name(), depth: 2 })?;
    Ok(builder.finish())
}

/// The plain Arrow schema of a physical one, for files that were written without Arrow. Columns that need a feature which
/// this reader does not know have the type Null.
///
/// # Errors
/// `Corrupt` for a unit or a decimal that no Arrow type has.
pub fn arrow_schema(schema: &Schema) -> Result<ArrowSchema> {
    let below = below(schema);
    let fields =
        schema.columns().map(|column| plain_field(schema, &below, column, 1)).collect::<Result<Fields>>()?;
    Ok(ArrowSchema::new(fields))
}

/// For every node the nodes right below it, in order.
pub(crate) fn below(schema: &Schema) -> Vec<Vec<usize>> {
    let mut below = vec![Vec::new(); schema.nodes().len()];
    for (index, node) in schema.nodes().iter().enumerate() {
        if let Some(siblings) = node.parent.and_then(|p| below.get_mut(p)) {
            siblings.push(index);
        }
    }
    below
}

fn plain_field(schema: &Schema, below: &[Vec<usize>], index: usize, depth: usize) -> Result<FieldRef> {
    let node = &schema.nodes()[index];
    if let Some(shape) = node.image {
        return Ok(Arc::new(image_field(&node.name, shape)));
    }
    let refuse = |what: &str| Error::corrupt(format!("column \"{}\": {what}", node.name));
    if depth > MAX_DEPTH {
        return Err(refuse(&format!("nested deeper than {MAX_DEPTH} levels")));
    }
    if node.kind == Kind::Unknown {
        return Ok(Arc::new(Field::new(&node.name, DataType::Null, true)));
    }
    let mut fields = below[index].iter().map(|&i| plain_field(schema, below, i, depth + 1));
    let data_type = match node.kind {
        Kind::Struct => DataType::Struct(fields.collect::<Result<_>>()?),
        Kind::FixedList => {
            let item = fields.next().ok_or_else(|| refuse("a list without an item"))??;
            let length = i32::try_from(node.length).map_err(|_| refuse("a list of more than 2^31 items"))?;
            DataType::FixedSizeList(item, length)
        }
        Kind::List => {
            let items = node.items.as_deref().filter(|items| items.columns().eq([0]));
            let items = items.ok_or_else(|| refuse("a list without an item"))?;
            DataType::List(plain_field(items, &self::below(items), 0, depth + 1)?)
        }
        _ => plain_leaf(node).filter(|t| holds(t, node)).ok_or_else(|| {
            refuse(&format!(
                "no type is {:?} of {} bits with unit {}, precision {} and scale {}",
                node.kind, node.bits, node.unit, node.precision, node.scale
            ))
        })?,
    };
    Ok(Arc::new(Field::new(&node.name, data_type, node.nullable)))
}

fn plain_leaf(node: &Node) -> Option<DataType> {
    use DataType::*;
    let scale = i8::try_from(node.scale).ok()?;
    let time = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond]
        [usize::from(node.unit % 4)];
    Some(match (node.kind, node.bits, node.unit) {
        (Kind::Bool, ..) => Boolean,
        (Kind::Unsigned, 8, _) => UInt8,
        (Kind::Unsigned, 16, _) => UInt16,
        (Kind::Unsigned, 32, _) => UInt32,
        (Kind::Unsigned, 64, _) => UInt64,
        (Kind::Signed, 8, 0) => Int8,
        (Kind::Signed, 16, 0) => Int16,
        (Kind::Signed, 32, 0) => Int32,
        (Kind::Signed, 64, 0) => Int64,
        (Kind::Signed, 32, 1) => Date32,
        (Kind::Signed, 64, 2) => Date64,
        (Kind::Signed, 32, 4..=5) => Time32(time),
        (Kind::Signed, 64, 6..=7) => Time64(time),
        (Kind::Signed, 64, 8..=11) => Timestamp(time, None),
        (Kind::Signed, 64, 12..=15) => Duration(time),
        (Kind::Signed, 32, 16) => Interval(IntervalUnit::YearMonth),
        (Kind::Float, 16, _) => Float16,
        (Kind::Float, 32, _) => Float32,
        (Kind::Float, 64, _) => Float64,
        (Kind::Decimal, 32, _) => Decimal32(node.digits(), scale),
        (Kind::Decimal, 64, _) => Decimal64(node.digits(), scale),
        (Kind::Decimal, 128, _) => Decimal128(node.digits(), scale),
        (Kind::Interval, 64, _) => Interval(IntervalUnit::DayTime),
        (Kind::Interval, 128, _) => Interval(IntervalUnit::MonthDayNano),
        (Kind::FixedBytes, ..) => FixedSizeBinary(i32::try_from(node.length).ok()?),
        (Kind::Bytes, ..) => Binary,
        (Kind::Text, ..) => Utf8,
        _ => return None,
    })
}

/// True if a node has the values of a type. Fixed-size lists are stored in two ways, and files hold more in columns of
/// their rows than importers put there: many items, none, structs.
pub(crate) fn holds(data_type: &DataType, node: &Node) -> bool {
    let shape = match unencoded(data_type) {
        DataType::FixedSizeList(_, length) if node.kind == Kind::FixedList => {
            let length = u32::try_from(*length).ok();
            length.map(|length| Shape { length, ..Shape::new(Kind::FixedList, 0) })
        }
        DataType::FixedSizeList(..) => Some(Shape::LIST),
        other => Shape::from_type(other).ok(),
    };
    shape.is_some_and(|shape| shape.fits(node))
}

/// The part of a type that the physical schema holds.
pub(crate) struct Shape {
    kind: Kind,
    bits: u16,
    length: u32,
    unit: u8,
    precision: u8,
    scale: i16,
}

impl Shape {
    const LIST: Self = Self::new(Kind::List, 64);

    const fn new(kind: Kind, bits: u16) -> Self {
        Self { kind, bits, length: 0, unit: 0, precision: 0, scale: 0 }
    }

    fn signed(bits: u16, unit: u8) -> Self {
        Self { unit, ..Self::new(Kind::Signed, bits) }
    }

    fn decimal(bits: u16, precision: u8, max: u8, scale: i8) -> std::result::Result<Self, &'static str> {
        if precision == 0 || precision > max || (scale > 0 && scale as u8 > precision) {
            return Err("its precision or scale is out of range");
        }
        Ok(Self { precision, scale: i16::from(scale), ..Self::new(Kind::Decimal, bits) })
    }

    /// The shape of a type's own node, or what to do about a type that is not held.
    pub(crate) fn from_type(data_type: &DataType) -> std::result::Result<Self, &'static str> {
        use DataType::*;
        Ok(match data_type {
            Null | Boolean => Self::new(Kind::Bool, 1),
            UInt8 => Self::new(Kind::Unsigned, 8),
            UInt16 => Self::new(Kind::Unsigned, 16),
            UInt32 => Self::new(Kind::Unsigned, 32),
            UInt64 => Self::new(Kind::Unsigned, 64),
            Int8 => Self::new(Kind::Signed, 8),
            Int16 => Self::new(Kind::Signed, 16),
            Int32 => Self::new(Kind::Signed, 32),
            Int64 => Self::new(Kind::Signed, 64),
            Float16 => Self::new(Kind::Float, 16),
            Float32 => Self::new(Kind::Float, 32),
            Float64 => Self::new(Kind::Float, 64),
            Date32 => Self::signed(32, 1),
            Date64 => Self::signed(64, 2),
            Time32(unit @ (TimeUnit::Second | TimeUnit::Millisecond)) => Self::signed(32, 4 + number(*unit)),
            Time64(unit @ (TimeUnit::Microsecond | TimeUnit::Nanosecond)) => {
                Self::signed(64, 4 + number(*unit))
            }
            Time32(_) | Time64(_) => return Err("seconds and ms are 32 bits wide, us and ns 64"),
            Timestamp(unit, _) => Self::signed(64, 8 + number(*unit)),
            Duration(unit) => Self::signed(64, 12 + number(*unit)),
            Interval(IntervalUnit::YearMonth) => Self::signed(32, 16),
            Interval(IntervalUnit::DayTime) => Self::new(Kind::Interval, 64),
            Interval(IntervalUnit::MonthDayNano) => Self::new(Kind::Interval, 128),
            Decimal32(precision, scale) => Self::decimal(32, *precision, DECIMAL32_MAX_PRECISION, *scale)?,
            Decimal64(precision, scale) => Self::decimal(64, *precision, DECIMAL64_MAX_PRECISION, *scale)?,
            Decimal128(precision, scale) => Self::decimal(128, *precision, DECIMAL128_MAX_PRECISION, *scale)?,
            Utf8 | LargeUtf8 | Utf8View => Self::new(Kind::Text, 0),
            Binary | LargeBinary | BinaryView => Self::new(Kind::Bytes, 0),
            FixedSizeBinary(length) => match u32::try_from(*length) {
                Ok(length) => Self { length, ..Self::new(Kind::FixedBytes, 8) },
                Err(_) => return Err("its length is negative"),
            },
            Decimal256(precision, scale) => {
                // Its precision and scale are those of the Arrow schema alone.
                Self::decimal(128, *precision, DECIMAL256_MAX_PRECISION, *scale)?;
                Self { length: DECIMAL256_BYTES, ..Self::new(Kind::FixedBytes, 8) }
            }
            Dictionary(_, values) => match values.as_ref() {
                values if Self::is_single(values) => Self::from_type(values)?,
                _ => return Err("dictionaries of numbers and strings are; cast it to its value type"),
            },
            FixedSizeList(_, length) if *length < 0 => return Err("its length is negative"),
            FixedSizeList(_, length) => match Nesting::new(data_type) {
                Nesting::Fixed(_) => Self { length: *length as u32, ..Self::new(Kind::FixedList, 0) },
                _ => Self::LIST,
            },
            Map(entries, _) => match entries.data_type() {
                Struct(parts) if parts.len() == 2 && !nullable(entries) && !parts[0].is_nullable() => {
                    Self::LIST
                }
                _ => return Err("the entries of a map are structs of a key, never null, and a value"),
            },
            List(_) | LargeList(_) | ListView(_) | LargeListView(_) => Self::LIST,
            Struct(_) => Self::new(Kind::Struct, 0),
            RunEndEncoded(_, values) if matches!(values.data_type(), RunEndEncoded(..)) => {
                return Err("its values have run ends, too: expand one of them");
            }
            RunEndEncoded(_, values) => Self::from_type(values.data_type())?,
            Union(..) => return Err("use a struct with one nullable field a type"),
        })
    }

    /// True for types of one value or string, as those of dictionaries are.
    fn is_single(values: &DataType) -> bool {
        let leaf = matches!(Nesting::new(values), Nesting::Leaf);
        leaf && !matches!(
            values,
            DataType::Null
                | DataType::Dictionary(..)
                | DataType::RunEndEncoded(..)
                | DataType::FixedSizeBinary(0)
        )
    }

    /// True if a node has this shape.
    pub(crate) fn fits(&self, node: &Node) -> bool {
        (node.kind, node.bits, node.length, node.unit) == (self.kind, self.bits, self.length, self.unit)
            && (node.digits(), node.scale) == (self.precision, self.scale)
    }
}

fn number(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    }
}
