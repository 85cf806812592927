//! Small tables of lists: of numbers, text, structs and lists, null, empty, of one length and long.

use gede::column::Kind;
use gede::image::ImageShape;
use gede::write::{CellLimit, Layout, Options, TargetKind};

use super::memory::{Builder, Memory};
use super::zoo::{Animal, random};

/// Every animal with lists, in the paper's layout.
pub fn all() -> Vec<Animal> {
    let plain = Options::default().with_cells(CellLimit::None).with_threads(1).with_layout(Layout::Paper);
    let animal = |name, table, options| Animal { name, table, options };
    vec![
        animal("lists", lists(80), plain.clone().with_segment_rows(70)),
        animal("lists_one_row", lists(1), plain.clone()),
        animal("lists_empty", lists(0), plain.clone()),
        animal("lists_none", none(), plain.clone()),
        animal("lists_nested", nested(75), plain.clone().with_segment_rows(70)),
        animal("lists_long", long(), plain.clone().with_segment_rows(100)),
        animal("lists_one_length", one_length(), plain.clone().with_segment_rows(130)),
        animal("lists_deep", deep(), plain.clone()),
        animal("lists_class_wise", classes(), plain.clone().with_class("class").with_segment_rows(70)),
        animal("lists_condensed", classes(), condensed(plain.clone())),
        animal("lists_images", images(), plain),
    ]
}

fn condensed(options: Options) -> Options {
    options.with_target("class", TargetKind::Class).with_cells(CellLimit::Beta(3))
}

/// A number of items: often none, now and then many.
fn few(seed: u64) -> impl Fn(usize) -> usize {
    move |i| [0, 1, 2, 0, 1, 0, 4][random(seed, i) as usize % 7]
}

/// The same for lists that are never null.
fn some(seed: u64) -> impl Fn(usize) -> Option<usize> {
    move |i| Some(few(seed)(i))
}

/// The same with nulls.
fn few_or_null(seed: u64) -> impl Fn(usize) -> Option<usize> {
    move |i| (random(seed + 1, i) % 5 > 0).then(|| few(seed)(i))
}

fn validity(seed: u64, rows: usize) -> Option<Vec<u8>> {
    Some((0..rows).map(|i| u8::from(random(seed, i) % 4 > 0)).collect())
}

/// Lists of one level, of many kinds of items.
fn lists(rows: usize) -> Memory {
    let words = ["red", "green \"2\"", "", "blue; [x]"];
    let small = |seed: u64, bits: u32| move |i: usize| u128::from(random(seed, i)) & ((1 << bits) - 1);
    Builder::new(rows)
        .number("id", Kind::Unsigned, 16, |i| i as u128)
        .list(None, "numbers", true, few_or_null(900), |items| {
            items.nullable("item", Kind::Signed, 32, |i| (i % 6 > 0).then(|| small(901, 20)(i)))
        })
        .list(None, "tags", false, some(902), |items| {
            items.strings(None, "item", Kind::Text, true, |i| {
                words.get(random(903, i) as usize % 5).map(|word| word.as_bytes().to_vec())
            })
        })
        .list(None, "words", true, few_or_null(904), |items| {
            items.text("element", |i| format!("{:x} ünï", random(905, i)))
        })
        .list(None, "decimals", true, few_or_null(912), |items| {
            items
                .nullable("item", Kind::Decimal, 128, |i| (i % 7 > 0).then(|| (i as u128) << 60))
                .decimal(38, 2)
        })
        .list(None, "keys", false, some(914), |items| {
            let count = items.rows();
            items.column(None, "item", Kind::FixedBytes, 8, 3, validity(915, count), |i, e| {
                small(916, 8)(3 * i + e)
            })
        })
        .list(None, "days", true, few_or_null(919), |items| {
            items.number("item", Kind::Signed, 32, small(920, 14)).unit(1)
        })
        .finish()
}

/// Lists in structs, structs in lists, lists in lists, and fixed-size lists in lists.
fn nested(rows: usize) -> Memory {
    let there = validity(930, rows);
    let is_there = |i: usize| there.as_ref().unwrap()[i] == 1;
    Builder::new(rows)
        .column(None, "s", Kind::Struct, 0, 0, there.clone(), |_, _| 0)
        .column(Some(0), "a", Kind::Unsigned, 8, 0, None, |i, _| if is_there(i) { i as u128 } else { 0 })
        .list(
            Some(0),
            "l",
            true,
            |i| few_or_null(931)(i).filter(|_| is_there(i)),
            |items| items.number("item", Kind::Unsigned, 16, |i| i as u128),
        )
        .list(
            Some(0),
            "m",
            false,
            |i| Some(if is_there(i) { few(933)(i) } else { 0 }),
            |items| items.text("item", |i| ["x", "yy", ""][random(934, i) as usize % 3].to_owned()),
        )
        .list(None, "pairs", true, few_or_null(935), |items| {
            let there = validity(936, items.rows());
            let is_there = |i: usize| there.as_ref().unwrap()[i] == 1;
            items
                .column(None, "pair", Kind::Struct, 0, 0, there.clone(), |_, _| 0)
                .column(
                    Some(0),
                    "key",
                    Kind::Signed,
                    64,
                    0,
                    None,
                    |i, _| if is_there(i) { i as u128 } else { 0 },
                )
                .strings(Some(0), "value", Kind::Text, true, |i| {
                    (is_there(i) && i % 3 > 0).then(|| format!("value {}", i % 9).into_bytes())
                })
                .list(
                    Some(0),
                    "more",
                    false,
                    |i| Some(if is_there(i) { few(937)(i) } else { 0 }),
                    |items| items.number("item", Kind::Float, 32, |i| (i as f32 / 2.0).to_bits().into()),
                )
        })
        .list(None, "matrix", true, few_or_null(938), |items| {
            items.list(None, "row", true, few_or_null(939), |items| {
                items.nullable("item", Kind::Signed, 16, |i| (i % 5 > 0).then_some(i as u128))
            })
        })
        .list(None, "points", false, some(940), |items| {
            let count = items.rows();
            items.column(None, "point", Kind::FixedList, 0, 2, validity(941, count), |_, _| 0).column(
                Some(0),
                "item",
                Kind::Unsigned,
                8,
                0,
                None,
                |i, e| u128::from(random(942, 2 * i + e)) & 0xFF,
            )
        })
        .finish()
}

