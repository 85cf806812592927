//! What a type is made of, and whether its items lie beside their row or in a table of their own.

use arrow::datatypes::{DataType, Field, FieldRef};

/// Most items a row of fixed-size lists whose items are stored as columns of the row. More are rows of a table of items:
/// that costs the same few bytes for any number of them.
const ROW_ITEMS: u64 = 16;

/// What a type is made of.
pub(crate) enum Nesting<'a> {
    /// Nothing below it.
    Leaf,
    /// Parts side by side.
    Struct(&'a [FieldRef]),
    /// As many items in each row, columns of the row.
    Fixed(&'a FieldRef),
    /// Items in a table of their own.
    List(&'a FieldRef),
}

impl<'a> Nesting<'a> {
    /// What a type is made of, as it is stored.
    pub fn new(data_type: &'a DataType) -> Self {
        match unencoded(data_type) {
            DataType::Struct(fields) => Self::Struct(fields),
            DataType::FixedSizeList(item, _) if is_fixed(unencoded(data_type)) => Self::Fixed(item),
            other => item_of(other).map_or(Self::Leaf, Self::List),
        }
    }
}

/// The item of lists of any kind.
pub(crate) fn item_of(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => Some(item),
        _ => None,
    }
}

/// Lists of the same kind with another item; other types as they are.
pub(crate) fn with_item(data_type: &DataType, item: FieldRef) -> DataType {
    match data_type {
        DataType::List(_) => DataType::List(item),
        DataType::LargeList(_) => DataType::LargeList(item),
        DataType::ListView(_) => DataType::ListView(item),
        DataType::LargeListView(_) => DataType::LargeListView(item),
        DataType::FixedSizeList(_, length) => DataType::FixedSizeList(item, *length),
        DataType::Map(_, sorted) => DataType::Map(item, *sorted),
        other => other.clone(),
    }
}

/// The fields right below a type, run ends aside.
pub(crate) fn children(data_type: &DataType) -> &[FieldRef] {
    match Nesting::new(data_type) {
        Nesting::Leaf => &[],
        Nesting::Struct(fields) => fields,
        Nesting::Fixed(item) | Nesting::List(item) => std::slice::from_ref(item),
    }
}

/// A type without its run ends.
pub(crate) fn unencoded(mut data_type: &DataType) -> &DataType {
    while let DataType::RunEndEncoded(_, values) = data_type {
        data_type = values.data_type();
    }
    data_type
}

/// True if values of the field may be null. Nulls are all that a field of type Null has, and those of runs are in their
/// values.
pub(crate) fn nullable(field: &Field) -> bool {
    let below = match field.data_type() {
        DataType::Null => true,
        DataType::RunEndEncoded(_, values) => nullable(values),
        _ => false,
    };
    field.is_nullable() || below
}

/// True if the items of a fixed-size list are columns of the row: some, not many, and of fixed width.
fn is_fixed(list: &DataType) -> bool {
    items(list).is_some_and(|items| (1..=ROW_ITEMS).contains(&items))
}

/// Values a row of a type of fixed width; none of others.
fn items(data_type: &DataType) -> Option<u64> {
    use DataType::*;
    match data_type {
        FixedSizeList(item, length) => {
            Some(items(item.data_type())?.saturating_mul(u64::try_from(*length).ok()?))
        }
        Boolean | FixedSizeBinary(_) => Some(1),
        other => other.primitive_width().map(|_| 1),
    }
}
