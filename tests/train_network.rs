//! Networks learn from a file's images; a seed gives the same run again; a user's own network trains in the same way.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{DType, Device, Result, Tensor, Var};
use gede::sample::{Amount, Draw, Images, Labels};
use gede::train::models::{LeNet5, Network};
use gede::train::{Schedule, TrainConfig, TrainReport};

const IMAGES: u64 = 600;
const SIDE: usize = 12;
const CHANNELS: usize = 2;
const CLASSES: usize = 4;

/// Images with a bright quarter, which is their class, in a row's own noise.
struct Quarters;

impl Images for Quarters {
    fn rows(&self) -> u64 {
        IMAGES
    }

    fn shape(&self) -> (usize, usize, usize) {
        (CHANNELS, SIDE, SIDE)
    }

    fn decode(&self, rows: &[u64], out: &mut [u8]) -> gede::Result<()> {
        for (&row, image) in rows.iter().zip(out.chunks_exact_mut(CHANNELS * SIDE * SIDE)) {
            for (at, value) in image.iter_mut().enumerate() {
                let (y, x) = (at / SIDE % SIDE, at % SIDE);
                let quarter = y * 2 / SIDE * 2 + x * 2 / SIDE;
                let noise = ((row + 1) * 7919 * (at as u64 + 3) % 101) as u8;
                *value = noise + if quarter as u64 == row % CLASSES as u64 { 120 } else { 40 };
            }
        }
        Ok(())
    }
}

impl Labels for Quarters {
    fn numbers(&self, rows: &[u64], out: &mut [u32]) -> gede::Result<()> {
        rows.iter().zip(out).for_each(|(row, out)| *out = (row % CLASSES as u64) as u32);
        Ok(())
    }
}

/// A layer on the pixels themselves.
struct Own(Var);

impl Network for Own {
    fn forward(&self, images: &Tensor, _train: bool) -> Result<Tensor> {
        images.flatten_from(1)?.matmul(&self.0)
    }

    fn parameters(&self) -> Vec<(String, Var)> {
        vec![("own".to_owned(), self.0.clone())]
    }
}

fn train(network: &dyn Network, config: &TrainConfig, draw: Draw, share: f64) -> (TrainReport, f64) {
    let mut told = Vec::new();
    let amount = Amount::Fraction(share);
    let trained =
        config.run(network, &Quarters, &Quarters, (draw, amount), &mut |epoch| told.push(*epoch)).unwrap();
    assert_eq!(told, trained.epochs);
    let accuracy = config.accuracy(network, &Quarters, &Quarters).unwrap();
    (trained, accuracy)
}

fn weights(network: &dyn Network) -> Vec<f32> {
    let values = |(_, variable): (String, Var)| variable.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    network.parameters().into_iter().flat_map(values).collect()
}

#[test]
fn a_seed_gives_the_same_run() {
    let new = |seed| LeNet5::new([SIDE, SIDE, CHANNELS], CLASSES, seed, &Device::Cpu);
    let network = new(1).unwrap();
    let config = TrainConfig { epochs: 3, batch: 50, ..TrainConfig::default() };
    let (trained, _) = train(&network, &config, Draw::Uniform(IMAGES), 0.5);
    assert_eq!((trained.images, trained.steps, trained.epochs.len()), (900, 18, 3));
    assert!(trained.epochs.iter().all(|epoch| epoch.images == 300 && epoch.loss.is_finite()));
    for threads in [1, 3] {
        let again = new(1).unwrap();
        train(&again, &TrainConfig { threads, ..config.clone() }, Draw::Uniform(IMAGES), 0.5);
        assert_eq!(weights(&again), weights(&network));
    }
    let other = new(2).unwrap();
    train(&other, &config, Draw::Uniform(IMAGES), 0.5);
    assert_ne!(weights(&other), weights(&network));
}

#[test]
fn lenet_learns() {
    let network = LeNet5::new([SIDE, SIDE, CHANNELS], CLASSES, 3, &Device::Cpu).unwrap();
    let config = TrainConfig { epochs: 12, batch: 20, ..TrainConfig::default() };
    let (_, accuracy) = train(&network, &config, Draw::Uniform(IMAGES), 0.3);
    assert!(accuracy > 0.95, "{accuracy}");
    assert!(LeNet5::new([8, 12, 1], CLASSES, 3, &Device::Cpu).is_err());
}

#[test]
fn a_network_of_ones_own_learns() {
    let start = Tensor::zeros((CHANNELS * SIDE * SIDE, CLASSES), DType::F32, &Device::Cpu).unwrap();
    let own = Own(Var::from_tensor(&start).unwrap());
    let config = TrainConfig {
        epochs: 8,
        batch: 32,
        learning_rate: 0.01,
        schedule: Schedule::Constant,
        ..TrainConfig::default()
    };
    let (trained, accuracy) = train(&own, &config, Draw::Walk(IMAGES), 1.0);
    let [first, .., last] = &trained.epochs[..] else { panic!() };
    assert!(last.loss < first.loss, "{} {}", first.loss, last.loss);
    assert!(accuracy > 0.95, "{accuracy}");
}
