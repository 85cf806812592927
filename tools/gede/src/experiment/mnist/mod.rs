//! LeNet5 on MNIST: accuracy over the share of the images that an epoch has, drawn anew from the file.

mod figure;
mod rows;
mod run;
mod summary;

use std::path::Path;

use gede::{Error, ErrorKind, Result};

use self::rows::NetworkRow;
use self::run::{Job, Sets};
use super::{Request, csv, folder, misuse, steps};
use crate::methods::Method;

/// Epochs of every run, and of the one that makes as many steps on all images as others on a tenth of them.
const EPOCHS: u64 = 100;
const EQUAL_STEPS: u64 = 10;

/// Epochs of the runs whose times are compared: short ones, in turns, as a machine's speed changes by the hour.
const TIMED: u64 = 5;

/// Everything that is run, in this order.
fn jobs() -> Vec<Job> {
    let drawn = [Method::Balanced, Method::Random, Method::Rs2];
    let job = |method, percent, seed| Job { method, percent, seed, epochs: EPOCHS };
    let mut jobs = Vec::new();
    for percent in [10.0, 5.0, 1.0] {
        for seed in 1..=3 {
            jobs.extend(drawn.map(|method| job(method, percent, seed)));
        }
    }
    jobs.push(Job { epochs: EQUAL_STEPS, ..job(Method::Full, 100.0, 1) });
    jobs.extend(drawn.map(|method| job(method, 20.0, 1)));
    jobs.push(job(Method::Full, 100.0, 1));
    let selected = [Method::GradMatch, Method::Glister, Method::Craig, Method::Dq, Method::Tdds, Method::Ccs];
    jobs.extend(selected.map(|method| job(method, 10.0, 1)));
    jobs.push(job(Method::InfoBatch, 100.0, 1));
    jobs
}

/// What the time for a tenth of the images is told by, pairs side by side.
fn timed() -> Vec<Job> {
    let job = |method, percent, seed| Job { method, percent, seed, epochs: TIMED };
    (1..=3).flat_map(|seed| [job(Method::Random, 10.0, seed), job(Method::Full, 100.0, seed)]).collect()
}

/// Runs what is not yet in the results, row by row: it may be stopped at any time, and goes on where it was.
pub fn run(request: &Request) -> Result<()> {
    crate::allocator::keep_memory();
    let data = request.data.ok_or_else(|| misuse("name the folder of mnist/ by --data"))?;
    let sets = Sets::convert(&data.join("mnist"))?;
    let out = folder(request, "mnist")?;
    let (jobs, timed) = (jobs(), timed());
    let bar = steps(jobs.len() + timed.len());
    let fill = |jobs: &[Job], name: &str| -> Result<Vec<NetworkRow>> {
        let path = out.join(name);
        let mut rows = load(&path)?;
        for job in jobs {
            bar.set_message(job.to_string());
            if !rows.iter().any(|row| job.is(row)) {
                rows.push(sets.run(job)?);
                csv::save(&path, &rows)?;
            }
            bar.inc(1);
        }
        Ok(rows)
    };
    let (rows, times) = (fill(&jobs, "runs.csv")?, fill(&timed, "times.csv")?);
    figure::save(&rows, &out.join("accuracy.svg"))?;
    let table = summary::markdown(&rows, &times);
    std::fs::write(out.join("README.md"), &table)
        .map_err(|e| Error::io(format!("writing {}", out.join("README.md").display()), e))?;
    bar.finish_and_clear();
    if request.json { crate::output::json(&rows) } else { crate::output::print(&table) }
}

/// The rows of earlier runs.
fn load(path: &Path) -> Result<Vec<NetworkRow>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let wrong = |e: ::csv::Error| Error::new(ErrorKind::Input, format!("{}: {e}", path.display()));
    let mut reader = ::csv::Reader::from_path(path).map_err(wrong)?;
    reader.deserialize().collect::<std::result::Result<_, _>>().map_err(wrong)
}
