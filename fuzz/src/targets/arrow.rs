//! Tables made up of an input's bytes, with options made up as well: what is written comes back, from gede, Arrow IPC and
//! Parquet.

use arrow::array::*;
use arrow::compute::concat_batches;
use arrow::datatypes::*;
use gede::arrow::{ArrowFileWriter, ArrowReader, ArrowTable};
use gede::internal::logical_eq;
use gede::read::Projection;
use gede::write::{CellLimit, Layout, Options, Part, TargetKind};
use gede::{ErrorKind, Reader, Writer};
use std::path::Path;
use std::sync::Arc;

/// Bytes that decisions are made of; zeros follow them.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first.into()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.byte() % many == many - 1
    }
}

pub fn write_then_read(data: &[u8]) {
    let mut bytes = Bytes(data);
    let rows = bytes.byte() % 200;
    let count = 1 + bytes.byte() % 5;
    let columns: Vec<(Field, ArrayRef)> =
        (0..count).map(|i| column(&mut bytes, &format!("c{i}"), rows, 0)).collect();
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
    let cut = bytes.byte().min(rows);
    let parts = [batch.slice(0, cut), batch.slice(cut, rows - cut)];
    let options = options(&mut bytes, count);
    let Ok(table) = ArrowTable::from_batches(schema, parts.to_vec()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.gede");
    append(&folder.path().join("parts.gede"), &parts, &batch, &options);
    match Writer::new(options.clone()).write(&file, &table) {
        Ok(_) => {}
        // Options that do not fit the table.
        Err(e) if matches!(e.kind(), ErrorKind::Argument | ErrorKind::Type) => return,
        Err(e) => panic!("{e}"),
    }
    let reader = Reader::open(&file).unwrap();
    reader.verify(|_| {}).unwrap();
    reader.condensed().unwrap();
    reader.moments().unwrap();
    assert_eq!(
        reader.whole_rows(&Projection::all(reader.schema()), |_| {}).unwrap().len(),
        usize::from(rows > 0)
    );
    let rows_of = ArrowReader::new(&reader, &Projection::all(reader.schema())).unwrap();
    let read: Vec<_> = rows_of.scan(0..rows as u64, 1 + bytes.byte()).unwrap().map(Result::unwrap).collect();
    let read = concat_batches(rows_of.schema(), &read).unwrap();
    assert!(logical_eq(&batch, &read), "{batch:?}\n{read:?}");
    for name in ["t.arrow", "t.parquet"] {
        export(&folder.path().join(name), &read);
    }
}

/// Rows that are appended to others are read behind them.
fn append(file: &Path, parts: &[RecordBatch; 2], batch: &RecordBatch, options: &Options) {
    let tables = parts.each_ref().map(|part| ArrowTable::from_batches(batch.schema(), vec![part.clone()]));
    let [Ok(first), Ok(second)] = tables else { return };
    let writer = Writer::new(options.clone());
    let may_fail = |e: gede::Error| assert!(matches!(e.kind(), ErrorKind::Argument | ErrorKind::Type), "{e}");
    if let Err(e) = writer.write(file, &first) {
        return may_fail(e);
    }
    let appended = writer.append(file, &second);
    let reader = Reader::open(file).unwrap();
    reader.verify(|_| {}).unwrap();
    let whole = if appended.is_ok() { batch } else { &parts[0] };
    appended.map_or_else(may_fail, drop);
    reader.condensed().unwrap();
    let rows = ArrowReader::new(&reader, &Projection::all(reader.schema())).unwrap();
    let read: Vec<_> = rows.scan(0..reader.rows(), 64).unwrap().map(Result::unwrap).collect();
    let read = concat_batches(rows.schema(), &read).unwrap();
    assert!(logical_eq(whole, &read), "{whole:?}\n{read:?}");
}

/// Values that another format holds come back from it; a dictionary of Parquet may become plain values.
fn export(path: &Path, batch: &RecordBatch) {
    let written = ArrowFileWriter::create(path, &batch.schema(), false).and_then(|mut sink| {
        sink.write(batch)?;
        sink.finish()
    });
    if let Err(e) = written {
        assert_eq!(e.kind(), ErrorKind::Type, "{e}");
        return;
    }
    let table = ArrowTable::open(path).unwrap();
    let read: Vec<_> = table.record_batches().unwrap().map(|batch| batch.unwrap()).collect();
    let read = concat_batches(table.arrow(), &read).unwrap();
    let same = batch
        .schema()
        .fields()
        .iter()
        .zip(read.schema().fields())
        .all(|(a, b)| a.data_type() == b.data_type());
    if same {
        assert!(logical_eq(batch, &read), "{}: {batch:?}\n{read:?}", path.display());
    }
    assert_eq!(batch.num_rows(), read.num_rows());
}

fn options(bytes: &mut Bytes, columns: usize) -> Options {
    let mut options = Options::default().with_threads(1);
    let name = |bytes: &mut Bytes| format!("c{}", bytes.byte() % columns);
    if bytes.one_in(2) {
        let kinds = [TargetKind::Auto, TargetKind::Class, TargetKind::Value];
        options.summaries.target = Some((name(bytes), kinds[bytes.byte() % 3]));
    }
    options.layout.class = bytes.one_in(4).then(|| name(bytes));
    options.summaries.cells = match bytes.byte() % 5 {
        0 => CellLimit::Default,
        1 => CellLimit::None,
        2 => CellLimit::Beta(bytes.byte() % 20),
        3 => CellLimit::Most(1 + bytes.byte() as u64),
        _ => CellLimit::Share(0.1),
    };
    options.layout.records = [Layout::Compact, Layout::Paper][bytes.byte() % 2];
    options.layout.without = Part::ALL.get(bytes.byte() % 12).copied();
    options.summaries.low_entropy_cells = bytes.one_in(3);
    options.summaries.recompute_condensed = bytes.one_in(4);
    options.summaries.cell_covariances = bytes.one_in(3);
    options.summaries.coreset = bytes.one_in(3);
    options.layout.segment_rows = [65_536, 1 + bytes.byte()][bytes.byte() % 2];
    options.layout.tau = bytes.byte() % 50;
    options
}

/// Numbers of a pattern that an input's bytes choose: constant, steps, few values, noise, or all there are.
fn numbers(bytes: &mut Bytes, count: usize) -> Vec<u64> {
    let (pattern, seed) = (bytes.byte() % 6, bytes.byte() as u64 + 1);
    let extremes =
        [0, 1, u64::MAX, 1 << 63, (1 << 63) - 1, f64::NAN.to_bits(), (-0.0_f64).to_bits(), 0x7FF << 52];
    let mix = |i: u64| (i + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(seed | 1);
    let number = |i: u64| match pattern {
        0 => seed,
        1 => i * seed,
        2 => mix(i) % (1 + seed % 7),
        3 => mix(i),
        4 => extremes[(mix(i) % 8) as usize],
        _ => mix(i) >> (seed % 60),
    };
    (0..count as u64).map(number).collect()
}

fn nulls(bytes: &mut Bytes, count: usize) -> (bool, Option<Vec<bool>>) {
    match bytes.byte() % 4 {
        0 => (false, None),
        1 => (true, None),
        2 => (true, Some(vec![false; count])),
        _ => (true, Some(numbers(bytes, count).iter().map(|n| n % 3 > 0).collect())),
    }
}

/// A column of `count` values of any type.
fn column(bytes: &mut Bytes, name: &str, count: usize, depth: usize) -> (Field, ArrayRef) {
    let (nullable, valid) = nulls(bytes, count);
    let at = |i: usize| valid.as_ref().is_none_or(|valid| valid[i]);
    let kind = bytes.byte() % if depth < 2 { 18 } else { 16 };
    macro_rules! primitive {
        ($kind:ty, $value:expr) => {
            Arc::new(PrimitiveArray::<$kind>::from_iter(
                numbers(bytes, count).into_iter().enumerate().map(|(i, n)| at(i).then(|| $value(n))),
            )) as ArrayRef
        };
    }
    let text = |bytes: &mut Bytes| -> Vec<Option<String>> {
        let word = |n: u64| {
            format!("{}{}", ["", "a", "häufig, ", "https://example.org/"][(n % 4) as usize], n / 4 % 1000)
        };
        numbers(bytes, count).into_iter().enumerate().map(|(i, n)| at(i).then(|| word(n))).collect()
    };
    let array: ArrayRef = match kind {
        0 => primitive!(Int8Type, |n| n as i8),
        1 => primitive!(Int16Type, |n| n as i16),
        2 => primitive!(Int32Type, |n| n as i32),
        3 => primitive!(Int64Type, |n| n as i64),
        4 => primitive!(UInt8Type, |n| n as u8),
        5 => primitive!(UInt64Type, |n| n),
        6 => primitive!(Float32Type, |n| f32::from_bits(n as u32)),
        7 => primitive!(Float64Type, f64::from_bits),
        8 => primitive!(Float64Type, |n| (n % 100_000) as f64 / 100.0),
        9 => Arc::new(BooleanArray::from_iter(
            numbers(bytes, count).into_iter().enumerate().map(|(i, n)| at(i).then_some(n % 2 == 0)),
        )),
        10 => Arc::new(StringArray::from(text(bytes))),
        11 => Arc::new(StringViewArray::from_iter(text(bytes))),
        12 => Arc::new(LargeBinaryArray::from_iter(text(bytes))),
        13 => {
            let seconds = primitive!(TimestampSecondType, |n| (n % (1 << 40)) as i64);
            let zone = [None, Some("UTC"), Some("Europe/Berlin")][bytes.byte() % 3];
            Arc::new(seconds.as_primitive::<TimestampSecondType>().clone().with_timezone_opt(zone))
        }
        14 => {
            let decimals = primitive!(Decimal128Type, |n| i128::from(n as i64) % 1_000_000_000);
            Arc::new(
                decimals.as_primitive::<Decimal128Type>().clone().with_precision_and_scale(20, 3).unwrap(),
            )
        }
        15 => {
            let words = text(bytes);
            Arc::new(words.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())
        }
        16 => {
            let parts = [column(bytes, "a", count, depth + 1), column(bytes, "b", count, depth + 1)];
            let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = parts.into_iter().unzip();
            let nulls = valid.clone().map(|valid| valid.into());
            Arc::new(StructArray::try_new(fields.into(), arrays, nulls).unwrap())
        }
        _ => {
            let length = 1 + bytes.byte() % 4;
            let (item, items) = column(bytes, "item", count * length, depth + 1);
            let nulls = valid.clone().map(|valid| valid.into());
            Arc::new(FixedSizeListArray::try_new(Arc::new(item), length as i32, items, nulls).unwrap())
        }
    };
    (Field::new(name, array.data_type().clone(), nullable), array)
}
