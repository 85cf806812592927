//! Columns of images: blocks of tiles, pixels or cosine coefficients.

pub(crate) mod block;
pub(crate) mod encode;

use crate::format::features::Feature;

/// The feature of files with columns of images.
pub(crate) const FEATURE: Feature = Feature::required(20, "images");
