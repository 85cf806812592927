//! A logistic model: its probabilities, its scores on rows, its file.

use std::path::Path;

use serde::Serialize;

use super::class_data::ClassData;
use super::class_rows::{ClassRows, RowsNotHandedOut};
use crate::error::{Error, Result};
use crate::train::Standardiser;
use crate::train::saved::{Names, Saved};

/// The name by which saved models are known.
const KIND: &str = "logistic";

/// Scores `intercept + weights . x` for every class but the first, whose score is 0; probabilities are their softmax.
#[derive(Clone, Debug, PartialEq)]
pub struct LogisticModel {
    /// Names of the d features.
    pub features: Vec<String>,
    /// Name of the target.
    pub target: String,
    /// The classes, as text.
    pub labels: Vec<String>,
    /// (classes - 1) x d, in the units of the data.
    pub weights: Vec<f64>,
    /// One a class but the first.
    pub intercepts: Vec<f64>,
    /// The standardisation the model was trained with; predicting does not need it.
    pub standardiser: Standardiser,
}

/// How good a model is on some rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LogisticScores {
    /// Share of rows whose most probable class is theirs. Rows of classes that were not trained on are wrong.
    pub accuracy: f64,
    /// Mean of minus the logarithm of the probability of a row's class, over the rows of classes trained on: of the
    /// others it is infinite.
    pub log_loss: f64,
    /// The mean over the classes of the share of their rows that are found: 0 of a class that was not trained on.
    pub balanced_accuracy: f64,
    /// Area under the curve, for two classes: the share of pairs, one of each, whose second class is scored higher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
}

impl LogisticModel {
    /// From (classes - 1) x (d + 1) parameters, intercepts first, for standardised features.
    pub(super) fn from_standardised(
        data: &ClassData,
        parameters: &[f64],
        standardiser: &Standardiser,
    ) -> Self {
        let d = data.dimension();
        let blank = Self {
            features: data.features().to_vec(),
            target: data.target().to_owned(),
            labels: data.labels().to_vec(),
            weights: vec![0.0; (data.classes() - 1) * d],
            intercepts: vec![0.0; data.classes() - 1],
            standardiser: standardiser.clone(),
        };
        blank.moved(parameters)
    }

    /// The same model with other parameters for standardised features.
    pub(super) fn moved(&self, parameters: &[f64]) -> Self {
        let mut moved = Self { weights: Vec::new(), intercepts: Vec::new(), ..self.clone() };
        for of_class in parameters.chunks_exact(self.features.len() + 1) {
            let (intercept, slopes) = of_class.split_first().map_or((0.0, &[][..]), |(i, s)| (*i, s));
            let start = moved.weights.len();
            moved.weights.extend(slopes.iter().zip(self.standardiser.scale()).map(|(w, scale)| w / scale));
            let own = moved.weights.iter().skip(start);
            let shift: f64 = own.zip(self.standardiser.mean()).map(|(w, mean)| w * mean).sum();
            moved.intercepts.push(intercept - shift);
        }
        moved
    }

    /// The parameters for standardised features.
    pub(super) fn standardised(&self) -> Vec<f64> {
        let mut parameters = Vec::new();
        for (weights, intercept) in
            self.weights.chunks_exact(self.features.len().max(1)).zip(&self.intercepts)
        {
            let shift: f64 = weights.iter().zip(self.standardiser.mean()).map(|(w, mean)| w * mean).sum();
            parameters.push(intercept + shift);
            parameters.extend(weights.iter().zip(self.standardiser.scale()).map(|(w, scale)| w * scale));
        }
        parameters
    }

    /// Writes the logarithms of the probabilities of the classes of a row of d features to `out`.
    pub fn log_probabilities(&self, row: &[f64], out: &mut [f64]) {
        let logits = self.weights.chunks_exact(self.features.len().max(1)).zip(&self.intercepts);
        let logits =
            logits.map(|(w, intercept)| intercept + w.iter().zip(row).map(|(w, x)| w * x).sum::<f64>());
        out.iter_mut().zip([0.0].into_iter().chain(logits)).for_each(|(to, logit)| *to = logit);
        let most = out.iter().copied().fold(f64::MIN, f64::max);
        let sum = out.iter().map(|logit| (logit - most).exp()).sum::<f64>().ln() + most;
        out.iter_mut().for_each(|logit| *logit -= sum);
    }

