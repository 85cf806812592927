//! Launching the kernels (kernels.cu, compiled to kernels.ptx by `tools/cuda/kernels`).

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{LaunchConfig, PushKernelArg};
use candle_core::{CudaStorage, Layout, Result, bail};

const PTX: &str = include_str!("kernels.ptx");

/// Threads that are started at most: kernels loop over what is more.
const THREADS: usize = 1 << 20;

/// Runs a kernel that makes `count` float32 values of those of a storage, which lie in one piece, and of some numbers.
///
/// # Errors
/// Candle's, also for a number that is no i32.
pub(super) fn launch(
    kernel: &str,
    storage: &CudaStorage,
    layout: &Layout,
    numbers: &[usize],
    count: usize,
) -> Result<CudaStorage> {
    let Some((start, end)) = layout.contiguous_offsets() else { bail!("an argument in several pieces") };
    let device = storage.device.clone();
    let values = storage.as_cuda_slice::<f32>()?.slice(start..end);
    let mut given = Vec::with_capacity(numbers.len());
    for &number in numbers {
        match i32::try_from(number) {
            Ok(number) => given.push(number),
            Err(_) => bail!("{kernel}: {number} is too many for a kernel"),
        }
    }
    let function = device.get_or_load_custom_func(kernel, "gede", PTX)?;
    // SAFETY: the kernel writes all of it.
    let out = unsafe { device.alloc::<f32>(count) }?;
    let total = count as i64;
    let mut builder = function.builder();
    builder.arg(&values).arg(&out).arg(&total);
    for number in &given {
        builder.arg(number);
    }
    let threads = count.clamp(1, THREADS) as u32;
    // SAFETY: the arguments are those that the kernel names, and it stays within `count` and the images that they tell.
    unsafe { builder.launch(LaunchConfig::for_num_elems(threads)) }.w()?;
    Ok(CudaStorage::wrap_cuda_slice(out, device))
}
