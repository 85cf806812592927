//! Features that are missing in rows to train on.

use super::report::hint;
use crate::commands::misuse;
use gede::read::ByteSource;
use gede::train::{Imputer, PassedOver, RowFeatures};
use gede::{Error, Reader, Result};

/// The replacement of a feature that is missing in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Impute {
    /// The mean of the feature
    Mean,
    /// The mean, and another feature that is 1 where it is missing, else 0
    Flag,
}

impl Impute {
    fn library(self) -> gede::train::Impute {
        match self {
            Self::Mean => gede::train::Impute::Mean,
            Self::Flag => gede::train::Impute::Flag,
        }
    }
}

/// The features to read, without those that are missing in every row, and what fills them in.
pub fn train_rows<S: ByteSource>(
    reader: &Reader<S>,
    features: Vec<String>,
    impute: Option<Impute>,
) -> Result<(Vec<String>, Option<Imputer>)> {
    let RowFeatures { features, imputer } = RowFeatures::new(reader, features, impute.map(Impute::library))?;
    Ok((features, imputer))
}

/// The names that are not among the others.
pub fn without(names: Vec<String>, others: &[String]) -> Vec<String> {
    names.into_iter().filter(|name| !others.contains(name)).collect()
}

/// The error of a file none of whose rows can be trained on.
pub fn no_rows(passed: &PassedOver) -> Error {
    match passed.text(&[]) {
        why if why.is_empty() => misuse("no rows to train on"),
        why => misuse(format!("no usable rows to train on: {why}{}", hint(passed))),
    }
}
