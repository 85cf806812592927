//! `gede train`: models straight from files.

mod lenet5;
mod linear;
mod logistic;
mod report;

use gede::Result;
use lenet5::LeNet;
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
    #[command(name = "lenet5")]
    LeNet(LeNet),
}

impl Train {
    pub fn run(&self, json: bool) -> Result<()> {
        match &self.model {
            Model::Linear(linear) => linear.run(json),
            Model::Logistic(logistic) => logistic.run(json),
            Model::LeNet(lenet) => lenet.run(json),
        }
    }
}
