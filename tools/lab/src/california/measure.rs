//! The measurements on one split.

use std::path::Path;
use std::time::Instant;

use gede::train::{
    Coreset, Dataset, Descent, Device, Fit, KMeans, LinearModel, Standardiser, closed_form, gradient_descent,
    permutation,
};
use gede::{Reader, Result};

use super::rows::{ControlRow, CurveRow, PathRow, SizeRow, TrainingRow};
use super::trial::{Encoded, TARGET, Trial};

/// Condensed samples at most, from 0.15 % to 20 % of the rows.
pub const LIMITS: [u64; 9] = [25, 50, 100, 165, 330, 495, 825, 1651, 3302];
/// The paper's 0.6 %, and its 5 %.
pub const FEW: u64 = 100;
pub const MANY: u64 = 825;

const BATCH_ROWS: usize = 32;
/// Rounds of k-means at most.
const ROUNDS: usize = 100;
/// The two features of figure 3a: the strongest, and the one it is most correlated with.
pub const PAIR: [&str; 2] = ["MedInc", "AveRooms"];
/// Times that figure 3a's descents may look at as many rows as there are.
const PASSES: usize = 30;

/// Sizes and errors over all numbers of condensed samples, by high- and by low-entropy cell bits; and
/// the errors of as many k-means centroids and random rows.
pub fn sizes(trial: &Trial, path: &Path) -> Result<(Vec<SizeRow>, Vec<ControlRow>)> {
    let (mut sizes, mut controls) = (Vec::new(), Vec::new());
    for limit in LIMITS {
        for (cell_bits, low_entropy) in [("high", false), ("low", true)] {
            let file = trial.encode(limit, low_entropy, path)?;
            let mse_ratio = trial.ratio(&closed_form(&file.condensed, 0.0)?.model)?;
            let samples = file.condensed.rows();
            let percent_of_rows = 100.0 * samples as f64 / trial.train.rows() as f64;
            sizes.push(SizeRow {
                split: trial.split,
                cell_bits,
                max_condensed: limit,
                samples,
                beta: file.beta,
                percent_of_rows,
                file_bytes: file.file_bytes,
                percent_of_float64: file.share,
                mse_ratio,
            });
            if !low_entropy && limit <= MANY {
                let cells = (file.condensed, file.condensed_seconds);
                for (method, (data, selection_seconds)) in [
                    ("cells", cells),
                    ("k-means", centroids(trial, samples)?),
                    ("random rows", random_rows(trial, samples)?),
                ] {
                    let mse_ratio = trial.ratio(&closed_form(&data, 0.0)?.model)?;
                    controls.push(ControlRow {
                        split: trial.split,
                        method,
                        max_condensed: limit,
                        samples,
                        percent_of_rows,
                        selection_seconds,
                        mse_ratio,
                    });
                }
            }
        }
    }
    Ok((sizes, controls))
}

fn centroids(trial: &Trial, clusters: usize) -> Result<(Dataset, f64)> {
    let begun = Instant::now();
    let found = KMeans::new(&trial.train, clusters, trial.split, ROUNDS)?;
    let data = trial.train.condense(&found.assignment, clusters)?;
    Ok((data, begun.elapsed().as_secs_f64()))
}

fn random_rows(trial: &Trial, count: usize) -> Result<(Dataset, f64)> {
    let begun = Instant::now();
    let mut rows = permutation(trial.train.rows(), trial.split);
    rows.truncate(count);
    Ok((trial.train.subset(&rows)?, begun.elapsed().as_secs_f64()))
}

