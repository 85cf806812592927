//! ResNet18 in its form for small images.

use candle_core::{Device, Result, Tensor, Var};
use rand_chacha::ChaCha8Rng;

use super::layer::{Layer, turned, uniform};
use super::{Backward, Network};
use crate::train::network::ops::{BatchNorm, Convolution, Join, Tape};
use crate::train::split::generator;

/// Channels of the four stages, and the stride at which each begins.
const STAGES: [(usize, usize); 4] = [(64, 1), (128, 2), (256, 2), (512, 2)];

/// Blocks of a stage.
const BLOCKS: usize = 2;

/// A convolution of 3 x 3 to 64 channels, four stages of two blocks of two convolutions each with a way around, the mean
/// over the image, and a layer: 11.17 million parameters for 3 channels and 10 classes. Weights start uniformly within
/// 1 / sqrt(inputs), from a seed.
pub struct ResNet18 {
    first: Normalised,
    blocks: Vec<Block>,
    last: Layer,
}

debug_fields!([] ResNet18 {  });

/// A convolution without a bias, normalised.
struct Normalised {
    convolution: Convolution,
    weights: Var,
    norm: BatchNorm,
    scale: Var,
    shift: Var,
}

struct Block {
    first: Normalised,
    second: Normalised,
    /// Where shapes change on the way.
    around: Option<Normalised>,
}

impl Normalised {
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
            scale: Var::ones(outputs, weights.dtype(), device)?,
            shift: Var::zeros(outputs, weights.dtype(), device)?,
            weights: turned(&weights)?,
            norm: BatchNorm::new(outputs, relu, device)?,
        })
    }

    fn on(&self, tape: &mut Tape, images: &Tensor, train: bool) -> Result<Tensor> {
        let values = self.convolution.on(tape, images, &self.weights, None)?;
        self.norm.on(tape, &values, [&self.scale, &self.shift], train)
    }

    fn running(&self, name: &str) -> [(String, Var); 2] {
        self.norm.running().map(|(part, variable)| (format!("{name}.{part}"), variable.clone()))
    }

    fn named(&self, name: &str) -> [(String, Var); 3] {
        [("weights", &self.weights), ("scale", &self.scale), ("shift", &self.shift)]
            .map(|(part, variable)| (format!("{name}.{part}"), variable.clone()))
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
        let first = Normalised::new(three(stride, true), (channels, outputs), true, random, device)?;
        let second = Normalised::new(three(1, true), (outputs, outputs), false, random, device)?;
        let around = changes.then(|| Normalised::new(one, (channels, outputs), false, random, device));
        Ok(Self { first, second, around: around.transpose()? })
    }

    fn on(&self, tape: &mut Tape, images: &Tensor, train: bool) -> Result<Tensor> {
        let through = self.first.on(tape, images, train)?;
        let through = self.second.on(tape, &through, train)?;
        match &self.around {
            Some(around) => {
                let around = around.on(tape, images, train)?;
                Join.on(tape, &through, &around)
            }
            None => Join.on(tape, &through, images),
        }
    }
}

impl ResNet18 {
    /// For images of so many channels.
    ///
    /// # Errors
    /// Candle's.
    pub fn new(channels: usize, classes: usize, seed: u64, device: &Device) -> Result<Self> {
        let random = &mut generator(seed);
        let first = Normalised::new(three(1, false), (channels, STAGES[0].0), true, random, device)?;
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
        self.on(&mut Tape::candles(), images, train)?.mean(2)?.mean(1)
    }

    fn normalised(&self) -> impl Iterator<Item = (String, &Normalised)> {
        let blocks = self.blocks.iter().enumerate().flat_map(|(i, block)| {
            let parts = [("first", Some(&block.first)), ("second", Some(&block.second))];
            let parts = parts.into_iter().chain([("around", block.around.as_ref())]);
            parts.filter_map(move |(name, part)| Some((format!("block{i}.{name}"), part?)))
        });
        std::iter::once(("first".to_owned(), &self.first)).chain(blocks)
    }
}

impl Network for ResNet18 {
    fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor> {
        self.last.apply(&self.hidden(images, train)?)
    }

    fn backward(&self, images: &Tensor, loss: &dyn Fn(&Tensor) -> Result<Tensor>) -> Result<Backward> {
        let mut tape = Tape::of(images.device());
        let last = self.on(&mut tape, images, true)?;
        let end = tape.end(&last)?;
        let scores = self.last.apply(&end.mean(2)?.mean(1)?)?;
        let loss = loss(&scores)?;
        let mut gradients = loss.backward()?;
        tape.back(&last, &end, &mut gradients)?;
        Ok(Backward { scores, loss, gradients })
    }

    fn last_layer(&self, images: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
        let hidden = self.hidden(images, false)?;
        let scores = self.last.apply(&hidden)?;
        Ok(Some((hidden, scores)))
    }

    fn variables(&self) -> Vec<(String, Var)> {
        let normalised = self.normalised().flat_map(|(name, part)| part.named(&name));
        normalised.chain(self.last.named("last")).collect()
    }

    fn kept(&self) -> Vec<(String, Var)> {
        self.normalised().flat_map(|(name, part)| part.running(&name)).collect()
    }
}
