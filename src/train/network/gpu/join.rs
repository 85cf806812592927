//! The sum of two tensors with ReLU, and its backward pass, as one launch each on a GPU.

use candle_core::{CudaStorage, Layout, Result, Shape, Tensor};

use super::tensors::{address, unwritten, with_addresses};
use super::{Join, Kernel, launch};

/// ReLU of the sum of two tensors of a shape.
pub fn join(shape: &Shape, a: (&CudaStorage, &Layout), b: (&CudaStorage, &Layout)) -> Result<CudaStorage> {
    let (device, count) = (&a.0.device, shape.elem_count());
    // SAFETY: the kernel writes all of it.
    let out = unsafe { device.alloc::<f32>(count) }?;
    let out = CudaStorage::wrap_cuda_slice(out, device.clone());
    let addresses = (address(a.0, a.1)?, address(b.0, b.1)?, address(&out, &Layout::contiguous(shape))?);
    let arguments = Join { a: addresses.0, b: addresses.1, out: addresses.2, ..sized(count)? };
    // SAFETY: the addresses are of tensors of these sizes.
    unsafe { launch(device, Kernel { name: "join", arguments: &arguments, count }) }?;
    Ok(out)
}

/// The gradient of either, from the sum and its gradient.
pub fn join_back(out: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    let count = out.elem_count();
    // SAFETY: the kernel writes all of it.
    let own = unsafe { unwritten(out.shape(), out) }?;
    with_addresses([out, gradient, &own], |[out, a, own]| {
        let arguments = Join { a, out, own, ..sized(count)? };
        // SAFETY: the addresses are of tensors of these sizes.
        unsafe {
            launch(
                gradient.device().as_cuda_device()?,
                Kernel { name: "join_back", arguments: &arguments, count },
            )
        }
    })?;
    Ok(own)
}

fn sized(count: usize) -> Result<Join> {
    let count = u32::try_from(count).map_err(candle_core::Error::wrap)?;
    Ok(Join { count, ..Join::default() })
}
