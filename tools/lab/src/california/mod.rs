//! Linear regression on California Housing: the paper's figures 3, 5, 9 and 10, and two controls.

mod bases;
mod figures;
mod measure;
mod planes;
mod rows;
mod summary;
mod trial;

use std::path::{Path, PathBuf};

use gede::Result;
use gede::arrow::ArrowTable;
use gede::internal::TemporaryFolder;

use super::table::FloatTable;
use super::{Request, csv_file, folder, steps};
use measure::{FEW, paths, sizes, training};
use trial::Trial;

/// Splits, seeds 0 to 9 of [`gede::train::Split`].
const SPLITS: u64 = 10;
/// Splits on which descents over all rows are timed too.
const SPLITS_ON_ROWS: u64 = 3;

/// Reads the table from `data` (a folder with `california_housing.csv`, or the file itself; the
/// bundled one if none), runs everything and writes the results.
pub fn run(request: &Request) -> Result<()> {
    let all = load(request.data)?;
    let out = folder(request, "california")?;
    let temporary = TemporaryFolder::new(&std::env::temp_dir())?;
    let path = temporary.path().join("train.gede");
    let bar = steps(SPLITS as usize + 1);
    let (mut all_sizes, mut all_controls, mut all_training) = (Vec::new(), Vec::new(), Vec::new());
    for split in 0..SPLITS {
        bar.set_message(format!("split {split}"));
        let trial = Trial::new(&all, split)?;
        let (sizes, controls) = sizes(&trial, &path)?;
        let (training, curves) = training(&trial, split < SPLITS_ON_ROWS, &path)?;
        all_sizes.extend(sizes);
        all_controls.extend(controls);
        all_training.extend(training);
        if split == 0 {
            let condensed = trial.encode(FEW, false, &path)?.condensed;
            let (paths, bases) = (paths(&trial, &condensed)?, bases::sizes(&trial.table));
            csv_file::save(&out.join("figure5b.csv"), &curves)?;
            csv_file::save(&out.join("figure3a.csv"), &paths)?;
            csv_file::save(&out.join("figure10_bases.csv"), &bases)?;
            figures::time(&curves, &out.join("figure5b.svg"))?;
            figures::contours(&trial, &paths, &out.join("figure3a.svg"))?;
            figures::points(&trial.train, &condensed, &out.join("figure3b.svg"))?;
            figures::bases(&bases, &out.join("figure10.svg"))?;
        }
        bar.inc(1);
    }
    bar.set_message("figures");
    csv_file::save(&out.join("sizes.csv"), &all_sizes)?;
    csv_file::save(&out.join("controls.csv"), &all_controls)?;
    csv_file::save(&out.join("training.csv"), &all_training)?;
    figures::fractions(&all_sizes, &out.join("figure5a.svg"))?;
    figures::cell_bits(&all_sizes, &out.join("figure9.svg"))?;
    figures::controls(&all_controls, &out.join("controls.svg"))?;
    let summary = summary::summarise(&all_sizes, &all_training);
    csv_file::save(&out.join("summary.csv"), &summary)?;
    bar.finish_and_clear();
    summary::print(&summary, request.json)
}

fn load(data: Option<&Path>) -> Result<FloatTable> {
    let path = match data {
        Some(folder) if folder.is_dir() => folder.join("california_housing.csv"),
        Some(file) => file.to_owned(),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/california.parquet")),
    };
    FloatTable::from_table(&ArrowTable::open(path)?)
}
