//! The summary: means over the splits.

use gede::{Error, ErrorKind, Result};

use super::measure::{FEW, MANY};
use super::rows::{SizeRow, SummaryRow, TrainingRow};

/// A line each for few condensed samples, for many, for the exact coreset and for the moments.
pub fn summarise(sizes: &[SizeRow], training: &[TrainingRow]) -> Vec<SummaryRow> {
    let sizes_at = |limit: u64| -> Vec<&SizeRow> {
        sizes.iter().filter(|r| r.max_condensed == limit && r.cell_bits == "high").collect()
    };
    let runs =
        |method: &str| -> Vec<&TrainingRow> { training.iter().filter(|r| r.method == method).collect() };
    let mut summary = Vec::new();
    for (limit, method) in [(FEW, "condensed, m <= 100"), (MANY, "condensed, m <= 5 %")] {
        let (files, descents) = (sizes_at(limit), runs(method));
        summary.push(SummaryRow {
            what: method.to_owned(),
            samples: mean(&files, |r| r.samples as f64),
            percent_of_float64: Some(mean(&files, |r| r.percent_of_float64)),
            closed_form_mse_ratio: mean(&files, |r| r.mse_ratio),
            descent_mse_ratio: mean(&descents, |r| r.mse_ratio),
            descent_seconds: mean(&descents, |r| r.train_seconds),
        });
    }
    for (what, method) in [("exact coreset", "coreset"), ("moments", "moments")] {
        let (exact, descents) =
            (runs(&format!("{method}, closed form")), runs(&format!("{method}, descent")));
        summary.push(SummaryRow {
            what: what.to_owned(),
            samples: mean(&exact, |r| r.samples as f64),
            percent_of_float64: None,
            closed_form_mse_ratio: mean(&exact, |r| r.mse_ratio),
            descent_mse_ratio: mean(&descents, |r| r.mse_ratio),
            descent_seconds: mean(&descents, |r| r.train_seconds),
        });
    }
    summary
}

fn mean<T>(rows: &[&T], value: impl Fn(&T) -> f64) -> f64 {
    rows.iter().map(|row| value(row)).sum::<f64>() / rows.len() as f64
}

/// Prints the summary to standard output.
///
/// # Errors
/// `Argument` if it cannot be written as JSON.
pub fn print(summary: &[SummaryRow], json: bool) -> Result<()> {
    if json {
        let text = serde_json::to_string_pretty(summary);
        println!("{}", text.map_err(|e| Error::new(ErrorKind::Argument, format!("summary: {e}")))?);
        return Ok(());
    }
    println!(
        "California Housing, means of 10 splits; test MSE over that of least squares on all training rows"
    );
    println!(
        "{:<22} {:>8} {:>11} {:>14} {:>14} {:>10}",
        "", "samples", "file size", "closed form", "descent", "seconds"
    );
    for row in summary {
        let share = row.percent_of_float64.map_or(String::new(), |share| format!("{share:.2} %"));
        println!(
            "{:<22} {:>8.0} {share:>11} {:>14.9} {:>14.9} {:>10.3}",
            row.what, row.samples, row.closed_form_mse_ratio, row.descent_mse_ratio, row.descent_seconds
        );
    }
    Ok(())
}
