//! The pool that a GPU's memory is taken from.

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{result, sys};
use candle_core::{CudaDevice, Result};
use sys::CUmemPool_attribute_enum as Attribute;

/// Keeps freed memory for the next allocation. By default the driver returns it whenever the host waits for the GPU, and
/// allocates it again.
pub fn keep_memory(device: &CudaDevice) -> Result<()> {
    let mut most = u64::MAX;
    let pool = pool(device)?;
    let value = (&raw mut most).cast();
    // SAFETY: the attribute is a u64.
    unsafe { sys::cuMemPoolSetAttribute(pool, Attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, value) }
        .result()
        .w()
}

/// The most bytes of it that were taken at a time.
pub fn peak_memory(device: &CudaDevice) -> Result<u64> {
    let mut bytes = 0u64;
    let pool = pool(device)?;
    let value = (&raw mut bytes).cast();
    // SAFETY: the attribute is a u64.
    unsafe { sys::cuMemPoolGetAttribute(pool, Attribute::CU_MEMPOOL_ATTR_USED_MEM_HIGH, value) }
        .result()
        .w()?;
    Ok(bytes)
}

fn pool(device: &CudaDevice) -> Result<sys::CUmemoryPool> {
    // SAFETY: the device is there.
    unsafe { result::device::get_default_mem_pool(device.cuda_stream().context().cu_device()) }.w()
}
