//! Rows that a model was not trained or tested on, by reason.

use serde::Serialize;

/// Numbers of rows that were passed over, by the reason. Reasons that did not occur are left out of the JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Rows with a feature that is null or not finite.
    #[serde(skip_serializing_if = "is_zero")]
    pub unusable_feature: u64,
    /// Rows without a target: it is null, or a number that is not finite.
    #[serde(skip_serializing_if = "is_zero")]
    pub null_target: u64,
    /// Rows with either, where only their sum is known.
    #[serde(skip_serializing_if = "is_zero")]
    pub unusable_value: u64,
    /// Rows of a class that was not trained on. A test counts them as wrong.
    #[serde(skip_serializing_if = "is_zero")]
    pub unseen_label: u64,
}

fn is_zero(rows: &u64) -> bool {
    *rows == 0
}

impl PassedOver {
    /// Rows that are used for nothing: those of unseen classes are not among them.
    pub fn unused(&self) -> u64 {
        self.unusable_feature + self.null_target + self.unusable_value
    }

    /// The reasons, in words; `unseen` are names of classes that were not trained on.
    pub fn text(&self, unseen: &[String]) -> String {
        const NAMES: usize = 5;
        let rows = |n: u64| if n == 1 { "1 row".to_owned() } else { format!("{} rows", grouped(n)) };
        let mut parts = Vec::new();
        if self.unseen_label > 0 {
            let more = if unseen.len() > NAMES { ", ..." } else { "" };
            let names = unseen.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
            let names = if names.is_empty() { names } else { format!(" ({names}{more})") };
            let rows = rows(self.unseen_label);
            parts.push(format!("{rows} of classes that were not trained on{names}: counted as wrong"));
        }
        for (count, why) in [
            (self.unusable_feature, "a feature is null or not finite"),
            (self.null_target, "there is no target"),
            (self.unusable_value, "a feature or the target is null or not finite"),
        ] {
            if count > 0 {
                parts.push(format!("{} passed over: {why}", rows(count)));
            }
        }
        parts.join("; ")
    }
}

/// A number in groups of three digits: `20,640`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_in_words() {
        let passed = PassedOver { unseen_label: 12_345, null_target: 1, ..PassedOver::default() };
        let names: Vec<String> = ('a'..'h').map(String::from).collect();
        assert_eq!(
            passed.text(&names),
            "12,345 rows of classes that were not trained on (a, b, c, d, e, ...): counted as wrong; \
             1 row passed over: there is no target"
        );
        assert_eq!(passed.unused(), 1);
        assert_eq!(PassedOver::default().text(&[]), "");
    }
}
