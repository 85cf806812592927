//! Operations on images `[B, H, W, C]` that Candle lacks or has slow ones for, with backward passes: on the CPU, and on a GPU by
//! kernels and by operations of Candle.

mod batch_norm;
mod convolution;
mod convolve;
mod join;
mod patches;
mod pool;
mod tape;

pub use batch_norm::BatchNorm;
pub use convolution::Convolution;
pub use join::Join;
pub use pool::MaxPool;
pub use tape::Tape;

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor, bail};

/// The float32 values of a contiguous argument.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else { bail!("an argument in several pieces") };
    match storage.as_slice::<f32>()?.get(start..end) {
        Some(values) => Ok(values),
        None => bail!("an argument shorter than its shape"),
    }
}

/// Hands out the values of a tensor on the CPU.
fn with_values<T>(tensor: &Tensor, work: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => work(values(storage, layout)?),
        _ => bail!("an operation for the CPU on another device"),
    }
}
