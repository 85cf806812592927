//! A run that was stopped goes on from its checkpoint to the same weights as one that was not.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use candle_core::Device;
use gede::sample::{Amount, Draw, Images, Labels};
use gede::train::models::{LeNet5, Network, ResNet18};
use gede::train::{Augment, EpochReport, EpochsDone, Sgd, TrainConfig, TrainReport};

const IMAGES: u64 = 60;
const SIDE: usize = 12;
const CLASSES: u64 = 3;

/// Images of noise.
struct Noise;

impl Images for Noise {
    fn rows(&self) -> u64 {
        IMAGES
    }

    fn shape(&self) -> (usize, usize, usize) {
        (1, SIDE, SIDE)
    }

    fn decode(&self, rows: &[u64], out: &mut [u8]) -> gede::Result<()> {
        for (&row, image) in rows.iter().zip(out.chunks_exact_mut(SIDE * SIDE)) {
            let values = image.iter_mut().enumerate();
            values.for_each(|(at, value)| *value = ((row + 1) * 7919 * (at as u64 + 3) % 251) as u8);
        }
        Ok(())
    }
}

impl Labels for Noise {
    fn numbers(&self, rows: &[u64], out: &mut [u32]) -> gede::Result<()> {
        rows.iter().zip(out).for_each(|(row, out)| *out = (row % CLASSES) as u32);
        Ok(())
    }
}

fn config(checkpoint: Option<&Path>) -> TrainConfig {
    TrainConfig {
        epochs: 4,
        batch: 8,
        sgd: Sgd { nesterov: true, ..Sgd::default() },
        augment: Some(Augment { shift: 2, mirror: true }),
        checkpoint: checkpoint.map(Path::to_owned),
        ..TrainConfig::default()
    }
}

fn run(
    network: &dyn Network,
    config: &TrainConfig,
    tell: &mut dyn FnMut(&EpochReport),
) -> gede::Result<TrainReport> {
    config.run(network, &Noise, &Noise, (Draw::Uniform(IMAGES), Amount::Fraction(0.5)), tell)
}

/// Parameters and buffers of a network.
fn weights(network: &dyn Network) -> Vec<Vec<f32>> {
    let all = network.parameters().into_iter().chain(network.buffers());
    all.map(|(_, variable)| variable.flatten_all().unwrap().to_vec1().unwrap()).collect()
}

/// Stops a run after an epoch as a killed process would, before the next one is saved.
fn stopped(network: &dyn Network, config: &TrainConfig, after: u64) {
    let mut on_epoch = |epoch: &EpochReport| assert!(epoch.epoch < after, "stopped");
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let run = std::panic::AssertUnwindSafe(|| run(network, config, &mut on_epoch));
    assert!(std::panic::catch_unwind(run).is_err());
    std::panic::set_hook(hook);
}

fn goes_on(new: &dyn Fn() -> Box<dyn Network>, stops: &[u64]) {
    let folder = tempfile::tempdir().unwrap();
    let whole = new();
    let expected = run(whole.as_ref(), &config(None), &mut |_| {}).unwrap();
    for &after in stops {
        let path = folder.path().join(format!("{after}.safetensors"));
        stopped(new().as_ref(), &config(Some(&path)), after);
        let network = new();
        let mut reported = Vec::new();
        let kept = TrainConfig { threads: 3, ..config(Some(&path)) };
        let trained = run(network.as_ref(), &kept, &mut |epoch| reported.push(epoch.epoch)).unwrap();
        assert!(reported.into_iter().eq(after..4));
        assert_eq!((trained.images, trained.steps, &trained.epochs), (120, 16, &expected.epochs));
        assert_eq!(weights(network.as_ref()), weights(whole.as_ref()));
        // A finished run stays as it is.
        let again = new();
        assert_eq!(run(again.as_ref(), &kept, &mut |_| panic!("there is nothing to do")).unwrap(), trained);
        assert_eq!(weights(again.as_ref()), weights(whole.as_ref()));
    }
}

#[test]
fn lenet_goes_on() {
    goes_on(&|| Box::new(LeNet5::new([SIDE, SIDE, 1], 3, 1, &Device::Cpu).unwrap()), &[1, 3]);
}

