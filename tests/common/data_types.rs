//! Arrow types at random.

use arrow::datatypes::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

/// Any type that is held, nested at most three deep.
pub fn data_type() -> impl Strategy<Value = DataType> {
    let leaf = prop_oneof![
        proptest::sample::select(fixed_width()),
        proptest::sample::select(strings()),
        Just(DataType::Null),
        (proptest::sample::select(integers()), proptest::sample::select([fixed_width(), strings()].concat()))
            .prop_map(|(index, values)| DataType::Dictionary(Box::new(index), Box::new(values))),
    ];
    let list = |item: DataType, nullable, length| {
        DataType::FixedSizeList(Arc::new(Field::new("item", item, nullable)), length)
    };
    let lists = (proptest::sample::select(fixed_width()), any::<bool>(), 0..20i32, 0..3u8);
    let lists = lists.prop_map(move |(item, nullable, length, twice)| {
        let inner = list(item, nullable, length);
        if twice == 0 { list(inner, !nullable, 2) } else { inner }
    });
    prop_oneof![4 => leaf, 1 => lists].prop_recursive(3, 8, 3, |inner| {
        let parts = vec((inner.clone(), any::<bool>()), 0..4).prop_map(|children| {
            let child = |(i, (t, nullable)): (usize, (DataType, bool))| {
                let nullable = nullable || only_nulls(&t);
                Field::new(format!("f{i}"), t, nullable)
            };
            DataType::Struct(children.into_iter().enumerate().map(child).collect())
        });
        prop_oneof![2 => parts, 3 => any_list(inner.clone()), 1 => encoded(inner)]
    })
}

/// Lists of any kind of an item.
fn any_list(item: impl Strategy<Value = DataType> + Clone + 'static) -> impl Strategy<Value = DataType> {
    let key = prop_oneof![proptest::sample::select(fixed_width()), proptest::sample::select(strings())];
    (item, key, any::<bool>(), 0..7u8, 0..4i32).prop_map(|(item, key, nullable, kind, length)| {
        let nullable = nullable || only_nulls(&item);
        let field = Arc::new(Field::new("item", item, nullable));
        match kind {
            0 | 1 => DataType::List(field),
            2 => DataType::LargeList(field),
            3 => DataType::ListView(field),
            4 => DataType::LargeListView(field),
            5 => DataType::FixedSizeList(field, length),
            _ => {
                let value = field.as_ref().clone().with_name("values");
                let entries = vec![Field::new("keys", key, false), value];
                let entries = Field::new("entries", DataType::Struct(entries.into()), false);
                DataType::Map(Arc::new(entries), false)
            }
        }
    })
}

fn only_nulls(data_type: &DataType) -> bool {
    match data_type {
        DataType::RunEndEncoded(_, values) => only_nulls(values.data_type()),
        other => other == &DataType::Null,
    }
}

/// Run-end encoded values.
fn encoded(values: impl Strategy<Value = DataType> + Clone + 'static) -> impl Strategy<Value = DataType> {
    let ends = proptest::sample::select(vec![DataType::Int16, DataType::Int32, DataType::Int64]);
    (values, ends).prop_map(|(values, ends)| {
        if let DataType::RunEndEncoded(..) = values {
            return values;
        }
        let ends = Field::new("run_ends", ends, false);
        DataType::RunEndEncoded(Arc::new(ends), Arc::new(Field::new("values", values, true)))
    })
}

/// The integer types.
pub fn integers() -> Vec<DataType> {
    use DataType::*;
    vec![Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64]
}

/// The string types.
pub fn strings() -> Vec<DataType> {
    use DataType::*;
    vec![Utf8, LargeUtf8, Utf8View, Binary, LargeBinary, BinaryView]
}

/// The types of fixed width.
pub fn fixed_width() -> Vec<DataType> {
    use DataType::*;
    let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let mut types = integers();
    types.extend([Boolean, Float16, Float32, Float64, Date32, Date64]);
    types.extend([Time32(units[0]), Time32(units[1]), Time64(units[2]), Time64(units[3])]);
    types.extend(units.map(|unit| Timestamp(unit, None)));
    types.extend(units.map(|unit| Timestamp(unit, Some("Europe/Berlin".into()))));
    types.push(Timestamp(TimeUnit::Millisecond, Some("-03:30".into())));
    types.extend(units.map(Duration));
    types.extend([IntervalUnit::YearMonth, IntervalUnit::DayTime, IntervalUnit::MonthDayNano].map(Interval));
    types.extend([Decimal32(9, 2), Decimal32(4, -1), Decimal64(18, 6), Decimal64(11, 0), Decimal128(38, 10)]);
    types.extend([Decimal128(5, 5), Decimal256(76, 10), Decimal256(40, -3)]);
    types.extend([FixedSizeBinary(1), FixedSizeBinary(7)]);
    types
}
