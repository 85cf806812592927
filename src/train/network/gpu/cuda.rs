//! Candle's CUDA devices, and launching kernels on them.

use std::cell::RefCell;

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{
    CudaEvent, CudaSlice, DevicePtr, DeviceRepr, LaunchConfig, PinnedHostSlice, PushKernelArg,
};
use candle_core::{CudaDevice, Result, bail};

use super::arguments::KernelSource;
use super::{Arguments, Kernel, Machine};

/// Threads of a block, and threads that are started at most: kernels loop over what is more.
const BLOCK: u32 = 256;
/// Where there are few threads: they are for many processors all the same.
const SMALL_BLOCK: u32 = 32;
const FEW: u32 = 1 << 15;
const THREADS: u32 = 1 << 20;

/// Values that a kernel goes over at most.
const MOST: usize = i32::MAX as usize;

/// A kernel's argument.
#[repr(transparent)]
struct Argument<A>(A);

// SAFETY: a struct that kernels take by value.
unsafe impl<A: Arguments> DeviceRepr for Argument<A> {}

/// Lets a kernel run on a device's stream.
///
/// # Errors
/// Candle's, also for more values than a kernel counts.
///
/// # Safety
/// As [`Machine::run`].
pub(in crate::train) unsafe fn launch<A: Arguments>(device: &CudaDevice, kernel: Kernel<A>) -> Result<()> {
    let (module, code) = match A::SOURCE {
        KernelSource::Network => ("gede-network", include_str!("network.ptx")),
        KernelSource::Images => ("gede-images", include_str!("images.ptx")),
    };
    let Kernel { name, arguments, count } = kernel;
    if count > MOST {
        bail!("{name}: {count} values are too many for a kernel; use smaller batches")
    }
    let function = device.get_or_load_custom_func(name, module, code)?;
    let argument = Argument(*arguments);
    let mut builder = function.builder();
    builder.arg(&argument);
    let threads = (count as u32).clamp(1, THREADS);
    let block = if threads < FEW { SMALL_BLOCK } else { BLOCK };
    let (grid_dim, block_dim) = ((threads.div_ceil(block), 1, 1), (block, 1, 1));
    let shape = LaunchConfig { grid_dim, block_dim, shared_mem_bytes: 0 };
    // SAFETY: the caller's promise.
    unsafe { builder.launch(shape) }.w()?;
    Ok(())
}

/// A device as decoders use it.
pub(in crate::train) struct Cuda(pub CudaDevice);

/// Memory, and two pieces of pinned memory by turns for what is sent there: one may be filled while the other is copied.
pub(in crate::train) struct Memory {
    bytes: CudaSlice<u8>,
    /// Each with the event that its last copy ends with.
    pinned: RefCell<Vec<(PinnedHostSlice<u8>, CudaEvent)>>,
}

impl Memory {
    fn new(bytes: CudaSlice<u8>) -> Self {
        Self { bytes, pinned: RefCell::default() }
    }
}

impl Machine for Cuda {
    type Memory = Memory;

    fn copy(&self, bytes: &[u8]) -> Result<Memory> {
        if bytes.is_empty() {
            return self.zeros(0);
        }
        let stream = self.0.cuda_stream();
        Ok(Memory::new(stream.clone_htod(bytes).w()?))
    }

    fn zeros(&self, length: usize) -> Result<Memory> {
        // An allocation of nothing has no address.
        Ok(Memory::new(self.0.alloc_zeros(length.max(1))?))
    }

    fn send(&self, bytes: &[u8], to: &mut Memory) -> Result<()> {
        let (stream, length) = (self.0.cuda_stream(), to.bytes.len());
        let mut pinned = to.pinned.borrow_mut();
        while pinned.len() < 2 {
            // SAFETY: bytes of any value; they are written before they are copied, or hold what was there.
            let piece = unsafe { stream.context().alloc_pinned::<u8>(length) }.w()?;
            pinned.push((piece, stream.record_event(None).w()?));
        }
        pinned.rotate_left(1);
        let [(piece, copied), ..] = &mut pinned[..] else { bail!("no pinned memory") };
        // cudarc's own event for the piece is not recorded where a context has one stream.
        copied.synchronize().w()?;
        let Some(front) = piece.as_mut_slice().w()?.get_mut(..bytes.len()) else {
            bail!("{} bytes do not fit {length}", bytes.len())
        };
        front.copy_from_slice(bytes);
        stream.memcpy_htod(&*piece, &mut to.bytes).w()?;
        copied.record(&stream).w()
    }

    fn fetch(&self, from: &Memory) -> Result<Vec<u8>> {
        self.0.clone_dtoh(&from.bytes)
    }

    fn address(&self, memory: &Memory) -> u64 {
        memory.bytes.device_ptr(&self.0.cuda_stream()).0
    }

    unsafe fn run<A: Arguments>(&self, kernel: Kernel<A>) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { launch(&self.0, kernel) }
    }
}
