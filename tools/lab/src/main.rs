//! `gede-lab`: the experiments, the paper's and those beyond it; tables as CSV, figures as SVG.

mod bars;
mod california;
mod csv_file;
mod gpu;
mod logistic;
mod networks;
mod storage;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use gede::read::ByteSource;
use gede::{Error, ErrorKind, Reader, Result};
use gede_cli::device::On;
use indicatif::{ProgressBar, ProgressStyle};

/// The experiments there are.
const NAMES: [&str; 7] = ["california", "logistic", "mnist", "cifar10", "cifar100", "gpu", "storage"];

/// The paper's experiments and those beyond it: tables as CSV, figures as SVG.
#[derive(Parser)]
#[command(name = "gede-lab", version)]
struct Lab {
    /// The experiment
    #[arg(value_parser = NAMES)]
    name: String,
    /// Folder of its data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder for the results, in which a folder of the experiment's name is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// storage: a table or a set of images besides those in --data, as `gede convert` reads it, or `sensor` for a generated table; may be repeated
    #[arg(long = "set", value_name = "PATH")]
    sets: Vec<PathBuf>,
    /// storage: only the first rows of each set, to try it out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    first: Option<u32>,
    /// Device that networks are trained on; cuda takes a build with that feature
    #[arg(long, value_enum, default_value_t)]
    device: On,
    /// Print JSON, for machines
    #[arg(long)]
    json: bool,
}

/// The request to an experiment.
struct Request<'a> {
    /// Folder of its data; some experiments have theirs bundled.
    data: Option<&'a Path>,
    /// Its tables and figures go into a folder of its name in here.
    out: &'a Path,
    /// Sets to look at besides those in `data`.
    sets: &'a [PathBuf],
    /// Rows of each set to look at, from the first on; all if none.
    first: Option<usize>,
    /// Device that networks are trained on.
    device: On,
    /// The summary is printed as JSON.
    json: bool,
}

fn main() -> ExitCode {
    gede_cli::exit::run("gede-lab", |lab: Lab| lab.run())
}

impl Lab {
    /// Runs the experiment, writes its tables and figures, prints a summary. Progress goes to standard error.
    fn run(&self) -> Result<()> {
        let request = &Request {
            data: self.data.as_deref(),
            out: &self.out,
            sets: &self.sets,
            first: self.first.map(|n| n as usize),
            device: self.device,
            json: self.json,
        };
        match self.name.as_str() {
            "california" | "logistic" | "mnist" | "cifar10" | "cifar100" | "gpu"
                if !request.sets.is_empty() || request.first.is_some() =>
            {
                Err(misuse("--set and --first are for the experiment storage"))
            }
            "california" => california::run(request),
            "logistic" => logistic::run(request),
            "mnist" | "cifar10" | "cifar100" => networks::run(&self.name, request),
            "gpu" => gpu::run(request),
            "storage" => storage::run(request),
            name => Err(misuse(format!("no experiment \"{name}\"; there are {}", NAMES.join(", ")))),
        }
    }
}

/// Opens a gede file through a memory map.
fn open(path: &Path) -> Result<Reader<impl ByteSource + use<>>> {
    // SAFETY: gede never writes into a file that is there, nor does it shorten one. If another program does so
    // meanwhile, this process may end, or report values that were never in the file.
    unsafe { Reader::map(path) }
}

fn misuse(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, what)
}

/// The folder for an experiment's results, made if it is not there.
fn folder(request: &Request, name: &str) -> Result<PathBuf> {
    let out = request.out.join(name);
    std::fs::create_dir_all(&out).map_err(|e| Error::io(format!("creating {}", out.display()), e))?;
    Ok(out)
}

/// The commit that a folder of results is at, with a plus if files have changed since; none outside of a repository.
fn revision(folder: &Path) -> Option<String> {
    let git = std::process::Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["describe", "--always", "--dirty=+"])
        .output();
    let out = git.ok().filter(|out| out.status.success())?;
    Some(String::from_utf8_lossy(&out.stdout).trim().to_owned()).filter(|name| !name.is_empty())
}

/// A bar of so many steps, each with a message, on a terminal.
fn steps(count: usize) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} [{elapsed}]") {
        bar.set_style(style);
    }
    bar
}
