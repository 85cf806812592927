//! Where the training of a network stands, as a safetensors file.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor, Var};
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use super::models::Network;
use super::recipe::Recipe;
use super::sgd::Steps;
use super::training::{EpochReport, Trained};
use crate::error::{Error, ErrorKind, Result};
use crate::sample::State;
use crate::train::candle_error::candle;
use crate::train::saved::{METADATA_KEY, parse, replace};

/// Prefix of the names of velocities.
const VELOCITY: &str = "velocity.";

/// How far a run has come.
#[derive(Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The run's options and input: only the same run is resumed.
    recipe: Recorded,
    /// Epochs that the run was to have.
    #[serde(default)]
    of: u64,
    /// Where its draws go on.
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

impl Standing {
    /// The checkpoint of a run of a recipe and so many epochs, after one of them.
    pub fn new((recipe, of): (&Recipe, u64), state: State, trained: &Trained) -> Self {
        let Trained { images, steps, seconds, waited, ref epochs, .. } = *trained;
        let epochs = epochs.iter().map(|e| [e.epoch, e.images, e.loss.to_bits()]).collect();
        let clock = [seconds.to_bits(), waited.to_bits()];
        Self { recipe: Recorded::Named(recipe.clone()), of, state, images, steps, clock, epochs }
    }

    /// Result of the run so far.
    pub fn trained(&self) -> Trained {
        let report =
            |&[epoch, images, loss]: &[u64; 3]| EpochReport { epoch, images, loss: f64::from_bits(loss) };
        let [seconds, waited] = self.clock.map(f64::from_bits);
        let epochs = self.epochs.iter().map(report).collect();
        Trained { images: self.images, steps: self.steps, seconds, waited, epochs, ..Trained::default() }
    }
}

/// Every tensor that a run depends on: variables, where they were going, and what else the network keeps.
fn variables(network: &dyn Network) -> Vec<(String, Var)> {
    network.variables().into_iter().chain(network.kept()).collect()
}

/// Writes the file, whole or not at all.
///
/// # Errors
/// `Io`, naming the file; `Argument` if Candle refuses.
pub(crate) fn save(path: &Path, standing: &Standing, network: &dyn Network, moving: &Steps) -> Result<()> {
    let names = network.variables().into_iter().map(|(name, _)| format!("{VELOCITY}{name}"));
    let velocities = names.zip(moving.velocities()).filter_map(|(name, v)| v.map(|v| (name, v.clone())));
    let here = variables(network).into_iter().map(|(name, variable)| (name, variable.as_detached_tensor()));
    let tensors = here.chain(velocities).map(|(name, tensor)| {
        let values = tensor.flatten_all().and_then(|t| t.to_vec1::<f32>()).map_err(candle)?;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Ok((name, tensor.dims().to_vec(), bytes))
    });
    let tensors = tensors.collect::<Result<Vec<_>>>()?;
    let bad = |e: &dyn std::fmt::Display| Error::argument(format!("cannot save the training: {e}"));
    let mut views = Vec::with_capacity(tensors.len());
    for (name, shape, bytes) in &tensors {
        views.push((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(|e| bad(&e))?));
    }
    let standing = serde_json::to_string(standing).map_err(|e| bad(&e))?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), standing)]);
    replace(path, &safetensors::serialize(views, Some(metadata)).map_err(|e| bad(&e))?)
}

/// Brings a network and its steps to where a file says that the run stands. Nothing if there is no file.
///
/// # Errors
/// `Io`; `Input` if it is not a checkpoint of this network and recipe.
pub(crate) fn resume(
    path: &Path,
    recipe: (&Recipe, u64),
    network: &dyn Network,
    moving: &mut Steps,
) -> Result<Option<Standing>> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    restore(&bytes, recipe, network, moving).map(Some).map_err(|e| e.at(path.display()))
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

/// Epochs that a checkpoint has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochsDone {
    /// Epochs that are done.
    pub done: u64,
    /// Epochs that the run was to have: the schedule of the learning rate was cut to them.
    pub of: u64,
}

impl EpochsDone {
    /// The epochs of a checkpoint; none if there is no such file.
    ///
    /// # Errors
    /// `Io`; `Input` if the file is not a checkpoint.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let Some(bytes) = read(path)? else { return Ok(None) };
        let (_, standing) = parse::<Standing>(&bytes).map_err(|e| bad(e).at(path.display()))?;
        Ok(Some(Self { done: standing.epochs.len() as u64, of: standing.of }))
    }
}

fn restore(
    bytes: &[u8],
    (recipe, epochs): (&Recipe, u64),
    network: &dyn Network,
    moving: &mut Steps,
) -> Result<Standing> {
    let (tensors, standing) = parse::<Standing>(bytes).map_err(bad)?;
    match &standing.recipe {
        Recorded::Named(there) => there.differences(recipe).map_or(Ok(()), |all| Err(bad(all)))?,
        Recorded::Words(_) => {
            return Err(bad(
                "an older gede made it, whose checkpoints do not say of which file they are; begin with a new one",
            ));
        }
    }
    let done = standing.epochs.len() as u64;
    if done > epochs {
        return Err(bad(format!("{done} epochs are done, which is more than the {epochs} asked for")));
    }
    let like = |name: &str, variable: &Var| {
        let tensor = tensors.tensor(name).map_err(bad)?;
        if tensor.dtype() != Dtype::F32 || tensor.shape() != variable.dims() {
            return Err(bad(format!("tensor {name} is not float32 of shape {:?}", variable.dims())));
        }
        let (numbers, _) = tensor.data().as_chunks::<4>();
        let numbers: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
        Tensor::from_vec(numbers, variable.shape(), &Device::Cpu)
            .and_then(|t| t.to_device(variable.device()))
            .map_err(candle)
    };
    // All is read before anything is changed.
    let all = variables(network);
    let values = all.iter().map(|(name, variable)| like(name, variable)).collect::<Result<Vec<_>>>()?;
    let velocity = |(name, variable): &(String, Var)| {
        let name = format!("{VELOCITY}{name}");
        tensors.names().contains(&name.as_str()).then(|| like(&name, variable)).transpose()
    };
    let velocities = network.variables().iter().map(velocity).collect::<Result<Vec<_>>>()?;
    for ((_, variable), value) in all.iter().zip(values) {
        variable.set(&value).map_err(candle)?;
    }
    moving.go_on(velocities);
    Ok(standing)
}
