//! The words of a condition.

use crate::error::{Error, Result};

/// A word of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A name without quotes, or a word such as `and`.
    Word(String),
    /// A name in double quotes.
    Name(String),
    /// A string in single quotes.
    Text(String),
    /// Bytes: x'00ff'.
    Bytes(Vec<u8>),
    /// A number as it is written.
    Number(String),
    /// A comparison, a parenthesis, a comma or a dot.
    Sign(&'static str),
}

/// Signs, longer ones before those that they begin with.
const SIGNS: [&str; 13] = ["<=", ">=", "!=", "<>", "==", "<", ">", "=", "(", ")", ",", ".", "-"];

/// Cuts a condition into words.
///
/// # Errors
/// `Argument`, naming the place.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let wrong = |what: &str| {
            Error::argument(format!("condition, character {}: {what}", text[..at].chars().count() + 1))
        };
        let (token, length) = if first == '\'' || first == '"' {
            let (string, length) = quoted(rest, first).ok_or_else(|| wrong("a quote is not closed"))?;
            (if first == '"' { Token::Name(string) } else { Token::Text(string) }, length)
        } else if rest.starts_with("x'") || rest.starts_with("X'") {
            let (digits, length) = quoted(&rest[1..], '\'').ok_or_else(|| wrong("a quote is not closed"))?;
            let bytes = bytes(&digits)
                .ok_or_else(|| wrong("bytes are pairs of hexadecimal digits, such as x'00ff'"))?;
            (Token::Bytes(bytes), length + 1)
        } else if first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            let length = number(rest);
            (Token::Number(rest[..length].to_owned()), length)
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Token::Word(rest[..length].to_owned()), length)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| {
                wrong(&format!("'{first}' means nothing here; names with it are in double quotes"))
            })?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// What quotes enclose, doubled quotes within as one, and the bytes that it takes.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut string = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != quote {
            string.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            string.push(quote);
        } else {
            return Some((string, at + 1));
        }
    }
    None
}

/// Bytes of a number: digits, a point, an exponent.
fn number(text: &str) -> usize {
    let digits =
        |from: usize| from + text[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - from);
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        end = if exponent > end + 1 + sign { exponent } else { end };
    }
    end
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let is_hexadecimal = digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit);
    let digit = |d: u8| char::from(d).to_digit(16).map(|d| d as u8);
    is_hexadecimal.then_some(())?;
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
