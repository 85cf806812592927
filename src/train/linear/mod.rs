//! Linear regression: over rows, condensed samples, or second moments alone.

mod coreset;
mod dataset;
mod descent;
mod fit;
mod gradient;
mod gram;
mod k_means;
mod metrics;
mod model;

pub use dataset::Dataset;
pub use descent::{Descent, gradient_descent};
pub use fit::{DescentProgress, Fit};
pub use gram::{Gram, closed_form};
pub use k_means::KMeans;
pub use metrics::Metrics;
pub use model::LinearModel;
