//! Columns far from zero: fitted relative to an origin of their own, or named where a summary cannot hold them.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)]

use candle_core::Device;
use gede::sample::{ColumnMoments, CondensedSamples};
use gede::sample::{Condensed, MomentColumn, Moments};
use gede::train::{
    ClassData, Dataset, Descent, Newton, Standardiser, closed_form, gradient_descent, lost_in_means,
    lost_in_moments,
};
use gede::write::TargetKind;

/// x within 16 of an offset, in steps that float64 holds there.
fn near(offset: f64, i: usize) -> f64 {
    offset + (i * 37 % 129) as f64 / 8.0
}

fn data(offset: f64) -> Dataset {
    let x: Vec<f64> = (0..3000).map(|i| near(offset, i)).collect();
    let y = x.iter().map(|x| 5.0 - 2.0 * (x - offset)).collect();
    Dataset::new(vec!["x".into()], "y".into(), x, y, None).unwrap()
}

#[test]
fn rows_far_from_zero_are_fitted_as_those_near_it() {
    for offset in [0.0, 3e7, -7e10, 2f64.powi(40)] {
        let data = data(offset);
        let exact = closed_form(&data, 0.0).unwrap().model;
        let standardiser = Standardiser::from_dataset(&data);
        let options =
            Descent { learning_rate: 0.2, batch_rows: Some(100), max_steps: 2000, ..Descent::default() };
        let batches = gradient_descent(&data, &standardiser, &options, &Device::Cpu).unwrap();
        let all = Descent { batch_rows: None, ..options };
        let full = gradient_descent(&data, &standardiser, &all, &Device::Cpu).unwrap();
        assert!(full.converged);
        for model in [exact, batches.model, full.model] {
            assert!((model.weights[0] + 2.0).abs() < 1e-4, "{offset}: {model:?}");
            assert!(model.mse(&data).unwrap() < 1e-6, "{offset}: {model:?}");
        }
    }
}

#[test]
fn classes_far_from_zero_are_learnt() {
    let offset = 5e11;
    let x: Vec<f64> = (0..400).map(|i| near(offset, i)).collect();
    let counts: Vec<f64> = (0..400)
        .flat_map(|i| {
            let high = (x[i] - offset) + (i % 7) as f64 > 11.0;
            if high { [0.0, 1.0] } else { [1.0, 0.0] }
        })
        .collect();
    let labels = vec!["low".to_owned(), "high".to_owned()];
    let data = ClassData::new(vec!["x".into()], "k".into(), labels, &x, &counts).unwrap();
    let fit = Newton::default().fit(&data, None).unwrap();
    assert!(fit.converged && fit.model.scores(&data).unwrap().accuracy > 0.85, "{fit:?}");
}

/// Moments of x and y, from floats that are no decimals.
fn moments(offset: f64) -> ColumnMoments {
    let x: Vec<f64> = (0..500).map(|i| offset + (i as f64 * 0.7).sin()).collect();
    let y: Vec<f64> = x.iter().map(|x| 3.0 * (x - offset)).collect();
    let moments = Moments::from_segment(&[MomentColumn::Float(&x), MomentColumn::Float(&y)], &[true; 500]);
    ColumnMoments { columns: vec!["x".into(), "y".into()], target: true, moments }
}

#[test]
fn moments_that_have_lost_a_column_name_it() {
    let near = moments(20.0);
    assert!(near.moments.relative_error(0) < 1e-9 && lost_in_moments(&near, None).is_empty());
    let far = moments(6e8);
    assert!(far.moments.relative_error(0) > 0.01);
    let lost = lost_in_moments(&far, None);
    assert_eq!(lost.len(), 1);
    assert!(lost[0].starts_with("x ") && lost[0].contains("--method full"), "{lost:?}");
    // Exact sums lose nothing.
    let q: Vec<i64> = (0..50).map(|i| 3_000_000_000 + i % 4).collect();
    let exact = Moments::from_segment(&[MomentColumn::Exact { q: &q, exponent: 1 }], &[true; 50]);
    assert_eq!(exact.relative_error(0), 0.0);
}

fn samples(means: Vec<f64>, extent: (f64, f64)) -> CondensedSamples {
    let m = means.len();
    CondensedSamples {
        features: vec!["x".to_owned()],
        extents: vec![extent],
        target: Some(("y".to_owned(), TargetKind::Value)),
        labels: Vec::new(),
        null_class: None,
        beta: 2,
        stored: true,
        samples: Condensed {
            features: 1,
            means,
            target: Some((0..m).map(|i| i as f64).collect()),
            weights: vec![10; m],
            classes: 0,
        },
    }
}

#[test]
fn means_that_are_rounded_to_one_another_name_their_column() {
    // At 2^27 means are stored in steps of 8 (24 bits).
    let base = 2f64.powi(27);
    let lost = |means: &[f64], extent| lost_in_means(&samples(means.to_vec(), extent), None).len();
    assert_eq!(lost(&[base, base, base], (base, base + 5.0)), 1);
    assert_eq!(lost(&[base, base + 16.0, base + 24.0], (base, base + 25.0)), 1);
    assert_eq!(lost(&[base, base + 4096.0, base + 9600.0], (base, base + 1e4)), 0);
    // A column of one value has lost nothing.
    assert_eq!(lost(&[base, base], (base, base)), 0);
    assert_eq!(lost(&[1.0, 2.0, f64::NAN], (0.5, 2.5)), 0);
    assert_eq!(lost(&[0.0, 0.0], (-1.0, 1.0)), 0);
}
