//! Features with mean 0 and standard deviation 1.

/// The linear map `(x - mean) / scale` of each of d features.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardiser {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl Standardiser {
    /// From means and standard deviations of the features; a feature that does not vary (deviation 0
    /// or not finite) is only centred.
    pub fn new(mean: Vec<f64>, deviation: Vec<f64>) -> Self {
        let scale = deviation.into_iter().map(|s| if s > 0.0 && s.is_finite() { s } else { 1.0 }).collect();
        Self { mean, scale }
    }

    /// The d means.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The d scales, all positive.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// Standardised features of a row.
    pub fn apply<'a>(&'a self, row: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        row.iter().zip(&self.mean).zip(&self.scale).map(|((x, mean), scale)| (x - mean) / scale)
    }

    /// The features whose standardised values are these.
    pub fn invert<'a>(&'a self, row: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        row.iter().zip(&self.mean).zip(&self.scale).map(|((z, mean), scale)| z * scale + mean)
    }
}
