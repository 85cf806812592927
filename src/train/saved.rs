//! Models as safetensors files.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::files::new_file::NewFile;

/// The key of the safetensors metadata under which all that is not tensors is stored as JSON. One key, since a map of several would
/// be written in any order.
pub(super) const METADATA_KEY: &str = "gede";

/// Name and purpose of a model.
#[derive(Serialize, Deserialize)]
pub struct Names {
    pub model: String,
    pub target: String,
    pub features: Vec<String>,
    /// The classes of a classifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// Writes a file that appears whole: a failure leaves what was there.
///
/// # Errors
/// `Io`, naming the file; `Argument` if `path` names something else than a file.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = NewFile::create(path, true)?;
    file.write_all(bytes).map_err(|e| Error::io(format!("cannot write {}", path.display()), e))?;
    file.commit()
}

/// The tensors of a file and what its metadata say, or what is wrong with it.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> std::result::Result<(SafeTensors<'_>, T), String> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
    let about = metadata.metadata().as_ref().and_then(|m| m.get(METADATA_KEY));
    let about = about.ok_or_else(|| format!("no \"{METADATA_KEY}\" metadata"))?;
    Ok((tensors, serde_json::from_str(about).map_err(|e| e.to_string())?))
}

/// A file that was read.
pub struct Saved {
    pub names: Names,
    tensors: HashMap<String, Vec<f64>>,
}

impl Saved {
    /// Writes flat float64 tensors, by [`replace`].
    ///
    /// # Errors
    /// `Io`, naming the file.
    pub fn write(path: &Path, names: &Names, tensors: &[(&str, &[f64])]) -> Result<()> {
        let names = serde_json::to_string(names)
            .map_err(|e| Error::argument(format!("model names: {e}")).with_source(e))?;
        let bytes: Vec<Vec<u8>> =
            tensors.iter().map(|(_, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
        let mut views = Vec::with_capacity(tensors.len());
        for ((name, values), bytes) in tensors.iter().zip(&bytes) {
            let view = TensorView::new(Dtype::F64, vec![values.len()], bytes);
            views.push((
                *name,
                view.map_err(|e| Error::argument(format!("tensor {name}: {e}")).with_source(e))?,
            ));
        }
        let bytes = safetensors::serialize(views, Some(HashMap::from([(METADATA_KEY.to_owned(), names)])))
            .map_err(|e| Error::argument(format!("cannot save the model: {e}")).with_source(e))?;
        replace(path, &bytes)
    }

    /// Reads a model of a kind.
    ///
    /// # Errors
    /// `Io`, or `Input` if the file is not such a model.
    pub fn read(path: &Path, model: &str) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
        Self::from_bytes(&bytes, model).map_err(|e| e.at(path.display()))
    }

    fn from_bytes(bytes: &[u8], model: &str) -> Result<Self> {
        let bad = |what: String| Error::new(ErrorKind::Input, format!("not a saved {model} model: {what}"));
        let (tensors, names) = parse::<Names>(bytes).map_err(bad)?;
        if names.model != model {
            return Err(bad(format!("it is a {} model", names.model)));
        }
        let mut found = HashMap::new();
        for (name, tensor) in tensors.tensors() {
            if tensor.dtype() != Dtype::F64 || tensor.shape().len() != 1 {
                return Err(bad(format!("tensor {name} is not flat float64")));
            }
            let (numbers, _) = tensor.data().as_chunks::<8>();
            found.insert(name, numbers.iter().map(|b| f64::from_le_bytes(*b)).collect());
        }
        Ok(Self { names, tensors: found })
    }

    /// True if there is a tensor of a name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor of so many numbers.
    ///
    /// # Errors
    /// `Input` if there is none.
    pub fn values(&self, name: &str, length: usize) -> Result<Vec<f64>> {
        let values = self.tensors.get(name).filter(|values| values.len() == length);
        let what =
            || format!("not a saved {} model: tensor {name} is not float64 [{length}]", self.names.model);
        values.cloned().ok_or_else(|| Error::new(ErrorKind::Input, what()))
    }
}
