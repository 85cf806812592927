//! ResNet18 in its form for small images.

use candle_core::{Device, Result, Tensor, Var};
use rand_chacha::ChaCha8Rng;

use super::layer::{Layer, transposed, uniform};
use super::{Backward, Network, SavedLayout};
use crate::train::network::ops::{BatchNorm, Convolution, Join, Tape};
use crate::train::split::generator;

/// Channels of the four stages, and the stride at which each begins.
const STAGES: [(usize, usize); 4] = [(64, 1), (128, 2), (256, 2), (512, 2)];

/// Blocks of a stage.
const BLOCKS: usize = 2;

/// A convolution of 3 x 3 to 64 channels, four stages of two blocks of two convolutions each with a shortcut, the mean
/// over the image, and a layer: 11.17 million parameters for 3 channels and 10 classes. Weights start uniformly within
/// 1 / sqrt(inputs), from a seed.
///
/// Parameters and buffers are saved as torchvision has them: `conv1.weight`, `bn1.running_mean`, `layer1.0.conv1.weight`,
/// `layer2.0.downsample.0.weight`, `fc.weight`.
pub struct ResNet18 {
    first: ConvBatchNorm,
    blocks: Vec<Block>,
    last: Layer,
}

debug_fields!([] ResNet18 {});

/// A convolution without a bias, and the batch normalisation of its result.
struct ConvBatchNorm {
    convolution: Convolution,
    channels: usize,
    filters: Var,
    norm: BatchNorm,
    weight: Var,
    bias: Var,
}

struct Block {
    first: ConvBatchNorm,
    second: ConvBatchNorm,
    /// Projection of the shortcut, where shapes change between its ends.
    shortcut: Option<ConvBatchNorm>,
}

impl ConvBatchNorm {
    fn new(
        convolution: Convolution,
        (channels, outputs): (usize, usize),
        relu: bool,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Self> {
        let inputs = convolution.kernel * convolution.kernel * channels;
        let weights = uniform(inputs * outputs, 1.0 / (inputs as f32).sqrt(), random);
        let weights = Tensor::from_vec(weights, (inputs, outputs), device)?;
        Ok(Self {
            convolution,
            channels,
            weight: Var::ones(outputs, weights.dtype(), device)?,
            bias: Var::zeros(outputs, weights.dtype(), device)?,
            filters: transposed(&weights)?,
            norm: BatchNorm::new(outputs, relu, device)?,
        })
    }

    fn on(&self, tape: &mut Tape, images: &Tensor, train: bool) -> Result<Tensor> {
        let values = self.convolution.on(tape, images, &self.filters, None)?;
        self.norm.on(tape, &values, [&self.weight, &self.bias], train)
    }

    fn buffers(&self, [_, norm]: &[String; 2]) -> [(String, Var); 2] {
        self.norm.buffers().map(|(part, buffer)| (format!("{norm}.{part}"), buffer.clone()))
    }

    fn parameters(&self, [convolution, norm]: &[String; 2]) -> [(String, Var); 3] {
        [(convolution, "weight", &self.filters), (norm, "weight", &self.weight), (norm, "bias", &self.bias)]
            .map(|(name, part, parameter)| (format!("{name}.{part}"), parameter.clone()))
    }

    fn saved_layout(&self) -> SavedLayout {
        SavedLayout::Filters { kernel: self.convolution.kernel, channels: self.channels }
    }
}

fn three(stride: usize, input_gradient: bool) -> Convolution {
    Convolution { kernel: 3, stride, padding: 1, relu: false, input_gradient }
}

impl Block {
    fn new(
        (channels, outputs): (usize, usize),
        stride: usize,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Self> {
        let one = Convolution { kernel: 1, padding: 0, ..three(stride, true) };
        let changes = stride > 1 || channels != outputs;
        let first = ConvBatchNorm::new(three(stride, true), (channels, outputs), true, random, device)?;
        let second = ConvBatchNorm::new(three(1, true), (outputs, outputs), false, random, device)?;
        let shortcut = changes.then(|| ConvBatchNorm::new(one, (channels, outputs), false, random, device));
        Ok(Self { first, second, shortcut: shortcut.transpose()? })
    }

    fn on(&self, tape: &mut Tape, images: &Tensor, train: bool) -> Result<Tensor> {
        let through = self.first.on(tape, images, train)?;
        let through = self.second.on(tape, &through, train)?;
        match &self.shortcut {
            Some(shortcut) => {
                let shortcut = shortcut.on(tape, images, train)?;
                Join.on(tape, &through, &shortcut)
            }
            None => Join.on(tape, &through, images),
        }
    }
}

impl ResNet18 {
    /// A network for images of so many channels.
    ///
    /// # Errors
    /// Candle's.
    pub fn new(channels: usize, classes: usize, seed: u64, device: &Device) -> Result<Self> {
        let random = &mut generator(seed);
        let first = ConvBatchNorm::new(three(1, false), (channels, STAGES[0].0), true, random, device)?;
        let (mut blocks, mut before) = (Vec::new(), STAGES[0].0);
        for (outputs, stride) in STAGES {
            for block in 0..BLOCKS {
                let stride = if block == 0 { stride } else { 1 };
                blocks.push(Block::new((before, outputs), stride, random, device)?);
                before = outputs;
            }
        }
        Ok(Self { first, blocks, last: Layer::new(before, classes, random, device)? })
    }

