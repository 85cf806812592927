//! Networks trained on images as they are drawn and decoded, on the CPU or a GPU.

mod augment;
mod checkpoint;
mod device;
mod fitting;
#[cfg(any(feature = "cuda", test))]
mod gpu;
mod input_pipeline;
mod loss_weights;
pub mod models;
pub mod ops;
mod optimizer;
mod recipe;
mod resident_images;
mod run;
mod schedule;
pub mod select;
mod sgd;
mod tensors;
mod train_config;
mod train_report;

pub use augment::Augment;
pub use checkpoint::EpochsDone;
pub use device::{device_name, first_gpu, peak_gpu_memory};
pub use optimizer::Optimizer;
pub use resident_images::ResidentImages;
pub use schedule::Schedule;
pub use sgd::Sgd;
pub use train_config::{InputMode, TrainConfig};
pub use train_report::{EpochReport, TrainReport};
