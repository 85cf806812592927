//! Operations of a GPU that a decoder of images needs.

use candle_core::Result;

use super::{Arguments, Kernel};

/// A GPU or its stand-in: separate memory, and kernels that run one after the other.
pub(in crate::train) trait Machine {
    /// Bytes of its memory, at a multiple of 16.
    type Memory;

    /// A copy of bytes.
    fn copy(&self, bytes: &[u8]) -> Result<Self::Memory>;

    /// Zeros.
    fn zeros(&self, length: usize) -> Result<Self::Memory>;

    /// Copies bytes to the front of memory, once what runs is done with it; the bytes may be used again at once.
    fn send(&self, bytes: &[u8], to: &mut Self::Memory) -> Result<()>;

    /// The bytes of memory, once all that runs is done.
    fn fetch(&self, from: &Self::Memory) -> Result<Vec<u8>>;

    /// The address of memory.
    fn address(&self, memory: &Self::Memory) -> u64;

    /// Queues a kernel after those that run already.
    ///
    /// # Safety
    /// The arguments' addresses are of this machine, and of memory as large as the kernel makes use of, until it is done.
    unsafe fn run<A: Arguments>(&self, kernel: Kernel<A>) -> Result<()>;
}
