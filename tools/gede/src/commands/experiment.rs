//! `gede experiment`: the paper's tables and figures.

use crate::device::On;
use crate::experiment::{self, Request};
use gede::Result;
use std::path::PathBuf;

/// Run the paper's experiments and those beyond it: tables as CSV, figures as SVG
#[derive(clap::Args)]
pub struct Experiment {
    /// Which one
    #[arg(value_parser = experiment::NAMES)]
    name: String,
    /// Where its data is
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to put the results, in a folder of the experiment's name
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// storage: a table or a set of images besides those in --data, as `gede convert` reads it, or `sensor` for a generated table; may be repeated
    #[arg(long = "set", value_name = "PATH")]
    sets: Vec<PathBuf>,
    /// storage: only the first rows of each set, to try it out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    first: Option<u32>,
    /// Where networks are trained; cuda takes a gede that was built with the feature
    #[arg(long, value_enum, default_value_t)]
    device: On,
}

impl Experiment {
    pub fn run(&self, json: bool) -> Result<()> {
        let request = Request {
            data: self.data.as_deref(),
            out: &self.out,
            sets: &self.sets,
            first: self.first.map(|n| n as usize),
            device: self.device,
            json,
        };
        experiment::run(&self.name, &request)
    }
}
