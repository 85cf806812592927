//! The table of means, as Markdown.

use gede::train::select::{METHODS, find_method};

use super::rows::NetworkRow;
use super::set::{FRACTIONS, Set};

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

/// Seconds that training on all images takes: by the pairs that were timed, or else by its own run.
fn full_seconds(set: &Set, rows: &[NetworkRow], times: &[NetworkRow]) -> Option<f64> {
    let full = |rows: &[NetworkRow]| {
        let own = rows.iter().filter(|row| row.method == "full");
        let mut seconds: Vec<f64> = own.map(|row| row.train_seconds / row.epochs as f64).collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).map(|seconds| seconds * set.epochs as f64)
    };
    full(times).or_else(|| full(rows))
}

/// Percent, or nothing.
fn percent(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value} %"))
}

/// The run of a method on a share of the images, for all epochs, with seed 1.
fn first<'a>(set: &Set, all: &[Runs<'a>], method: &str, percent: f64) -> Option<&'a NetworkRow> {
    let own = |runs: &&Runs| {
        let whole = runs.percent == 100.0 && find_method(method).is_some_and(|method| !method.takes_share);
        runs.method == method && runs.epochs == set.epochs && (runs.percent == percent || whole)
    };
    all.iter().find(own).and_then(|runs| runs.rows.iter().find(|row| row.seed == 1).copied())
}

/// The paper's table of a tenth of the images: methods that select them beforehand, and those that need not.
fn methods(set: &Set, all: &[Runs], full: Option<f64>, storage: f64) -> String {
    let mut text = format!(
        "\n## Images that a method selects\n\n\
        A tenth of the images an epoch, as many epochs, one seed; `random` draws them anew in every epoch. Time is that to \
        select and to train, of that to train on all; memory is the most that the process held, mapped pages of the file \
        among it. All read the same file, {storage:.0} % of the pixels and labels (paper: {} %), and touch all of it sooner \
        or later.\n\n\
        | method | accuracy | paper | time | paper | seconds to select | memory to select | to train | file read | |\n\
        |---|---|---|---|---|---|---|---|---|---|\n",
        set.storage
    );
    let drawn = [
        ("full", "all images in every epoch"),
        ("random", "selects nothing"),
        ("balanced", "as many of every class"),
    ];
    let selected = METHODS.iter().filter(|method| method.selects()).map(|method| (method.name, method.note));
    for (method, note) in drawn.into_iter().chain(selected) {
        let Some(row) = first(set, all, method, 10.0) else { continue };
        let selected = set.selected.iter().find(|selected| selected.method == method);
        let in_paper = |share: f64| set.paper.iter().find(|paper| paper.0 == share);
        let (accuracy, time) = match method {
            "full" => (in_paper(100.0).map(|paper| paper.1), Some(100.0)),
            "random" => (in_paper(10.0).and_then(|paper| paper.2), Some(11.0)),
            "balanced" => (in_paper(10.0).map(|paper| paper.1), Some(11.0)),
            _ => (selected.and_then(|paper| paper.accuracy[2]), selected.map(|paper| paper.time)),
        };
        let share = full.map(|full| 100.0 * (row.train_seconds + row.selection_seconds) / full);
        let megabytes = |bytes: u64| format!("{:.0} MB", bytes as f64 / 1e6);
        let memory = |bytes: Option<u64>| bytes.map_or(String::new(), megabytes);
        let on_gpu = row.gpu_memory.map_or(String::new(), |b| format!(", GPU {}", megabytes(b)));
        text += &format!(
            "| {method} | {:.2} % | {} | {} | {} | {:.0} | {} | {}{on_gpu} | {:.1} MB | {note} |\n",
            100.0 * row.test_accuracy,
            percent(accuracy),
            share.map_or(String::new(), |share| format!("{share:.0} %")),
            percent(time),
            row.selection_seconds,
            memory(row.selection_memory.filter(|_| row.selection_seconds > 0.0)),
            memory(row.training_memory),
            row.bytes_read as f64 / 1e6,
        );
    }
    text
}

