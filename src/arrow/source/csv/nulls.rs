//! Words that stand for no value.

use super::number::is_nan;

/// Words that programs write for no value. They count only in columns whose other values are not text.
const USUAL: [&str; 17] = [
    "NA", "N/A", "n/a", "na", "#N/A", "<NA>", "NULL", "Null", "null", "NaN", "nan", "NAN", "None", "?", "-",
    ".", "\\N",
];

/// The words of a file.
#[derive(Clone)]
pub(crate) struct Nulls {
    words: Vec<String>,
    /// True if they are the usual ones, and not those that were asked for.
    usual: bool,
    /// The first bytes of the words: most values start with none of them.
    starts: [bool; 256],
}

impl Nulls {
    pub fn new(words: Option<&[String]>) -> Self {
        let usual = words.is_none();
        let words: Vec<String> = match words {
            None => USUAL.map(str::to_owned).to_vec(),
            Some(words) => words.iter().map(|w| w.trim_matches(SPACES).to_owned()).collect(),
        };
        let mut starts = [false; 256];
        words.iter().filter_map(|w| w.bytes().next()).for_each(|b| starts[usize::from(b)] = true);
        Self { words, usual, starts }
    }

    pub fn words(&self) -> &[String] {
        &self.words
    }

    pub fn are_usual(&self) -> bool {
        self.usual
    }

    /// The number of the word that a value without spaces around it is.
    pub fn word(&self, value: &str) -> Option<usize> {
        let &start = value.as_bytes().first()?;
        if !self.starts[usize::from(start)] {
            return None;
        }
        self.words.iter().position(|w| w == value)
    }

    /// True if a value is a null in a column of floats, or of other values that are not text.
    pub fn is_null(&self, value: &str, floats: bool) -> bool {
        value.is_empty() || self.word(value).is_some() && !(floats && self.usual && is_nan(value))
    }
}

/// Spaces around values that are not text say nothing.
pub(crate) const SPACES: [char; 2] = [' ', '\t'];