    /// How good the model is on rows, counted as often as they stand for.
    ///
    /// # Errors
    /// `Argument` if the rows have other features or classes, or there are none; what reading brings.
    pub fn scores(&self, rows: &dyn ClassRows) -> Result<LogisticScores> {
        self.scores_counted(rows).map(|(scores, _)| scores)
    }

    /// As [`scores`](Self::scores), with the rows that are of no class or class trained on, or lack a feature.
    ///
    /// # Errors
    /// As [`scores`](Self::scores).
    pub fn scores_counted(&self, rows: &dyn ClassRows) -> Result<(LogisticScores, RowsNotHandedOut)> {
        let classes = self.labels.len();
        if rows.dimension() != self.features.len() || rows.classes() != classes {
            return Err(Error::argument("the rows to score have other features or classes than the model"));
        }
        let (mut right, mut all, mut loss) = (vec![0.0; classes], vec![0.0; classes], 0.0);
        let mut ranked: Vec<(f64, f64, f64)> = Vec::new();
        let mut logs = vec![0.0; classes];
        let not = rows.each_counted(&mut |x, counts| {
            self.log_probabilities(x, &mut logs);
            loss -= logs.iter().zip(counts).map(|(log, count)| log * count).sum::<f64>();
            let best =
                logs.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(class, _)| class);
            right[best] += counts[best];
            all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
            if let ([first, second], [_, log]) = (counts, &logs[..]) {
                ranked.push((*log, *first, *second));
            }
        })?;
        let total: f64 = all.iter().sum();
        if total <= 0.0 {
            let why = not.rows.text(&not.unseen);
            let why = if why.is_empty() { why } else { format!(": {why}") };
            return Err(Error::argument(format!("no usable rows to score a model on{why}")));
        }
        let found = right.iter().zip(&all).filter(|(_, all)| **all > 0.0);
        let classes_found = found.clone().count() as f64 + not.unseen_classes as f64;
        let scores = LogisticScores {
            accuracy: right.iter().sum::<f64>() / (total + not.rows.unseen_label as f64),
            log_loss: loss / total,
            balanced_accuracy: found.map(|(right, all)| right / all).sum::<f64>() / classes_found,
            auc: (classes == 2).then(|| auc(ranked)).flatten(),
        };
        Ok((scores, not))
    }

    /// Writes a safetensors file: float64 tensors `weights` ((classes - 1) x d, flat), `intercepts`, `mean` and `scale`
    /// (the standardisation), and the names as JSON under the metadata key `gede`. A failure leaves what was there.
    ///
    /// # Errors
    /// `Io`, naming the file.
    pub fn save(&self, path: &Path) -> Result<()> {
        let names = Names {
            model: KIND.to_owned(),
            target: self.target.clone(),
            features: self.features.clone(),
            labels: self.labels.clone(),
        };
        let tensors = [
            ("intercepts", &self.intercepts[..]),
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
        let (d, others) = (saved.names.features.len(), saved.names.labels.len().saturating_sub(1));
        Ok(Self {
            weights: saved.values("weights", d * others)?,
            intercepts: saved.values("intercepts", others)?,
            standardiser: Standardiser::new(saved.values("mean", d)?, saved.values("scale", d)?),
            features: saved.names.features,
            target: saved.names.target,
            labels: saved.names.labels,
        })
    }
}

/// Area under the curve of (score, rows of the first class, rows of the second); none if a class has no rows.
fn auc(mut ranked: Vec<(f64, f64, f64)>) -> Option<f64> {
    ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut area) = (0.0, 0.0);
    for same in ranked.chunk_by(|a, b| a.0 == b.0) {
        let (first, second) = same.iter().fold((0.0, 0.0), |sums, row| (sums.0 + row.1, sums.1 + row.2));
        area += second * (below + first / 2.0);
        below += first;
    }
    let positives: f64 = ranked.iter().map(|row| row.2).sum();
    (below > 0.0 && positives > 0.0).then(|| area / (below * positives))
}