#[test]
fn resnet_goes_on_with_its_running_statistics() {
    let new = || ResNet18::new(1, 3, 1, &Device::Cpu).unwrap();
    assert!(!new().buffers().is_empty());
    goes_on(&|| Box::new(new()), &[1]);
}

#[test]
fn another_list_of_rows_is_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let kept = config(Some(&folder.path().join("a.safetensors")));
    let run = |list: &[u64]| {
        let network = LeNet5::new([SIDE, SIDE, 1], 3, 1, &Device::Cpu).unwrap();
        let draw = (Draw::Listed(list), Amount::Fraction(1.0));
        kept.run(&network, &Noise, &Noise, draw, &mut |_| {})
    };
    let trained = run(&[3, 1, 4, 15]).unwrap();
    assert_eq!((trained.images, run(&[3, 1, 4, 15]).unwrap()), (16, trained));
    let error = run(&[3, 1, 4, 16]).unwrap_err().to_string();
    assert!(error.contains("not a checkpoint of this run"), "{error}");
}

#[test]
fn other_runs_and_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let new = |classes| LeNet5::new([SIDE, SIDE, 1], classes, 1, &Device::Cpu).unwrap();
    let kept = config(Some(&path));
    run(&new(3), &kept, &mut |_| {}).unwrap();
    let fresh = weights(&new(3));
    for other in [
        TrainConfig { epochs: 3, ..kept.clone() },
        TrainConfig { seed: 2, ..kept.clone() },
        TrainConfig { learning_rate: 0.01, ..kept.clone() },
        TrainConfig { augment: None, ..kept.clone() },
    ] {
        let network = new(3);
        let error = run(&network, &other, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains("a.safetensors") && error.contains("not a checkpoint of this run"), "{error}");
        assert_eq!(weights(&network), fresh);
    }
    assert!(run(&new(4), &kept, &mut |_| {}).is_err());
    let bytes = std::fs::read(&path).unwrap();
    for cut in [0, 7, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert!(run(&new(3), &kept, &mut |_| {}).is_err());
    }
    let nowhere = config(Some(&folder.path().join("no/a.safetensors")));
    assert!(run(&new(3), &nowhere, &mut |_| {}).is_err());
}

#[test]
fn a_run_may_get_more_epochs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let new = || LeNet5::new([SIDE, SIDE, 1], 3, 1, &Device::Cpu).unwrap();
    let kept = config(Some(&path));
    let first = run(&new(), &kept, &mut |_| {}).unwrap();
    assert_eq!(EpochsDone::read(&path).unwrap(), Some(EpochsDone { done: 4, planned: 4 }));
    let more = TrainConfig { epochs: 6, ..kept };
    let mut reported = Vec::new();
    let trained = run(&new(), &more, &mut |epoch| reported.push(epoch.epoch)).unwrap();
    assert_eq!((reported, &trained.epochs[..4], trained.steps), (vec![4, 5], &first.epochs[..], 24));
    assert_eq!(EpochsDone::read(&path).unwrap(), Some(EpochsDone { done: 6, planned: 6 }));
    assert_eq!(EpochsDone::read(&folder.path().join("none")).unwrap(), None);
}

#[test]
fn differences_are_named_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let kept = config(Some(&folder.path().join("a.safetensors")));
    let new = || LeNet5::new([SIDE, SIDE, 1], 3, 1, &Device::Cpu).unwrap();
    run(&new(), &kept, &mut |_| {}).unwrap();
    let other = TrainConfig { batch: 10, augment: None, ..kept };
    let error = run(&new(), &other, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("batch: 8 in the checkpoint, 10 now"), "{error}");
    assert!(error.contains("augmentation: shift 2, mirror true in the checkpoint, none now"), "{error}");
    assert!(!error.contains("seed") && !error.contains("rate"), "{error}");
}

