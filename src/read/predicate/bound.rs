//! A condition on the nodes of a schema: of rows, and of the statistics of rows.

use std::sync::OnceLock;

use crate::codec::transform::numbers::Order;
use crate::column::values::{Column, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::format::schema::{Node, Schema};
use crate::read::predicate::Expression;
use crate::read::predicate::literal::{Test, compared, most, one_of};
use crate::read::predicate::logic::{AND, ANY, FALSE, NOT, OR, TRUE, UNKNOWN, and_of, not_of};
use crate::read::predicate::outcomes::Outcomes;
use crate::summary::statistics::stored::{Extreme, Stored, ordered};

/// A condition on nodes of a schema.
pub(crate) struct Bound {
    /// The nodes that it is about, each once.
    pub nodes: Vec<usize>,
    /// The nullable nodes above each.
    above: Vec<Vec<usize>>,
    condition: Condition,
}

enum Condition {
    /// A test of the values of a node, by its place among the nodes; what the strings of the node's file-wide dictionary make of
    /// it, once that was asked.
    Test(usize, Test, OnceLock<Vec<u8>>),
    IsNull(usize),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
}

/// The strings of the file-wide dictionary of a node.
pub(crate) type Dictionary<'a> = &'a dyn Fn(usize) -> Result<Values>;

impl Bound {
    /// A condition on the columns of a schema.
    ///
    /// # Errors
    /// `Argument` for columns that there are not, and values that are not of their type; `Unsupported` for columns that cannot
    /// be read.
    pub fn new(expression: &Expression, schema: &Schema) -> Result<Self> {
        let mut bound = Self { nodes: Vec::new(), above: Vec::new(), condition: Condition::And(Vec::new()) };
        bound.condition = bound.bind(expression, schema)?;
        Ok(bound)
    }

    fn bind(&mut self, expression: &Expression, schema: &Schema) -> Result<Condition> {
        let mut all =
            |parts: &[Expression]| parts.iter().map(|part| self.bind(part, schema)).collect::<Result<_>>();
        Ok(match expression {
            Expression::And(parts) => Condition::And(joined(all(parts)?)),
            Expression::Or(parts) => Condition::Or(all(parts)?),
            Expression::Not(part) => Condition::Not(Box::new(self.bind(part, schema)?)),
            Expression::IsNull(column) => Condition::IsNull(self.node(column, schema)?),
            Expression::Compare(column, comparison, value) => {
                let at = self.node(column, schema)?;
                let test = compared(&schema.nodes()[self.nodes[at]], *comparison, value)?;
                Condition::Test(at, test, OnceLock::new())
            }
            Expression::In(column, values) => {
                let at = self.node(column, schema)?;
                Condition::Test(at, one_of(&schema.nodes()[self.nodes[at]], values)?, OnceLock::new())
            }
        })
    }

    /// The place of a column's node among the nodes.
    fn node(&mut self, column: &str, schema: &Schema) -> Result<usize> {
        let node = schema.find(column)?;
        if let Some(refusal) = schema.refusal(node) {
            return Err(refusal);
        }
        if let Some(at) = self.nodes.iter().position(|&own| own == node) {
            return Ok(at);
        }
        let parents = std::iter::successors(schema.nodes()[node].parent, |&up| schema.nodes()[up].parent);
        self.above.push(parents.filter(|&up| schema.nodes()[up].nullable).collect());
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// The nodes that rows are read with: the condition's, and those above that may be null.
    pub fn wanted(&self) -> Vec<usize> {
        let mut wanted: Vec<usize> = self.nodes.iter().chain(self.above.iter().flatten()).copied().collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// Bytes of strings that tell what the condition is of them.
    pub fn prefix(&self) -> usize {
        self.condition.longest() + 1
    }

    /// What the condition may be of rows with these statistics, one for each node; none where they are not known.
    pub fn outcomes(&self, schema: &Schema, statistics: &[Option<Stored>], rows: u64) -> Outcomes {
        self.condition.outcomes(&|at| (&schema.nodes()[self.nodes[at]], statistics[at].as_ref()), rows)
    }

    /// The tests of the condition in order, each with the place of its node.
    pub fn tests(&self) -> Vec<(usize, &Test)> {
        let mut tests = Vec::new();
        self.condition.tests(&mut tests);
        tests
    }

    /// The outcomes that the condition may have of each of so many rows, as bits, from those of its tests in their order. Of
    /// tests without any, and of nulls, nothing is known.
    ///
    /// # Errors
    /// `Memory`.
    pub fn possible(&self, rows: usize, tests: Vec<Option<Vec<u8>>>) -> Result<Vec<u8>> {
        self.condition.possible(rows, &mut tests.into_iter())
    }

    /// True if the node at a place, or one above it, may be null.
    pub fn may_be_null(&self, schema: &Schema, at: usize) -> bool {
        schema.nodes()[self.nodes[at]].nullable || !self.above[at].is_empty()
    }

    /// What each of so many rows makes of the condition; `column` gives the columns of the wanted nodes.
    ///
    /// # Errors
    /// `Memory`.
    pub fn evaluate<'b>(
        &self,
        schema: &Schema,
        rows: usize,
        column: &dyn Fn(usize) -> &'b Column,
        dictionary: Dictionary,
    ) -> Result<Vec<u8>> {
        let valid = self.nodes.iter().zip(&self.above).map(|(&node, above)| {
            let mut valid: Option<Vec<u8>> = column(node).validity.clone();
            for own in above.iter().filter_map(|&up| column(up).validity.as_deref()) {
                match &mut valid {
                    Some(valid) => valid.iter_mut().zip(own).for_each(|(valid, own)| *valid &= own),
                    None => valid = Some(own.to_vec()),
                }
            }
            valid
        });
        let rows = Rows { bound: self, schema, rows, valid: valid.collect(), column, dictionary };
        rows.evaluate(&self.condition)
    }
}

/// Conditions of which all are to be true, tests of the numbers of one node in one. Whether one of them is unknown or all, of a
/// null, is the same.
fn joined(parts: Vec<Condition>) -> Vec<Condition> {
    let mut all: Vec<Condition> = Vec::new();
    for part in parts {
        let Condition::Test(at, Test::Numbers(more), _) = &part else {
            all.push(part);
            continue;
        };
        let same = all.iter_mut().find_map(|own| match own {
            Condition::Test(own, Test::Numbers(ranges), _) if own == at => Some(ranges),
            _ => None,
        });
        match same.filter(|ranges| ranges.all().len() == 1 || more.all().len() == 1) {
            Some(ranges) => *ranges = ranges.and(more),
            None => all.push(part),
        }
    }
    all
}

impl Condition {
    fn tests<'c>(&'c self, tests: &mut Vec<(usize, &'c Test)>) {
        match self {
            Condition::Test(at, test, _) => tests.push((*at, test)),
            Condition::IsNull(_) => {}
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| part.tests(tests)),
            Condition::Not(part) => part.tests(tests),
        }
    }

    fn possible(&self, rows: usize, tests: &mut impl Iterator<Item = Option<Vec<u8>>>) -> Result<Vec<u8>> {
        let filled = |outcomes: u8| -> Result<Vec<u8>> {
            let mut all = Vec::new();
            earned::resize(&mut all, rows, outcomes)?;
            Ok(all)
        };
        match self {
            Condition::Test(..) => tests.next().flatten().map_or_else(|| filled(ANY), Ok),
            Condition::IsNull(_) => filled(1 << TRUE | 1 << FALSE),
            Condition::Not(part) => {
                let mut all = part.possible(rows, tests)?;
                all.iter_mut().for_each(|own| *own = not_of(*own));
                Ok(all)
            }
            Condition::And(parts) => {
                let mut all: Option<Vec<u8>> = None;
                for part in parts {
                    let own = part.possible(rows, tests)?;
                    match &mut all {
                        None => all = Some(own),
                        Some(all) => all.iter_mut().zip(own).for_each(|(all, own)| *all = and_of(*all, own)),
                    }
                }
                all.map_or_else(|| filled(1 << TRUE), Ok)
            }
            Condition::Or(parts) => {
                let mut all = filled(1 << FALSE)?;
                for part in parts {
                    let own = part.possible(rows, tests)?;
                    let or_of = |a, b| not_of(and_of(not_of(a), not_of(b)));
                    all.iter_mut().zip(own).for_each(|(all, own)| *all = or_of(*all, own));
                }
                Ok(all)
            }
        }
    }

    /// Bytes of the longest string that others are compared with.
    fn longest(&self) -> usize {
        match self {
            Condition::Test(_, Test::Strings(ranges), _) => ranges.longest(),
            Condition::Test(..) | Condition::IsNull(_) => 0,
            Condition::And(parts) | Condition::Or(parts) => {
                parts.iter().map(Self::longest).fold(0, usize::max)
            }
            Condition::Not(part) => part.longest(),
        }
    }

    fn outcomes<'s>(&self, of: &dyn Fn(usize) -> (&'s Node, Option<&'s Stored>), rows: u64) -> Outcomes {
        let none = Outcomes { may_be_true: false, may_be_false: true, may_be_unknown: false };
        match self {
            Condition::And(parts) => {
                parts.iter().map(|part| part.outcomes(of, rows)).fold(none.negated(), Outcomes::and)
            }
            Condition::Or(parts) => parts.iter().map(|part| part.outcomes(of, rows)).fold(none, Outcomes::or),
            Condition::Not(part) => part.outcomes(of, rows).negated(),
            Condition::IsNull(at) => {
                let nulls = of(*at).1.map(|stored| stored.nulls);
                Outcomes {
                    may_be_true: nulls != Some(0),
                    may_be_false: nulls != Some(rows),
                    may_be_unknown: false,
                }
            }
            Condition::Test(at, test, _) => {
                let (node, Some(stored)) = of(*at) else { return Outcomes::ANY };
                let (some, all) = match (test, &stored.least, &stored.greatest) {
                    (_, None, _) => (false, true),
                    (
                        Test::Numbers(ranges),
                        Some(Extreme::Number(least)),
                        Some(Extreme::Number(greatest)),
                    ) => {
                        // No condition tells -0 from 0.
                        ranges.meet(*least, *greatest)
                    }
                    (Test::Strings(ranges), Some(Extreme::String(least)), greatest) => match greatest {
                        Some(Extreme::String(greatest)) => ranges.meet(least, Some(greatest)),
                        _ => ranges.meet(least, None),
                    },
                    _ => (true, false),
                };
                let nans = stored.nans > 0;
                let are_nans_in = matches!(test, Test::Numbers(ranges) if ranges.contains(most(node)));
                Outcomes {
                    may_be_true: some || nans && are_nans_in,
                    may_be_false: !all || nans && !are_nans_in,
                    may_be_unknown: stored.nulls > 0,
                }
            }
        }
    }
}

