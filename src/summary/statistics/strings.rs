//! The least and the greatest string, cut to a bound.

/// Most bytes of a string in the statistics.
pub(crate) const MOST_BYTES: usize = 32;

/// The first bytes of a string, and whether it has more: in the order of the strings, but for those that share them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Prefix {
    pub bytes: Vec<u8>,
    pub is_longer: bool,
}

/// The first bytes of a string, not copied.
#[inline]
pub(crate) fn prefix(string: &[u8]) -> (&[u8], bool) {
    (&string[..string.len().min(MOST_BYTES)], string.len() > MOST_BYTES)
}

impl Prefix {
    /// The same, to be compared with others.
    pub fn parts(&self) -> (&[u8], bool) {
        (&self.bytes, self.is_longer)
    }

    /// What no string of the prefix is less than, and whether it is cut.
    pub fn least(&self, is_text: bool) -> (Vec<u8>, bool) {
        if !self.is_longer {
            return (self.bytes.clone(), false);
        }
        (whole_characters(&self.bytes, is_text).to_vec(), true)
    }

    /// What no string of the prefix is greater than, none if there is no such string, and whether it is cut.
    pub fn greatest(&self, is_text: bool) -> (Option<Vec<u8>>, bool) {
        if !self.is_longer {
            return (Some(self.bytes.clone()), false);
        }
        let whole = whole_characters(&self.bytes, is_text);
        let next = match std::str::from_utf8(whole) {
            Ok(text) if is_text => next_text(text),
            _ => next_bytes(whole),
        };
        (next, true)
    }
}

/// The bytes before a character of which some are missing.
fn whole_characters(bytes: &[u8], is_text: bool) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(e) if is_text => &bytes[..e.valid_up_to()],
        _ => bytes,
    }
}

/// The least string that is greater than all that begin so: the last byte that is not 255, plus one.
fn next_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let last = bytes.iter().rposition(|&b| b < u8::MAX)?;
    let mut next = bytes[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

/// The same of text: the last character that has a next one, replaced by it, if there is room for its bytes.
fn next_text(text: &str) -> Option<Vec<u8>> {
    text.char_indices().rev().find_map(|(at, last)| {
        let next = (u32::from(last) + 1..=0x10_FFFF).find_map(char::from_u32)?;
        let next = text[..at].to_owned() + next.encode_utf8(&mut [0; 4]);
        (next.len() <= MOST_BYTES).then(|| next.into_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(string: &[u8], is_text: bool) -> (Vec<u8>, Option<Vec<u8>>) {
        let (bytes, is_longer) = prefix(string);
        let prefix = Prefix { bytes: bytes.to_vec(), is_longer };
        (prefix.least(is_text).0, prefix.greatest(is_text).0)
    }

    #[test]
    fn long_strings_are_between_what_they_are_cut_to() {
        let long = |text: &str| text.repeat(20).into_bytes();
        for (string, is_text) in [
            (long("abc"), true),
            (long("é"), true),
            (long("aé€"), true),
            (long("😀z"), true),
            (long("\u{D7FF}"), true),
            (long("a\u{7F}"), true),
            (vec![0xFE; 40], false),
            (b"short".to_vec(), false),
        ] {
            let (least, greatest) = cut(&string, is_text);
            let greatest = greatest.unwrap_or_default();
            assert!(least <= string && string <= greatest, "{least:?} {greatest:?}");
            assert!(least.len() <= MOST_BYTES && greatest.len() <= MOST_BYTES);
            if is_text {
                assert!(std::str::from_utf8(&least).is_ok() && std::str::from_utf8(&greatest).is_ok());
            }
        }
        assert_eq!(cut(&[0xFF; 40], false).1, None);
        assert_eq!(cut("\u{10FFFF}".repeat(10).as_bytes(), true).1, None);
        // The next character has a byte more, for which there is no room.
        let text = "a".repeat(31) + "\u{7F}" + "b";
        assert_eq!(cut(text.as_bytes(), true).1, Some(("a".repeat(30) + "b").into_bytes()));
    }
}
