//! Strings in symbols: found on a sample of them, then as few as possible for each string.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::codec::strings::symbol_table::{ESCAPE, MAX_SYMBOL, MAX_SYMBOLS};

/// Bytes of strings that symbols are looked for in.
const SAMPLE: usize = 1 << 16;
/// Bytes of one string in the sample, and bytes for which codes are chosen together.
const PART: usize = 1 << 12;
/// Times that symbols are made of those before; each doubles how long they may be.
const GENERATIONS: usize = 5;
/// Bytes that a separate piece and its entry take, about.
const OVERHEAD: usize = 96;
/// Codes of symbols, then one for each byte.
const CODES: usize = 512;
const BYTES: usize = 256;
/// Strings that one thread encodes at a time.
const STRINGS: usize = 4096;

/// Strings in symbols.
#[derive(Debug, PartialEq)]
pub(crate) struct Coded {
    /// Number of symbols.
    pub symbols: u64,
    /// Their table.
    pub table: Vec<u8>,
    /// The codes of all strings, back to back.
    pub codes: Vec<u8>,
    /// Codes of each string.
    pub lengths: Vec<u64>,
}

/// Puts strings into symbols, if they become clearly smaller.
pub(crate) fn code(strings: &[&[u8]]) -> Option<Coded> {
    let bytes: usize = strings.iter().map(|s| s.len()).sum();
    let sample = strings.iter().flat_map(|s| s.chunks(PART)).step_by(bytes.div_ceil(SAMPLE).max(1));
    let sample: Vec<&[u8]> = sample.collect();
    let symbols = Symbols::of(&sample);
    let table = symbols.to_bytes();
    let pays = |codes: &Coded, bytes: usize| 8 * (codes.codes.len() + OVERHEAD + table.len()) <= 7 * bytes;
    let sampled = sample.iter().map(|s| s.len()).sum();
    if symbols.symbols.is_empty() || !pays(&symbols.encode(&sample), sampled) {
        return None;
    }
    let coded = symbols.encode(strings);
    pays(&coded, bytes).then_some(Coded { table, ..coded })
}

/// A string of 1 to 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Symbol {
    /// Little-endian, 0 beyond its length.
    bytes: u64,
    length: u8,
}

impl Symbol {
    fn byte(byte: u8) -> Self {
        Self { bytes: byte.into(), length: 1 }
    }

    /// Its first two bytes.
    fn two(self) -> u16 {
        self.bytes as u16
    }

    /// This symbol followed by another one, if they are not too long together.
    fn then(self, other: Self) -> Option<Self> {
        let length = self.length + other.length;
        if usize::from(length) > MAX_SYMBOL {
            return None;
        }
        Some(Self { bytes: self.bytes | other.bytes << (8 * u32::from(self.length)), length })
    }

    /// True if a text of `left` bytes, its first 8 in `word`, begins with it.
    fn begins(self, word: u64, left: usize) -> bool {
        usize::from(self.length) <= left && (word ^ self.bytes) << (64 - 8 * u32::from(self.length)) == 0
    }
}

/// Symbols by their first two bytes, the longest first; those of one byte at the end. A symbol's code is its place.
struct Symbols {
    symbols: Vec<Symbol>,
    /// For each two bytes the place of their first symbol, and an end.
    starts: Vec<u16>,
    /// For each byte its own symbol's place, or the end.
    single: Vec<u16>,
}

impl Symbols {
    /// Symbols that shorten a sample of strings.
    fn of(sample: &[&[u8]]) -> Self {
        let mut symbols = Self::new(Vec::new());
        let mut counts = Counts::default();
        for generation in 1..=GENERATIONS {
            counts.clear();
            sample.iter().for_each(|s| symbols.count(s, &mut counts));
            symbols = Self::new(symbols.best(&counts, generation < GENERATIONS));
        }
        symbols
    }

    fn new(mut symbols: Vec<Symbol>) -> Self {
        symbols.sort_unstable_by_key(|s| (s.length == 1, s.two(), u8::MAX - s.length, s.bytes));
        let longer = symbols.partition_point(|s| s.length > 1);
        let mut starts = vec![0; (1 << 16) + 1];
        let mut single = vec![symbols.len() as u16; BYTES];
        for (code, symbol) in symbols.iter().enumerate().take(longer) {
            starts[usize::from(symbol.two()) + 1] = code as u16 + 1;
        }
        for (code, symbol) in symbols.iter().enumerate().skip(longer) {
            single[usize::from(symbol.bytes as u8)] = code as u16;
        }
        starts.iter_mut().fold(0, |most, start| {
            *start = most.max(*start);
            *start
        });
        Self { symbols, starts, single }
    }

