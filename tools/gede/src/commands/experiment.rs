//! `gede experiment`: the paper's tables and figures.

use crate::experiment;
use gede::Result;
use std::path::PathBuf;

/// Reproduce the paper's experiments: tables as CSV, figures as SVG
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
}

impl Experiment {
    pub fn run(&self, json: bool) -> Result<()> {
        experiment::run(&self.name, self.data.as_deref(), &self.out, json)
    }
}
