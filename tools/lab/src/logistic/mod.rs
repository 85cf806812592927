//! Logistic regression on credit default and ijcnn1: condensed samples against all rows and random ones.

mod figure;
mod rows;
mod summary;
mod trial;

use std::path::Path;

use gede::Result;
use gede::arrow::ArrowTable;
use gede::internal::TemporaryFolder;
use gede::train::Split;
use indicatif::ProgressBar;

use self::rows::LogisticRow;
use self::trial::Trial;
use super::table::FloatTable;
use super::{Request, csv_file, folder, misuse, revision, steps};

/// Splits of credit default, seeds 0 to 4 of [`Split`].
const SPLITS: u64 = 5;

/// Percent of the training rows that the condensed samples may be at most.
const PERCENTS: [f64; 7] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
/// And one more where the paper has it.
const CREDIT_PERCENT: f64 = 55.0;

/// Runs everything on what is in the folder of data, and writes the results.
pub fn run(request: &Request) -> Result<()> {
    let data = request.data.ok_or_else(|| {
        misuse("name the folder of credit_default.csv, or of ijcnn1 and ijcnn1.t, by --data")
    })?;
    let out = folder(request, "logistic")?;
    let bar = steps(0);
    let (path, revision) = (out.join("runs.csv"), revision(&out));
    let mut rows = csv_file::load(&path)?;
    let credit = data.join("credit_default.csv");
    if credit.exists() {
        let all = table(&credit)?;
        let percents = [&PERCENTS[..], &[CREDIT_PERCENT]].concat();
        bar.inc_length(SPLITS * percents.len() as u64);
        for seed in 0..SPLITS {
            let split = Split::new(all.len(), seed);
            let parts = (all.subset(&split.train)?, all.subset(&split.test)?);
            let trial = Trial {
                set: "credit default",
                seed,
                target: "default_payment_next_month",
                exclude: &["ID"],
                parts,
                revision: revision.clone(),
            };
            measure(&trial, &percents, &bar, &path, &mut rows)?;
        }
    }
    let (train, test) = (data.join("ijcnn1"), data.join("ijcnn1.t"));
    if train.exists() && test.exists() {
        bar.inc_length(PERCENTS.len() as u64);
        let parts = (table(&train)?, table(&test)?);
        let trial = Trial { set: "ijcnn1", seed: 0, target: "label", exclude: &[], parts, revision };
        measure(&trial, &PERCENTS, &bar, &path, &mut rows)?;
    }
    if rows.is_empty() {
        return Err(misuse(format!("{}: no credit_default.csv, nor ijcnn1 and ijcnn1.t", data.display())));
    }
    figure::log_loss(&rows, &out.join("log_loss.svg"))?;
    figure::accuracy(&rows, &out.join("figure11.svg"))?;
    bar.finish_and_clear();
    summary::print(&summary::of(&rows), request.json)
}

fn table(path: &Path) -> Result<FloatTable> {
    FloatTable::from_table(&ArrowTable::open(path)?)
}

/// Measures what is not yet in the results, share by share: it may be stopped at any time, and goes on where it was.
fn measure(
    trial: &Trial,
    percents: &[f64],
    bar: &ProgressBar,
    path: &Path,
    rows: &mut Vec<LogisticRow>,
) -> Result<()> {
    let folder = TemporaryFolder::new(&std::env::temp_dir())?;
    for &percent in percents {
        bar.set_message(format!("{} {}, {percent} %", trial.set, trial.seed));
        let is = |row: &LogisticRow| {
            row.set == trial.set && (row.seed, row.percent_asked) == (trial.seed, percent)
        };
        if !rows.iter().any(is) {
            rows.extend(trial.measure(percent, &folder.path().join("train.gede"))?);
            csv_file::save(path, rows)?;
        }
        bar.inc(1);
    }
    Ok(())
}
