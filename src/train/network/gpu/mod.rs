//! Training on a GPU: kernels, and the code that calls them.
//!
//! Kernels (network.cu, images.cu) are compiled by `tools/cuda/kernels` to PTX, stored next to them. Without a GPU tests
//! run the same source as a library for the processor ([`Emulated`](emulated::Emulated)) and hold it equal to the operations
//! and decoders that are used there.

mod arguments;
#[cfg(all(feature = "cuda", feature = "cudnn"))]
mod convolution;
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
mod posed;
mod resident;
#[cfg(feature = "cuda")]
mod steps;
#[cfg(feature = "cuda")]
mod tensors;
#[cfg(test)]
mod tests;

#[cfg(feature = "cuda")]
pub(crate) use arguments::Norm;
pub(crate) use arguments::{Arguments, Images, Join, Kernel, Moving, Order, Patches, Step, TOGETHER};
#[cfg(all(feature = "cuda", feature = "cudnn"))]
pub(crate) use convolution::convolve;
#[cfg(feature = "cuda")]
pub(crate) use cuda::{Cuda, launch};
#[cfg(test)]
pub(crate) use emulated::Emulated;
#[cfg(feature = "cuda")]
pub(crate) use join::{join, join_back};
pub(crate) use machine::Machine;
#[cfg(feature = "cuda")]
pub(crate) use memory::{keep_memory, peak_memory};
#[cfg(feature = "cuda")]
pub(crate) use norm::GpuNorm;
pub(crate) use posed::Posed;
pub(crate) use resident::Resident;
#[cfg(feature = "cuda")]
pub(crate) use steps::step;
#[cfg(feature = "cuda")]
pub(crate) use tensors::{address, with_addresses};
