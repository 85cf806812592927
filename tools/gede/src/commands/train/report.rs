//! What a training run measured, for people.

use crate::output::{Table, bytes, count, seconds};
use gede::train::{Fit, Metrics};

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
    if metrics.left_out > 0 {
        fact("left out", format!("{} with a value missing or not finite", count(metrics.left_out)));
    }
    for (what, mse) in [("train MSE", metrics.train_mse), ("test MSE", metrics.test_mse)] {
        if let Some(mse) = mse {
            fact(what, format!("{mse:.6}"));
        }
    }
    if fit.steps > 0 {
        let end = if fit.converged { "converged" } else { "not converged: raise --max-steps or --lr" };
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
    table.render(0)
}