    /// The symbols that a text begins with, with their codes, the longest first.
    fn matches(&self, text: &[u8]) -> impl Iterator<Item = (usize, Symbol)> {
        let word = match text.first_chunk::<8>() {
            Some(word) => u64::from_le_bytes(*word),
            None => text.iter().rev().fold(0, |word, &b| word << 8 | u64::from(b)),
        };
        let two = usize::from(word as u16);
        let longer = usize::from(self.starts[two])..usize::from(self.starts[two + 1]);
        let codes = longer.chain(std::iter::once(usize::from(self.single[usize::from(word as u8)])));
        codes
            .filter_map(|code| Some((code, *self.symbols.get(code)?)))
            .filter(move |(_, s)| s.begins(word, text.len()))
    }

    /// Counts the codes of a string, and pairs of them, the longest symbols taken first.
    fn count(&self, mut text: &[u8], counts: &mut Counts) {
        let mut before = None;
        while let Some(&byte) = text.first() {
            let byte = BYTES + usize::from(byte);
            let (code, length) = self.matches(text).next().map_or((byte, 1), |(c, s)| (c, s.length));
            counts.add(before, code);
            if length > 1 {
                // What a shorter symbol in its place would be good for.
                counts.add(before, byte);
            }
            before = Some(code);
            text = &text[usize::from(length)..];
        }
    }

    /// The symbol of a code.
    fn symbol(&self, code: usize) -> Symbol {
        self.symbols.get(code).copied().unwrap_or_else(|| Symbol::byte((code - BYTES) as u8))
    }

    /// The symbols that shorten most; with `pairs` also those that pairs make.
    fn best(&self, counts: &Counts, pairs: bool) -> Vec<Symbol> {
        let mut gains: HashMap<Symbol, u64> = HashMap::new();
        let codes: Vec<usize> = (0..CODES).filter(|&c| counts.single(c) > 0).collect();
        for &code in &codes {
            let symbol = self.symbol(code);
            let (length, count) = (u64::from(symbol.length), u64::from(counts.single(code)));
            if !pairs && count * (length - 1).max(1) <= length + 1 {
                continue; // not worth its place in the table
            }
            // A byte without a code takes two.
            let weight = if length == 1 { 8 } else { length };
            *gains.entry(symbol).or_default() += weight * count;
            for &next in codes.iter().filter(|_| pairs) {
                let count = counts.pair(code, next);
                if let Some(both) = symbol.then(self.symbol(next)).filter(|_| count > 1) {
                    *gains.entry(both).or_default() += u64::from(both.length) * u64::from(count);
                }
            }
        }
        let mut gains: Vec<(u64, Symbol)> = gains.into_iter().map(|(s, gain)| (gain, s)).collect();
        gains.sort_unstable_by(|a, b| b.cmp(a));
        gains.truncate(MAX_SYMBOLS);
        gains.into_iter().map(|(_, s)| s).collect()
    }

    /// The table as it is in the file: lengths, then bytes.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.symbols.iter().map(|s| s.length).collect();
        for symbol in &self.symbols {
            bytes.extend(symbol.bytes.to_le_bytes().iter().take(symbol.length.into()));
        }
        bytes
    }

    /// Strings in these symbols, without their table. Threads share them: each string is encoded by itself.
    fn encode(&self, strings: &[&[u8]]) -> Coded {
        let parts: Vec<_> = strings.par_chunks(STRINGS).map(|part| self.encode_part(part)).collect();
        let mut parts = parts.into_iter();
        let (mut codes, mut lengths) = parts.next().unwrap_or_default();
        parts.for_each(|(more, lengths_of_more)| {
            codes.extend(more);
            lengths.extend(lengths_of_more);
        });
        Coded { symbols: self.symbols.len() as u64, table: Vec::new(), codes, lengths }
    }

    /// The codes of some strings back to back, and how many each string has.
    fn encode_part(&self, strings: &[&[u8]]) -> (Vec<u8>, Vec<u64>) {
        let (mut codes, mut lengths) = (Vec::new(), Vec::with_capacity(strings.len()));
        let mut steps = vec![Step::default(); PART + 1];
        for string in strings {
            let before = codes.len();
            string.chunks(PART).for_each(|part| self.shortest(part, &mut steps, &mut codes));
            lengths.push((codes.len() - before) as u64);
        }
        (codes, lengths)
    }

    /// Appends the fewest codes for at most `PART` bytes. `steps` is memory for one more.
    fn shortest(&self, part: &[u8], steps: &mut [Step], codes: &mut Vec<u8>) {
        steps[part.len()].codes = 0;
        for at in (0..part.len()).rev() {
            let text = &part[at..];
            let after = |length: u8| steps[at + usize::from(length)].codes;
            let escape = Step { codes: after(1) + 2, code: ESCAPE, length: 1 };
            let symbol = |(code, s): (usize, Symbol)| Step {
                codes: after(s.length) + 1,
                code: code as u8,
                length: s.length,
            };
            let best = self.matches(text).map(symbol).fold(escape, Step::shorter);
            steps[at] = best;
        }
        let mut rest = part;
        while let Some(&byte) = rest.first() {
            let step = steps[part.len() - rest.len()];
            codes.push(step.code);
            if step.code == ESCAPE {
                codes.push(byte);
            }
            rest = &rest[usize::from(step.length)..];
        }
    }
}

