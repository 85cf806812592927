//! The rules of a node beyond its bits: units, decimals, lengths and depth (spec, chapter 3).

use crate::format::schema::{Kind, Node, Schema};

/// Levels of structs and lists that a column may have, those of the items of lists among them.
pub const MAX_DEPTH: usize = 64;

impl Node {
    /// Digits of the values of a decimal: its precision, or all that its bits hold if it has none.
    pub(crate) fn digits(&self) -> u8 {
        if self.precision == 0 { self.most_digits() } else { self.precision }
    }

    /// The most digits that a decimal of its bits may have; 0 of other kinds.
    fn most_digits(&self) -> u8 {
        match (self.kind, self.bits) {
            (Kind::Decimal, 32) => 9,
            (Kind::Decimal, 64) => 18,
            (Kind::Decimal, _) => 38,
            _ => 0,
        }
    }

    /// The rule that the node breaks, if it breaks one. Images have rules of their own.
    fn broken_rule(&self) -> Option<String> {
        let Self { kind, bits, unit, precision, scale, length, .. } = *self;
        if kind == Kind::Image {
            return None;
        }
        if !takes_unit(kind, bits, unit) {
            return Some(format!("{kind:?} values of {bits} bits have no unit {unit}"));
        }
        match self.most_digits() {
            0 if precision > 0 || scale != 0 => {
                return Some(format!("{kind:?} values have no precision {precision} and scale {scale}"));
            }
            most if precision > most => {
                return Some(format!("decimals of {bits} bits have up to {most} digits, not {precision}"));
            }
            _ if scale < i16::from(i8::MIN) || scale > i16::from(self.digits()) => {
                return Some(format!("a decimal of {} digits has no scale {scale}", self.digits()));
            }
            _ => {}
        }
        if length > 0 && !matches!(kind, Kind::FixedList | Kind::FixedBytes) {
            return Some(format!("{kind:?} values have no length"));
        }
        None
    }
}

/// True if values of a kind and width may have a unit.
fn takes_unit(kind: Kind, bits: u16, unit: u8) -> bool {
    match (kind, unit) {
        (_, 0) => true,
        (Kind::Signed, 1 | 4 | 5 | 16) => bits == 32,
        (Kind::Signed, 2 | 6..=15) => bits == 64,
        _ => false,
    }
}

impl Schema {
    /// The first column that breaks a rule, and the rule.
    pub(crate) fn broken_rule(&self) -> Option<(&str, String)> {
        self.broken_rule_below(0)
    }

    /// The same of a table so many levels below the rows.
    fn broken_rule_below(&self, levels: usize) -> Option<(&str, String)> {
        let nodes = self.nodes();
        let mut depths: Vec<usize> = Vec::with_capacity(nodes.len());
        let mut children = vec![0u32; nodes.len()];
        for node in nodes {
            depths.push(node.parent.map_or(levels + 1, |parent| depths[parent] + 1));
            if let Some(parent) = node.parent {
                children[parent] += 1;
            }
        }
        for ((node, &depth), &children) in nodes.iter().zip(&depths).zip(&children) {
            let rule = match node.broken_rule() {
                Some(rule) => Some(rule),
                None if depth > MAX_DEPTH => Some(format!("it is nested deeper than {MAX_DEPTH} levels")),
                None if node.kind == Kind::FixedList && children != 1 => {
                    Some("a list has no item".to_owned())
                }
                None => None,
            };
            if let Some(rule) = rule {
                return Some((&node.name, rule));
            }
            if let Some(broken) = node.items.as_deref().and_then(|items| items.broken_rule_below(depth)) {
                return Some(broken);
            }
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::format::schema_builder::SchemaBuilder;

    /// The rule that a column of this kind breaks with a unit, precision and scale.
    fn broken(kind: Kind, bits: u16, unit: u8, decimal: (u8, i16)) -> Option<String> {
        let mut builder = SchemaBuilder::default();
        builder.push(None, "x", kind, true, bits, 0).unwrap();
        builder.unit(unit);
        builder.decimal(decimal.0, decimal.1);
        builder.finish().broken_rule().map(|(name, rule)| format!("{name}: {rule}"))
    }

    #[test]
    fn units_are_for_the_kinds_and_widths_that_take_them() {
        let taken: Vec<_> = (0..=255u8)
            .flat_map(|unit| [8, 16, 32, 64].map(|bits| (unit, bits)))
            .filter(|&(unit, bits)| unit > 0 && broken(Kind::Signed, bits, unit, (0, 0)).is_none())
            .collect();
        let narrow = [1, 4, 5, 16].map(|unit| (unit, 32));
        let wide = [2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(|unit| (unit, 64));
        let mut wanted = [&narrow[..], &wide[..]].concat();
        wanted.sort_unstable();
        assert_eq!(taken, wanted);
        for (kind, bits) in [(Kind::Bool, 1), (Kind::Unsigned, 32), (Kind::Float, 64), (Kind::Text, 0)] {
            assert!(broken(kind, bits, 0, (0, 0)).is_none());
            assert!((1..=255).all(|unit| broken(kind, bits, unit, (0, 0)).is_some()), "{kind:?}");
        }
    }

    #[test]
    fn decimals_have_the_digits_of_their_bits() {
        for (bits, most) in [(32, 9), (64, 18), (128, 38)] {
            let holds = |precision, scale| broken(Kind::Decimal, bits, 0, (precision, scale)).is_none();
            assert!(holds(1, 0) && holds(most, most.into()) && holds(most, -128) && holds(0, most.into()));
            assert!(!holds(most + 1, 0) && !holds(5, 6) && !holds(5, -129) && !holds(0, i16::from(most) + 1));
        }
        assert!(
            broken(Kind::Float, 64, 0, (1, 0)).is_some() && broken(Kind::Signed, 32, 0, (0, 1)).is_some()
        );
    }

    #[test]
    fn lists_have_an_item_and_columns_sixty_four_levels() {
        let mut builder = SchemaBuilder::default();
        builder.push(None, "l", Kind::FixedList, false, 0, 3).unwrap();
        assert_eq!(builder.clone().finish().broken_rule().unwrap().0, "l");
        let mut parent = builder.push(Some(0), "item", Kind::Struct, false, 0, 0).unwrap();
        for _ in 2..MAX_DEPTH {
            parent = builder.push(Some(parent), "s", Kind::Struct, false, 0, 0).unwrap();
        }
        assert!(builder.clone().finish().broken_rule().is_none());
        builder.push(Some(parent), "deep", Kind::Bool, false, 1, 0).unwrap();
        assert_eq!(builder.finish().broken_rule().unwrap().0, "deep");
    }
}
