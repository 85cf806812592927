//! GPUs.

use candle_core::{Device, Result};

/// The first GPU. All its work is of one thread: its tensors do without the events by which those of several streams wait
/// for each other, and which cost more than many a small operation. Memory that it needed once it keeps.
///
/// # Errors
/// Candle's, if there is none or gede is built without the feature `cuda`.
pub fn first_gpu() -> Result<Device> {
    let device = Device::new_cuda(0)?;
    #[cfg(feature = "cuda")]
    if let Device::Cuda(device) = &device {
        // SAFETY: this device has one stream, which all tensors made on it are used on.
        unsafe { device.disable_event_tracking() };
        super::gpu::keep_memory(device)?;
    }
    Ok(device)
}

/// The name of a GPU; none for the processor.
pub fn device_name(device: &Device) -> Option<String> {
    #[cfg(feature = "cuda")]
    if let Device::Cuda(device) = device {
        return device.cuda_stream().context().name().ok();
    }
    let _ = device;
    None
}

/// The most memory of a GPU that tensors have taken at a time so far, in bytes; none for the processor.
pub fn peak_gpu_memory(device: &Device) -> Option<u64> {
    #[cfg(feature = "cuda")]
    if let Device::Cuda(device) = device {
        return super::gpu::peak_memory(device).ok();
    }
    let _ = device;
    None
}