/// Gradient descent to the default tolerance on condensed samples, few and many, and on the moments;
/// on all rows too where `on_rows`. With the way there.
pub fn training(trial: &Trial, on_rows: bool, path: &Path) -> Result<(Vec<TrainingRow>, Vec<CurveRow>)> {
    let (mut rows, mut curves) = (Vec::new(), Vec::new());
    let mut record = |method: &str, samples: usize, read_seconds: f64, fit: Fit| -> Result<()> {
        let test_mse = fit.model.mse(&trial.test)?;
        rows.push(TrainingRow {
            split: trial.split,
            method: method.to_owned(),
            samples,
            read_seconds,
            train_seconds: fit.seconds,
            steps: fit.steps,
            microseconds_per_step: if fit.steps > 0 { 1e6 * fit.seconds / fit.steps as f64 } else { 0.0 },
            gradient_norm: fit.gradient_norm,
            test_mse,
            mse_ratio: test_mse / trial.least_squares_mse,
        });
        curves.extend(curve(trial, method, read_seconds, &fit)?);
        Ok(())
    };

    let many = trial.encode(MANY, false, path)?;
    let few = trial.encode(FEW, false, path)?;
    let standardiser = few.gram.standardiser();
    for (method, file) in [("condensed, m <= 100", &few), ("condensed, m <= 5 %", &many)] {
        let fit = descend(&file.condensed, &standardiser, &Descent::default())?;
        record(method, file.condensed.rows(), file.condensed_seconds, fit)?;
    }
    let Encoded { gram, moments_seconds, .. } = &few;
    record("moments, descent", 0, *moments_seconds, gram.descend(&standardiser, &Descent::default())?)?;
    record("moments, closed form", 0, *moments_seconds, gram.solve(0.0)?)?;
    let begun = Instant::now();
    let coreset = Coreset::select(&Reader::open(path)?, trial.train.features(), TARGET)?;
    let coreset_seconds = begun.elapsed().as_secs_f64();
    let fit = descend(&coreset, &standardiser, &Descent::default())?;
    record("coreset, descent", coreset.rows(), coreset_seconds, fit)?;
    record("coreset, closed form", coreset.rows(), coreset_seconds, closed_form(&coreset, 0.0)?)?;
    if on_rows {
        let begun = Instant::now();
        let all = Dataset::from_rows(&Reader::open(path)?, trial.train.features(), TARGET)?;
        let read_seconds = begun.elapsed().as_secs_f64();
        record("all rows, closed form", all.rows(), read_seconds, closed_form(&all, 0.0)?)?;
        let full = descend(&all, &standardiser, &Descent::default())?;
        let steps = full.steps;
        record("full batch", all.rows(), read_seconds, full)?;
        let batches = Descent {
            batch_rows: Some(BATCH_ROWS),
            max_steps: steps,
            seed: trial.split,
            ..Descent::default()
        };
        record("mini-batches of 32", all.rows(), read_seconds, descend(&all, &standardiser, &batches)?)?;
    }
    Ok((rows, curves))
}

fn descend(data: &Dataset, standardiser: &Standardiser, options: &Descent) -> Result<Fit> {
    gradient_descent(data, standardiser, options, &Device::Cpu)
}

/// The test error along a descent, at about 20 moments for each factor of ten in steps, and at the end.
fn curve(trial: &Trial, method: &str, read_seconds: f64, fit: &Fit) -> Result<Vec<CurveRow>> {
    let row = |step: u64, seconds: f64, model: &LinearModel| -> Result<CurveRow> {
        let seconds = read_seconds + seconds;
        Ok(CurveRow { method: method.to_owned(), step, seconds, mse_ratio: trial.ratio(model)? })
    };
    let mut rows = Vec::new();
    let mut next = 1.0;
    for progress in &fit.history {
        if progress.step as f64 >= next && progress.step < fit.steps {
            next = progress.step as f64 * 1.12;
            rows.push(row(progress.step, progress.seconds, &fit.model_at(progress))?);
        }
    }
    rows.push(row(fit.steps, fit.seconds, &fit.model)?);
    Ok(rows)
}

/// Figure 3a: descents in two weights, each given the same number of looks at a row.
pub fn paths(trial: &Trial, condensed: &Dataset) -> Result<Vec<PathRow>> {
    let all = trial.train.with_features(&PAIR)?;
    let condensed = condensed.with_features(&PAIR)?;
    let standardiser = Standardiser::from_dataset(&all);
    let mut rows = Vec::new();
    for (method, data, batch_rows, check_every) in [
        ("full batch", &all, None, 1),
        ("mini-batches of 32", &all, Some(BATCH_ROWS), 12),
        ("condensed samples", &condensed, None, 12),
    ] {
        let visits = batch_rows.unwrap_or(data.rows());
        let max_steps = (PASSES * all.rows() / visits) as u64;
        let options =
            Descent { learning_rate: 0.05, tolerance: 0.0, max_steps, batch_rows, check_every, seed: 0 };
        for progress in descend(data, &standardiser, &options)?.history {
            let [_, weight_1, weight_2] = progress.parameters[..] else { continue };
            rows.push(PathRow {
                method: method.to_owned(),
                step: progress.step,
                row_visits: progress.step * visits as u64,
                weight_1,
                weight_2,
                loss: progress.loss,
            });
        }
    }
    Ok(rows)
}
