//! LeNet5.

use candle_core::{Device, Result, Tensor, Var};

use super::Network;
use super::layer::Layer;
use crate::train::network::ops::{Convolution, MaxPool};
use crate::train::split::generator;

/// Two convolutions of 5 x 5 (6 and 16 channels, the first padded by 2), each with ReLU and a max-pool of 2 x 2, then
/// layers of 120, 84 and as many values as there are classes: 61.7 thousand parameters for images of 28 x 28 x 1 and
/// 10 classes. Layers start uniformly within 1 / sqrt(inputs), from a seed.
pub struct LeNet5 {
    convolutions: [(Convolution, Layer); 2],
    dense: [Layer; 3],
}

debug_fields!([] LeNet5 {  });

impl LeNet5 {
    /// For images of so many rows, columns and channels.
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
            (convolution, Layer::filters(25 * channels, 6, random, device)?),
            (second, Layer::filters(150, 16, random, device)?),
        ];
        let dense = [
            Layer::new(down * across * 16, 120, random, device)?,
            Layer::new(120, 84, random, device)?,
            Layer::new(84, classes, random, device)?,
        ];
        Ok(Self { convolutions, dense })
    }
}

impl LeNet5 {
    /// Input of the last layer.
    fn hidden(&self, images: &Tensor) -> Result<Tensor> {
        let mut values = images.clone();
        for (convolution, layer) in &self.convolutions {
            values = MaxPool.apply(&convolution.apply(&values, &layer.weights, Some(&layer.bias))?)?;
        }
        let [first, second, _] = &self.dense;
        second.apply(&first.apply(&values.flatten_from(1)?)?.relu()?)?.relu()
    }
}

impl Network for LeNet5 {
    fn forward(&self, images: &Tensor, _train: bool) -> Result<Tensor> {
        self.dense[2].apply(&self.hidden(images)?)
    }

    fn last_layer(&self, images: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
        let hidden = self.hidden(images)?;
        let scores = self.dense[2].apply(&hidden)?;
        Ok(Some((hidden, scores)))
    }

    fn variables(&self) -> Vec<(String, Var)> {
        let convolutions = self.convolutions.iter().map(|(_, layer)| layer).zip(["conv1", "conv2"]);
        let layers = convolutions.chain(self.dense.iter().zip(["dense1", "dense2", "dense3"]));
        layers.flat_map(|(layer, name)| layer.named(name)).collect()
    }
}
