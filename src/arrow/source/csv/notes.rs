//! Notes for the user on how CSV text was read, in sentences.

use super::header::some;
use super::nulls::Nulls;
use super::number::is_nan;
use super::time::Zones;
use super::types::{Column, Seen};
use arrow::datatypes::{DataType, Schema};

/// A column is nearly one of numbers or times if at most one in so many values is neither.
const NEARLY: u64 = 20;

/// Sentences on columns: `found[i]` is what was found in field i of the schema, none if its type was given.
pub(crate) fn of_columns(schema: &Schema, found: &[Column], given: &[bool], nulls: &Nulls) -> Vec<String> {
    let columns =
        || schema.fields().iter().zip(found).zip(given).map(|((f, c), &g)| (f.name(), f.data_type(), c, g));
    let mut notes: Vec<String> = (0..nulls.words().len())
        .filter_map(|word| {
            let counted = columns().filter_map(|(name, data_type, column, _)| {
                let count = column.words.get(word).copied().filter(|&count| count > 0)?;
                let is_value = data_type.is_floating() && nulls.are_usual() && is_nan(&nulls.words()[word]);
                let counts = !is_value && *data_type != DataType::Utf8;
                counts.then(|| format!("{count} in column \"{name}\""))
            });
            let counted: Vec<String> = counted.collect();
            let word = &nulls.words()[word];
            (!counted.is_empty())
                .then(|| format!("\"{word}\" is null: {} (--null says which words are)", some(&counted)))
        })
        .collect();
    let mut each = Vec::new();
    for (name, data_type, column, _) in columns().filter(|(.., given)| !given) {
        let seen = |seen: &Seen| format!("{} (line {})", seen.value, seen.line);
        let nearly =
            *data_type == DataType::Utf8 && column.others > 0 && column.others * NEARLY <= column.values;
        if let (true, Some(other)) = (nearly, &column.other) {
            each.push(format!(
                "column \"{name}\" is text: {} of its {} values are neither number nor time, first {}; --null reads \
                 words as nulls",
                column.others, column.values, seen(other)
            ));
        }
        match (data_type, &column.unheld, &column.no_float) {
            (DataType::Utf8, Some(value), _) if column.is_uniform() => {
                each.push(format!("column \"{name}\" is text, since no type holds {}", seen(value)));
            }
            (DataType::Utf8, None, Some(value)) if column.is_uniform() => each.push(format!(
                "column \"{name}\" is text, since no type holds all of its numbers; float64 does not hold {}",
                seen(value)
            )),
            (DataType::Decimal128(..), _, Some(value)) => each.push(format!(
                "column \"{name}\" is {data_type}, since float64 does not hold {}; --type {name}=float64 rounds",
                seen(value)
            )),
            (DataType::Timestamp(_, Some(_)), ..) if column.zones == Zones::Several => {
                each.push(format!(
                    "column \"{name}\" has times of several zones: the instants are kept, in UTC; --type {name}=text \
                     keeps them as they are written"
                ));
            }
            _ => {}
        }
    }
    notes.append(&mut cut(each));
    let spaced: Vec<String> = columns()
        .filter(|(_, data_type, column, _)| column.spaced && **data_type != DataType::Utf8)
        .map(|(name, ..)| format!("\"{name}\""))
        .collect();
    if !spaced.is_empty() {
        notes.push(format!("spaces around values were left out in columns {}", some(&spaced)));
    }
    notes
}

/// The first notes on columns, and how many there are besides.
fn cut(mut notes: Vec<String>) -> Vec<String> {
    const MOST: usize = 10;
    if let Some(more) = notes.len().checked_sub(MOST).filter(|&more| more > 0) {
        notes.truncate(MOST);
        notes.push(format!("and {more} more notes on columns"));
    }
    notes
}
