//! Data that models are trained on: condensed samples, moments, and epochs drawn from the rows.

mod batch;
mod classes;
mod draw;
#[cfg(feature = "images")]
mod encoded;
mod epoch;
mod epochs;
mod images;
mod labels;
mod loader;
mod permutation;
pub(crate) mod random;
mod weights;

pub use crate::read::condensed::{CondensedInfo, CondensedSamples};
pub use crate::read::summaries::{ColumnMoments, CoresetRows};
pub use crate::summary::cells::condensed::Condensed;
pub use crate::summary::moments::column::MomentColumn;
pub use crate::summary::moments::matrix::{MomentParts, Moments};
pub use batch::{LoaderBatch, PixelFormat, Pixels};
pub use classes::{ClassList, Classes, FileClasses};
pub use draw::{Amount, Draw};
#[cfg(feature = "images")]
pub use encoded::EncodedImages;
pub use epoch::Epoch;
pub use epochs::{Epochs, State};
pub use images::Images;
pub use labels::{LabelColumn, Labels};
pub use loader::{Loader, LoaderOptions};
pub use weights::Weights;
