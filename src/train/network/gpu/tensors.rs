//! Tensors as kernels see them: addresses of float32 values.

use candle_core::cuda_backend::cudarc::driver::DevicePtr;
use candle_core::{CudaStorage, DType, Layout, Result, Storage, Tensor, bail};

/// The address of contiguous values.
pub fn address(storage: &CudaStorage, layout: &Layout) -> Result<u64> {
    let Some((start, _)) = layout.contiguous_offsets() else { bail!("an argument in several pieces") };
    let values = storage.as_cuda_slice::<f32>()?;
    Ok(values.device_ptr(&storage.device.cuda_stream()).0 + 4 * start as u64)
}

/// Calls `work` with the addresses of contiguous tensors, which live until the work is queued.
pub fn with_addresses<const N: usize, T>(
    tensors: [&Tensor; N],
    work: impl FnOnce([u64; N]) -> Result<T>,
) -> Result<T> {
    let held = tensors.map(Tensor::storage_and_layout);
    let mut addresses = [0; N];
    for (to, (storage, layout)) in addresses.iter_mut().zip(&held) {
        *to = match &**storage {
            Storage::Cuda(storage) => address(storage, layout)?,
            _ => bail!("an operation for a GPU on another device"),
        };
    }
    work(addresses)
}

/// A tensor on the device of another, to be written.
///
/// # Safety
/// Its values are written before they are read.
pub unsafe fn unwritten(shape: impl Into<candle_core::Shape>, like: &Tensor) -> Result<Tensor> {
    // SAFETY: the caller's promise.
    unsafe { Tensor::empty(shape, DType::F32, like.device()) }
}
