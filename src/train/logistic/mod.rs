//! Logistic regression: Newton steps over cells, condensed samples, or the rows of a file.

mod class_data;
mod class_rows;
mod file_rows;
mod model;
mod newton;
mod spread;

pub use class_data::ClassData;
pub use class_rows::{ClassRows, RowsNotHandedOut};
pub use file_rows::FileRows;
pub use model::{LogisticModel, LogisticScores};
pub use newton::{LogisticFit, Newton};
pub use spread::Spread;
