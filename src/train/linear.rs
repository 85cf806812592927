//! A linear model: its prediction, its error, its file.

use std::path::Path;

use super::saved::{Names, Saved};
use super::{Dataset, Standardiser};
use crate::error::{Error, Result};

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
    /// The standardisation the model was trained with; predicting does not need it.
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
            standardiser: standardiser.clone(),
        }
    }

    /// The prediction for one row of d features.
    pub fn predict(&self, row: &[f64]) -> f64 {
        self.intercept + self.weights.iter().zip(row).map(|(w, x)| w * x).sum::<f64>()
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

    /// Writes a safetensors file: float64 tensors `weights` (d), `intercept` (1), `mean` and `scale`
    /// (d, the standardisation), and the names as JSON under the metadata key `gede`. It is written
    /// beside `path` and renamed, so that a failure leaves what was there.
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
            ("intercept", &[self.intercept][..]),
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
        Ok(Self {
            weights: saved.values("weights", d)?,
            intercept: saved.values("intercept", 1)?.iter().sum(),
            standardiser: Standardiser::new(saved.values("mean", d)?, saved.values("scale", d)?),
            features: saved.names.features,
            target: saved.names.target,
        })
    }
}
