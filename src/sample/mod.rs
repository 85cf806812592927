//! Data that models are trained on: condensed samples, moments, and epochs drawn from the rows.

mod batch;
mod classes;
mod condensed;
mod coreset;
mod draw;
#[cfg(feature = "images")]
mod encoded;
mod epoch;
mod epochs;
mod images;
mod labels;
mod loader;
mod moments;
mod permutation;
pub(crate) mod random;
mod weights;

pub use batch::{Batch, PixelFormat, Pixels};
pub use classes::{ClassList, Classes, FileClasses};
pub(crate) use condensed::Samples;
pub use condensed::{CondensedInfo, CondensedSamples};
pub use coreset::CoresetRows;
pub use draw::{Amount, Draw};
#[cfg(feature = "images")]
pub use encoded::EncodedImages;
pub use epoch::Epoch;
pub use epochs::{Epochs, State};
pub use images::Images;
pub use labels::{LabelColumn, Labels};
pub use loader::{Loader, LoaderOptions};
pub use moments::ColumnMoments;
pub use weights::Weights;
