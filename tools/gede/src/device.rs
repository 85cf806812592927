//! Where networks are trained.

use gede::train::{Device, InputMode, first_gpu};
use gede::{Error, ErrorKind, Result};

/// A processor or a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, clap::ValueEnum)]
pub enum On {
    /// The processor
    #[default]
    Cpu,
    /// The first GPU
    Cuda,
}

impl On {
    /// The device.
    pub fn device(self) -> Result<Device> {
        if self == Self::Cpu {
            return Ok(Device::Cpu);
        }
        if cfg!(not(feature = "cuda")) {
            let what = "this gede is built without CUDA: tools/cuda/cargo builds one";
            return Err(Error::new(ErrorKind::Argument, what));
        }
        first_gpu().map_err(|e| Error::new(ErrorKind::Argument, format!("no GPU answers: {e}")))
    }

    /// How images come to it where nothing else is asked for: on a GPU the host has nothing to do.
    pub fn input_mode(self) -> InputMode {
        if self == Self::Cpu { InputMode::Loader } else { InputMode::Resident }
    }
}
