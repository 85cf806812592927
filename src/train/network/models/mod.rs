//! Networks for images.

mod layer;
mod lenet;
mod resnet;

pub use lenet::LeNet5;
pub use resnet::ResNet18;

use candle_core::backprop::GradStore;
use candle_core::{Device, Result, Tensor, Var};

/// Parts of a step.
pub struct Backward {
    /// Scores [B, classes].
    pub scores: Tensor,
    /// Their loss.
    pub loss: Tensor,
    /// Its gradients, by variable.
    pub gradients: GradStore,
}

debug_fields!([] Backward { scores, loss });

/// A network that can be trained: one of these, or a user's own.
pub trait Network {
    /// Scores [B, classes] of images [B, H, W, C]. `train` says whether they are trained on.
    ///
    /// # Errors
    /// Candle's.
    fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor>;

    /// Scores of images that it trains on, a loss of them, and its gradients. Candle finds them, unless a network has a
    /// faster way, such as a [`Tape`](super::ops::Tape).
    ///
    /// # Errors
    /// Candle's.
    fn backward(&self, images: &Tensor, loss: &dyn Fn(&Tensor) -> Result<Tensor>) -> Result<Backward> {
        let scores = self.forward(images, true)?;
        let loss = loss(&scores)?;
        Ok(Backward { gradients: loss.backward()?, scores, loss })
    }

    /// Inputs [B, E] and outputs [B, classes] of the last layer for images, in evaluation mode: methods that select rows by
    /// the last layer's gradients need them. `None` if the network does not give them.
    ///
    /// # Errors
    /// Candle's.
    fn last_layer(&self, images: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
        let _ = images;
        Ok(None)
    }

    /// Trained variables by name, in a fixed order.
    fn variables(&self) -> Vec<(String, Var)>;

    /// Where it is, and what it is given has to be: where its first variable is.
    fn device(&self) -> Device {
        self.variables().first().map_or(Device::Cpu, |(_, variable)| variable.device().clone())
    }

    /// State that changes during training without being trained, such as running means, by name: a checkpoint
    /// holds it too.
    fn kept(&self) -> Vec<(String, Var)> {
        Vec::new()
    }
}
