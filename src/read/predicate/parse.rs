//! Reads a condition: `or` of `and` of `not` of comparisons.

use crate::error::{Error, Result};
use crate::read::predicate::tokens::{Token, tokens};
use crate::read::predicate::{Comparison, Expression};
use crate::read::value::Value;

/// Parentheses and `not` within each other, at most.
const MAX_DEPTH: usize = 64;

/// Reads a condition.
///
/// # Errors
/// `Argument`.
pub(crate) fn parse(text: &str) -> Result<Expression> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let expression = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some(_) => Err(parser.wrong("and, or, or the end")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn wrong(&self, wanted: &str) -> Error {
        let found = match self.tokens.get(self.at) {
            None => "the end".to_owned(),
            Some(Token::Word(text) | Token::Number(text)) => format!("\"{text}\""),
            Some(Token::Name(name)) => format!("the name \"{name}\""),
            Some(Token::Text(text)) => format!("the string '{text}'"),
            Some(Token::Bytes(_)) => "bytes".to_owned(),
            Some(Token::Sign(sign)) => format!("\"{sign}\""),
        };
        Error::argument(format!("condition: {found} is where {wanted} should be"))
    }

    /// Takes a word, whatever its case.
    fn word(&mut self, word: &str) -> bool {
        let is_next =
            matches!(self.tokens.get(self.at), Some(Token::Word(own)) if own.eq_ignore_ascii_case(word));
        self.at += usize::from(is_next);
        is_next
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.tokens.get(self.at), Some(Token::Sign(own)) if *own == sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn needs_sign(&mut self, sign: &str) -> Result<()> {
        if self.sign(sign) { Ok(()) } else { Err(self.wrong(&format!("\"{sign}\""))) }
    }

    fn or(&mut self) -> Result<Expression> {
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn and(&mut self) -> Result<Expression> {
        let mut parts = vec![self.not()?];
        while self.word("and") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) })
    }

    fn not(&mut self) -> Result<Expression> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::argument(format!(
                "condition: more than {MAX_DEPTH} parentheses within each other"
            )));
        }
        let expression = if self.word("not") {
            Expression::Not(Box::new(self.not()?))
        } else if self.sign("(") {
            let inner = self.or()?;
            self.needs_sign(")")?;
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    /// A column, and what is said of it.
    fn comparison(&mut self) -> Result<Expression> {
        let column = self.column()?;
        if self.word("is") {
            let is_not = self.word("not");
            if !self.word("null") {
                return Err(self.wrong("null"));
            }
            let is_null = Expression::IsNull(column);
            return Ok(if is_not { Expression::Not(Box::new(is_null)) } else { is_null });
        }
        let is_not = self.word("not");
        let expression = if self.word("in") {
            self.needs_sign("(")?;
            let mut values = vec![self.value()?];
            while self.sign(",") {
                values.push(self.value()?);
            }
            self.needs_sign(")")?;
            Expression::In(column, values)
        } else if self.word("between") {
            let low = self.value()?;
            if !self.word("and") {
                return Err(self.wrong("and"));
            }
            let high = self.value()?;
            Expression::And(vec![
                Expression::Compare(column.clone(), Comparison::GreaterOrEqual, low),
                Expression::Compare(column, Comparison::LessOrEqual, high),
            ])
        } else if is_not {
            return Err(self.wrong("in or between"));
        } else {
            let comparison = self.operator()?;
            Expression::Compare(column, comparison, self.value()?)
        };
        Ok(if is_not { Expression::Not(Box::new(expression)) } else { expression })
    }

    fn operator(&mut self) -> Result<Comparison> {
        let comparison = match self.tokens.get(self.at) {
            Some(Token::Sign("=" | "==")) => Comparison::Equal,
            Some(Token::Sign("!=" | "<>")) => Comparison::NotEqual,
            Some(Token::Sign("<")) => Comparison::Less,
            Some(Token::Sign("<=")) => Comparison::LessOrEqual,
            Some(Token::Sign(">")) => Comparison::Greater,
            Some(Token::Sign(">=")) => Comparison::GreaterOrEqual,
            _ => return Err(self.wrong("a comparison, in, between or is null")),
        };
        self.at += 1;
        Ok(comparison)
    }

    /// A name; names of fields of structs follow dots.
    fn column(&mut self) -> Result<String> {
        let mut path = String::new();
        loop {
            match self.tokens.get(self.at) {
                Some(Token::Word(name) | Token::Name(name)) => path += name,
                _ => return Err(self.wrong("a column")),
            }
            self.at += 1;
            if !self.sign(".") {
                return Ok(path);
            }
            path.push('.');
        }
    }

    fn value(&mut self) -> Result<Value> {
        let is_negative = self.sign("-");
        let value = match self.tokens.get(self.at) {
            Some(Token::Number(text)) => number(text, is_negative),
            Some(Token::Text(text)) if !is_negative => Some(Value::Text(text.clone())),
            Some(Token::Bytes(bytes)) if !is_negative => Some(Value::Bytes(bytes.clone())),
            Some(Token::Word(word)) if !is_negative && word.eq_ignore_ascii_case("true") => {
                Some(Value::Bool(true))
            }
            Some(Token::Word(word)) if !is_negative && word.eq_ignore_ascii_case("false") => {
                Some(Value::Bool(false))
            }
            _ => None,
        };
        let value = value.ok_or_else(|| self.wrong("a number, true, false or a string in single quotes"))?;
        self.at += 1;
        Ok(value)
    }
}

/// A number as it is written: exactly, if it has no more digits than 128 bits hold.
fn number(text: &str, is_negative: bool) -> Option<Value> {
    let text = if is_negative { format!("-{text}") } else { text.to_owned() };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let exact = || -> Option<Value> {
        let scale = (fraction.len() as i64).checked_sub(exponent.parse::<i64>().ok()?)?;
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        if scale > 0 {
            return Some(Value::Decimal(digits, i16::try_from(scale).ok().filter(|scale| *scale <= 38)?));
        }
        let power = 10i128.checked_pow(u32::try_from(-scale).ok()?)?;
        Some(Value::Integer(digits.checked_mul(power)?))
    };
    exact().or_else(|| text.parse().ok().map(Value::Float))
}