/// Rows that a condition is asked of.
struct Rows<'a, 'b> {
    bound: &'a Bound,
    schema: &'a Schema,
    rows: usize,
    /// Of each node: which rows have a value; none if all have.
    valid: Vec<Option<Vec<u8>>>,
    column: &'a dyn Fn(usize) -> &'b Column,
    dictionary: Dictionary<'a>,
}

impl Rows<'_, '_> {
    fn evaluate(&self, condition: &Condition) -> Result<Vec<u8>> {
        let joined = |parts: &[Condition], none: u8, table: &[[u8; 3]; 3]| -> Result<Vec<u8>> {
            let mut all = Vec::new();
            earned::resize(&mut all, self.rows, none)?;
            for part in parts {
                let own = self.evaluate(part)?;
                all.iter_mut()
                    .zip(own)
                    .for_each(|(all, own)| *all = table[usize::from(*all)][usize::from(own)]);
            }
            Ok(all)
        };
        match condition {
            Condition::And(parts) => joined(parts, TRUE, &AND),
            Condition::Or(parts) => joined(parts, FALSE, &OR),
            Condition::Not(part) => {
                let mut own = self.evaluate(part)?;
                own.iter_mut().for_each(|outcome| *outcome = NOT[usize::from(*outcome)]);
                Ok(own)
            }
            Condition::IsNull(at) => match &self.valid[*at] {
                Some(valid) => Ok(valid.iter().map(|valid| 1 - valid).collect()),
                None => joined(&[], FALSE, &OR),
            },
            Condition::Test(at, test, codes) => {
                let mut out = self.test(*at, test, codes)?;
                if let Some(valid) = &self.valid[*at] {
                    out.iter_mut()
                        .zip(valid)
                        .for_each(|(out, valid)| *out = if *valid == 1 { *out } else { UNKNOWN });
                }
                Ok(out)
            }
        }
    }

