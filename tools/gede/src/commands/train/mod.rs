//! `gede train`: models straight from files.

mod linear;
mod report;

use gede::Result;
use linear::Linear;

/// Train a model on a file
#[derive(clap::Args)]
pub struct Train {
    #[command(subcommand)]
    model: Model,
}

#[derive(clap::Subcommand)]
enum Model {
    Linear(Linear),
}

impl Train {
    pub fn run(&self, json: bool) -> Result<()> {
        match &self.model {
            Model::Linear(linear) => linear.run(json),
        }
    }
}
