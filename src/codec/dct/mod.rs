//! The integer cosine transform of images (spec, chapter 8).

pub(crate) mod axis;
pub(crate) mod cosines;
pub(crate) mod errors;
pub(crate) mod inverse;
pub(crate) mod products;
pub(crate) mod transform;
pub(crate) mod vectors;

use crate::format::features::Feature;

/// The feature of files with cosine coefficients.
pub(crate) const FEATURE: Feature = Feature::required(21, "cosine transform");