/// Rows without any items.
fn none() -> Memory {
    Builder::new(9)
        .list(None, "nulls", true, |_| None, |items| items.number("item", Kind::Bool, 1, |_| 0))
        .list(None, "empty", false, |_| Some(0), |items| items.text("item", |_| String::new()))
        .list(None, "both", true, |i| (i % 2 > 0).then_some(0), |items| items.f64("item", |_| 0.0))
        .finish()
}

/// Few rows, whose items make several segments.
fn long() -> Memory {
    let length = |i: usize| [130, 0, 200, 1, 60][i];
    Builder::new(5)
        .list(
            None,
            "tokens",
            false,
            |i| Some(length(i)),
            |items| items.number("item", Kind::Unsigned, 32, |i| u128::from(random(950, i) % 8192)),
        )
        .list(
            None,
            "lists",
            true,
            |i| Some(length(i) / 2),
            |items| {
                items.list(
                    None,
                    "item",
                    false,
                    |i| Some(i % 3),
                    |items| items.text("item", |i| format!("{}", random(951, i) % 40)),
                )
            },
        )
        .finish()
}

/// Lists that have one length in the whole table, or in one of its segments.
fn one_length() -> Memory {
    Builder::new(150)
        .list(
            None,
            "vectors",
            false,
            |_| Some(3),
            |items| items.number("item", Kind::Unsigned, 8, |i| u128::from(random(960, i) % 256)),
        )
        .list(
            None,
            "first",
            true,
            |i| if i < 130 { Some(2) } else { few_or_null(961)(i) },
            |items| items.number("item", Kind::Unsigned, 8, |i| i as u128 % 200),
        )
        .list(
            None,
            "last",
            true,
            |i| (i < 130).then_some(i % 2),
            |items| items.number("item", Kind::Unsigned, 8, |i| i as u128 % 100),
        )
        .list(
            None,
            "or null",
            true,
            |i| (i % 3 > 0).then_some(2),
            |items| items.number("item", Kind::Unsigned, 8, |i| i as u128 % 7),
        )
        .finish()
}

/// Items that repeat each other: phrases of eight, in any order.
pub fn repeated() -> Memory {
    let phrase = |i: usize| random(1000 + random(991, i / 8) % 12, i % 8);
    Builder::new(60)
        .list(
            None,
            "tokens",
            false,
            |i| Some(40 + random(992, i) as usize % 40),
            |items| items.number("item", Kind::Signed, 32, |i| u128::from(phrase(i) % 8000)),
        )
        .list(
            None,
            "pairs",
            true,
            |i| (i % 7 > 0).then_some(26),
            |items| {
                items
                    .column(None, "pair", Kind::Struct, 0, 0, None, |_, _| 0)
                    .column(Some(0), "x", Kind::Float, 64, 0, None, |i, _| {
                        (phrase(i) as f64).to_bits().into()
                    })
                    .strings(Some(0), "text", Kind::Text, true, |i| {
                        (i % 9 > 0).then(|| format!("{:x}", phrase(i) % 100_000).into_bytes())
                    })
            },
        )
        .finish()
}

/// As many levels as a column may have: lists, in each a struct in a struct and so on.
fn deep() -> Memory {
    fn below(lists: usize, structs: usize, items: Builder) -> Builder {
        let nested = (0..structs).fold(items, |items, level| {
            items.column(level.checked_sub(1), "s", Kind::Struct, 0, 0, None, |_, _| 0)
        });
        let parent = structs.checked_sub(1);
        if lists == 0 {
            return nested.column(parent, "item", Kind::Unsigned, 8, 0, None, |i, _| i as u128);
        }
        nested.list(
            parent,
            "l",
            lists % 2 == 0,
            move |i| Some(1 + usize::from(lists == i)),
            |items| below(lists - 1, 6, items),
        )
    }
    below(9, 0, Builder::new(2)).finish()
}

/// A class, a number and lists.
fn classes() -> Memory {
    Builder::new(150)
        .strings(None, "class", Kind::Text, true, |i| {
            ["cat", "dog"].get(random(970, i) as usize % 3).map(|s| s.as_bytes().to_vec())
        })
        .f64("x", |i| (random(971, i) % 500) as f64 / 10.0)
        .list(None, "words", true, few_or_null(972), |items| {
            items.text("item", |i| ["miaow", "woof", "?"][random(973, i) as usize % 3].to_owned())
        })
        .finish()
}

/// Lists between columns of images.
fn images() -> Memory {
    let shape = ImageShape::new(1, 4, 5, false).unwrap();
    Builder::new(12)
        .image("before", shape, |i, at| (random(980, i * 20 + at) % 8) as u8)
        .list(None, "labels", false, some(981), |items| {
            items.number("item", Kind::Unsigned, 8, |i| i as u128)
        })
        .image("after", shape, |i, at| (i + at) as u8)
        .finish()
}