    /// A test of the values of a node, null or not.
    fn test(&self, at: usize, test: &Test, codes: &OnceLock<Vec<u8>>) -> Result<Vec<u8>> {
        let node = &self.schema.nodes()[self.bound.nodes[at]];
        let mut out = earned::with_room(self.rows)?;
        match (&(self.column)(self.bound.nodes[at]).values, test) {
            (Values::U8(v), Test::Numbers(_)) => numbers(node, test, v, &mut out),
            (Values::U16(v), Test::Numbers(_)) => numbers(node, test, v, &mut out),
            (Values::U32(v), Test::Numbers(_)) => numbers(node, test, v, &mut out),
            (Values::U64(v), Test::Numbers(_)) => numbers(node, test, v, &mut out),
            (Values::U128(v), Test::Numbers(ranges)) => {
                out.extend(v.iter().map(|&raw| u8::from(ranges.contains(ordered(node, raw)))));
            }
            (Values::Bytes { offsets, data }, Test::Strings(ranges)) => {
                let strings = offsets.windows(2).map(|w| &data[w[0] as usize..w[1] as usize]);
                out.extend(strings.map(|string| u8::from(ranges.contains(string))));
            }
            (Values::U32(v), Test::Strings(_)) => {
                let codes = match codes.get() {
                    Some(codes) => codes,
                    None => {
                        let own = dictionary_codes(&(self.dictionary)(self.bound.nodes[at])?, test)?;
                        codes.get_or_init(|| own)
                    }
                };
                out.extend(v.iter().map(|&code| codes[code as usize]));
            }
            _ => return Err(Error::internal("a condition on values of another type")),
        }
        Ok(out)
    }
}

