//! Random tables of every Arrow type that the format holds: slices of larger batches, nulls at every
//! level with garbage beneath them, dictionaries that differ from batch to batch.

#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

#[path = "data_types.rs"]
mod data_types;

use arrow::array::*;
use arrow::buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::*;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

pub use data_types::*;

/// Batches of one random schema, at least one; any of them may be empty.
pub fn tables() -> impl Strategy<Value = Vec<RecordBatch>> {
    (vec(data_type(), 0..6), vec(0..70usize, 1..4), metadata(), any::<u64>()).prop_map(
        |(types, rows, metadata, seed)| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let fields = types.iter().enumerate().map(|(i, t)| {
                let field = Field::new(format!("c{i}"), t.clone(), rng.random_bool(0.7));
                field.with_metadata(metadata.clone()).with_dict_is_ordered(rng.random())
            });
            let fields: Fields = fields.collect();
            let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
            rows.into_iter().map(|rows| batch(&mut rng, &schema, rows)).collect()
        },
    )
}

fn metadata() -> impl Strategy<Value = std::collections::HashMap<String, String>> {
    hash_map("[a-z]{0,4}", "\\PC{0,6}", 0..3)
}

/// A batch of a schema, sliced out of a larger one.
pub fn batch(rng: &mut ChaCha8Rng, schema: &SchemaRef, rows: usize) -> RecordBatch {
    let (before, after) = (rng.random_range(0..10usize), rng.random_range(0..3usize));
    let total = before + rows + after;
    let columns = schema.fields().iter().map(|f| array(rng, f.data_type(), f.is_nullable(), None, total));
    let options = RecordBatchOptions::new().with_row_count(Some(total));
    let all = RecordBatch::try_new_with_options(schema.clone(), columns.collect(), &options).unwrap();
    all.slice(before, rows)
}

