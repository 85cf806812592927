//! Values of a condition in the type of their column.

use crate::codec::transform::numbers::{Float, Order};
use crate::error::{Error, Result};
use crate::format::schema::{Kind, Node};
use crate::read::predicate::Comparison;
use crate::read::predicate::ranges::{Ranges, StringRanges, next};
use crate::read::predicate::time;
use crate::read::value::Value;
use crate::summary::statistics::stored::float_ends;

/// The values of a column that pass.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// Places in order (spec, chapter 4.1).
    Numbers(Ranges),
    Strings(StringRanges),
}

/// The values of a node that compare so with a value.
///
/// # Errors
/// `Argument` for a value that is not of the node's type.
pub(crate) fn compared(node: &Node, comparison: Comparison, value: &Value) -> Result<Test> {
    if node.kind.is_bytes() {
        let string = string(node, value)?;
        let equal = || StringRanges::new(vec![(string.clone(), Some(next(&string)))]);
        return Ok(Test::Strings(match comparison {
            Comparison::Equal => equal(),
            Comparison::NotEqual => equal().complement(),
            Comparison::Less => StringRanges::new(vec![(Vec::new(), Some(string))]),
            Comparison::LessOrEqual => StringRanges::new(vec![(Vec::new(), Some(next(&string)))]),
            Comparison::Greater => StringRanges::new(vec![(next(&string), None)]),
            Comparison::GreaterOrEqual => StringRanges::new(vec![(string, None)]),
        }));
    }
    let (least, greatest) = ends(node);
    let (first, last) = places(node, value)?;
    let range = match comparison {
        Comparison::Equal => vec![(first, last)],
        Comparison::NotEqual => {
            return Ok(Test::Numbers(Ranges::new(vec![(first, last)]).complement(most(node))));
        }
        Comparison::Less => first.checked_sub(1).map(|below| (least, below)).into_iter().collect(),
        Comparison::LessOrEqual => vec![(least, last)],
        Comparison::Greater => last.checked_add(1).map(|above| (above, greatest)).into_iter().collect(),
        Comparison::GreaterOrEqual => vec![(first, greatest)],
    };
    Ok(Test::Numbers(Ranges::new(range)))
}

/// The values of a node that are one of these.
///
/// # Errors
/// As `compared`.
pub(crate) fn one_of(node: &Node, values: &[Value]) -> Result<Test> {
    if node.kind.is_bytes() {
        let strings = values.iter().map(|value| string(node, value)).collect::<Result<Vec<_>>>()?;
        let points = strings.into_iter().map(|string| (string.clone(), Some(next(&string))));
        return Ok(Test::Strings(StringRanges::new(points.collect())));
    }
    let places = values.iter().map(|value| places(node, value)).collect::<Result<_>>()?;
    Ok(Test::Numbers(Ranges::new(places)))
}

/// The greatest place of the bits of a node.
pub(crate) fn most(node: &Node) -> u128 {
    u128::MAX >> (128 - u32::from(node.bits.clamp(1, 128)))
}

/// The places of the least and of the greatest number.
fn ends(node: &Node) -> (u128, u128) {
    if node.kind == Kind::Float { float_ends(node) } else { (0, most(node)) }
}

/// The places of a value: one, or those of -0 and 0.
fn places(node: &Node, value: &Value) -> Result<(u128, u128)> {
    let refuse = |what: &str| Err(refusal(node, value, what));
    match node.kind {
        Kind::Bool => match value {
            Value::Bool(value) => Ok((u128::from(*value), u128::from(*value))),
            _ => refuse("write true or false"),
        },
        Kind::Float => float(node, value),
        Kind::Unsigned | Kind::Signed | Kind::Decimal => {
            let Some(whole) = integer(node, value) else { return refuse(&wanted(node)) };
            let unused = 128 - u32::from(node.bits);
            let (least, greatest) = match node.kind {
                Kind::Unsigned => (0, (u128::MAX >> unused) as i128),
                _ => (i128::MIN >> unused, i128::MAX >> unused),
            };
            if !(least..=greatest).contains(&whole) {
                return refuse(&format!("its values are from {least} to {greatest}"));
            }
            // A signed number follows the others of its width that are less.
            let place = if least < 0 { (whole as u128).wrapping_sub(least as u128) } else { whole as u128 };
            Ok((place, place))
        }
        _ => refuse("only is null is for such columns"),
    }
}

