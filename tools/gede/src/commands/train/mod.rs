//! `gede train`: models straight from files.

mod classes;
mod linear;
mod logistic;
mod missing;
mod network;
mod outputs;
mod report;

use gede::Result;
use linear::Linear;
use logistic::Logistic;
use network::Network;

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
    /// LeNet5 on images
    #[command(name = "lenet5")]
    LeNet5(Network),
    /// ResNet18, in its form for small images
    #[command(name = "resnet18")]
    ResNet18(Network),
}

impl Train {
    pub fn run(&self, json: bool) -> Result<()> {
        match &self.model {
            Model::Linear(linear) => linear.run(json),
            Model::Logistic(logistic) => logistic.run(json),
            Model::LeNet5(network) => network.run(network::Model::LeNet5, json),
            Model::ResNet18(network) => network.run(network::Model::ResNet18, json),
        }
    }
}
