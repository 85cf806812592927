//! Small tables in code groups: bins, groups of several columns, frames along lines and walks, steps.

use gede::column::Kind;
use gede::write::{CellLimit, Layout, Options, TargetKind};

use super::memory::{Builder, Memory};
use super::zoo::{Animal, random};

/// Every animal in code groups. `paper` are tables as the paper's layout has them, by name.
pub fn all(paper: &[Animal]) -> Vec<Animal> {
    let plain = Options::default().with_cells(CellLimit::None).with_threads(1).with_layout(Layout::Compact);
    let animal = |name, table, options| Animal { name, table, options };
    let again = |name: &'static str, of: &str| {
        let Animal { table, options, .. } = paper.iter().find(|a| a.name == of).unwrap();
        let options = options.clone().with_layout(Layout::Compact);
        Animal { name, table: table.clone(), options }
    };
    vec![
        animal("grouped_log", log(300), plain.clone().with_segment_rows(170)),
        animal("grouped_class_wise", log(90), plain.clone().with_class("b")),
        animal(
            "grouped_condensed",
            log(80),
            plain.clone().with_target("skewed", TargetKind::Value).with_cells(CellLimit::Beta(4)),
        ),
        animal("grouped_steady", steady(), plain.clone()),
        animal("grouped_wide", wide(), plain.clone()),
        animal("grouped_nine_rows", log(9), plain.clone()),
        animal("grouped_symbols", symbols(), plain.clone().with_segment_rows(60)),
        animal("grouped_symbol_dictionary", symbol_dictionary(), plain.clone()),
        again("grouped_floats", "floats"),
        again("grouped_exceptions", "exceptions"),
        again("grouped_decimals", "decimals"),
        again("grouped_intervals", "intervals"),
        again("grouped_nested", "nested"),
        again("grouped_fixed_bytes", "fixed_bytes"),
        again("grouped_strings", "strings"),
        again("grouped_text_dictionary", "text_dictionary"),
        again("grouped_value_dictionary", "value_dictionary"),
        again("grouped_constant", "constant"),
        again("grouped_all_null", "all_null"),
        again("grouped_one_row", "one_row"),
        again("grouped_empty", "empty"),
        again("grouped_no_columns", "only_rows"),
        animal("grouped_lists_chunks", super::zoo_lists::repeated(), plain.clone()),
        again("grouped_lists", "lists"),
        again("grouped_lists_nested", "lists_nested"),
        again("grouped_lists_one_length", "lists_one_length"),
        animal("chunked_lists", phrases(), plain.clone().with_segment_rows(400)),
        animal("trained_chunks", sentences(), plain.clone().with_segment_rows(1000)),
        animal("grouped_singles", singles(), plain.clone()),
        animal("parted_log", repeats(1700, 20), plain.clone().with_segment_rows(1000)),
        animal("parted_product", product(2500), plain.clone().with_segment_rows(1500)),
        animal("packed_head", flags(2, 90), plain.clone()),
        animal("packed_parted_head", measured_wells(1200), plain.clone()),
        animal("framed_strings", messages(300), plain.clone()),
        animal("framed_strings_null", messages(420), plain.clone().with_segment_rows(200)),
        animal("framed_trained", alarms(1400), plain.clone()),
        animal("framed_long", long_strings(160), plain),
    ]
}

/// A log: times along a line, a walk, ids, amounts in steps, skewed numbers, and columns that go together.
fn log(rows: usize) -> Memory {
    let walk = |row: usize| (0..=row).map(|i| random(700, i) % 41).sum::<u64>() + 3000 - 20 * row as u64;
    let kind = |row: usize| random(701, row / 3) % 5;
    Builder::new(rows)
        .number("time", Kind::Signed, 64, |i| {
            1_700_000_000_000 + i as u128 * 1009 + u128::from(random(702, i) % 50)
        })
        .number("id", Kind::Unsigned, 32, |i| 5000 - i as u128)
        .number("walk", Kind::Float, 64, |i| u128::from((walk(i) as f64 / 100.0).to_bits()))
        .number("amount", Kind::Signed, 32, |i| u128::from(random(703, i) % 60 * 2500))
        .number("skewed", Kind::Unsigned, 64, |i| u128::from(random(704, i) >> 40 >> (random(705, i) % 24)))
        .number("a", Kind::Unsigned, 8, |i| u128::from(kind(i) == 0))
        .number("b", Kind::Unsigned, 8, |i| u128::from(kind(i) * 17))
        .number("c", Kind::Bool, 1, |i| u128::from(kind(i) == 3))
        .nullable("d", Kind::Signed, 16, |i| (kind(i) != 2).then_some(u128::from(random(706, i) % 900)))
        .strings(None, "text", Kind::Text, false, |i| {
            Some(vec![b'a' + (i % 26) as u8; (random(707, i) % 9) as usize])
        })
        .finish()
}

