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
//! ([`TrainConfig`]), or on rows that a method selects ([`select`]).

mod candle_error;
mod file_numbers;
mod imputer;
mod linear;
mod logistic;
mod means;
mod memory;
mod network;
mod passed_over;
mod precision;
mod saved;
mod semidefinite;
mod split;
mod standardiser;
mod usable_samples;

pub use crate::summary::coreset::select::Coreset;
pub use candle_core::Device;
pub use imputer::{Impute, Imputer, RowFeatures};
pub use linear::{
    Dataset, Descent, DescentProgress, Fit, Gram, KMeans, LinearModel, Metrics, closed_form, gradient_descent,
};
pub use logistic::{
    ClassData, ClassRows, FileRows, LogisticFit, LogisticModel, LogisticScores, Newton, RowsNotHandedOut,
    Spread,
};
pub use memory::peak_memory;
pub use network::{
    Augment, EpochReport, EpochsDone, InputMode, Optimizer, ResidentImages, Schedule, Sgd, TrainConfig,
    TrainReport, device_name, first_gpu, models, ops, peak_gpu_memory, select,
};
pub use passed_over::PassedOver;
pub use precision::{lost_in_means, lost_in_moments};
pub use split::{Split, permutation};
pub use standardiser::Standardiser;
