//! The models, and the defaults of each.

use gede::Result;
use gede::train::Device;
use gede::train::models::{LeNet5, Network, ResNet18};

use crate::commands::misuse;
use crate::commands::pictures::Size;

/// A network that the tool trains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    LeNet5,
    ResNet18,
}

impl Model {
    /// Epochs where no number is given.
    pub fn epochs(self) -> u64 {
        if self == Self::LeNet5 { 100 } else { 200 }
    }

    /// The size that the model is made for.
    pub fn size(self) -> Size {
        match self {
            Self::LeNet5 => Size { height: 28, width: 28, channels: 1 },
            Self::ResNet18 => Size { height: 32, width: 32, channels: 3 },
        }
    }

    /// True if a network for images of one shape takes images of another. ResNet18 takes the mean over the image, so that
    /// any size suits it.
    pub fn suits(self, trained: (usize, usize, usize), other: (usize, usize, usize)) -> bool {
        if self == Self::LeNet5 { other == trained } else { other.0 == trained.0 }
    }

    /// A network of random weights for images of a shape.
    pub fn network(
        self,
        (channels, height, width): (usize, usize, usize),
        classes: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Box<dyn Network>> {
        let network = match self {
            Self::LeNet5 => LeNet5::new([height, width, channels], classes, seed, device)
                .map(|network| Box::new(network) as Box<dyn Network>),
            Self::ResNet18 => {
                ResNet18::new(channels, classes, seed, device).map(|network| Box::new(network) as _)
            }
        };
        network.map_err(|e| misuse(e.to_string()))
    }
}

/// Mean and deviation of values between 0 and 1, channel by channel: those of MNIST for one channel, of CIFAR-10 for
/// three, else a half and a quarter.
pub fn default_format(channels: usize) -> (Vec<f32>, Vec<f32>) {
    match channels {
        1 => (vec![0.1307], vec![0.3081]),
        3 => (vec![0.4914, 0.4822, 0.4465], vec![0.2470, 0.2435, 0.2616]),
        _ => (vec![0.5; channels], vec![0.25; channels]),
    }
}