/// The paper's table of other shares of the images.
fn shares_of_methods(set: &Set, all: &[Runs]) -> String {
    let mut text = "\n## Other shares\n\n\
        Accuracy with seed 1, that of the paper, and seconds to select and to train.\n\n\
        | method | 1 % | paper | seconds | 5 % | paper | seconds | 20 % | paper | seconds |\n\
        |---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let drawn = ["random", "balanced"];
    for method in drawn.into_iter().chain(set.selected.iter().map(|selected| selected.method)) {
        let selected = set.selected.iter().find(|selected| selected.method == method);
        let cell = |(at, share): (usize, f64)| {
            let of = set.paper.iter().find(|paper| paper.0 == share);
            let paper = match method {
                "random" => of.and_then(|paper| paper.2),
                "balanced" => of.map(|paper| paper.1),
                _ => selected.and_then(|paper| paper.accuracy[at]),
            };
            let row = first(set, all, method, share);
            let own = row.map_or([String::new(), String::new()], |row| {
                let seconds = row.train_seconds + row.selection_seconds;
                [format!("{:.2} %", 100.0 * row.test_accuracy), format!("{seconds:.0}")]
            });
            format!(" {} | {} | {} |", own[0], percent(paper), own[1])
        };
        let cells = FRACTIONS.into_iter().enumerate().filter(|&(_, share)| share != 10.0).map(cell);
        text += &format!("| {method} |{}\n", cells.collect::<String>());
    }
    text
}

/// The table, and what a tenth of the images saves.
pub fn markdown(set: &Set, rows: &[NetworkRow], times: &[NetworkRow], storage: f64) -> String {
    let mut text = format!("# {}\n\n", set.title);
    text += &format!(
        "Accuracy on the 10,000 test images after the last epoch ({} epochs but where it says otherwise), images \
             drawn again from the gede file in every epoch: `balanced` as many of every class, `random` \
             whatever the class, `rs2` along one random order. Every run is in [runs.csv](runs.csv); \
             `gede experiment {} --data DIR` makes them.\n\n\
             ![Accuracy over the share of the images](accuracy.svg)\n\n\
             | images an epoch | method | accuracy, seeds | mean | paper | paper, random | seconds | images/s | waited | \
             file read |\n|---|---|---|---|---|---|---|---|---|---|\n",
        set.epochs, set.name
    );
    let all = runs(rows);
    let selects = |runs: &&Runs| find_method(runs.method).is_some_and(|method| method.selects());
    for runs in all.iter().filter(|runs| !selects(runs)) {
        let seeds: Vec<String> =
            runs.rows.iter().map(|row| format!("{:.2}", 100.0 * row.test_accuracy)).collect();
        let paper = set.paper.iter().find(|paper| paper.0 == runs.percent && runs.epochs == set.epochs);
        let epochs =
            if runs.epochs == set.epochs { String::new() } else { format!(", {} epochs", runs.epochs) };
        text += &format!(
            "| {} % | {}{epochs} | {} | {:.2} % | {} | {} | {:.0} | {:.0} | {:.1} % | {:.1} MB |\n",
            runs.percent,
            runs.method,
            seeds.join(", "),
            100.0 * runs.mean(|row| row.test_accuracy),
            percent(paper.map(|p| p.1)),
            percent(paper.and_then(|p| p.2)),
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
    text += &methods(set, &all, full_seconds(set, rows, times), storage);
    text += &shares_of_methods(set, &all);
    text += "\n![Accuracy over the share of the images, and over the time](methods.svg)\n";
    let on = |rows: &[NetworkRow]| {
        let machines: std::collections::BTreeSet<&str> =
            rows.iter().map(|row| row.machine.as_str()).collect();
        machines.into_iter().collect::<Vec<_>>().join("; ")
    };
    let pairs = if times.is_empty() { String::new() } else { format!("; the pairs on {}", on(times)) };
    text + &format!("\nOn {}{pairs}.\n", on(rows))
}
