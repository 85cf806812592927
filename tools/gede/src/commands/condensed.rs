//! `gede condensed`: the condensed samples and their weights.

use super::rows::Rows;
use super::{columns_of_target, misuse, open, refuse_existing};
use crate::output::{self, print};
use arrow::array::{ArrayRef, Float64Array, UInt64Array};
use arrow::record_batch::RecordBatch;
use gede::arrow::Sink;
use gede::sample::CondensedSamples;
use gede::train::{Coreset, Dataset};
use gede::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::sync::Arc;

/// Print the condensed samples with their weights, or write them to a file; or an exact coreset of the rows
#[derive(clap::Args)]
pub struct Condensed {
    /// A gede file
    file: PathBuf,
    /// A .parquet, .arrow, .feather, .ipc or .csv file
    #[arg(value_name = "OUT")]
    output: Option<PathBuf>,
    /// Instead of the condensed samples as few rows as have, with weights, all second moments of the features and the
    /// target: least squares, ridge and every step of gradient descent on them are those on all rows
    #[arg(long)]
    exact: bool,
    /// Replace OUT if it is there
    #[arg(long, requires = "output")]
    overwrite: bool,
}

impl Condensed {
    pub fn run(&self, json: bool) -> Result<()> {
        let file = self.file.display();
        self.output.as_deref().map_or(Ok(()), |output| refuse_existing(output, self.overwrite))?;
        let (batch, one, many) = match self.exact {
            true => (self.coreset().map_err(|e| e.at(&file))?, "row", "rows"),
            false => (self.condensed().map_err(|e| e.at(&file))?, "condensed sample", "condensed samples"),
        };
        let Some(output) = &self.output else {
            let mut rows = Rows::new(batch.schema_ref(), json);
            rows.print(&batch)?;
            return rows.finish();
        };
        let mut sink = Sink::create(output, batch.schema_ref(), self.overwrite)?;
        sink.write(&batch)?;
        sink.finish()?;
        if json {
            let what = if self.exact { "coreset_rows" } else { "condensed_samples" };
            return crate::output::json(&serde_json::json!({ what: batch.num_rows() }));
        }
        let m = output::many(batch.num_rows() as u64, one, many);
        print(&format!("{}: {m}\n", output.display()))
    }

    fn condensed(&self) -> Result<RecordBatch> {
        let condensed = open(&self.file)?.condensed()?;
        let condensed = condensed
            .ok_or_else(|| misuse("has no condensed samples; convert with --target or --max-condensed"))?;
        batch(&condensed)
    }

    /// The rows of the coreset, with a column of weights.
    fn coreset(&self) -> Result<RecordBatch> {
        let reader = open(&self.file)?;
        let coreset = match reader.coreset()? {
            Some(stored) => Dataset::of_coreset(stored)?,
            None => {
                let (features, target) = columns_of_target(&reader)?;
                Coreset::of_rows(&reader, &features, &target)?
            }
        };
        let column = |j: usize| -> ArrayRef {
            Arc::new((0..coreset.rows()).map(|i| coreset.row(i).get(j).copied()).collect::<Float64Array>())
        };
        let mut columns: Vec<(String, ArrayRef)> =
            coreset.features().iter().enumerate().map(|(j, name)| (name.clone(), column(j))).collect();
        columns.push((coreset.target().to_owned(), Arc::new(Float64Array::from(coreset.y().to_vec()))));
        columns.push(("weight".to_owned(), Arc::new(Float64Array::from(coreset.weights().to_vec()))));
        RecordBatch::try_from_iter(columns).map_err(|e| Error::new(ErrorKind::Corrupt, e.to_string()))
    }
}

/// A row a sample: the means of the features and of the target (null where a cell has no finite
/// value), and the weight, or a weight a class.
fn batch(condensed: &CondensedSamples) -> Result<RecordBatch> {
    let CondensedSamples { features, target, labels, samples, .. } = condensed;
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    let means = |values: &mut dyn Iterator<Item = f64>| -> ArrayRef {
        Arc::new(values.map(|v| Some(v).filter(|v| !v.is_nan())).collect::<Float64Array>())
    };
    for (i, name) in features.iter().enumerate() {
        let values = samples.means.iter().skip(i).step_by(samples.features.max(1));
        columns.push((name.clone(), means(&mut values.copied())));
    }
    if let (Some((name, _)), Some(values)) = (target, &samples.target) {
        columns.push((name.clone(), means(&mut values.iter().copied())));
    }
    let every = samples.classes.max(1);
    for class in 0..every {
        let name = labels.get(class).map_or("weight".to_owned(), |label| format!("weight:{label}"));
        let weights = samples.weights.iter().skip(class).step_by(every).copied();
        columns.push((name, Arc::new(UInt64Array::from_iter_values(weights))));
    }
    RecordBatch::try_from_iter(columns).map_err(|e| Error::new(ErrorKind::Corrupt, e.to_string()))
}