/// Lists of a few phrases, some with nulls and some without: their items are compressed.
fn phrases() -> Memory {
    let phrase = |seed: u64, i: usize| random(740 + random(seed, i / 9) % 4, i % 9);
    let length = |i: usize| Some(20 + random(742, i) as usize % 30);
    Builder::new(40)
        .list(None, "tokens", false, length, |b| {
            b.number("item", Kind::Signed, 32, |i| u128::from(phrase(743, i) % 8000))
        })
        .list(None, "gaps", true, length, |b| {
            b.nullable("item", Kind::Float, 64, |i| {
                (phrase(744, i) % 5 > 0).then(|| u128::from((phrase(744, i) as f64 / 7.0).to_bits()))
            })
        })
        .finish()
}

/// Lists of many phrases that occur in many segments.
fn sentences() -> Memory {
    let phrase = |i: usize| random(760 + random(761, i / 12) % 70, i % 12) % 250;
    let length = |i: usize| Some(20 + random(762, i) as usize % 40);
    Builder::new(600)
        .list(None, "tokens", false, length, |b| b.number("item", Kind::Unsigned, 16, |i| phrase(i).into()))
        .finish()
}

/// Floats of 64 bits that are floats of 32 bits.
fn singles() -> Memory {
    let single = |seed: u64, i: usize| f64::from(f32::from_bits(random(seed, i) as u32 & 0xBFFF_FFFF));
    Builder::new(60)
        .number("x", Kind::Float, 64, |i| u128::from(single(750, i).to_bits()))
        .nullable("y", Kind::Float, 64, |i| (i % 7 > 0).then(|| u128::from(single(751, i).to_bits())))
        .finish()
}

/// Rows of wells: what is measured, and what follows from the well, whose rows follow each other or not.
pub fn repeats(rows: usize, run: usize) -> Memory {
    let well = move |i: usize| random(770, i / run) as usize % 60;
    let stop = |i: usize| random(771, i) as usize % 40;
    let place = |seed: u64, well: usize| (random(seed, well) as f64 / 1e17).to_bits();
    Builder::new(rows)
        .number("value", Kind::Unsigned, 16, |i| u128::from(random(772, i) % 700))
        .number("latitude", Kind::Float, 64, move |i| place(773, well(i)).into())
        .nullable("longitude", Kind::Float, 64, move |i| {
            (well(i) % 9 > 0).then(|| place(774, well(i)).into())
        })
        .text("well", move |i| format!("well {:x}", random(775, well(i)) % 100_000))
        .number("stop", Kind::Float, 64, move |i| place(776, stop(i)).into())
        .number("fare", Kind::Signed, 32, move |i| u128::from(random(777, stop(i)) % 100_000))
        .number("kind", Kind::Unsigned, 8, move |i| u128::from(random(778, well(i)) % 3))
        .finish()
}

/// Lines of a log, of which some are long and some repeat, and words of bytes that may be null.
pub fn messages(rows: usize) -> Memory {
    let word = |seed: u64, i: usize| {
        let word = random(seed, i) % 300;
        format!("{}{}", ["read", "write", "block", "node", "at", "from"][word as usize % 6], word / 6)
    };
    let line = move |i: usize| -> String {
        let words = if i % 97 == 5 { 900 } else { 6 + random(810, i) as usize % 9 };
        let line: Vec<String> = (0..words).map(|w| word(811 + w as u64 % 40, i - i % 3 / 2)).collect();
        format!("{} info: {}", 1000 + i - i % 3 / 2, line.join(" "))
    };
    Builder::new(rows)
        .text("line", line)
        .strings(None, "bytes", Kind::Bytes, true, move |i| {
            (i % 5 > 0).then(|| [line(i + 7).as_bytes(), &[0xFF, i as u8]].concat())
        })
        .finish()
}

/// Strings of every byte, so that lengths tell where they end, and of text; some fill several frames.
fn long_strings(rows: usize) -> Memory {
    let length =
        |i: usize| if i % 70 == 9 { 9_000 + 8_192 * (i / 70) } else { 200 + random(3, i) as usize % 100 };
    let byte = |i: usize, at: usize| ((at + i) % 256) as u8 ^ (random(5, i / 50 + at / 40) % 4) as u8;
    Builder::new(rows)
        .strings(None, "bytes", Kind::Bytes, false, move |i| {
            Some((0..length(i)).map(|at| byte(i, at)).collect())
        })
        .text("text", move |i| format!("{i} of a text, ").repeat(length(i) / 16))
        .finish()
}

/// Lines that are made of a few long phrases.
fn alarms(rows: usize) -> Memory {
    let phrase = |p: usize| -> String {
        (0..9).map(|w| format!("{:x} ", random(850 + p as u64, w) % 65_536)).collect()
    };
    Builder::new(rows)
        .text("alarm", |i| {
            let phrases: String = (0..2).map(|p| phrase(random(890 + p, i) as usize % 40)).collect();
            format!("{i} {phrases}")
        })
        .finish()
}

