//! How far images that come back are from those that went in.

/// Differences of values, summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageErrors {
    /// The largest, as a magnitude.
    pub largest: u8,
    /// Values compared.
    pub values: u64,
    /// Sum of their squares.
    pub squared: u64,
}

impl ImageErrors {
    /// Adds the differences of an image.
    pub fn add(&mut self, before: &[u8], after: &[u8]) {
        for (a, b) in before.iter().zip(after) {
            let error = a.abs_diff(*b);
            self.largest = self.largest.max(error);
            self.squared += u64::from(error) * u64::from(error);
        }
        self.values += before.len() as u64;
    }

    /// Adds the differences of other images.
    pub fn merge(&mut self, other: &Self) {
        self.largest = self.largest.max(other.largest);
        self.values = self.values.saturating_add(other.values);
        self.squared = self.squared.saturating_add(other.squared);
    }

    /// Peak signal to noise ratio in decibels; infinite where nothing changed.
    pub fn psnr(&self) -> f64 {
        10.0 * (255.0 * 255.0 * self.values as f64 / self.squared as f64).log10()
    }
}
