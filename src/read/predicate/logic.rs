//! Three-valued logic: what a condition is of a row, and sets of what it may be.

/// What a condition is of a row.
pub(crate) const FALSE: u8 = 0;
pub(crate) const TRUE: u8 = 1;
pub(crate) const UNKNOWN: u8 = 2;

/// Outcomes of `and`, by those of its parts.
pub(crate) const AND: [[u8; 3]; 3] =
    [[FALSE, FALSE, FALSE], [FALSE, TRUE, UNKNOWN], [FALSE, UNKNOWN, UNKNOWN]];
/// Outcomes of `or`.
pub(crate) const OR: [[u8; 3]; 3] = [[FALSE, TRUE, UNKNOWN], [TRUE, TRUE, TRUE], [UNKNOWN, TRUE, UNKNOWN]];
/// Outcomes of `not`.
pub(crate) const NOT: [u8; 3] = [TRUE, FALSE, UNKNOWN];

/// Any outcome, as bits.
pub(crate) const ANY: u8 = 1 << FALSE | 1 << TRUE | 1 << UNKNOWN;

/// The outcomes of `not` of a set of them.
#[inline(always)]
pub(crate) const fn not_of(set: u8) -> u8 {
    set & 1 << UNKNOWN | (set & 1 << FALSE) << 1 | set >> 1 & 1 << FALSE
}

/// The outcomes of `and` of two sets of them. In bits, so that vector units do many rows side by side.
#[inline(always)]
pub(crate) const fn and_of(a: u8, b: u8) -> u8 {
    // True or unknown, at the bit of unknown.
    let (a_may, b_may) = (a << 1 | a, b << 1 | b);
    (a | b) & 1 << FALSE | a & b & 1 << TRUE | (a & b_may | b & a_may) & 1 << UNKNOWN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_outcomes_are_those_of_their_members() {
        let members = |set: u8| (0..3u8).filter(move |outcome| set >> outcome & 1 == 1);
        for a in 1..8u8 {
            assert_eq!(not_of(a), members(a).fold(0, |set, x| set | 1 << NOT[usize::from(x)]));
            for b in 1..8u8 {
                let pairs =
                    members(a).flat_map(|x| members(b).map(move |y| AND[usize::from(x)][usize::from(y)]));
                assert_eq!(and_of(a, b), pairs.fold(0, |set, outcome| set | 1 << outcome), "{a} and {b}");
            }
        }
    }
}
