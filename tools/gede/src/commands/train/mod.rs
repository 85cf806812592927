//! `gede train`: models straight from files.

mod linear;
mod logistic;
mod report;

use gede::Result;
use linear::Linear;
use logistic::Logistic;

/// Train a model on a file
#[derive(clap::Args)]
pub struct Train {
    #[command(subcommand)]
    model: Model,
}

#[derive(clap::Subcommand)]
enum Model {
    Linear(Linear),
    Logistic(Logistic),
}

impl Train {
    pub fn run(&self, json: bool) -> Result<()> {
        match &self.model {
            Model::Linear(linear) => linear.run(json),
            Model::Logistic(logistic) => logistic.run(json),
        }
    }
}
