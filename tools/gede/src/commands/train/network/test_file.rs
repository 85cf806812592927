//! The file to test on.

use gede::read::ByteSource;
use gede::sample::Images;
use gede::train::TrainConfig;
use gede::train::models::Network;
use gede::{Reader, Result};

use super::model::Model;
use crate::commands::misuse;
use crate::commands::pictures::{Size, images, is_encoded};
use crate::commands::train::classes::{TestClasses, TrainClasses};
use crate::output::many;

/// The classes of a file to test on, if its images suit a network.
pub fn test_classes<S: ByteSource, T: ByteSource>(
    model: Model,
    trained: (usize, usize, usize),
    classes: &TrainClasses<S>,
    test: &Reader<T>,
) -> Result<TestClasses> {
    let shape = test_images(test, trained)?.shape();
    if !model.suits(trained, shape) {
        let text = |(channels, height, width): (usize, usize, usize)| {
            format!("{height} x {width} pixels in {}", many(channels as u64, "channel", "channels"))
        };
        return Err(misuse(format!(
            "its images are of {}, and those trained on of {}",
            text(shape),
            text(trained)
        )));
    }
    classes.of_test(test)
}

/// The images of a file to test on: pictures that are kept as files in the size of the images trained on.
fn test_images<S: ByteSource>(
    test: &Reader<S>,
    (channels, height, width): (usize, usize, usize),
) -> Result<Box<dyn Images + '_>> {
    let trained = Size { height, width, channels };
    images(test, None, is_encoded(test).then_some(trained), trained)
}

/// The share of the labelled images of a file to test on that a network classifies right.
pub fn accuracy<S: ByteSource>(
    config: &TrainConfig,
    network: &dyn Network,
    trained: (usize, usize, usize),
    test: &Reader<S>,
    classes: &TestClasses,
) -> Result<f64> {
    config.accuracy_of(network, test_images(test, trained)?.as_ref(), classes, &classes.rows)
}
