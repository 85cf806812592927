//! Networks trained on images as they are drawn and decoded, on the CPU or a GPU.

mod augment;
mod checkpoint;
mod device;
mod fitting;
#[cfg(any(feature = "cuda", test))]
mod gpu;
mod intake;
pub mod models;
pub mod ops;
mod recipe;
mod resident_images;
mod run;
pub mod select;
mod sgd;
mod tensors;
mod training;
mod weights;

pub use augment::Augment;
pub use checkpoint::EpochsDone;
pub use device::{device_name, first_gpu, peak_gpu_memory};
pub use resident_images::ResidentImages;
pub use sgd::{Schedule, Sgd, Steps};
pub use training::{EpochReport, Feed, Trained, Training};