/// Rows of wells of which many numbers are known.
fn measured_wells(rows: usize) -> Memory {
    let well = |i: usize| random(800, i / 30) as usize % 30;
    let number = |table: Builder, column: u64| {
        table.number(&format!("w{column}"), Kind::Unsigned, 32, move |i| {
            u128::from(random(801 + column, well(i)) % 1_000_000)
        })
    };
    (0..24).fold(Builder::new(rows).f64("x", |i| (random(799, i) % 1000) as f64 / 10.0), number).finish()
}

/// A flag for each of many kinds, beside numbers.
fn flags(families: usize, rows: usize) -> Memory {
    let kind = |family: usize, i: usize| random(790 + family as u64, i) as usize % 15;
    let flag = |table: Builder, (family, k): (usize, usize)| {
        table
            .number(&format!("{family} is {k}"), Kind::Unsigned, 8, move |i| u128::from(kind(family, i) == k))
    };
    let all = (0..families).flat_map(|family| (0..15).map(move |k| (family, k)));
    all.fold(Builder::new(rows).f64("x", |i| (random(789, i) % 1000) as f64 / 10.0), flag).finish()
}

/// A product of a year, a sex and an age, in this order, that does not begin with the first of them; each has a weight.
pub fn product(rows: usize) -> Memory {
    let age = |i: usize| (i + 17) % 210 / 2;
    Builder::new(rows)
        .number("year", Kind::Unsigned, 16, |i| u128::from(1950 + (i as u64 + 17) / 420 % 7 * 5))
        .text("sex", |i| if (i + 17) / 210 % 2 == 0 { "female".into() } else { "male".into() })
        .number("age", Kind::Unsigned, 64, move |i| u128::from(random(780, age(i))))
        .number("weight", Kind::Float, 32, move |i| u128::from(random(782, age(i)) as u32 >> 2))
        .number("count", Kind::Unsigned, 32, |i| u128::from(random(781, i) % 90_000))
        .finish()
}

/// Rows of one width: numbers as likely as each other.
fn steady() -> Memory {
    Builder::new(50)
        .number("x", Kind::Unsigned, 16, |i| u128::from(random(710, i) % 1024))
        .number("y", Kind::Unsigned, 8, |i| u128::from(random(711, i) % 256))
        .finish()
}

/// Deviations of all 64 bits.
fn wide() -> Memory {
    Builder::new(40)
        .number("x", Kind::Unsigned, 64, |i| u128::from(random(720, i)))
        .number("y", Kind::Unsigned, 64, |i| if i % 4 == 0 { u128::from(random(721, i)) } else { 7 })
        .finish()
}

/// Words that repeat in strings that do not, in two columns of which one may be null; bytes that no word has.
fn symbols() -> Memory {
    let words = ["between ", "the lines ", "and ", "nothing ", "of note ", "\u{e9}t\u{e9} "];
    let line = |seed: u64, i: usize| -> String {
        let word = |w: usize| words[random(seed + w as u64, i) as usize % words.len()];
        (0..random(seed, i) as usize % 12).map(word).collect()
    };
    Builder::new(100)
        .text("line", |i| format!("{}{:x}", line(740, i), i * 37 % 64))
        .strings(None, "bytes?", Kind::Bytes, true, |i| {
            let odd = (random(760, i) % 256) as u8;
            (i % 7 > 0).then(|| [line(761, i).as_bytes(), &[odd; 1][..usize::from(i % 9 == 0)]].concat())
        })
        .strings(None, "number", Kind::Text, false, |i| Some(format!("{:x}", random(780, i)).into_bytes()))
        .finish()
}

/// Repeated strings that have much in common.
fn symbol_dictionary() -> Memory {
    let name = |i: u64| format!("region {} of the continent {}, district number {i}", i / 7, i % 3);
    Builder::new(90)
        .text("where", |i| name(random(790, i) % 24))
        .strings(None, "path?", Kind::Bytes, true, |i| {
            (i % 8 > 0).then(|| format!("/usr/share/doc/{}", name(random(791, i) % 17)).into_bytes())
        })
        .finish()
}

/// Numbers of 64 bits that are numbers of 32.
pub fn special_singles() -> Memory {
    let single = |i: usize| f64::from(f32::from_bits((random(23, i) as u32) & 0xBFFF_FFFF));
    let special =
        [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::from(f32::MIN_POSITIVE), 1e-45_f32.into()];
    Builder::new(60)
        .f64("single", single)
        .f64("special", |i| if i % 4 == 0 { special[i / 4 % 6] } else { single(i) })
        .nullable("single?", Kind::Float, 64, |i| (i % 5 > 0).then(|| single(i + 100).to_bits().into()))
        .f64("steps", |i| f64::from(f32::from_bits(0x3F80_0000 + 1000 * (random(24, i) as u32 % 4000))))
        .finish()
}
