//! Networks that can be trained.

use candle_core::backprop::GradStore;
use candle_core::{Device, Result, Tensor, Var};

use super::SavedLayout;

/// Results of a forward and a backward pass.
#[derive(Debug)]
pub struct Backward {
    /// Logits `[B, classes]`.
    pub logits: Tensor,
    /// Their loss.
    pub loss: Tensor,
    /// Gradients of the loss, by parameter.
    pub gradients: GradStore,
}

/// A network that can be trained: one of these, or a user's own.
pub trait Network {
    /// Logits `[B, classes]` of images `[B, H, W, C]`, in training mode or in evaluation mode.
    ///
    /// # Errors
    /// Candle's.
    fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor>;

    /// Logits of images in training mode, a loss of them, and its gradients. Candle computes them, unless a network has a
    /// faster way, such as a [`Tape`](crate::train::ops::Tape).
    ///
    /// # Errors
    /// Candle's.
    fn backward(&self, images: &Tensor, loss: &dyn Fn(&Tensor) -> Result<Tensor>) -> Result<Backward> {
        let logits = self.forward(images, true)?;
        let loss = loss(&logits)?;
        Ok(Backward { gradients: loss.backward()?, logits, loss })
    }

    /// The penultimate activations `[B, E]`, inputs of the last layer, and the logits `[B, classes]` of images, in evaluation
    /// mode: methods that select rows by the last layer's gradients need them. `None` if the network does not give them.
    ///
    /// # Errors
    /// Candle's.
    fn penultimate(&self, images: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
        let _ = images;
        Ok(None)
    }

    /// Trained parameters by name, in a fixed order.
    fn parameters(&self) -> Vec<(String, Var)>;

    /// State that changes during training without being trained, such as running means, by name: a checkpoint
    /// holds it too.
    fn buffers(&self) -> Vec<(String, Var)> {
        Vec::new()
    }

    /// The layout in which a parameter of a name is saved. The crate's networks have PyTorch's.
    fn saved_layout(&self, name: &str) -> SavedLayout {
        let _ = name;
        SavedLayout::Same
    }

    /// The device of its first parameter, where its inputs have to be.
    fn device(&self) -> Device {
        self.parameters().first().map_or(Device::Cpu, |(_, parameter)| parameter.device().clone())
    }
}
