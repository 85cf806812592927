//! A linear model: its prediction, its error, its file.

use std::path::Path;

use super::Dataset;
use crate::error::{Error, Result};
use crate::train::Standardiser;
use crate::train::saved::{Names, Saved};

/// `y = intercept + weights . x`, in the units of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearModel {
    /// Names of the d features.
    pub features: Vec<String>,
    /// Name of the target.
    pub target: String,
    /// One weight a feature.
    pub weights: Vec<f64>,
    /// The prediction where every feature is 0.
    pub intercept: f64,
    /// The prediction where every feature is at the mean of the standardisation: predictions are made relative to it,
    /// since the intercept of features far from zero is a large number that rounding eats.
    pub at_mean: f64,
    /// The standardisation the model was trained with.
    pub standardiser: Standardiser,
}

/// The name by which saved models are known.
const KIND: &str = "linear";

impl LinearModel {
    /// From d + 1 parameters, the intercept first, for standardised features.
    pub(super) fn from_standardised(
        features: &[String],
        target: &str,
        parameters: &[f64],
        standardiser: &Standardiser,
    ) -> Self {
        let (intercept, slopes) = parameters.split_first().map_or((0.0, &[][..]), |(i, s)| (*i, s));
        let weights: Vec<f64> = slopes.iter().zip(standardiser.scale()).map(|(w, scale)| w / scale).collect();
        let shift: f64 = weights.iter().zip(standardiser.mean()).map(|(w, mean)| w * mean).sum();
        Self {
            features: features.to_vec(),
            target: target.to_owned(),
            weights,
            intercept: intercept - shift,
            at_mean: intercept,
            standardiser: standardiser.clone(),
        }
    }

    /// The prediction for one row of d features.
    pub fn predict(&self, row: &[f64]) -> f64 {
        let from_mean = row.iter().zip(self.standardiser.mean()).map(|(x, mean)| x - mean);
        self.at_mean + self.weights.iter().zip(from_mean).map(|(w, x)| w * x).sum::<f64>()
    }

    /// Weighted mean of the squared errors, in squared units of the target.
    ///
    /// # Errors
    /// `Argument` if the data has other features or no rows.
    pub fn mse(&self, data: &Dataset) -> Result<f64> {
        if data.features() != self.features {
            return Err(Error::argument(format!(
                "the model needs the features {}; the data has {}",
                self.features.join(", "),
                data.features().join(", ")
            )));
        }
        if data.rows() == 0 {
            return Err(Error::argument("no usable rows to measure an error on"));
        }
        let squares = (0..data.rows()).map(|i| {
            let error = self.predict(data.row(i)) - data.y()[i];
            data.weights()[i] * error * error
        });
        Ok(squares.sum::<f64>() / data.total_weight())
    }

    /// Writes a safetensors file: float64 tensors `weights` (d), `intercept` (1), `at_mean` (1), `mean`
    /// and `scale` (d, the standardisation), and the names as JSON under the metadata key `gede`. It is written
    /// next to `path` and renamed, so that a failure leaves what was there.
    ///
    /// # Errors
    /// `Io`, naming the file.
    pub fn save(&self, path: &Path) -> Result<()> {
        let names = Names {
            model: KIND.to_owned(),
            target: self.target.clone(),
            features: self.features.clone(),
            labels: Vec::new(),
        };
        let tensors = [
            ("at_mean", &[self.at_mean][..]),
            ("intercept", &[self.intercept]),
            ("mean", self.standardiser.mean()),
            ("scale", self.standardiser.scale()),
            ("weights", &self.weights),
        ];
        Saved::write(path, &names, &tensors)
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// `Io`, or `Input` if the file is not such a model.
    pub fn load(path: &Path) -> Result<Self> {
        let saved = Saved::read(path, KIND)?;
        let d = saved.names.features.len();
        let (weights, mean) = (saved.values("weights", d)?, saved.values("mean", d)?);
        let intercept = saved.values("intercept", 1)?.iter().sum();
        let at_mean = if saved.has("at_mean") {
            saved.values("at_mean", 1)?.iter().sum()
        } else {
            // Older models do not have it.
            intercept + weights.iter().zip(&mean).map(|(w, mean)| w * mean).sum::<f64>()
        };
        Ok(Self {
            weights,
            intercept,
            at_mean,
            standardiser: Standardiser::new(mean, saved.values("scale", d)?),
            features: saved.names.features,
            target: saved.names.target,
        })
    }
}