/// Names and shapes of a checkpoint of a network, in the order of the names; velocities apart, of which each parameter has one.
fn saved(network: &dyn Network) -> Vec<(String, Vec<usize>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let config = TrainConfig { epochs: 1, ..config(Some(&path)) };
    config
        .run(network, &Noise, &Noise, (Draw::Listed(&[1, 2, 3]), Amount::Fraction(1.0)), &mut |_| {})
        .unwrap();
    let tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    let (velocities, mut all): (Vec<_>, Vec<_>) = tensors
        .into_iter()
        .map(|(name, tensor)| (name, tensor.dims().to_vec()))
        .partition(|(name, _)| name.starts_with("velocity."));
    assert_eq!(velocities.len(), network.parameters().len());
    for (name, shape) in velocities {
        let parameter = name.strip_prefix("velocity.").unwrap();
        assert!(all.contains(&(parameter.to_owned(), shape)), "{name}");
    }
    all.sort();
    all
}

fn named<const N: usize>(all: [(&str, &[usize]); N]) -> Vec<(String, Vec<usize>)> {
    let mut all: Vec<_> = all.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect();
    all.sort();
    all
}

#[test]
fn lenet_is_saved_by_the_names_and_shapes_of_pytorch() {
    let network = LeNet5::new([SIDE, SIDE, 1], 3, 1, &Device::Cpu).unwrap();
    assert_eq!(
        saved(&network),
        named([
            ("conv1.weight", &[6, 1, 5, 5]),
            ("conv1.bias", &[6]),
            ("conv2.weight", &[16, 6, 5, 5]),
            ("conv2.bias", &[16]),
            ("fc1.weight", &[120, 16]),
            ("fc1.bias", &[120]),
            ("fc2.weight", &[84, 120]),
            ("fc2.bias", &[84]),
            ("fc3.weight", &[3, 84]),
            ("fc3.bias", &[3]),
        ])
    );
}

#[test]
fn resnet_is_saved_by_the_names_and_shapes_of_torchvision() {
    let network = ResNet18::new(1, 3, 1, &Device::Cpu).unwrap();
    let found = saved(&network);
    let norm = |name: &str, channels: usize| {
        ["weight", "bias", "running_mean", "running_var"]
            .map(|part| (format!("{name}.{part}"), vec![channels]))
    };
    let convolutions: [(&str, &str, [usize; 4]); 20] = [
        ("conv1", "bn1", [64, 1, 3, 3]),
        ("layer1.0.conv1", "layer1.0.bn1", [64, 64, 3, 3]),
        ("layer1.0.conv2", "layer1.0.bn2", [64, 64, 3, 3]),
        ("layer1.1.conv1", "layer1.1.bn1", [64, 64, 3, 3]),
        ("layer1.1.conv2", "layer1.1.bn2", [64, 64, 3, 3]),
        ("layer2.0.conv1", "layer2.0.bn1", [128, 64, 3, 3]),
        ("layer2.0.conv2", "layer2.0.bn2", [128, 128, 3, 3]),
        ("layer2.0.downsample.0", "layer2.0.downsample.1", [128, 64, 1, 1]),
        ("layer2.1.conv1", "layer2.1.bn1", [128, 128, 3, 3]),
        ("layer2.1.conv2", "layer2.1.bn2", [128, 128, 3, 3]),
        ("layer3.0.conv1", "layer3.0.bn1", [256, 128, 3, 3]),
        ("layer3.0.conv2", "layer3.0.bn2", [256, 256, 3, 3]),
        ("layer3.0.downsample.0", "layer3.0.downsample.1", [256, 128, 1, 1]),
        ("layer3.1.conv1", "layer3.1.bn1", [256, 256, 3, 3]),
        ("layer3.1.conv2", "layer3.1.bn2", [256, 256, 3, 3]),
        ("layer4.0.conv1", "layer4.0.bn1", [512, 256, 3, 3]),
        ("layer4.0.conv2", "layer4.0.bn2", [512, 512, 3, 3]),
        ("layer4.0.downsample.0", "layer4.0.downsample.1", [512, 256, 1, 1]),
        ("layer4.1.conv1", "layer4.1.bn1", [512, 512, 3, 3]),
        ("layer4.1.conv2", "layer4.1.bn2", [512, 512, 3, 3]),
    ];
    let mut expected = named([("fc.weight", &[3, 512]), ("fc.bias", &[3])]);
    for (convolution, normalisation, shape) in convolutions {
        expected.push((format!("{convolution}.weight"), shape.to_vec()));
        expected.extend(norm(normalisation, shape[0]));
    }
    expected.sort();
    assert_eq!(found, expected);
}
