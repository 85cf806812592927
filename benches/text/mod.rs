//! Text as books have it: few words often, many seldom, some one after the other. The same for a seed on every
//! machine. Words are made of syllables; how often they come follows Zipf's law; a word may bring one of its
//! companions with it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Words that there are.
const WORDS: usize = 12_000;
/// Words that tend to follow a word, and how many in 100 do.
const COMPANIONS: u64 = 4;
const FOLLOWED: u64 = 25;

const ONSETS: [&str; 24] = [
    "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "th", "st", "sh", "ch", "br",
    "tr", "pl", "gr", "",
];
const VOWELS: [&str; 10] = ["e", "a", "o", "i", "u", "ea", "ou", "e", "a", "io"];
const CODAS: [&str; 14] = ["", "", "n", "r", "s", "t", "d", "l", "ng", "nd", "ck", "st", "m", ""];
const ENDINGS: [&str; 12] = ["", "", "", "", "s", "ed", "ing", "ly", "er", "tion", "ness", "able"];

/// A vocabulary, and a hand that writes with it.
pub struct Writer {
    words: Vec<String>,
    /// Sums of how often each word comes, the most frequent first.
    shares: Vec<f64>,
    random: ChaCha8Rng,
}

impl Writer {
    /// The writer of a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut words: Vec<String> = Vec::with_capacity(WORDS);
        let mut known = std::collections::HashSet::new();
        while words.len() < WORDS {
            // Frequent words are short.
            let syllables = match words.len() {
                0..50 => 1,
                50..1000 => 1 + random.next_u32() % 2,
                _ => 2 + random.next_u32() % 2,
            };
            let mut word = String::new();
            for _ in 0..syllables {
                for part in [&ONSETS[..], &VOWELS, &CODAS] {
                    word.push_str(skewed(&mut random, part));
                }
            }
            if words.len() >= 200 {
                word.push_str(ENDINGS[random.next_u32() as usize % ENDINGS.len()]);
            }
            if known.insert(word.clone()) {
                words.push(word);
            }
        }
        let share = |rank: usize| 1.0 / (rank as f64 + 2.7);
        let shares = (0..WORDS).scan(0.0, |sum, rank| {
            *sum += share(rank);
            Some(*sum)
        });
        Self { words, shares: shares.collect(), random }
    }

    /// The number of the next word.
    fn next(&mut self, before: Option<usize>) -> usize {
        if let Some(before) = before.filter(|_| u64::from(self.random.next_u32()) % 100 < FOLLOWED) {
            let companion = before as u64 * COMPANIONS + u64::from(self.random.next_u32()) % COMPANIONS;
            let place = companion.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11;
            return self.at(place as f64 / (1u64 << 53) as f64);
        }
        let place = f64::from(self.random.next_u32()) / 4_294_967_296.0;
        self.at(place)
    }

    /// The word at a share of all.
    fn at(&self, place: f64) -> usize {
        let all = self.shares.last().copied().unwrap_or(1.0);
        self.shares.partition_point(|&sum| sum <= place * all).min(WORDS - 1)
    }

    /// The next words.
    pub fn words(&mut self, count: usize) -> Vec<String> {
        let mut before = None;
        let mut words = Vec::with_capacity(count);
        for _ in 0..count {
            let word = self.next(before);
            words.push(self.words[word].clone());
            before = Some(word);
        }
        words
    }

    /// The next sentences, of 4 to 22 words.
    pub fn sentences(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.sentence()).collect()
    }

    fn sentence(&mut self) -> String {
        let length = 4 + self.random.next_u32() % 10 + self.random.next_u32() % 10;
        let (mut sentence, mut before) = (String::new(), None);
        for i in 0..length {
            let word = self.next(before);
            let text = &self.words[word];
            if i == 0 {
                sentence.push_str(&text[..1].to_uppercase());
                sentence.push_str(&text[1..]);
            } else {
                sentence.push_str(if self.random.next_u32() % 12 == 0 { ", " } else { " " });
                sentence.push_str(text);
            }
            before = Some(word);
        }
        sentence.push_str(["?", "!", ".", ".", ".", ".", ".", "."][self.random.next_u32() as usize % 8]);
        sentence
    }
}

/// A part of a syllable, the first ones more often.
fn skewed(random: &mut ChaCha8Rng, parts: &[&'static str]) -> &'static str {
    let (a, b) = (random.next_u32() as usize % parts.len(), random.next_u32() as usize % parts.len());
    parts[a.min(b)]
}