/// The item of lists of any kind.
pub fn item_of(data_type: &DataType) -> Option<&FieldRef> {
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

/// Run-end encoded values, one a row.
pub fn plain(array: &ArrayRef) -> ArrayRef {
    fn plain<R: RunEndIndexType>(array: &dyn Array) -> ArrayRef {
        let runs: &RunArray<R> = array.as_run();
        let rows: Vec<R::Native> = (0..runs.len()).map(R::Native::usize_as).collect();
        let data = runs.values().to_data();
        let mut out = MutableArrayData::new(vec![&data], false, runs.len());
        for row in runs.get_physical_indices(&rows).unwrap() {
            out.try_extend(0, row, row + 1).unwrap();
        }
        make_array(out.freeze())
    }
    let DataType::RunEndEncoded(ends, _) = array.data_type() else { panic!("no runs") };
    match ends.data_type() {
        DataType::Int16 => plain::<Int16Type>(array),
        DataType::Int32 => plain::<Int32Type>(array),
        _ => plain::<Int64Type>(array),
    }
}

/// Rows of a batch, in any order. Arrow's own `take` forgets how many lists of no items there are.
pub fn take(batch: &RecordBatch, rows: &[u64]) -> RecordBatch {
    let columns = batch.columns().iter().map(|column| {
        let data = column.to_data();
        let mut out = MutableArrayData::new(vec![&data], false, rows.len());
        rows.iter().for_each(|&row| out.try_extend(0, row as usize, row as usize + 1).unwrap());
        make_array(out.freeze())
    });
    RecordBatch::try_new(batch.schema(), columns.collect()).unwrap()
}

/// A random array, a slice of a longer one. `around` are the nulls of the struct or list it is in: a
/// child that may have no nulls may have them there.
pub fn array(
    rng: &mut ChaCha8Rng,
    data_type: &DataType,
    nullable: bool,
    around: Option<&NullBuffer>,
    len: usize,
) -> ArrayRef {
    let nulls = match (nullable, around) {
        (true, _) => match rng.random_range(0..4u8) {
            0 => None,
            1 => Some(NullBuffer::new_null(len)),
            _ => {
                let share = rng.random::<f64>();
                Some(NullBuffer::from_iter((0..len).map(|_| rng.random_bool(share))))
            }
        },
        (false, Some(around)) if rng.random() => Some(around.clone()),
        (false, _) => None,
    };
    match data_type {
        DataType::Null => Arc::new(NullArray::new(len)),
        DataType::Struct(fields) if fields.is_empty() => Arc::new(StructArray::new_empty_fields(len, nulls)),
        DataType::Struct(fields) => {
            let children =
                fields.iter().map(|f| array(rng, f.data_type(), f.is_nullable(), nulls.as_ref(), len));
            let children = children.collect();
            Arc::new(StructArray::new(fields.clone(), children, nulls))
        }
        DataType::FixedSizeList(item, size) => {
            let around = nulls.as_ref().map(|n| n.expand(*size as usize));
            let items = len * *size as usize;
            let items = array(rng, item.data_type(), item.is_nullable(), around.as_ref(), items);
            let list = FixedSizeListArray::try_new_with_length(item.clone(), *size, items, nulls, len);
            Arc::new(list.unwrap())
        }
        DataType::List(item) | DataType::ListView(item) => lists::<i32>(rng, data_type, item, nulls, len),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            lists::<i64>(rng, data_type, item, nulls, len)
        }
        DataType::Map(entries, _) => {
            let list = lists::<i32>(rng, &DataType::List(entries.clone()), entries, nulls, len);
            make_array(list.to_data().into_builder().data_type(data_type.clone()).build().unwrap())
        }
        DataType::RunEndEncoded(ends, values) => {
            let (before, mut at, mut all) = (rng.random_range(0..4usize), 0, Vec::new());
            while at < before + len {
                at += rng.random_range(1..5usize);
                all.push(at as i64);
            }
            let values = array(rng, values.data_type(), nullable && values.is_nullable(), None, all.len());
            let ends = cast(&Int64Array::from(all), ends.data_type()).unwrap();
            let data = ArrayData::builder(data_type.clone()).len(at);
            let data = data.add_child_data(ends.to_data()).add_child_data(values.to_data());
            make_array(data.build().unwrap()).slice(before, len)
        }
        DataType::Dictionary(index, values) => {
            let distinct = rng.random_range(1..20usize);
            let nulls_too = nullable && rng.random();
            let values = array(rng, values, nulls_too, None, distinct);
            let keys =
                UInt8Array::new((0..len).map(|_| rng.random_range(0..distinct) as u8).collect(), nulls);
            let keys = cast(&keys, index).unwrap().to_data();
            let data = keys.into_builder().data_type(data_type.clone()).add_child_data(values.to_data());
            make_array(data.build().unwrap())
        }
        _ => {
            let padded = len + 9;
            let nulls = nulls.map(|n| {
                let bits = std::iter::repeat_n(true, 5).chain(n.iter()).chain(std::iter::repeat_n(false, 4));
                NullBuffer::from_iter(bits)
            });
            leaf(rng, data_type, nulls, padded).slice(5, len)
        }
    }
}

/// Lists of some of many items: with gaps between them and, in views, in any order and over one another. Null lists have
/// items, too.
fn lists<O: OffsetSizeTrait>(
    rng: &mut ChaCha8Rng,
    data_type: &DataType,
    item: &FieldRef,
    nulls: Option<NullBuffer>,
    len: usize,
) -> ArrayRef {
    let most = rng.random_range(1..5usize);
    let views = matches!(data_type, DataType::ListView(_) | DataType::LargeListView(_));
    let (mut runs, mut end) = (Vec::new(), rng.random_range(0..3usize));
    for i in 0..len {
        let long = rng.random_range(0..most);
        runs.push((i, end, long));
        end += long + if views { rng.random_range(0..2usize) } else { 0 };
    }
    if views && rng.random() {
        // Another list's items in place of its own.
        for _ in 0..len / 3 {
            let (to, from) = (rng.random_range(0..len), rng.random_range(0..len));
            (runs[to].1, runs[to].2) = (runs[from].1, runs[from].2);
        }
    }
    let items = array(rng, item.data_type(), item.is_nullable(), None, end + 2);
    let number = |n: usize| O::usize_as(n);
    let starts: Vec<O> = runs.iter().map(|r| number(r.1)).collect();
    let builder = ArrayData::builder(data_type.clone()).len(len).nulls(nulls).add_child_data(items.to_data());
    let builder = if views {
        let sizes: Vec<O> = runs.iter().map(|r| number(r.2)).collect();
        builder.add_buffer(Buffer::from_vec(starts)).add_buffer(Buffer::from_vec(sizes))
    } else {
        builder.add_buffer(Buffer::from_vec([starts, vec![number(end)]].concat()))
    };
    make_array(builder.build().unwrap())
}

