//! The table of means, as Markdown.

use super::rows::NetworkRow;
use super::set::Set;

/// Methods that select images, where the paper has their accuracy, and what is to be known of ours.
const SELECTED: [(&str, Option<usize>, &str); 7] = [
    ("grad-match", Some(0), "anew every 20 epochs"),
    ("glister", Some(1), "anew every 20 epochs, a tenth held out"),
    ("craig", None, "anew every 20 epochs, weighted"),
    (
        "dq",
        Some(2),
        "once, by a network of 10 epochs; without its step on pixels, which wants an autoencoder",
    ),
    ("tdds", Some(3), "once, by a network of 20 epochs"),
    ("ccs", None, "once, by a network of 10 epochs"),
    ("info-batch", None, "anew every epoch; all images but half of those learnt"),
];

/// Runs of a method on a share of the images, for so many epochs.
pub struct Runs<'a> {
    pub method: &'a str,
    pub percent: f64,
    pub epochs: u64,
    pub rows: Vec<&'a NetworkRow>,
}

impl Runs<'_> {
    /// The mean of something.
    pub fn mean(&self, value: fn(&NetworkRow) -> f64) -> f64 {
        self.rows.iter().map(|row| value(row)).sum::<f64>() / self.rows.len() as f64
    }
}

/// Runs that differ in their seed alone, by share, then in the order of the first of each.
pub fn runs(rows: &[NetworkRow]) -> Vec<Runs<'_>> {
    let mut all: Vec<Runs> = Vec::new();
    for row in rows {
        let same = |runs: &&mut Runs| {
            runs.method == row.method && runs.percent == row.percent && runs.epochs == row.epochs
        };
        match all.iter_mut().find(same) {
            Some(runs) => runs.rows.push(row),
            None => {
                let (method, percent, epochs) = (row.method.as_str(), row.percent, row.epochs);
                all.push(Runs { method, percent, epochs, rows: vec![row] });
            }
        }
    }
    all.sort_by(|a, b| a.percent.total_cmp(&b.percent));
    all
}

/// The time for a part of the images, percent of that for all, in pairs of one seed; the least first.
fn shares(times: &[NetworkRow]) -> Vec<f64> {
    let all = |part: &NetworkRow| times.iter().find(|row| row.method == "full" && row.seed == part.seed);
    let parts = times.iter().filter(|row| row.method != "full");
    let shares = parts.filter_map(|part| Some(100.0 * part.train_seconds / all(part)?.train_seconds));
    let mut shares: Vec<f64> = shares.collect();
    shares.sort_by(f64::total_cmp);
    shares
}

/// The table of methods that select images beforehand.
fn methods(set: &Set, all: &[Runs]) -> String {
    let mut text = "\n## Images that a method selects\n\n\
        A tenth of the images an epoch, as many epochs, one seed; below them a random tenth, drawn anew in every epoch.\n\n\
        | method | accuracy | paper | images, all epochs | seconds to train | to select | memory to train | to select | |\n\
        |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let random = [("random", Some(4), "selects nothing")];
    for (method, paper, what) in SELECTED.iter().chain(&random) {
        let own = |runs: &&Runs| {
            runs.method == *method && runs.epochs == set.epochs && matches!(runs.percent, 10.0 | 100.0)
        };
        let Some(row) = all.iter().find(own).and_then(|runs| runs.rows.iter().find(|row| row.seed == 1))
        else {
            continue;
        };
        let paper = paper.and_then(|at| set.selected.get(at));
        let paper = paper.map_or(String::new(), |paper| format!("{paper:.1} %"));
        let memory =
            |bytes: Option<u64>| bytes.map_or(String::new(), |b| format!("{:.0} MB", b as f64 / 1e6));
        text += &format!(
            "| {method} | {:.2} % | {paper} | {:.2} million | {:.0} | {:.0} | {} | {} | {what} |\n",
            100.0 * row.test_accuracy,
            row.train_seconds * row.images_per_second / 1e6,
            row.train_seconds,
            row.selection_seconds,
            memory(row.training_memory),
            memory(row.selection_memory),
        );
    }
    text
}

/// The table, and what a tenth of the images saves.
pub fn markdown(set: &Set, rows: &[NetworkRow], times: &[NetworkRow]) -> String {
    let mut text = format!("# {}\n\n", set.title);
    text += &format!(
        "Accuracy on the 10,000 test images after the last epoch ({} epochs but where it says otherwise), images \
             drawn anew from the gede file in every epoch: `balanced` as many of every class, `random` \
             whatever the class, `rs2` along one random order. Every run is in [runs.csv](runs.csv); \
             `gede experiment {} --data DIR` makes them.\n\n\
             ![Accuracy over the share of the images](accuracy.svg)\n\n\
             | images an epoch | method | accuracy, seeds | mean | paper | paper, random | seconds | images/s | waited | \
             file read |\n|---|---|---|---|---|---|---|---|---|---|\n",
        set.epochs, set.name
    );
    let all = runs(rows);
    let selected = |runs: &Runs| SELECTED.iter().find(|selected| selected.0 == runs.method);
    for runs in all.iter().filter(|runs| selected(runs).is_none()) {
        let seeds: Vec<String> =
            runs.rows.iter().map(|row| format!("{:.2}", 100.0 * row.test_accuracy)).collect();
        let paper = set.paper.iter().find(|paper| paper.0 == runs.percent && runs.epochs == set.epochs);
        let number = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v} %"));
        let epochs =
            if runs.epochs == set.epochs { String::new() } else { format!(", {} epochs", runs.epochs) };
        text += &format!(
            "| {} % | {}{epochs} | {} | {:.2} % | {} | {} | {:.0} | {:.0} | {:.1} % | {:.1} MB |\n",
            runs.percent,
            runs.method,
            seeds.join(", "),
            100.0 * runs.mean(|row| row.test_accuracy),
            number(paper.map(|p| p.1)),
            number(paper.and_then(|p| p.2)),
            runs.mean(|row| row.train_seconds),
            runs.mean(|row| row.images_per_second),
            100.0 * runs.mean(|row| row.loader_share),
            runs.mean(|row| row.bytes_read as f64) / 1e6,
        );
    }
    let shares = shares(times);
    if let Some(median) = shares.get(shares.len() / 2) {
        text += &format!(
            "\nA random tenth of the images takes {median:.1} % of the time of all (paper: 11 %): the median of {} pairs \
             of runs in turns, {:.1} to {:.1} %, in [times.csv](times.csv). Nothing is selected beforehand, and \
             testing is not counted.\n",
            shares.len(),
            shares.first().unwrap_or(median),
            shares.last().unwrap_or(median),
        );
    }
    text += &methods(set, &all);
    let machines: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.machine.as_str()).collect();
    text + &format!("\nOn {}.\n", machines.into_iter().collect::<Vec<_>>().join("; "))
}
