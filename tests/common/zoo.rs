//! A small table of every kind: what golden files, flips and truncations are made of.

use gede::column::{Kind, Values};
use gede::write::{CellLimit, Layout, Options, TargetKind};

use super::memory::{Builder, Memory};

/// A table, how it is written, and its name.
pub struct Animal {
    pub name: &'static str,
    pub table: Memory,
    pub options: Options,
}

/// A number for a row, the same on every machine (splitmix64).
pub fn random(seed: u64, row: usize) -> u64 {
    let mut z = seed
        .wrapping_mul(0x2545_F491_4F6C_DD1D)
        .wrapping_add((row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn plain() -> Options {
    Options::default().with_cells(CellLimit::None).with_threads(1).with_layout(Layout::Paper)
}

/// Every animal; the file of each is a few KB.
pub fn all() -> Vec<Animal> {
    let mut all = vec![
        animal("integers", integers(13), plain()),
        animal("units", units(), plain()),
        animal("floats", floats(17), plain()),
        animal("singles", super::zoo_grouped::special_singles(), plain()),
        animal("exceptions", exceptions(), plain().with_segment_rows(100)),
        animal("decimals", decimals(), plain()),
        animal("intervals", intervals(), plain()),
        animal("nested", nested(12), plain()),
        animal("fixed_bytes", fixed_bytes(), plain()),
        animal("strings", strings(), plain().with_segment_rows(20)),
        animal("text_dictionary", text_dictionary(), plain()),
        animal("segment_dictionary", segment_dictionary(), plain().with_segment_rows(64)),
        animal("kept_dictionary", kept_dictionary(), plain()),
        animal("long_dictionary", long_dictionary(), plain()),
        animal("value_dictionary", value_dictionary(), plain()),
        animal("segments", integers(50), plain().with_segment_rows(16)),
        animal("bases", bases(), plain()),
        animal("empty", integers(0), plain()),
        animal("one_row", floats(1), plain()),
        animal("no_columns", Builder::new(0).finish(), plain()),
        animal("only_rows", Builder::new(7).finish(), plain()),
        animal("constant", constant(), plain()),
        animal("all_null", all_null(), plain()),
        animal("names", names(), plain()),
        animal(
            "key_values",
            floats(2),
            plain().with_metadata("site", "\"Zürich\"").with_metadata("empty", ""),
        ),
    ];
    all.extend(class_wise().into_iter().chain(condensed()).chain(super::zoo_lists::all()));
    let grouped = super::zoo_grouped::all(&all);
    all.extend(grouped.into_iter().chain(super::zoo_images::all()));
    let mut all = super::zoo_groups::added(all);
    all.extend(super::zoo_statistics::all());
    all
}

/// The animal of a name.
pub fn one(name: &str) -> Animal {
    all().into_iter().find(|a| a.name == name).unwrap()
}

fn animal(name: &'static str, table: Memory, options: Options) -> Animal {
    Animal { name, table, options }
}

fn integers(rows: usize) -> Memory {
    let r = |seed: u64| move |i: usize| u128::from(random(seed, i));
    Builder::new(rows)
        .number("bool", Kind::Bool, 1, |i| u128::from(random(1, i) & 1))
        .number("u8", Kind::Unsigned, 8, r(2))
        .number("u16", Kind::Unsigned, 16, |i| 40_000 + i as u128 * 3)
        .number("u32", Kind::Unsigned, 32, r(3))
        .number("u64", Kind::Unsigned, 64, r(4))
        .number("i8", Kind::Signed, 8, r(5))
        .number("i16", Kind::Signed, 16, |i| (i as i16 * 7 - 40) as u16 as u128)
        .number("i32", Kind::Signed, 32, r(6))
        .number("i64", Kind::Signed, 64, |i| (random(7, i) as i64 >> 40) as u64 as u128)
        .nullable("bool?", Kind::Bool, 1, |i| (i % 3 > 0).then_some(u128::from(i % 2 == 0)))
        .nullable("i64?", Kind::Signed, 64, |i| (i % 4 > 0).then_some(u128::from(random(8, i))))
        .finish()
}

fn units() -> Memory {
    let mut table = Builder::new(9);
    for unit in 1..=16u8 {
        let bits = if matches!(unit, 1 | 4 | 5 | 16) { 32 } else { 64 };
        if unit != 3 {
            let value = move |i: usize| (i % 5 > 0).then(|| u128::from(random(unit.into(), i) >> 40));
            table = table.nullable(&format!("unit {unit}"), Kind::Signed, bits, value).unit(unit);
        }
    }
    table.finish()
}

fn floats(rows: usize) -> Memory {
    let special = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 5e-324, f64::MAX, 1e300];
    let payload = f64::from_bits(0x7FF0_0000_0000_0001);
    let f32s = [f32::NAN, -0.0, f32::INFINITY, 1e-45, 3.5, f32::MAX, -1.25];
    Builder::new(rows)
        .number("f16", Kind::Float, 16, |i| u128::from(random(11, i)))
        .number("f16 decimal", Kind::Float, 16, |i| half::f16::from_f64(i as f64 / 10.0).to_bits().into())
        .number("f32", Kind::Float, 32, |i| u128::from(random(12, i)))
        .number("f32 special", Kind::Float, 32, |i| f32s[i % f32s.len()].to_bits().into())
        .number("f32 decimal", Kind::Float, 32, |i| (i as f32 * 0.25 - 1.0).to_bits().into())
        .f64("f64", |i| f64::from_bits(random(13, i)))
        .f64("f64 special", |i| if i == 9 { payload } else { special[i % special.len()] })
        .f64("f64 decimal", |i| (i as f64 * 137.0 - 900.0) / 1000.0)
        .nullable("f64?", Kind::Float, 64, |i| (i % 4 > 0).then(|| (i as f64 / 8.0).to_bits().into()))
        .finish()
}

/// Decimals with values among them that no decimal holds, in two segments.
fn exceptions() -> Memory {
    let odd = |i: usize| match i {
        7 => f64::NAN,
        50 => -0.0,
        120 => f64::INFINITY,
        199 => f64::from_bits(0xFFF8_0000_0000_1234),
        _ => (random(21, i) % 2000) as f64 / 100.0,
    };
    Builder::new(200)
        .f64("price", odd)
        .nullable("share", Kind::Float, 32, |i| {
            let x = if i == 33 { std::f32::consts::PI } else { (random(22, i) % 1000) as f32 / 10.0 };
            (i % 10 > 0).then_some(x.to_bits().into())
        })
        .finish()
}

fn decimals() -> Memory {
    let wide =
        |i: usize| (i as i128 - 6) * 0x1_0000_0000_0000_0007_i128 * if i % 3 == 0 { 1 << 40 } else { 1 };
    Builder::new(14)
        .number("d32", Kind::Decimal, 32, |i| (i as i32 * 31 - 200) as u32 as u128)
        .decimal(9, 2)
        .number("d64", Kind::Decimal, 64, |i| u128::from(random(31, i)))
        .decimal(18, -3)
        .number("d128", Kind::Decimal, 128, |i| wide(i) as u128)
        .decimal(38, 10)
        .nullable("d128?", Kind::Decimal, 128, |i| (i % 3 > 0).then_some(i as u128 * 1000))
        .decimal(20, 0)
        .finish()
}

fn intervals() -> Memory {
    let wide = |i: usize| u128::from(random(41, i)) << 64 | u128::from(random(42, i));
    Builder::new(10)
        .number("day-time", Kind::Interval, 64, |i| u128::from(random(43, i)))
        .number("month-day-nano", Kind::Interval, 128, wide)
        .nullable("interval?", Kind::Interval, 128, |i| (i % 2 > 0).then_some((i as u128) << 100))
        .finish()
}

/// Nulls at every level: of a struct, of its children, of a list and of its items; lists of lists.
fn nested(rows: usize) -> Memory {
    let v = |seed: u64, per: usize, every: u64| {
        Some((0..rows * per).map(|i| u8::from(random(seed, i) % every > 0)).collect::<Vec<u8>>())
    };
    let none = |_: usize, _: usize| 0;
    Builder::new(rows)
        .column(None, "s", Kind::Struct, 0, 0, v(51, 1, 3), none)
        .column(Some(0), "a", Kind::Unsigned, 16, 0, v(52, 1, 4), |i, _| i as u128 * 100)
        .column(Some(0), "inner", Kind::Struct, 0, 0, v(53, 1, 3), none)
        .strings(Some(2), "t", Kind::Text, true, |i| (i % 4 > 0).then(|| format!("n\"{i},").into_bytes()))
        .column(Some(2), "point", Kind::FixedList, 0, 3, None, none)
        .column(Some(4), "item", Kind::Float, 32, 0, None, |i, e| {
            (i as f32 + e as f32 / 4.0).to_bits().into()
        })
        .column(None, "l", Kind::FixedList, 0, 2, v(54, 1, 3), none)
        .column(Some(6), "item", Kind::FixedList, 0, 2, v(55, 2, 3), none)
        .column(Some(7), "item", Kind::Signed, 8, 0, v(56, 4, 3), |i, e| {
            u128::from(random(57, i * 4 + e)) & 0xFF
        })
        .column(None, "none", Kind::FixedList, 0, 0, v(58, 1, 2), none)
        .column(Some(9), "item", Kind::Bool, 1, 0, None, none)
        .column(None, "pairs", Kind::FixedList, 0, 2, None, none)
        .column(Some(11), "pair", Kind::Struct, 0, 0, v(59, 2, 4), none)
        .column(Some(12), "x", Kind::Decimal, 128, 0, v(60, 2, 4), |i, e| (i * 2 + e) as u128)
        .column(Some(12), "y", Kind::FixedBytes, 8, 2, None, |i, e| (i + e) as u128 & 0xFF)
        .finish()
}

fn fixed_bytes() -> Memory {
    let validity = |seed: u64| Some((0..11).map(|i| u8::from(random(seed, i) % 3 > 0)).collect::<Vec<u8>>());
    Builder::new(11)
        .column(None, "key", Kind::FixedBytes, 8, 5, None, |i, e| u128::from(random(61, i * 5 + e)) & 0xFF)
        .column(None, "key?", Kind::FixedBytes, 8, 3, validity(62), |i, e| (i * 3 + e) as u128)
        .column(None, "nothing", Kind::FixedBytes, 8, 0, validity(63), |_, _| 0)
        .finish()
}

/// Strings that do not repeat: in the heap.
fn strings() -> Memory {
    let text = |i: usize| match i {
        0 => String::new(),
        1 => "quotes \" and, commas\r\nand lines".to_owned(),
        2 => "ünï¢ödé \u{1F600}".to_owned(),
        _ => format!("row {:x}", random(71, i)),
    };
    Builder::new(50)
        .text("text", text)
        .strings(None, "bytes?", Kind::Bytes, true, |i| {
            (i % 5 > 0).then(|| random(72, i).to_le_bytes()[..i % 8].to_vec())
        })
        .finish()
}

fn text_dictionary() -> Memory {
    let words = ["red", "green", "blue", "", "ultramarine"];
    Builder::new(120)
        .text("color", |i| words[random(81, i) as usize % 4].to_owned())
        .strings(None, "mark?", Kind::Bytes, true, |i| {
            (i % 7 > 0).then(|| words[random(82, i) as usize % 5].as_bytes().to_vec())
        })
        .finish()
}

/// Strings that repeat in the second segment only.
fn segment_dictionary() -> Memory {
    let text =
        |i: usize| if i < 64 { format!("{:04}", i * 37) } else { ["first!", "second"][i % 2].to_owned() };
    Builder::new(128).text("t", text).finish()
}

/// A dictionary whose order and unused value are kept.
fn kept_dictionary() -> Memory {
    let order = ["low", "middle", "high", "never"];
    let mut table = Builder::new(30).text("level", |i| order[i % 3].to_owned()).finish();
    let mut data = Vec::new();
    let mut offsets = vec![0];
    for word in order {
        data.extend(word.as_bytes());
        offsets.push(data.len() as u64);
    }
    table.dictionaries = vec![(0, Values::Bytes { offsets, data })];
    table
}

/// Repeated strings that are longer than a byte can say.
fn long_dictionary() -> Memory {
    Builder::new(12).text("t", |i| "long ".repeat(if i % 3 == 0 { 60 } else { 1 })).finish()
}

fn value_dictionary() -> Memory {
    let few: [u64; 3] = [3, 77_777_777_777, 1_234_567_890_123_456_789];
    Builder::new(300)
        .number("u64", Kind::Unsigned, 64, |i| few[random(91, i) as usize % 3].into())
        .nullable("f64?", Kind::Float, 64, |i| {
            let x = [std::f64::consts::PI, f64::NAN, -std::f64::consts::E][random(92, i) as usize % 3];
            (i % 9 > 0).then_some(x.to_bits().into())
        })
        .finish()
}

/// Columns whose high bits go together: several bases.
fn bases() -> Memory {
    let group = |i: usize| random(101, i) % 3;
    Builder::new(150)
        .number("a", Kind::Unsigned, 32, |i| u128::from(group(i) * 1_000_003 + random(102, i) % 4))
        .number("b", Kind::Unsigned, 32, |i| u128::from(group(i) * 77_777_777 + random(103, i) % 8))
        .f64("c", |i| (group(i) * 5000 + random(104, i) % 100) as f64 / 100.0)
        .finish()
}

fn constant() -> Memory {
    Builder::new(40)
        .number("u8", Kind::Unsigned, 8, |_| 200)
        .f64("f64", |_| -0.5)
        .f64("nan", |_| f64::NAN)
        .text("text", |_| "always the same".to_owned())
        .number("d128", Kind::Decimal, 128, |_| 1 << 90)
        .decimal(38, 0)
        .finish()
}

fn all_null() -> Memory {
    Builder::new(6)
        .nullable("i32", Kind::Signed, 32, |_| None)
        .nullable("f64", Kind::Float, 64, |_| None)
        .strings(None, "text", Kind::Text, true, |_| None)
        .nullable("d128", Kind::Decimal, 128, |_| None)
        .decimal(38, 0)
        .finish()
}

fn names() -> Memory {
    let one = |i: usize| i as u128;
    let mut table = Builder::new(3)
        .number("", Kind::Unsigned, 8, one)
        .number("twice", Kind::Unsigned, 8, one)
        .number("twice", Kind::Unsigned, 8, one)
        .number("\"quoted\", and\nlonger é", Kind::Unsigned, 8, one)
        .finish();
    table.arrow_schema = Some(b"any bytes at all".to_vec());
    table
}

/// Rows stored class by class, with a null class.
fn class_wise() -> Vec<Animal> {
    let label = |i: usize| Some(random(111, i) % 6).filter(|&l| l < 5);
    let digits = Builder::new(70)
        .number("x", Kind::Unsigned, 16, |i| u128::from(random(112, i) % 1000))
        .nullable("label", Kind::Signed, 8, |i| label(i).map(|l| l as u8 as u128))
        .finish();
    let animals = Builder::new(40)
        .strings(None, "kind", Kind::Text, true, |i| {
            ["cat", "dog", ""].get(random(113, i) as usize % 4).map(|s| s.as_bytes().to_vec())
        })
        .f64("weight", |i| (random(114, i) % 100) as f64 / 10.0)
        .finish();
    let wide = Builder::new(30)
        .number("d", Kind::Decimal, 128, |i| u128::from(random(115, i) % 3) << 70)
        .decimal(38, 0)
        .number("x", Kind::Unsigned, 8, |i| i as u128)
        .finish();
    let long =
        Builder::new(9000).number("c", Kind::Bool, 1, |i| u128::from(random(116, i) % 10 == 0)).finish();
    let one = Builder::new(5).number("c", Kind::Unsigned, 8, |_| 7).finish();
    let by = |class: &str, segment_rows| plain().with_class(class).with_segment_rows(segment_rows);
    vec![
        animal("classes", digits, by("label", 8)),
        animal("classes_text", animals, by("kind", 1000)),
        animal("classes_wide", wide, by("d", 1000)),
        animal("classes_long", long, by("c", 5000)),
        animal("classes_one", one, by("c", 1000)),
    ]
}

/// Condensed samples and moments.
fn condensed() -> Vec<Animal> {
    let table = |rows: usize| {
        Builder::new(rows)
            .f64("x", |i| (random(121, i) % 1000) as f64 / 100.0)
            .nullable("y", Kind::Signed, 16, |i| (i % 6 > 0).then(|| u128::from(random(122, i) % 500)))
            .f64("z", |i| [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1][random(123, i) as usize % 4])
            .number("price", Kind::Decimal, 64, |i| (random(124, i) % 90) as i64 as u128)
            .decimal(10, 2)
            .f64("value", |i| f64::sqrt(random(125, i) as f64))
            .strings(None, "class", Kind::Text, true, |i| {
                ["no", "yes"].get(random(126, i) as usize % 3).map(|s| s.as_bytes().to_vec())
            })
            .finish()
    };
    let exact = Builder::new(25)
        .number("a", Kind::Signed, 32, |i| (i as i32 * 1000 - 7) as u32 as u128)
        .f64("b", |i| (random(131, i) % 1000) as f64 / 100.0)
        .nullable("c", Kind::Bool, 1, |i| (i % 5 > 0).then_some(i as u128 & 1))
        .number("d", Kind::Decimal, 128, |i| i as u128 * 3)
        .decimal(30, 4)
        .f64("t", |i| i as f64 * 0.5)
        .finish();
    let to = |name: &str, kind, cells| plain().with_target(name, kind).with_cells(cells);
    let value = || to("value", TargetKind::Value, CellLimit::Beta(5));
    let class = || to("class", TargetKind::Class, CellLimit::Most(12));
    let z = |options: Options| options.with_excluded(["z"]);
    vec![
        animal("condensed_value", table(90), value().with_segment_rows(40)),
        animal("condensed_class", table(90), class()),
        animal(
            "condensed_scatter",
            table(90),
            z(value()).with_cell_covariances(true).with_coreset(true).with_segment_rows(40),
        ),
        animal("condensed_untargeted", table(40), plain().with_cells(CellLimit::Beta(3))),
        animal(
            "recomputed_untargeted",
            table(40),
            plain().with_cells(CellLimit::Most(10)).with_recomputed_condensed(true),
        ),
        animal(
            "recomputed_value",
            table(90),
            z(value()).with_recomputed_condensed(true).with_segment_rows(40),
        ),
        animal(
            "recomputed_class",
            table(60),
            class().with_recomputed_condensed(true).with_low_entropy_cells(true),
        ),
        animal(
            "condensed_class_wise",
            table(60),
            value().with_class("class").with_segment_rows(16).with_recomputed_condensed(true),
        ),
        animal("moments_exact", exact, to("t", TargetKind::Value, CellLimit::None)),
    ]
}
