//! Models trained from gede files on Candle tensors.
//!
//! Linear regression comes in four ways, from the most to the least work a step:
//! gradient descent over rows ([`gradient_descent`], full batch or mini-batches), the same over
//! condensed samples with their weights (equation 5 of the paper), the weighted closed form
//! ([`closed_form`], equation 11), and everything from the moments in a file's head ([`Gram`]),
//! without touching a row.
//!
//! [`Coreset`] keeps a few real rows with weights whose second moments are those of all.
//!
//! Logistic regression ([`Newton`]) learns from the rows of each class in the cells, takes what rows scatter within
//! cells into account ([`Spread`]), and is polished by exact steps over a file as it is decoded ([`FileRows`]).
//!
//! Networks ([`models`], or a user's own [`models::Network`]) are trained on images as they are drawn and decoded
//! ([`Training`]), or on rows that a method selects ([`select`]).

mod augment;
mod checkpoint;
mod classes;
mod coreset;
mod data;
mod descent;
mod device;
mod file_rows;
mod fitting;
#[cfg(any(feature = "cuda", test))]
mod gpu;
mod gradient;
mod gram;
mod imputer;
mod intake;
mod k_means;
mod linear;
mod logistic;
mod means;
mod metrics;
pub mod models;
mod newton;
pub mod ops;
mod passed_over;
mod precision;
mod recipe;
mod resident_images;
mod run;
mod saved;
pub mod select;
mod sgd;
mod split;
mod spread;
mod standardiser;
mod tensors;
mod training;
mod usable_samples;

pub use crate::entrogede::Coreset;
pub use augment::Augment;
pub use candle_core::Device;
pub use checkpoint::EpochsDone;
pub use classes::{ClassData, ClassRows, RowsNotHandedOut};
pub use data::Dataset;
pub use descent::{Descent, Fit, Progress, gradient_descent};
pub use device::{device_name, first_gpu, peak_gpu_memory};
pub use file_rows::FileRows;
pub use gram::{Gram, closed_form};
pub use imputer::{Impute, Imputer, RowFeatures};
pub use k_means::KMeans;
pub use linear::LinearModel;
pub use logistic::{LogisticModel, LogisticScores};
pub use metrics::{Metrics, peak_memory};
pub use newton::{LogisticFit, Newton};
pub use passed_over::PassedOver;
pub use precision::{lost_in_means, lost_in_moments};
pub use resident_images::ResidentImages;
pub use sgd::{Schedule, Sgd, Steps};
pub use split::{Split, permutation};
pub use spread::Spread;
pub use standardiser::Standardiser;
pub use training::{EpochReport, Feed, Trained, Training};