/// How to go on from a byte: bytes of codes to the end, the code to begin with and the bytes it stands for.
#[derive(Clone, Copy, Default)]
struct Step {
    codes: u32,
    code: u8,
    length: u8,
}

impl Step {
    fn shorter(self, other: Self) -> Self {
        if other.codes < self.codes { other } else { self }
    }
}

/// How often codes occur, alone and in pairs.
struct Counts {
    single: Vec<u32>,
    pairs: Vec<u32>,
}

impl Default for Counts {
    fn default() -> Self {
        Self { single: vec![0; CODES], pairs: vec![0; CODES * CODES] }
    }
}

impl Counts {
    fn clear(&mut self) {
        self.single.fill(0);
        self.pairs.fill(0);
    }

    fn add(&mut self, before: Option<usize>, code: usize) {
        self.single[code] += 1;
        if let Some(before) = before {
            self.pairs[before * CODES + code] += 1;
        }
    }

    fn single(&self, code: usize) -> u32 {
        self.single[code]
    }

    fn pair(&self, code: usize, next: usize) -> u32 {
        self.pairs[code * CODES + next]
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::codec::strings::symbol_table::SymbolTable;

    /// What the codes stand for.
    fn decoded(coded: &Coded, table: &[u8]) -> Option<Vec<Vec<u8>>> {
        let (table, rest) = SymbolTable::read(table, coded.symbols).ok()?;
        let mut from = 0;
        let string = |&length: &u64| {
            let (mut out, mut end) = (Vec::new(), 0);
            table.append(coded.codes.get(from..from + length as usize)?, &mut out, &mut end).ok()?;
            from += length as usize;
            out.truncate(end);
            Some(out)
        };
        let strings = coded.lengths.iter().map(string).collect();
        if rest.is_empty() { strings } else { None }
    }

    proptest! {
        #[test]
        fn any_strings_come_back(
            strings in vec(vec(prop_oneof![Just(0), 0..3u8, b'a'..b'd', any::<u8>()], 0..40), 0..60),
            repeat in 1..5usize,
        ) {
            let strings: Vec<Vec<u8>> = strings.into_iter().map(|s| s.repeat(repeat)).collect();
            let sample: Vec<&[u8]> = strings.iter().map(Vec::as_slice).collect();
            let symbols = Symbols::of(&sample);
            let coded = symbols.encode(&sample);
            prop_assert!(coded.codes.len() <= 2 * strings.iter().map(Vec::len).sum::<usize>());
            if coded.symbols > 0 {
                prop_assert_eq!(decoded(&coded, &symbols.to_bytes()), Some(strings));
            }
        }
    }

    #[test]
    fn long_strings_and_few_bytes() {
        let long = b"the quick brown fox, the lazy dog; ".repeat(3000);
        let strings = [&long[..], b"", &long[7..PART + 8]];
        let coded = code(&strings);
        let found = coded.as_ref().and_then(|c| decoded(c, &c.table));
        assert_eq!(found, Some(strings.map(<[u8]>::to_vec).to_vec()));
        assert!(coded.is_some_and(|c| c.codes.len() < long.len() / 4));
        assert_eq!(code(&[&b"some"[..], b"words"]), None);
        assert_eq!(code(&[]), None);
    }
}
