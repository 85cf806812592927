//! The sets of images, the network that learns each, and what the paper says of it.

use std::path::{Path, PathBuf};

use gede::Writer;
use gede::arrow::ArrowTable;
use gede::sample::PixelFormat;
use gede::train::models::{LeNet5, Network, ResNet18};
use gede::train::{Augment, Device, TrainConfig};
use gede::write::Options;
use gede::{Error, ErrorKind, Result};

/// A set of images, and how its network is trained.
pub struct Set {
    /// What the command line and the folders call it.
    pub name: &'static str,
    /// The heading of its results.
    pub title: &'static str,
    /// The training images and the test images, in the folder of data.
    files: [&'static str; 2],
    /// The column of classes, and how many there are.
    label: &'static str,
    pub classes: usize,
    pub images: u64,
    network: Model,
    pub epochs: u64,
    mean: &'static [f32],
    deviation: &'static [f32],
    /// Accuracy in the paper, percent, by percent of the images: its own method, and random subsets.
    pub paper: &'static [(f64, f64, Option<f64>)],
    /// The same of methods that select, at [`FRACTIONS`] of the images, and the time at 10 %, of that for all.
    pub selected: [Selected; 4],
    /// The size of its files in the paper, percent.
    pub storage: f64,
    /// Accuracies that the figure shows, percent.
    pub shown: std::ops::Range<f64>,
}

/// Percents of the images that methods select.
pub const FRACTIONS: [f64; 4] = [1.0, 5.0, 10.0, 20.0];

/// A method, as the command line calls it, in the paper.
pub struct Selected {
    pub method: &'static str,
    /// Percent; none where it could not be applied.
    pub accuracy: [Option<f64>; 4],
    pub time: f64,
}

const fn selected(method: &'static str, [a, b, c, d]: [f64; 4], time: f64) -> Selected {
    // A network that knows nothing of 10 or of 100 classes is better than that.
    let one = if a > 0.0 { Some(a) } else { None };
    Selected { method, accuracy: [one, Some(b), Some(c), Some(d)], time }
}

enum Model {
    LeNet5,
    ResNet18,
}

const CIFAR_MEAN: &[f32] = &[0.4914, 0.4822, 0.4465];
const CIFAR_DEVIATION: &[f32] = &[0.2470, 0.2435, 0.2616];

/// All there are.
pub const SETS: [Set; 3] = [
    Set {
        name: "mnist",
        title: "LeNet5 on MNIST",
        files: ["mnist/train-images-idx3-ubyte", "mnist/t10k-images-idx3-ubyte"],
        label: "label",
        classes: 10,
        images: 60_000,
        network: Model::LeNet5,
        epochs: 100,
        mean: &[0.1307],
        deviation: &[0.3081],
        paper: &[
            (1.0, 98.3, Some(98.0)),
            (5.0, 99.1, Some(98.9)),
            (10.0, 99.1, Some(99.2)),
            (20.0, 99.2, Some(99.2)),
            (100.0, 99.3, None),
        ],
        selected: [
            selected("grad-match", [93.4, 98.3, 99.0, 99.1], 53.0),
            selected("glister", [65.0, 98.6, 98.8, 99.0], 27.0),
            selected("dq", [91.2, 97.0, 97.8, 98.5], 68.0),
            selected("tdds", [92.1, 98.6, 99.0, 99.2], 172.0),
        ],
        storage: 58.0,
        shown: 95.8..99.6,
    },
    Set {
        name: "cifar10",
        title: "ResNet18 on CIFAR-10",
        files: ["cifar10", "cifar10/test_batch.bin"],
        label: "label",
        classes: 10,
        images: 50_000,
        network: Model::ResNet18,
        epochs: 200,
        mean: CIFAR_MEAN,
        deviation: CIFAR_DEVIATION,
        paper: &[
            (1.0, 71.0, Some(69.3)),
            (5.0, 88.9, Some(88.6)),
            (10.0, 90.2, Some(90.2)),
            (20.0, 93.7, Some(93.6)),
            (100.0, 95.2, None),
        ],
        selected: [
            selected("grad-match", [55.5, 83.9, 89.2, 92.5], 29.0),
            selected("glister", [36.9, 75.6, 88.7, 92.0], 19.0),
            selected("dq", [40.3, 67.0, 78.7, 86.7], 20.0),
            selected("tdds", [38.4, 73.8, 85.2, 90.8], 104.0),
        ],
        storage: 80.0,
        shown: 60.0..100.0,
    },
    Set {
        name: "cifar100",
        title: "ResNet18 on CIFAR-100",
        files: ["cifar100/train.bin", "cifar100/test.bin"],
        label: "label",
        classes: 100,
        images: 50_000,
        network: Model::ResNet18,
        epochs: 200,
        mean: CIFAR_MEAN,
        deviation: CIFAR_DEVIATION,
        paper: &[
            (1.0, 38.7, Some(38.4)),
            (5.0, 65.4, Some(65.2)),
            (10.0, 69.7, Some(69.7)),
            (20.0, 74.2, Some(74.2)),
            (100.0, 78.2, None),
        ],
        selected: [
            selected("grad-match", [17.5, 46.8, 61.5, 68.9], 21.0),
            selected("glister", [3.7, 40.3, 58.3, 68.9], 19.0),
            selected("dq", [0.0, 20.4, 36.6, 55.0], 26.0),
            selected("tdds", [12.3, 32.7, 51.9, 62.9], 106.0),
        ],
        storage: 73.0,
        shown: 20.0..90.0,
    },
];

impl Set {
    /// The recipe of the paper.
    pub fn config(&self, epochs: u64, seed: u64) -> TrainConfig {
        let format = PixelFormat::Floats { mean: self.mean.to_vec(), std: self.deviation.to_vec() };
        let augment = match self.network {
            Model::LeNet5 => None,
            Model::ResNet18 => Some(Augment { shift: 4, mirror: true }),
        };
        TrainConfig { epochs, format, augment, seed, ..TrainConfig::default() }
    }

    /// The network as it starts.
    pub fn network(&self, seed: u64, device: &Device) -> Result<Box<dyn Network>> {
        let network = match self.network {
            Model::LeNet5 => LeNet5::new([28, 28, 1], self.classes, seed, device).map(|n| Box::new(n) as _),
            Model::ResNet18 => ResNet18::new(3, self.classes, seed, device).map(|n| Box::new(n) as _),
        };
        network.map_err(|e| Error::new(ErrorKind::Argument, e.to_string()))
    }

    /// Writes the training images and the test images as gede files by class into a folder.
    pub fn convert(&self, data: &Path, folder: &Path) -> Result<[PathBuf; 2]> {
        let writer = Writer::new(Options::default().with_class(self.label).with_overwrite(true));
        let [train, test] = self.files;
        for (from, to) in [(train, "train.gede"), (test, "test.gede")] {
            writer.write(folder.join(to), &ArrowTable::open(data.join(from))?)?;
        }
        Ok(["train.gede", "test.gede"].map(|name| folder.join(name)))
    }
}