/// The integer of a value of a node: a whole number, the integer of a decimal, a count of a unit.
fn integer(node: &Node, value: &Value) -> Option<i128> {
    let scale = if node.kind == Kind::Decimal { node.scale } else { 0 };
    let scaled = |value: i128, own: i16| {
        let more = i32::from(scale) - i32::from(own);
        let power = 10i128.checked_pow(more.unsigned_abs())?;
        if more >= 0 { value.checked_mul(power) } else { (value % power == 0).then_some(value / power) }
    };
    match value {
        Value::Integer(value) => scaled(*value, 0),
        Value::Decimal(value, own) if node.unit == 0 => scaled(*value, *own),
        Value::Text(text) => time::count(text, node.unit),
        _ => None,
    }
}

/// What a value of a node looks like.
fn wanted(node: &Node) -> String {
    match (node.kind, node.unit) {
        (Kind::Decimal, _) => {
            format!("write a number of at most {} digits after the point", node.scale.max(0))
        }
        (_, 0) => "write a whole number".to_owned(),
        (_, unit @ (1..=11)) => format!("write it as {}", time::example(unit)),
        _ => "write a whole number, a count of its unit".to_owned(),
    }
}

/// The places of a float.
fn float(node: &Node, value: &Value) -> Result<(u128, u128)> {
    let text = match value {
        Value::Integer(value) => value.to_string(),
        Value::Decimal(value, scale) => format!("{value}e{}", -i32::from(*scale)),
        Value::Float(value) if !value.is_nan() => format!("{value:e}"),
        Value::Float(_) => return Err(refusal(node, value, "nothing equals NaN")),
        _ => return Err(refusal(node, value, "write a number")),
    };
    // Rounded once, to the type of the column.
    let raw = match node.bits {
        32 => text.parse::<f32>().map(|value| u64::from(value.to_bits())),
        bits => text.parse::<f64>().map(|value| Float::of(bits).raw(value)),
    };
    let raw = raw.map_err(|_| refusal(node, value, "write a number"))?;
    let order = Order::of(node.kind, node.bits);
    let zero = 1u64 << (node.bits - 1);
    if raw & !zero == 0 {
        return Ok((order.ordered(zero).into(), order.ordered(0).into()));
    }
    Ok((order.ordered(raw).into(), order.ordered(raw).into()))
}

fn string(node: &Node, value: &Value) -> Result<Vec<u8>> {
    match (node.kind, value) {
        (_, Value::Text(text)) => Ok(text.clone().into_bytes()),
        (Kind::Bytes, Value::Bytes(bytes)) => Ok(bytes.clone()),
        (Kind::Bytes, _) => Err(refusal(node, value, "write bytes as x'00ff', or a string in single quotes")),
        _ => Err(refusal(node, value, "write a string in single quotes")),
    }
}

fn refusal(node: &Node, value: &Value, what: &str) -> Error {
    let kind = format!("{:?}", node.kind).to_lowercase();
    let kind = match node.unit {
        1 | 2 => "date".to_owned(),
        4..=7 => "time of day".to_owned(),
        8..=11 => "timestamp".to_owned(),
        12..=15 => "duration".to_owned(),
        _ if node.bits > 1 => format!("{kind} of {} bits", node.bits),
        _ => kind,
    };
    Error::argument(format!(
        "condition: column \"{}\" is {kind} and cannot be compared with {value}: {what}",
        node.name
    ))
}
