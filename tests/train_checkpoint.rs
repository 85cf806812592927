//! A run that was stopped goes on from its checkpoint to the same weights as one that was not.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use candle_core::Device;
use gede::sample::{Amount, Draw, Images, Labels};
use gede::train::models::{LeNet5, Network, ResNet18};
use gede::train::{Augment, EpochReport, EpochsDone, Sgd, Trained, Training};

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

fn training(checkpoint: Option<&Path>) -> Training {
    Training {
        epochs: 4,
        batch: 8,
        sgd: Sgd { nesterov: true, ..Sgd::default() },
        augment: Some(Augment { shift: 2, mirror: true }),
        checkpoint: checkpoint.map(Path::to_owned),
        ..Training::default()
    }
}

fn run(
    network: &dyn Network,
    training: &Training,
    tell: &mut dyn FnMut(&EpochReport),
) -> gede::Result<Trained> {
    training.run(network, &Noise, &Noise, (Draw::Uniform(IMAGES), Amount::Fraction(0.5)), tell)
}

/// All that a network holds.
fn weights(network: &dyn Network) -> Vec<Vec<f32>> {
    let all = network.variables().into_iter().chain(network.kept());
    all.map(|(_, variable)| variable.flatten_all().unwrap().to_vec1().unwrap()).collect()
}

/// Stops a run behind an epoch as a killed process would, before the next one is saved.
fn stopped(network: &dyn Network, training: &Training, after: u64) {
    let mut tell = |epoch: &EpochReport| assert!(epoch.epoch < after, "stopped");
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let run = std::panic::AssertUnwindSafe(|| run(network, training, &mut tell));
    assert!(std::panic::catch_unwind(run).is_err());
    std::panic::set_hook(hook);
}

fn goes_on(new: &dyn Fn() -> Box<dyn Network>, stops: &[u64]) {
    let folder = tempfile::tempdir().unwrap();
    let whole = new();
    let expected = run(whole.as_ref(), &training(None), &mut |_| {}).unwrap();
    for &after in stops {
        let path = folder.path().join(format!("{after}.safetensors"));
        stopped(new().as_ref(), &training(Some(&path)), after);
        let network = new();
        let mut told = Vec::new();
        let kept = Training { threads: 3, ..training(Some(&path)) };
        let trained = run(network.as_ref(), &kept, &mut |epoch| told.push(epoch.epoch)).unwrap();
        assert!(told.into_iter().eq(after..4));
        assert_eq!((trained.images, trained.steps, &trained.epochs), (120, 16, &expected.epochs));
        assert_eq!(weights(network.as_ref()), weights(whole.as_ref()));
        // What is finished stays as it is.
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
    assert!(!new().kept().is_empty());
    goes_on(&|| Box::new(new()), &[1]);
}

#[test]
fn another_list_of_rows_is_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let kept = training(Some(&folder.path().join("a.safetensors")));
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
    let kept = training(Some(&path));
    run(&new(3), &kept, &mut |_| {}).unwrap();
    let fresh = weights(&new(3));
    for other in [
        Training { epochs: 3, ..kept.clone() },
        Training { seed: 2, ..kept.clone() },
        Training { rate: 0.01, ..kept.clone() },
        Training { augment: None, ..kept.clone() },
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
    let nowhere = training(Some(&folder.path().join("no/a.safetensors")));
    assert!(run(&new(3), &nowhere, &mut |_| {}).is_err());
}

#[test]
fn a_run_may_get_more_epochs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let new = || LeNet5::new([SIDE, SIDE, 1], 3, 1, &Device::Cpu).unwrap();
    let kept = training(Some(&path));
    let first = run(&new(), &kept, &mut |_| {}).unwrap();
    assert_eq!(EpochsDone::read(&path).unwrap(), Some(EpochsDone { done: 4, of: 4 }));
    let more = Training { epochs: 6, ..kept };
    let mut told = Vec::new();
    let trained = run(&new(), &more, &mut |epoch| told.push(epoch.epoch)).unwrap();
    assert_eq!((told, &trained.epochs[..4], trained.steps), (vec![4, 5], &first.epochs[..], 24));
    assert_eq!(EpochsDone::read(&path).unwrap(), Some(EpochsDone { done: 6, of: 6 }));
    assert_eq!(EpochsDone::read(&folder.path().join("none")).unwrap(), None);
}

#[test]
fn what_differs_is_named_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let kept = training(Some(&folder.path().join("a.safetensors")));
    let new = || LeNet5::new([SIDE, SIDE, 1], 3, 1, &Device::Cpu).unwrap();
    run(&new(), &kept, &mut |_| {}).unwrap();
    let other = Training { batch: 10, augment: None, ..kept };
    let error = run(&new(), &other, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("batch: 8 in the checkpoint, 10 now"), "{error}");
    assert!(error.contains("augmentation: shift 2, mirror true in the checkpoint, none now"), "{error}");
    assert!(!error.contains("seed") && !error.contains("rate"), "{error}");
}