fn leaf(rng: &mut ChaCha8Rng, data_type: &DataType, nulls: Option<NullBuffer>, len: usize) -> ArrayRef {
    use DataType::*;
    let data = |buffer: Buffer, nulls| {
        let data = ArrayData::builder(data_type.clone()).len(len).add_buffer(buffer).nulls(nulls);
        make_array(data.build().unwrap())
    };
    let alphabet = rng.random_range(1..=30u32);
    match data_type {
        Boolean => {
            let share = rng.random::<f64>();
            let bits = BooleanBuffer::from_iter((0..len).map(|_| rng.random_bool(share)));
            Arc::new(BooleanArray::new(bits, nulls))
        }
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView => {
            let text: Vec<String> = (0..len).map(|_| text(rng, alphabet)).collect();
            let strings = StringArray::new(
                arrow::buffer::OffsetBuffer::from_lengths(text.iter().map(String::len)),
                Buffer::from_vec(text.concat().into_bytes()),
                nulls,
            );
            let (Binary | LargeBinary | BinaryView) = data_type else {
                return cast(&strings, data_type).unwrap();
            };
            // Bytes that are no UTF-8.
            let (offsets, values, nulls) = strings.into_parts();
            let values: Vec<u8> = values.iter().map(|b| b ^ 0x80).collect();
            cast(&BinaryArray::new(offsets, Buffer::from_vec(values), nulls), data_type).unwrap()
        }
        FixedSizeBinary(width) => {
            let bytes = (0..len * *width as usize).map(|_| rng.random_range(0..alphabet) as u8);
            data(Buffer::from_vec(bytes.collect::<Vec<_>>()), nulls)
        }
        Decimal32(p, _) => {
            let limit = 10i32.pow(u32::from(*p)) - 1;
            data(
                Buffer::from_vec((0..len).map(|_| rng.random_range(-limit..=limit)).collect::<Vec<_>>()),
                nulls,
            )
        }
        Decimal64(p, _) => {
            let limit = 10i64.pow(u32::from(*p)) - 1;
            data(
                Buffer::from_vec((0..len).map(|_| rng.random_range(-limit..=limit)).collect::<Vec<_>>()),
                nulls,
            )
        }
        Decimal128(p, _) => {
            let limit = 10i128.pow(u32::from(*p)) - 1;
            data(
                Buffer::from_vec((0..len).map(|_| rng.random_range(-limit..=limit)).collect::<Vec<_>>()),
                nulls,
            )
        }
        Decimal256(p, _) => {
            let digits = rng.random_range(1..=*p);
            let number = |rng: &mut ChaCha8Rng| {
                let text: String =
                    (0..digits).map(|_| char::from(b'0' + rng.random_range(0..10u8))).collect();
                let sign = if rng.random() { "-" } else { "" };
                i256::from_string(&format!("{sign}{text}")).unwrap()
            };
            let numbers: Vec<i256> = (0..len).map(|_| number(rng)).collect();
            data(Buffer::from_vec(numbers), nulls)
        }
        Float64 => {
            let style = rng.random_range(0..3u8);
            let floats = (0..len).map(|_| match style {
                0 => f64::from(rng.random_range(-5000..5000i32)) / 100.0,
                1 => f64::from_bits(rng.next_u64()),
                _ => [
                    0.0,
                    -0.0,
                    f64::NAN,
                    -f64::NAN,
                    f64::from_bits(0x7FF0_0000_0000_0001),
                    f64::INFINITY,
                    -1.5,
                ][rng.random_range(0..7usize)],
            });
            data(Buffer::from_vec(floats.collect::<Vec<f64>>()), nulls)
        }
        number => {
            let width = number.primitive_width().unwrap();
            let few = rng.random();
            let mut bytes = MutableBuffer::new(0);
            for _ in 0..len {
                let value = if few { u128::from(rng.random_range(0..alphabet)) } else { random_u128(rng) };
                bytes.extend_from_slice(&value.to_ne_bytes()[..width]);
            }
            data(bytes.into(), nulls)
        }
    }
}

fn random_u128(rng: &mut ChaCha8Rng) -> u128 {
    u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())
}

fn text(rng: &mut ChaCha8Rng, alphabet: u32) -> String {
    let length = [0, 1, 3, 12, 13, 40][rng.random_range(0..6usize)];
    (0..length).map(|_| char::from_u32(0xE0 + rng.random_range(0..alphabet)).unwrap()).collect()
}