    /// Output of the blocks, before the mean over pixels.
    fn on(&self, tape: &mut Tape, images: &Tensor, train: bool) -> Result<Tensor> {
        let mut values = self.first.on(tape, images, train)?;
        for block in &self.blocks {
            values = block.on(tape, &values, train)?;
        }
        Ok(values)
    }

    /// Input of the last layer.
    fn hidden(&self, images: &Tensor, train: bool) -> Result<Tensor> {
        self.on(&mut Tape::unrecorded(), images, train)?.mean(2)?.mean(1)
    }

    /// The normalised convolutions, each with the names of its convolution and of its normalisation.
    fn convolutions(&self) -> impl Iterator<Item = ([String; 2], &ConvBatchNorm)> {
        let blocks = self.blocks.iter().enumerate().flat_map(|(number, block)| {
            let name = format!("layer{}.{}", number / BLOCKS + 1, number % BLOCKS);
            let parts = [
                (["conv1", "bn1"], Some(&block.first)),
                (["conv2", "bn2"], Some(&block.second)),
                (["downsample.0", "downsample.1"], block.shortcut.as_ref()),
            ];
            parts
                .into_iter()
                .filter_map(move |(own, part)| Some((own.map(|own| format!("{name}.{own}")), part?)))
        });
        std::iter::once((["conv1", "bn1"].map(str::to_owned), &self.first)).chain(blocks)
    }
}

impl Network for ResNet18 {
    fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor> {
        self.last.apply(&self.hidden(images, train)?)
    }

    fn backward(&self, images: &Tensor, loss: &dyn Fn(&Tensor) -> Result<Tensor>) -> Result<Backward> {
        let mut tape = Tape::new(images.device());
        let last = self.on(&mut tape, images, true)?;
        let end = tape.end(&last)?;
        let logits = self.last.apply(&end.mean(2)?.mean(1)?)?;
        let loss = loss(&logits)?;
        let mut gradients = loss.backward()?;
        tape.back(&last, &end, &mut gradients)?;
        Ok(Backward { logits, loss, gradients })
    }

    fn penultimate(&self, images: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
        let hidden = self.hidden(images, false)?;
        let logits = self.last.apply(&hidden)?;
        Ok(Some((hidden, logits)))
    }

    fn parameters(&self) -> Vec<(String, Var)> {
        let convolutions = self.convolutions().flat_map(|(names, part)| part.parameters(&names));
        convolutions.chain(self.last.named("fc")).collect()
    }

    fn buffers(&self) -> Vec<(String, Var)> {
        self.convolutions().flat_map(|(names, part)| part.buffers(&names)).collect()
    }

    fn saved_layout(&self, name: &str) -> SavedLayout {
        if name == "fc.weight" {
            return SavedLayout::Dense;
        }
        let Some(convolution) = name.strip_suffix(".weight") else { return SavedLayout::Same };
        let own = self.convolutions().find(|(names, _)| names[0] == convolution);
        own.map_or(SavedLayout::Same, |(_, part)| part.saved_layout())
    }
}
