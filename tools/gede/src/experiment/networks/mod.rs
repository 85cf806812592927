//! Networks on sets of images: accuracy over the share of the images that an epoch has, drawn anew from the file or
//! selected.

mod figure;
mod rows;
mod run;
mod set;
mod summary;

use gede::{Error, Result};

use self::rows::NetworkRow;
use self::run::{Files, Job};
use self::set::{SETS, Set};
use super::{Request, csv, folder, misuse, revision, steps};
use crate::methods::Method;

/// Epochs of the runs whose times are compared: short ones, in turns, as a machine's speed changes by the hour.
const TIMED: u64 = 20;

/// Everything that is run, in this order: with three seeds what is drawn, with one what costs more.
fn jobs(set: &Set) -> Vec<Job> {
    let drawn = [Method::Random, Method::Rs2, Method::Balanced];
    let job = |method, percent, seed| Job { method, percent, seed, epochs: set.epochs };
    let mut jobs = Vec::new();
    for seed in 1..=3 {
        for percent in [10.0, 5.0, 1.0] {
            jobs.extend(drawn.map(|method| job(method, percent, seed)));
        }
    }
    // As many steps on all images as others make on a tenth of them.
    jobs.push(Job { epochs: set.epochs / 10, ..job(Method::Full, 100.0, 1) });
    jobs.extend(drawn.map(|method| job(method, 20.0, 1)));
    jobs.push(job(Method::Full, 100.0, 1));
    let selected = [Method::GradMatch, Method::Glister, Method::Craig, Method::Dq, Method::Tdds, Method::Ccs];
    jobs.extend(selected.map(|method| job(method, 10.0, 1)));
    jobs.push(job(Method::InfoBatch, 100.0, 1));
    let compared = [Method::GradMatch, Method::Glister, Method::Dq, Method::Tdds];
    for percent in [1.0, 5.0, 20.0] {
        jobs.extend(compared.map(|method| job(method, percent, 1)));
    }
    jobs
}

/// What the time for a tenth of the images is told by, pairs side by side.
fn timed() -> Vec<Job> {
    let job = |method, percent, seed| Job { method, percent, seed, epochs: TIMED };
    (1..=3).flat_map(|seed| [job(Method::Random, 10.0, seed), job(Method::Full, 100.0, seed)]).collect()
}

/// Runs what is not yet in the results of a set, row by row: it may be stopped at any time, and goes on where it was.
pub fn run(name: &str, request: &Request) -> Result<()> {
    crate::allocator::keep_memory();
    let set = SETS.iter().find(|set| set.name == name).ok_or_else(|| misuse(format!("no set {name}")))?;
    let data = request.data.ok_or_else(|| misuse(format!("name the folder of {name}/ by --data")))?;
    let files = Files::of(set, data, request.device)?;
    let out = folder(request, name)?;
    let revision = revision(&out);
    let (jobs, timed) = (jobs(set), timed());
    let bar = steps(jobs.len() + timed.len());
    let fill = |jobs: &[Job], name: &str| -> Result<Vec<NetworkRow>> {
        let path = out.join(name);
        let mut rows: Vec<NetworkRow> = csv::load(&path)?;
        for job in jobs {
            bar.set_message(job.to_string());
            if !rows.iter().any(|row| job.is(row)) {
                rows.push(files.run(set, job, &revision)?);
                csv::save(&path, &rows)?;
            }
            bar.inc(1);
        }
        Ok(rows)
    };
    let (rows, times) = (fill(&jobs, "runs.csv")?, fill(&timed, "times.csv")?);
    figure::drawn(set, &rows, &out.join("accuracy.svg"))?;
    figure::methods(set, &rows, &out.join("methods.svg"))?;
    let table = summary::markdown(set, &rows, &times, files.storage()?);
    std::fs::write(out.join("README.md"), &table)
        .map_err(|e| Error::io(format!("writing {}", out.join("README.md").display()), e))?;
    bar.finish_and_clear();
    if request.json { crate::output::json(&rows) } else { crate::output::print(&table) }
}
