//! `gede condensed`: the condensed samples and their weights.

use super::large::Large;
use super::rows::RowPrinter;
use super::{columns_of_target, misuse, open, refuse_existing};
use crate::output::{self, print};
use arrow::array::{ArrayRef, Float64Array, UInt64Array};
use arrow::record_batch::RecordBatch;
use gede::arrow::ArrowFileWriter;
use gede::sample::CondensedSamples;
use gede::train::{Coreset, Dataset};
use gede::{Error, ErrorKind, Result};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

const EXAMPLES: &str = "\
Examples:
  gede condensed housing.gede
  gede condensed housing.gede samples.csv
  gede condensed housing.gede few.csv --exact";

/// Print the condensed samples and their weights, or write them to a file
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Condensed {
    /// A gede file
    file: PathBuf,
    /// File to write: .parquet, .arrow, .feather, .ipc or .csv [default: print]
    #[arg(value_name = "OUT")]
    output: Option<PathBuf>,
    /// Compute an exact coreset instead: a few weighted rows with the same second moments as all rows
    ///
    /// The moments are those of the features and the target. Least squares, ridge regression and every step of gradient
    /// descent therefore give the same results on the coreset as on all rows.
    #[arg(long)]
    exact: bool,
    /// Replace OUT if it exists
    #[arg(long, requires = "output")]
    overwrite: bool,
    #[command(flatten)]
    large: Large,
}

/// Samples that are printed or written at a time.
const TOGETHER: usize = 1024;

impl Condensed {
    pub fn run(&self, json: bool) -> Result<()> {
        let file = self.file.display();
        self.output.as_deref().map_or(Ok(()), |output| refuse_existing(output, self.overwrite))?;
        let samples = if self.exact {
            Samples::Exact(self.coreset().map_err(|e| e.at(&file))?)
        } else {
            Samples::Condensed(self.condensed().map_err(|e| e.at(&file))?)
        };
        let (count, schema) = (samples.len(), samples.batch(0..0)?.schema());
        let mut batches =
            (0..count).step_by(TOGETHER).map(|from| samples.batch(from..count.min(from + TOGETHER)));
        let Some(output) = &self.output else {
            let mut rows = RowPrinter::new(&schema, json);
            batches.try_for_each(|batch| rows.print(&batch?))?;
            return rows.finish();
        };
        let mut sink = ArrowFileWriter::create(output, &schema, self.overwrite)?;
        batches.try_for_each(|batch| sink.write(&batch?))?;
        sink.finish()?;
        if json {
            let what = if self.exact { "coreset_rows" } else { "condensed_samples" };
            return crate::output::json(&serde_json::json!({ what: count }));
        }
        let (one, many) =
            if self.exact { ("row", "rows") } else { ("condensed sample", "condensed samples") };
        let m = output::many(count as u64, one, many);
        print(&format!("{}: {m}\n", output.display()))
    }

    fn condensed(&self) -> Result<CondensedSamples> {
        let condensed = open(&self.file)?.condensed()?;
        condensed.ok_or_else(|| misuse("has no condensed samples; convert with --target or --max-condensed"))
    }

    /// The rows of the coreset, with their weights.
    fn coreset(&self) -> Result<Dataset> {
        let reader = open(&self.file)?;
        if let Some(stored) = reader.coreset()? {
            return Dataset::from_coreset(stored);
        }
        let (features, target) = columns_of_target(&reader)?;
        self.large.whole(&reader)?;
        Coreset::select(&reader, &features, &target)
    }
}

/// The samples that are shown.
enum Samples {
    Condensed(CondensedSamples),
    Exact(Dataset),
}

impl Samples {
    fn len(&self) -> usize {
        match self {
            Self::Condensed(condensed) => condensed.samples.len(),
            Self::Exact(coreset) => coreset.rows(),
        }
    }

    fn batch(&self, samples: Range<usize>) -> Result<RecordBatch> {
        match self {
            Self::Condensed(condensed) => batch(condensed, samples),
            Self::Exact(coreset) => coreset_batch(coreset, samples),
        }
    }
}

/// Some rows of a coreset, with a column of weights.
fn coreset_batch(coreset: &Dataset, rows: Range<usize>) -> Result<RecordBatch> {
    let column = |j: usize| -> ArrayRef {
        Arc::new(rows.clone().map(|i| coreset.row(i).get(j).copied()).collect::<Float64Array>())
    };
    let mut columns: Vec<(String, ArrayRef)> =
        coreset.features().iter().enumerate().map(|(j, name)| (name.clone(), column(j))).collect();
    let own = |values: &[f64]| -> ArrayRef { Arc::new(Float64Array::from(values[rows.clone()].to_vec())) };
    columns.push((coreset.target().to_owned(), own(coreset.y())));
    columns.push(("weight".to_owned(), own(coreset.weights())));
    RecordBatch::try_from_iter(columns).map_err(|e| Error::new(ErrorKind::Corrupt, e.to_string()))
}

/// A row a sample: the means of the features and of the target (null where a cell has no finite
/// value), and the weight, or a weight a class.
fn batch(condensed: &CondensedSamples, rows: Range<usize>) -> Result<RecordBatch> {
    let CondensedSamples { features, target, labels, samples, .. } = condensed;
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    let means = |values: &mut dyn Iterator<Item = f64>| -> ArrayRef {
        Arc::new(values.map(|v| Some(v).filter(|v| !v.is_nan())).collect::<Float64Array>())
    };
    let part = |values: usize| rows.start * values..rows.end * values;
    for (i, name) in features.iter().enumerate() {
        let values = samples.means[part(samples.features)].iter().skip(i).step_by(samples.features.max(1));
        columns.push((name.clone(), means(&mut values.copied())));
    }
    if let (Some((name, _)), Some(values)) = (target, &samples.target) {
        columns.push((name.clone(), means(&mut values[rows.clone()].iter().copied())));
    }
    let every = samples.classes.max(1);
    for class in 0..every {
        let name = labels.get(class).map_or("weight".to_owned(), |label| format!("weight:{label}"));
        let weights = samples.weights[part(every)].iter().skip(class).step_by(every).copied();
        columns.push((name, Arc::new(UInt64Array::from_iter_values(weights))));
    }
    RecordBatch::try_from_iter(columns).map_err(|e| Error::new(ErrorKind::Corrupt, e.to_string()))
}
