//! Arguments of kernels: the twins of the structs in the kernels' sources, field by field. Addresses are the device's.

use zerocopy::{Immutable, IntoBytes};

/// A struct that a kernel takes by value.
///
/// # Safety
/// Its memory layout is that of the struct in the kernels' source.
pub(in crate::train) unsafe trait Arguments: Copy + 'static {
    /// Names of the source and of what it is compiled to.
    const SOURCE: KernelSource;
}

/// A source of kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::train) enum KernelSource {
    Network,
    Images,
}

/// A kernel by its name, for arguments of a kind, and the values that it goes over.
#[derive(Clone, Copy, Debug)]
pub(in crate::train) struct Kernel<'a, A> {
    pub name: &'a str,
    pub arguments: &'a A,
    pub count: usize,
}

/// Patches of images.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(in crate::train) struct Patches {
    pub from: u64,
    pub to: u64,
    pub count: u32,
    pub height: i32,
    pub width: i32,
    pub channels: i32,
    pub rows: i32,
    pub columns: i32,
    pub kernel: i32,
    pub stride: i32,
    pub padding: i32,
    pub zero: i32,
}

/// Batch normalisation.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(in crate::train) struct Norm {
    pub images: u64,
    pub weights: u64,
    pub bias: u64,
    pub gradient: u64,
    pub batch: u64,
    pub running_mean: u64,
    pub running_variance: u64,
    pub of_weights: u64,
    pub of_bias: u64,
    pub out: u64,
    pub own: u64,
    pub sums: u64,
    pub rows: u32,
    pub channels: u32,
    pub parts: u32,
    pub groups: u32,
    pub relu: u32,
    pub epsilon: f32,
    pub momentum: f32,
    pub zero: i32,
}

/// The sum of two tensors with ReLU, or its backward pass.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(in crate::train) struct Join {
    pub a: u64,
    pub b: u64,
    pub out: u64,
    pub own: u64,
    pub count: u32,
    pub zero: u32,
}

/// A parameter in a step.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(in crate::train) struct Parameter {
    pub values: u64,
    pub velocity: u64,
    pub gradient: u64,
    pub count: u64,
}

/// Parameters of a launch at most.
pub(in crate::train) const TOGETHER: usize = 64;

/// A step of gradient descent.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(in crate::train) struct Step {
    pub parameters: [Parameter; TOGETHER],
    pub count: i32,
    pub nesterov: i32,
    pub learning_rate: f32,
    pub momentum: f32,
    pub decay: f32,
    pub zero: i32,
}

/// A wanted row, and the shift of its image in pixels down and to the right, mirrored before that if not 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoBytes, Immutable)]
#[repr(C)]
pub(in crate::train) struct Order {
    pub row: u32,
    pub down: i32,
    pub right: i32,
    pub mirrored: u32,
}

/// Images of a file.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(in crate::train) struct Images {
    pub data: u64,
    pub blocks: u64,
    pub lanes: u64,
    pub places: u64,
    pub orders: u64,
    pub down_table: u64,
    pub along_table: u64,
    pub table: u64,
    pub pad_value: u64,
    pub coefficients: u64,
    pub middle: u64,
    pub starts: u64,
    pub group_bases: u64,
    pub tiles: u64,
    pub pixels: u64,
    pub out: u64,
    pub failed: u64,
    pub batch: u32,
    pub rows: u32,
    pub groups: u32,
    pub interleaved: u32,
    pub channels: i32,
    pub height: i32,
    pub width: i32,
    pub zero: i32,
}

// SAFETY: field by field as in the CUDA source that it names.
unsafe impl Arguments for Patches {
    const SOURCE: KernelSource = KernelSource::Network;
}
// SAFETY: field by field as in the CUDA source that it names.
unsafe impl Arguments for Norm {
    const SOURCE: KernelSource = KernelSource::Network;
}
// SAFETY: field by field as in the CUDA source that it names.
unsafe impl Arguments for Join {
    const SOURCE: KernelSource = KernelSource::Network;
}
// SAFETY: field by field as in the CUDA source that it names.
unsafe impl Arguments for Step {
    const SOURCE: KernelSource = KernelSource::Network;
}
// SAFETY: field by field as in the CUDA source that it names.
unsafe impl Arguments for Images {
    const SOURCE: KernelSource = KernelSource::Images;
}
