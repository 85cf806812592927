//! What a training run measured, for people.

use crate::output::{Table, bytes, count, list, seconds};
use gede::train::{Fit, Metrics, PassedOver};

pub fn report(metrics: &Metrics, fit: &Fit) -> String {
    let mut table = Table::new(2);
    let mut fact = |what: &str, value: String| table.row([what, &value]);
    let d = metrics.features;
    fact("method", format!("{}, {} on {d} features", metrics.method, fit.model.target));
    let rows = count(metrics.rows.round() as u64);
    fact(
        "trained on",
        match metrics.samples {
            0 => format!("the moments of {rows} rows"),
            m if m as f64 == metrics.rows => format!("{rows} rows"),
            m => format!("{} condensed samples of {rows} rows; train MSE is on them", count(m as u64)),
        },
    );
    if !metrics.empty_features.is_empty() {
        fact("no features", format!("{}: missing in every row", list(&metrics.empty_features)));
    }
    let test = metrics.test_rows_passed_over.unwrap_or_default();
    for (what, passed) in [("rows", metrics.rows_passed_over), ("test rows", test)] {
        if passed != PassedOver::default() {
            fact(what, passed.text(&[]) + hint(&passed));
        }
    }
    for (what, mse) in [("train MSE", metrics.train_mse), ("test MSE", metrics.test_mse)] {
        if let Some(mse) = mse {
            fact(what, format!("{mse:.6}"));
        }
    }
    if fit.steps > 0 {
        let end = if !metrics.warnings.is_empty() {
            "on rounding: see the warnings"
        } else if fit.converged {
            "converged"
        } else {
            "not converged: raise --max-steps or --lr"
        };
        fact("descent", format!("{} steps, gradient {:.1e}, {end}", count(fit.steps), fit.gradient_norm));
    }
    if !fit.dependent.is_empty() {
        fact("weight 0", format!("{}: linear combinations of others", fit.dependent.join(", ")));
    }
    let (read, trained) = (seconds(metrics.selection_seconds), seconds(metrics.train_seconds));
    fact("time", format!("{read} to read, {trained} to train"));
    if let Some(n) = metrics.bytes_read {
        fact("read", format!("{} of the file", bytes(n)));
    }
    if let Some(n) = metrics.peak_memory {
        fact("peak memory", bytes(n));
    }
    table.render(0) + &warnings(&metrics.warnings)
}

/// What to do where features are missing.
pub fn hint(passed: &PassedOver) -> &'static str {
    let missing = passed.unusable_feature + passed.unusable_value > 0;
    if missing { " (--impute mean or flag fills features in)" } else { "" }
}

/// The warnings, a line each.
pub fn warnings(all: &[String]) -> String {
    all.iter().map(|warning| format!("warning: {warning}\n")).collect()
}
