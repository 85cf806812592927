//! Checkpoints of training runs, as safetensors files.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor, Var};
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use super::models::Network;
use super::optimizer::Optimizer;
use super::recipe::Recipe;
use super::train_report::{EpochReport, TrainReport};
use crate::error::{Error, ErrorKind, Result};
use crate::sample::State;
use crate::train::candle_error::candle;
use crate::train::saved::{METADATA_KEY, parse, replace};

/// Prefix of the names of velocities.
const VELOCITY: &str = "velocity.";

/// The state of a run after an epoch, except its tensors.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The run's options and input: only the same run is resumed.
    recipe: Recorded,
    /// Epochs planned for the run. The name in the file is the one that it always had.
    #[serde(default, rename = "of")]
    planned: u64,
    /// State of the draws, from which the next epoch follows.
    pub state: State,
    images: u64,
    steps: u64,
    /// Seconds, and those waited, as the bits of float64: a JSON reader may round numbers.
    clock: [u64; 2],
    /// Number, images and loss, again as bits, of every epoch.
    epochs: Vec<[u64; 3]>,
}

/// A recipe as a checkpoint holds it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Recorded {
    /// Option by option.
    Named(Recipe),
    /// In words, by a gede that did not bind checkpoints to their file.
    Words(String),
}

impl Checkpoint {
    /// The checkpoint of a run of a recipe, planned for so many epochs, after one of them.
    pub fn new((recipe, planned): (&Recipe, u64), state: State, report: &TrainReport) -> Self {
        let TrainReport { images, steps, seconds, waited, ref epochs, .. } = *report;
        let epochs = epochs.iter().map(|e| [e.epoch, e.images, e.loss.to_bits()]).collect();
        let clock = [seconds.to_bits(), waited.to_bits()];
        Self { recipe: Recorded::Named(recipe.clone()), planned, state, images, steps, clock, epochs }
    }

    /// The report of the run so far.
    pub fn report(&self) -> TrainReport {
        let report =
            |&[epoch, images, loss]: &[u64; 3]| EpochReport { epoch, images, loss: f64::from_bits(loss) };
        let [seconds, waited] = self.clock.map(f64::from_bits);
        let epochs = self.epochs.iter().map(report).collect();
        TrainReport {
            images: self.images,
            steps: self.steps,
            seconds,
            waited,
            epochs,
            ..TrainReport::default()
        }
    }
}

/// Parameters and buffers.
fn variables(network: &dyn Network) -> Vec<(String, Var)> {
    network.parameters().into_iter().chain(network.buffers()).collect()
}

/// Writes the file, whole or not at all.
///
/// # Errors
/// `Io`, naming the file; `Argument` if Candle refuses.
pub(super) fn save(
    path: &Path,
    checkpoint: &Checkpoint,
    network: &dyn Network,
    optimizer: &Optimizer,
) -> Result<()> {
    let velocities = network.parameters().into_iter().zip(optimizer.velocities());
    let velocities = velocities.filter_map(|((name, _), velocity)| Some((VELOCITY, name, velocity?.clone())));
    let all =
        variables(network).into_iter().map(|(name, variable)| ("", name, variable.as_detached_tensor()));
    let tensors = all.chain(velocities).map(|(prefix, name, tensor)| {
        let tensor = network.saved_layout(&name).save(&tensor).map_err(candle)?;
        let values = tensor.flatten_all().and_then(|t| t.to_vec1::<f32>()).map_err(candle)?;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Ok((format!("{prefix}{name}"), tensor.dims().to_vec(), bytes))
    });
    let tensors = tensors.collect::<Result<Vec<_>>>()?;
    let bad = |e: &dyn std::fmt::Display| Error::argument(format!("cannot save the training: {e}"));
    let mut views = Vec::with_capacity(tensors.len());
    for (name, shape, bytes) in &tensors {
        views.push((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(|e| bad(&e))?));
    }
    let checkpoint = serde_json::to_string(checkpoint).map_err(|e| bad(&e))?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), checkpoint)]);
    replace(path, &safetensors::serialize(views, Some(metadata)).map_err(|e| bad(&e))?)
}

/// Restores a network and its optimizer from a checkpoint. `None` if there is no such file.
///
/// # Errors
/// `Io`; `Input` if it is not a checkpoint of this network and recipe.
pub(super) fn resume(
    path: &Path,
    recipe: (&Recipe, u64),
    network: &dyn Network,
    optimizer: &mut Optimizer,
) -> Result<Option<Checkpoint>> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    restore(&bytes, recipe, network, optimizer).map(Some).map_err(|e| e.at(path.display()))
}

/// The bytes of a checkpoint, if there is one.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        bytes => bytes.map(Some).map_err(|e| Error::io(format!("reading {}", path.display()), e)),
    }
}

fn bad(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Input, format!("not a checkpoint of this run: {what}"))
}

/// Epochs of a checkpointed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochsDone {
    /// Epochs that are done.
    pub done: u64,
    /// Epochs planned for the run: the schedule of the learning rate spans them.
    pub planned: u64,
}

impl EpochsDone {
    /// The epochs of a checkpoint; `None` if there is no such file.
    ///
    /// # Errors
    /// `Io`; `Input` if the file is not a checkpoint.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let Some(bytes) = read(path)? else { return Ok(None) };
        let (_, checkpoint) = parse::<Checkpoint>(&bytes).map_err(|e| bad(e).at(path.display()))?;
        Ok(Some(Self { done: checkpoint.epochs.len() as u64, planned: checkpoint.planned }))
    }
}

fn restore(
    bytes: &[u8],
    (recipe, epochs): (&Recipe, u64),
    network: &dyn Network,
    optimizer: &mut Optimizer,
) -> Result<Checkpoint> {
    let (tensors, checkpoint) = parse::<Checkpoint>(bytes).map_err(bad)?;
    match &checkpoint.recipe {
        Recorded::Named(there) => there.differences(recipe).map_or(Ok(()), |all| Err(bad(all)))?,
        Recorded::Words(_) => {
            return Err(bad(
                "an older gede made it, whose checkpoints do not say of which file they are; begin with a new one",
            ));
        }
    }
    let done = checkpoint.epochs.len() as u64;
    if done > epochs {
        return Err(bad(format!("{done} epochs are done, which is more than the {epochs} asked for")));
    }
    let like = |prefix: &str, name: &str, variable: &Var| {
        let (layout, name) = (network.saved_layout(name), format!("{prefix}{name}"));
        let tensor = tensors.tensor(&name).map_err(bad)?;
        let shape = layout.shape(variable.dims());
        if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
            return Err(bad(format!("tensor {name} is not float32 of shape {shape:?}")));
        }
        let (numbers, _) = tensor.data().as_chunks::<4>();
        let numbers: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
        Tensor::from_vec(numbers, shape, &Device::Cpu)
            .and_then(|tensor| layout.load(&tensor)?.to_device(variable.device()))
            .map_err(candle)
    };
    // All is read before anything is changed, so that a refused file leaves the network as it was.
    let all = variables(network);
    let values = all.iter().map(|(name, variable)| like("", name, variable)).collect::<Result<Vec<_>>>()?;
    let velocity = |(name, variable): &(String, Var)| {
        let saved = tensors.names().contains(&format!("{VELOCITY}{name}").as_str());
        saved.then(|| like(VELOCITY, name, variable)).transpose()
    };
    let velocities = network.parameters().iter().map(velocity).collect::<Result<Vec<_>>>()?;
    for ((_, variable), value) in all.iter().zip(values) {
        variable.set(&value).map_err(candle)?;
    }
    optimizer.restore(velocities);
    Ok(checkpoint)
}
