//! The kernels as a library for this processor.

#![allow(clippy::unwrap_used)]

use std::ffi::c_void;
use std::process::Command;
use std::sync::LazyLock;

use candle_core::{Error, Result};
use libloading::Library;

use super::arguments::KernelSource;
use super::{Arguments, Kernel, Machine};

/// A processor that runs them.
pub struct Emulated;

/// The sources' functions, compiled by the C compiler that Rust links with.
static LIBRARIES: LazyLock<[Library; 2]> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    ["network", "images"].map(|name| {
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src/train/network/gpu");
        let out = folder.path().join(format!("{name}.so"));
        let mut compiler = Command::new(std::env::var_os("CC").unwrap_or("cc".into()));
        compiler.args(["-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-x", "c"]);
        let done = compiler.arg(format!("{sources}/{name}.cu")).arg("-lm").arg("-o").arg(&out).status();
        assert!(done.unwrap().success(), "{name}.cu");
        // SAFETY: nothing runs when it is loaded.
        unsafe { Library::new(&out) }.unwrap()
    })
});

impl Machine for Emulated {
    type Memory = Vec<u128>;

    fn copy(&self, bytes: &[u8]) -> Result<Self::Memory> {
        let mut memory = self.zeros(bytes.len())?;
        self.send(bytes, &mut memory)?;
        Ok(memory)
    }

    fn zeros(&self, length: usize) -> Result<Self::Memory> {
        Ok(vec![0; length.div_ceil(16)])
    }

    fn send(&self, bytes: &[u8], to: &mut Self::Memory) -> Result<()> {
        let mut words = to.iter_mut();
        for (piece, to) in bytes.chunks(16).zip(&mut words) {
            let mut word = to.to_le_bytes();
            word[..piece.len()].copy_from_slice(piece);
            *to = u128::from_le_bytes(word);
        }
        assert!(bytes.len() <= 16 * to.len());
        Ok(())
    }

    fn fetch(&self, from: &Self::Memory) -> Result<Vec<u8>> {
        Ok(from.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    fn address(&self, memory: &Self::Memory) -> u64 {
        memory.as_ptr().cast::<c_void>() as u64
    }

    unsafe fn run<A: Arguments>(&self, kernel: Kernel<A>) -> Result<()> {
        let [network, images] = &*LIBRARIES;
        let library = match A::SOURCE {
            KernelSource::Network => network,
            KernelSource::Images => images,
        };
        let threads = kernel.count.clamp(1, 5) as u32;
        // SAFETY: it takes the arguments by value, as the sources have it; the rest is the caller's promise.
        unsafe {
            let function = library.get::<unsafe extern "C" fn(A)>(kernel.name).map_err(Error::wrap)?;
            let be_thread =
                library.get::<unsafe extern "C" fn(u32, u32)>("be_thread").map_err(Error::wrap)?;
            // Whichever comes first.
            for thread in (0..threads).rev() {
                be_thread(thread, threads);
                function(*kernel.arguments);
            }
        }
        Ok(())
    }
}
