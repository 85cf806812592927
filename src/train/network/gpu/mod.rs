//! Training on a GPU: kernels, and the code that calls them.
//!
//! Kernels (network.cu, images.cu) are compiled by `tools/cuda/kernels` to PTX, stored next to them. Without a GPU tests
//! run the same source as a library for the processor ([`Emulated`](emulated::Emulated)) and hold it equal to the operations
//! and decoders that are used there.

mod arguments;
#[cfg(all(feature = "cuda", feature = "cudnn"))]
mod convolution;
mod crop_flipper;
#[cfg(feature = "cuda")]
mod cuda;
#[cfg(test)]
mod emulated;
#[cfg(feature = "cuda")]
mod join;
mod machine;
#[cfg(feature = "cuda")]
mod memory;
#[cfg(feature = "cuda")]
mod norm;
#[cfg(feature = "cuda")]
mod optimizer;
mod resident;
#[cfg(feature = "cuda")]
mod tensors;
#[cfg(test)]
mod tests;

#[cfg(feature = "cuda")]
pub(super) use arguments::Norm;
pub(super) use arguments::{Arguments, Images, Join, Kernel, Order, Parameter, Patches, Step, TOGETHER};
#[cfg(all(feature = "cuda", feature = "cudnn"))]
pub(super) use convolution::convolve;
pub(super) use crop_flipper::CropFlipper;
#[cfg(feature = "cuda")]
pub(super) use cuda::{Cuda, launch};
#[cfg(test)]
pub(super) use emulated::Emulated;
#[cfg(feature = "cuda")]
pub(super) use join::{join, join_back};
pub(super) use machine::Machine;
#[cfg(feature = "cuda")]
pub(super) use memory::{keep_memory, peak_memory};
#[cfg(feature = "cuda")]
pub(super) use norm::GpuNorm;
#[cfg(feature = "cuda")]
pub(super) use optimizer::step;
pub(super) use resident::Resident;
#[cfg(feature = "cuda")]
pub(super) use tensors::{address, with_addresses};
