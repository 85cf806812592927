//! Values that pass a comparison: ranges of places in order, or of strings.

/// Ranges of places, ascending and apart, both ends within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    /// The ranges in one; empty ones have their first place after the last.
    pub fn new(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        let mut all: Vec<(u128, u128)> = Vec::new();
        for (first, last) in ranges {
            match all.last_mut() {
                Some((_, end)) if end.checked_add(1).is_none_or(|next| first <= next) => {
                    *end = last.max(*end)
                }
                _ => all.push((first, last)),
            }
        }
        Self(all)
    }

    /// All places up to `most` that are in none of these.
    pub fn complement(&self, most: u128) -> Self {
        let (mut all, mut next) = (Vec::new(), Some(0));
        for &(first, last) in &self.0 {
            if let (Some(from), Some(to)) = (next, first.checked_sub(1)) {
                all.push((from, to));
            }
            next = last.checked_add(1);
        }
        all.extend(next.map(|from| (from, most)));
        Self::new(all)
    }

    /// The places that are in a range of both.
    pub fn and(&self, other: &Self) -> Self {
        let overlap = |a: &(u128, u128), b: &(u128, u128)| (a.0.max(b.0), a.1.min(b.1));
        let all = self.0.iter().flat_map(|a| other.0.iter().map(move |b| overlap(a, b)));
        Self::new(all.collect())
    }

    /// The ranges.
    pub fn all(&self) -> &[(u128, u128)] {
        &self.0
    }

    /// True if a place is in one.
    pub fn contains(&self, place: u128) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < place);
        self.0.get(at).is_some_and(|(first, _)| *first <= place)
    }

    /// Whether some place from `first` to `last` is in a range, and whether all are.
    pub fn meet(&self, first: u128, last: u128) -> (bool, bool) {
        let at = self.0.partition_point(|(_, end)| *end < first);
        self.0.get(at).map_or((false, false), |&(from, to)| (from <= last, from <= first && last <= to))
    }
}

/// Strings from a first one, up to one that is not within, if there is an end.
type StringRange = (Vec<u8>, Option<Vec<u8>>);

/// Ranges of strings in the order of their bytes, ascending and apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StringRanges(Vec<StringRange>);

/// The string that follows another: none is between.
pub(crate) fn next(string: &[u8]) -> Vec<u8> {
    [string, &[0]].concat()
}

impl StringRanges {
    /// The ranges in one; empty ones end where they begin, or before.
    pub fn new(mut ranges: Vec<StringRange>) -> Self {
        ranges.retain(|(first, end)| end.as_ref().is_none_or(|end| first < end));
        ranges.sort_unstable();
        let mut all: Vec<StringRange> = Vec::new();
        for (first, end) in ranges {
            match all.last_mut() {
                Some((_, last)) if last.as_ref().is_none_or(|last| first <= *last) => {
                    *last = match (last.take(), end) {
                        (Some(a), Some(b)) => Some(a.max(b)),
                        _ => None,
                    };
                }
                _ => all.push((first, end)),
            }
        }
        Self(all)
    }

    /// Bytes of the longest end: of strings no more than one byte beyond is looked at.
    pub fn longest(&self) -> usize {
        let ends = self.0.iter().flat_map(|(first, end)| [Some(first), end.as_ref()]).flatten();
        ends.map(Vec::len).fold(0, usize::max)
    }

    /// All strings that are in none of these.
    pub fn complement(&self) -> Self {
        let (mut all, mut next) = (Vec::new(), Some(Vec::new()));
        for (first, end) in &self.0 {
            all.extend(next.map(|from| (from, Some(first.clone()))));
            next = end.clone();
        }
        all.extend(next.map(|from| (from, None)));
        Self::new(all)
    }

    /// True if a string is in one.
    pub fn contains(&self, string: &[u8]) -> bool {
        let at = self.0.partition_point(|(_, end)| end.as_deref().is_some_and(|end| end <= string));
        self.0.get(at).is_some_and(|(first, _)| first.as_slice() <= string)
    }

    /// Whether some string from `first` to `last`, or from `first` on, may be in a range, and whether all are.
    pub fn meet(&self, first: &[u8], last: Option<&[u8]>) -> (bool, bool) {
        let at = self.0.partition_point(|(_, end)| end.as_deref().is_some_and(|end| end <= first));
        self.0.get(at).map_or((false, false), |(from, end)| {
            let is_begun = last.is_none_or(|last| from.as_slice() <= last);
            let is_open = match (end.as_deref(), last) {
                (None, _) => true,
                (Some(end), Some(last)) => last < end,
                (Some(_), None) => false,
            };
            (is_begun, from.as_slice() <= first && is_open)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_put_together_and_turned_round() {
        let ranges = Ranges::new(vec![(7, 9), (1, 2), (3, 3), (9, 4), (20, u128::MAX)]);
        assert_eq!(ranges.all(), [(1, 3), (7, 9), (20, u128::MAX)]);
        assert_eq!(ranges.complement(u128::MAX).all(), [(0, 0), (4, 6), (10, 19)]);
        assert_eq!(ranges.complement(u128::MAX).complement(u128::MAX), ranges);
        assert_eq!(Ranges::new(Vec::new()).complement(255).all(), [(0, 255)]);
        assert!(ranges.contains(8) && !ranges.contains(4));
        assert_eq!(ranges.and(&Ranges::new(vec![(2, 7), (30, 40)])).all(), [(2, 3), (7, 7), (30, 40)]);
        assert_eq!(
            [ranges.meet(4, 6), ranges.meet(2, 8), ranges.meet(1, 3)],
            [(false, false), (true, false), (true, true)]
        );
    }

    #[test]
    fn ranges_of_strings_likewise() {
        let string = |text: &str| text.as_bytes().to_vec();
        let point = |text: &str| (string(text), Some(next(text.as_bytes())));
        let ranges = StringRanges::new(vec![point("b"), (string("m"), None), point("a")]);
        assert!(
            ranges.contains(b"a")
                && !ranges.contains(b"a\0")
                && ranges.contains(b"zz")
                && !ranges.contains(b"")
        );
        assert_eq!(ranges.complement().complement(), ranges);
        assert_eq!(ranges.meet(b"n", None), (true, true));
        assert_eq!(ranges.meet(b"b", Some(b"c")), (true, false));
        assert_eq!(ranges.meet(b"c", Some(b"d")), (false, false));
    }
}
