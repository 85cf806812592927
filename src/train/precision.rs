//! Columns that vary less than a file's summaries can hold: what is fitted on them there is rounding.

use super::means::RunningMeans;
use crate::sample::{ColumnMoments, CondensedSamples};

/// Significant bits of the means of condensed samples.
const MEAN_BITS: i32 = 24;

/// Share of the variance of stored means that may be rounding.
const MEAN_NOISE: f64 = 1e-4;

/// Relative error that a sum of squares may have.
const SUM_NOISE: f64 = 1e-2;

/// A sentence for each feature, and for a target that is a value, whose condensed means vary hardly more than the steps
/// that they are rounded to. Where the moments are known, columns that do not vary at all are not among them.
pub fn lost_in_means(condensed: &CondensedSamples, moments: Option<&ColumnMoments>) -> Vec<String> {
    let CondensedSamples { features, extents, target, samples, .. } = condensed;
    let d = samples.features;
    let weights: Vec<f64> = samples
        .weights
        .chunks_exact(samples.classes.max(1))
        .map(|counts| counts.iter().sum::<u64>() as f64)
        .collect();
    let feature = |i: usize| {
        let values: Vec<f64> = samples.means.iter().skip(i).step_by(d.max(1)).copied().collect();
        let (lo, hi) = extents[i];
        if lo == hi { None } else { lost(&features[i], &values, &weights) }
    };
    let of_target = || {
        let ((name, _), values) = target.as_ref().zip(samples.target.as_ref())?;
        let place = moments?.columns.iter().rposition(|column| column == name)?;
        let centred = moments?.moments.centred();
        let k = moments?.moments.columns();
        if centred[place * k + place] > 0.0 { lost(name, values, &weights) } else { None }
    };
    (0..d).filter_map(feature).chain(of_target()).collect()
}

/// The sentence for one column.
fn lost(name: &str, values: &[f64], weights: &[f64]) -> Option<String> {
    let largest = values.iter().filter(|v| v.is_finite()).fold(0.0, |most: f64, v| most.max(v.abs()));
    if largest == 0.0 {
        return None;
    }
    let mut means = RunningMeans::new(1);
    values.iter().zip(weights).for_each(|(v, weight)| means.add(&[*v], *weight));
    let mean = means.finish()[0];
    let finite = || values.iter().zip(weights).filter(|(v, _)| v.is_finite());
    let total: f64 = finite().map(|(_, weight)| weight).sum();
    let variance = finite().map(|(v, weight)| weight * (v - mean).powi(2)).sum::<f64>() / total;
    let step = 2f64.powi(largest.log2().floor() as i32 + 1 - MEAN_BITS);
    (step * step / 12.0 > MEAN_NOISE * variance).then(|| {
        format!(
            "{name} lies far from zero for how little it varies: its means are stored in steps of {step} and deviate by \
             {:.3}, so that what is fitted to it here is rounding; train with --method full",
            variance.sqrt()
        )
    })
}

/// A sentence for each column whose moments are rounded to more than they hold of its variance. `condensed` names those
/// that do not vary at all.
pub fn lost_in_moments(moments: &ColumnMoments, condensed: Option<&CondensedSamples>) -> Vec<String> {
    let constant = |name: &String| {
        let place = |samples: &CondensedSamples| samples.features.iter().position(|own| own == name);
        let extent = condensed.and_then(|samples| Some(samples.extents[place(samples)?]));
        extent.is_some_and(|(lo, hi)| lo == hi)
    };
    let lost = |(i, name): (usize, &String)| {
        let error = moments.moments.relative_error(i);
        (error > SUM_NOISE && !constant(name)).then(|| {
            let mean = moments.moments.mean(i);
            format!(
                "{name} varies too little for how far it lies from zero (about {mean:.6e}): its sums of squares are \
                 rounded to more than that, so that what is fitted to it here is rounding; train with --method full"
            )
        })
    };
    moments.columns.iter().enumerate().filter_map(lost).collect()
}