/// Tests values of up to 64 bits.
fn numbers<T: Copy + Into<u64>>(node: &Node, test: &Test, values: &[T], out: &mut Vec<u8>) {
    let Test::Numbers(ranges) = test else { return };
    let order = Order::of(node.kind, node.bits);
    match ranges.all() {
        // One comparison a value, which vector units do side by side.
        [(first, last)] => {
            let (first, length) = (*first as u64, (last - first) as u64);
            let passes = |raw: u64| u8::from(order.ordered(raw).wrapping_sub(first) <= length);
            out.extend(values.iter().map(|&raw| passes(raw.into())));
        }
        _ => {
            out.extend(values.iter().map(|&raw| u8::from(ranges.contains(order.ordered(raw.into()).into()))))
        }
    }
}

/// What the strings of a dictionary make of a test.
///
/// # Errors
/// `Memory`; `Internal` for values that are no strings.
fn dictionary_codes(strings: &Values, test: &Test) -> Result<Vec<u8>> {
    let (Values::Bytes { offsets, data }, Test::Strings(ranges)) = (strings, test) else {
        return Err(Error::internal("a dictionary of strings that are none"));
    };
    let mut codes = earned::with_room(strings.len())?;
    let strings = offsets.windows(2).map(|w| &data[w[0] as usize..w[1] as usize]);
    codes.extend(strings.map(|string| u8::from(ranges.contains(string))));
    Ok(codes)
}
