//! LeNet5.

use candle_core::{Device, Result, Tensor, Var};

use super::layer::Layer;
use super::{Network, SavedLayout};
use crate::train::network::ops::{Convolution, MaxPool};
use crate::train::split::generator;

/// Two convolutions of 5 x 5 (6 and 16 channels, the first padded by 2), each with ReLU and a max-pool of 2 x 2, then
/// layers of 120, 84 and as many values as there are classes: 61.7 thousand parameters for images of 28 x 28 x 1 and
/// 10 classes. Layers start uniformly within 1 / sqrt(inputs), from a seed.
///
/// Parameters are saved as PyTorch has them: `conv1`, `conv2`, `fc1`, `fc2` and `fc3`, each with `weight` and `bias`.
pub struct LeNet5 {
    convolutions: [(Convolution, Layer); 2],
    dense: [Layer; 3],
    /// Channels of the images.
    channels: usize,
    /// Rows, columns and channels before the first dense layer.
    flattened: [usize; 3],
}

debug_fields!([] LeNet5 { channels });

/// Channels of the convolutions.
const CHANNELS: [usize; 2] = [6, 16];

impl LeNet5 {
    /// A network for images of so many rows, columns and channels.
    ///
    /// # Errors
    /// Candle's, for images of less than 12 rows or columns.
    pub fn new(image: [usize; 3], classes: usize, seed: u64, device: &Device) -> Result<Self> {
        let [height, width, channels] = image;
        let side = |side: usize| (side / 2).checked_sub(4).map(|side| side / 2).filter(|&side| side > 0);
        let (Some(down), Some(across)) = (side(height), side(width)) else {
            candle_core::bail!("LeNet5 is for images of at least 12 x 12 pixels, not {height} x {width}")
        };
        let random = &mut generator(seed);
        let convolution = Convolution { kernel: 5, stride: 1, padding: 2, relu: true, input_gradient: false };
        let second = Convolution { padding: 0, input_gradient: true, ..convolution };
        let convolutions = [
            (convolution, Layer::filters(25 * channels, CHANNELS[0], random, device)?),
            (second, Layer::filters(25 * CHANNELS[0], CHANNELS[1], random, device)?),
        ];
        let flattened = [down, across, CHANNELS[1]];
        let dense = [
            Layer::new(flattened.iter().product(), 120, random, device)?,
            Layer::new(120, 84, random, device)?,
            Layer::new(84, classes, random, device)?,
        ];
        Ok(Self { convolutions, dense, channels, flattened })
    }

    /// Input of the last layer.
    fn hidden(&self, images: &Tensor) -> Result<Tensor> {
        let mut values = images.clone();
        for (convolution, layer) in &self.convolutions {
            values = MaxPool.apply(&convolution.apply(&values, &layer.weight, Some(&layer.bias))?)?;
        }
        let [first, second, _] = &self.dense;
        second.apply(&first.apply(&values.flatten_from(1)?)?.relu()?)?.relu()
    }
}

impl Network for LeNet5 {
    fn forward(&self, images: &Tensor, _train: bool) -> Result<Tensor> {
        self.dense[2].apply(&self.hidden(images)?)
    }

    fn penultimate(&self, images: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
        let hidden = self.hidden(images)?;
        let logits = self.dense[2].apply(&hidden)?;
        Ok(Some((hidden, logits)))
    }

    fn parameters(&self) -> Vec<(String, Var)> {
        let convolutions = self.convolutions.iter().map(|(_, layer)| layer).zip(["conv1", "conv2"]);
        let layers = convolutions.chain(self.dense.iter().zip(["fc1", "fc2", "fc3"]));
        layers.flat_map(|(layer, name)| layer.named(name)).collect()
    }

    fn saved_layout(&self, name: &str) -> SavedLayout {
        match name {
            "conv1.weight" => SavedLayout::Filters { kernel: 5, channels: self.channels },
            "conv2.weight" => SavedLayout::Filters { kernel: 5, channels: CHANNELS[0] },
            "fc1.weight" => SavedLayout::Flattened { image: self.flattened },
            "fc2.weight" | "fc3.weight" => SavedLayout::Dense,
            _ => SavedLayout::Same,
        }
    }
}
