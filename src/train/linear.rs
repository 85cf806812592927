//! A linear model: its prediction, its error, its file.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::{Dataset, Standardiser};
use crate::error::{Error, ErrorKind, Result};

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

/// The key of the safetensors metadata under which [`Names`] is stored as JSON. One key, since a
/// map of several would be written in any order.
const METADATA_KEY: &str = "gede";

#[derive(Serialize, Deserialize)]
struct Names {
    model: String,
    target: String,
    features: Vec<String>,
}

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
            model: "linear".to_owned(),
            target: self.target.clone(),
            features: self.features.clone(),
        };
        let names =
            serde_json::to_string(&names).map_err(|e| Error::argument(format!("model names: {e}")))?;
        let tensors = [
            ("intercept", vec![self.intercept]),
            ("mean", self.standardiser.mean().to_vec()),
            ("scale", self.standardiser.scale().to_vec()),
            ("weights", self.weights.clone()),
        ]
        .map(|(name, values)| {
            (name, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
        });
        let mut views = Vec::with_capacity(tensors.len());
        for (name, len, bytes) in &tensors {
            let view = TensorView::new(Dtype::F64, vec![*len], bytes);
            views.push((*name, view.map_err(|e| Error::argument(format!("tensor {name}: {e}")))?));
        }
        let bytes = safetensors::serialize(views, Some(HashMap::from([(METADATA_KEY.to_owned(), names)])))
            .map_err(|e| Error::argument(format!("cannot save the model: {e}")))?;

        let doing = || format!("writing {}", path.display());
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| Error::io(doing(), e))?;
        file.write_all(&bytes).map_err(|e| Error::io(doing(), e))?;
        file.as_file().sync_all().map_err(|e| Error::io(doing(), e))?;
        file.persist(path).map_err(|e| Error::io(doing(), e.error))?;
        Ok(())
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// `Io`, or `Input` if the file is not such a model.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
        Self::from_bytes(&bytes).map_err(|e| e.at(path.display()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let bad = |what: String| Error::new(ErrorKind::Input, format!("not a saved linear model: {what}"));
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| bad(e.to_string()))?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| bad(e.to_string()))?;
        let names = metadata.metadata().as_ref().and_then(|m| m.get(METADATA_KEY));
        let names = names.ok_or_else(|| bad(format!("no \"{METADATA_KEY}\" metadata")))?;
        let names: Names = serde_json::from_str(names).map_err(|e| bad(e.to_string()))?;
        if names.model != "linear" {
            return Err(bad(format!("it is a \"{}\" model", names.model)));
        }
        let values = |name: &str, len: usize| -> Result<Vec<f64>> {
            let tensor = tensors.tensor(name).map_err(|e| bad(e.to_string()))?;
            if tensor.dtype() != Dtype::F64 || tensor.shape() != [len] {
                return Err(bad(format!("tensor {name} is not float64 [{len}]")));
            }
            let (numbers, _) = tensor.data().as_chunks::<8>();
            Ok(numbers.iter().map(|b| f64::from_le_bytes(*b)).collect())
        };
        let d = names.features.len();
        Ok(Self {
            weights: values("weights", d)?,
            intercept: values("intercept", 1)?.iter().sum(),
            standardiser: Standardiser::new(values("mean", d)?, values("scale", d)?),
            features: names.features,
            target: names.target,
        })
    }
}
