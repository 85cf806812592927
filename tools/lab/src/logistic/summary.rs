//! The means over splits, for people and machines.

use gede::Result;
use serde::Serialize;

use super::rows::LogisticRow;
use gede_cli::output::{self, Table, count};

/// Means over the splits of a set.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    pub set: &'a str,
    pub percent_asked: f64,
    pub method: &'a str,
    pub splits: usize,
    pub samples: f64,
    pub log_loss: f64,
    pub accuracy: f64,
    pub balanced_accuracy: f64,
    pub auc: f64,
    pub log_loss_ratio: f64,
    pub accuracy_points: f64,
    /// The file, in percent of 8 bytes a value.
    pub percent_of_float64: f64,
}

/// The settings in which runs differ, the split aside.
fn key(row: &LogisticRow) -> (&str, u64, &str) {
    (&row.set, row.percent_asked.to_bits(), &row.method)
}

/// Sums runs up: a row for each set, share and method, in the order of the first of each.
pub fn of(rows: &[LogisticRow]) -> Vec<Summary<'_>> {
    let mut keys = Vec::new();
    rows.iter().map(key).for_each(|k| {
        if !keys.contains(&k) {
            keys.push(k)
        }
    });
    keys.into_iter()
        .map(|k| {
            let here: Vec<&LogisticRow> = rows.iter().filter(|row| key(row) == k).collect();
            let mean = |value: fn(&LogisticRow) -> f64| {
                here.iter().map(|row| value(row)).sum::<f64>() / here.len() as f64
            };
            Summary {
                set: k.0,
                percent_asked: f64::from_bits(k.1),
                method: k.2,
                splits: here.len(),
                samples: mean(|row| row.samples as f64),
                log_loss: mean(|row| row.log_loss),
                accuracy: mean(|row| row.accuracy),
                balanced_accuracy: mean(|row| row.balanced_accuracy),
                auc: mean(|row| row.auc),
                log_loss_ratio: mean(|row| row.log_loss_ratio),
                accuracy_points: mean(|row| row.accuracy_points),
                percent_of_float64: mean(|row| row.percent_of_float64),
            }
        })
        .collect()
}

/// Prints them to standard output.
pub fn print(rows: &[Summary], json: bool) -> Result<()> {
    if json {
        return output::json(&rows);
    }
    let mut text = String::new();
    for of_set in rows.chunk_by(|a, b| a.set == b.set) {
        let Some(first) = of_set.first() else { continue };
        text += &format!("{}: test rows, means of {} splits\n", first.set, first.splits);
        let mut table = Table::new(2);
        table.row([
            "at most",
            "method",
            "samples",
            "log-loss",
            "of all rows'",
            "accuracy",
            "points",
            "balanced",
            "AUC",
            "of float64",
        ]);
        for row in of_set {
            table.push(vec![
                format!("{} %", row.percent_asked),
                row.method.to_owned(),
                count(row.samples.round() as u64),
                format!("{:.5}", row.log_loss),
                format!("{:.4}", row.log_loss_ratio),
                format!("{:.2} %", 100.0 * row.accuracy),
                format!("{:+.2}", row.accuracy_points),
                format!("{:.2} %", 100.0 * row.balanced_accuracy),
                format!("{:.4}", row.auc),
                format!("{:.1} %", row.percent_of_float64),
            ]);
        }
        text += &table.render(2);
        text.push('\n');
    }
    output::print(&text)
}
