//! Networks on sets of images: accuracy over the share of the images that an epoch has, drawn again from the file or
//! selected.

mod figure;
mod rows;
mod run;
mod set;
mod summary;

use std::path::Path;

use gede::Result;

use self::rows::NetworkRow;
use self::run::{Files, Job};
use self::set::{SETS, Set};
use super::{Request, csv_file, folder, misuse, revision, steps};
use gede::train::select::{METHODS, Method, find_method};
use gede_cli::output::write_file;

/// Epochs of the runs whose times are compared: short ones, in turns, as a machine's speed changes by the hour.
const TIMED: u64 = 20;

/// All runs, in order: methods that draw have three seeds, methods that select have one, since they cost more.
fn jobs(set: &Set) -> Result<Vec<Job>> {
    let drawn = [method("random")?, method("rs2")?, method("balanced")?];
    let job = |method, percent, seed| Job { method, percent, seed, epochs: set.epochs };
    let mut jobs = Vec::new();
    for seed in 1..=3 {
        for percent in [10.0, 5.0, 1.0] {
            jobs.extend(drawn.map(|method| job(method, percent, seed)));
        }
    }
    // As many steps on all images as others make on a tenth of them.
    jobs.push(Job { epochs: set.epochs / 10, ..job(method("full")?, 100.0, 1) });
    jobs.extend(drawn.map(|method| job(method, 20.0, 1)));
    jobs.push(job(method("full")?, 100.0, 1));
    // Every method of the registry that selects: a new one joins the experiment by itself.
    for method in METHODS.into_iter().filter(|method| method.selects()) {
        jobs.push(job(method, if method.takes_share { 10.0 } else { 100.0 }, 1));
    }
    for percent in [1.0, 5.0, 20.0] {
        for selected in &set.selected {
            jobs.push(job(method(selected.method)?, percent, 1));
        }
    }
    Ok(jobs)
}

/// A method of the registry.
fn method(name: &str) -> Result<&'static Method> {
    find_method(name).ok_or_else(|| misuse(format!("no method {name}")))
}

/// Pairs of runs, one after the other, that give the time for a tenth of the images as a share of that for all.
fn timed() -> Result<Vec<Job>> {
    let (random, full) = (method("random")?, method("full")?);
    let job = |method, percent, seed| Job { method, percent, seed, epochs: TIMED };
    Ok((1..=3).flat_map(|seed| [job(random, 10.0, seed), job(full, 100.0, seed)]).collect())
}

/// Rows of runs, and of those that are timed.
struct Results {
    runs: Vec<NetworkRow>,
    times: Vec<NetworkRow>,
}

impl Results {
    /// Writes the figures and the table, which it returns.
    fn show(&self, set: &Set, storage: f64, out: &Path) -> Result<String> {
        figure::drawn(set, &self.runs, &out.join("accuracy.svg"))?;
        figure::methods(set, &self.runs, &out.join("methods.svg"))?;
        let (table, path) = (summary::markdown(set, &self.runs, &self.times, storage), out.join("README.md"));
        write_file(&path, table.as_bytes())?;
        Ok(table)
    }
}

/// Runs what is not yet in the results of a set, row by row: it may be stopped at any time, and goes on where it was. The
/// figures and the table are of the rows so far.
pub fn run(name: &str, request: &Request) -> Result<()> {
    gede_cli::allocator::keep_memory();
    let set = SETS.iter().find(|set| set.name == name).ok_or_else(|| misuse(format!("no set {name}")))?;
    let data = request.data.ok_or_else(|| misuse(format!("name the folder of {name}/ by --data")))?;
    let files = Files::new(set, data, request.device)?;
    let out = folder(request, name)?;
    let revision = revision(&out);
    let (jobs, timed) = (jobs(set)?, timed()?);
    let bar = steps(jobs.len() + timed.len());
    let paths = ["runs.csv", "times.csv"].map(|name| out.join(name));
    let mut results = Results { runs: csv_file::load(&paths[0])?, times: csv_file::load(&paths[1])? };
    let storage = files.storage()?;
    let mut table = results.show(set, storage, &out)?;
    for (job, timed) in jobs.iter().map(|job| (job, false)).chain(timed.iter().map(|job| (job, true))) {
        let rows = if timed { &mut results.times } else { &mut results.runs };
        bar.set_message(job.to_string());
        if !rows.iter().any(|row| job.is(row)) {
            rows.push(files.run(set, job, &revision)?);
            csv_file::save(&paths[usize::from(timed)], rows)?;
            table = results.show(set, storage, &out)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if request.json { gede_cli::output::json(&results.runs) } else { gede_cli::output::print(&table) }
}
