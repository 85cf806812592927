//! Rows in memory, splits that never change, and clusters.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)]

use gede::sample::Condensed;
use gede::sample::CondensedSamples;
use gede::train::{ClassData, Dataset, Gram, KMeans, Split, Standardiser, permutation};
use gede::write::TargetKind;

fn dataset(rows: &[[f64; 3]]) -> Dataset {
    let x = rows.iter().flat_map(|r| [r[0], r[1]]).collect();
    let y = rows.iter().map(|r| r[2]).collect();
    Dataset::new(vec!["a".into(), "b".into()], "y".into(), x, y, None).unwrap()
}

/// Three blobs in the plane, as many points in each.
fn blobs(n: usize) -> Dataset {
    let rows: Vec<[f64; 3]> = permutation(n, 11)
        .into_iter()
        .enumerate()
        .map(|(i, at)| {
            let (blob, jitter) = ((i % 3) as f64, at as f64 / n as f64);
            [10.0 * blob + jitter, 100.0 * (blob - 1.0).abs() + 5.0 * (jitter * 7.0).fract(), blob]
        })
        .collect();
    dataset(&rows)
}

#[test]
fn unusable_rows_are_left_out_and_counted() {
    let x = vec![1.0, f64::NAN, 2.0, 3.0, f64::INFINITY, 5.0];
    let y = vec![1.0, 2.0, 3.0, f64::NEG_INFINITY, 5.0, 6.0];
    let data =
        Dataset::new(vec!["a".into()], "y".into(), x, y, Some(vec![1.0, 1.0, 2.0, 1.0, 1.0, 0.0])).unwrap();
    assert_eq!(
        (data.rows(), data.left_out(), data.x(), data.weights()),
        (2, 4, &[1.0, 2.0][..], &[1.0, 2.0][..])
    );
    assert!(Dataset::new(vec!["a".into()], "y".into(), vec![1.0], vec![], None).is_err());
    assert!(Dataset::new(vec!["a".into()], "y".into(), vec![1.0], vec![1.0], Some(vec![])).is_err());
}

#[test]
fn rows_and_features_are_chosen() {
    let data = dataset(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let twice = data.subset(&[1, 1, 0]).unwrap();
    assert_eq!((twice.x(), twice.y()), (&[4.0, 5.0, 4.0, 5.0, 1.0, 2.0][..], &[6.0, 6.0, 3.0][..]));
    assert!(data.subset(&[2]).is_err());
    let swapped = data.with_features(&["b", "a"]).unwrap();
    assert_eq!((swapped.row(0), swapped.features()[0].as_str()), (&[2.0, 1.0][..], "b"));
    assert!(data.with_features(&["c"]).unwrap_err().to_string().contains("a, b"));
}

#[test]
fn standardising_round_trips() {
    let data = blobs(50);
    let standardiser = Standardiser::from_dataset(&data);
    for i in 0..data.rows() {
        let z: Vec<f64> = standardiser.apply(data.row(i)).collect();
        let back: Vec<f64> = standardiser.invert(&z).collect();
        assert!(back.iter().zip(data.row(i)).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + b.abs())));
    }
    let from_moments = Gram::from_dataset(&data).unwrap().standardiser();
    let pairs = standardiser
        .mean()
        .iter()
        .chain(standardiser.scale())
        .zip(from_moments.mean().iter().chain(from_moments.scale()));
    for (a, b) in pairs {
        assert!((a - b).abs() < 1e-12 * (1.0 + a.abs()));
    }
    assert_eq!(Standardiser::from_dataset(&dataset(&[[4.0, 1.0, 0.0]; 3])).scale(), [1.0, 1.0]);
}

#[test]
fn splits_are_fixed_for_good() {
    let split = Split::new(20_640, 0);
    assert_eq!((split.train.len(), split.test.len()), (16_512, 4_128));
    let mut all: Vec<usize> = split.train.iter().chain(&split.test).copied().collect();
    assert_eq!(all, permutation(20_640, 0));
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..20_640));
    let heads: Vec<Vec<usize>> = (0..3).map(|seed| permutation(20_640, seed)[..5].to_vec()).collect();
    assert_eq!(heads, GOLDEN_HEADS);
    assert_eq!(permutation(10, 1), GOLDEN_TEN);
}

// From an implementation of the documented generator in another language.
const GOLDEN_HEADS: [[usize; 5]; 3] =
    [[16055, 3671, 15121, 169, 5445], [4398, 5366, 19094, 19607, 654], [7602, 4987, 5507, 14394, 15917]];
const GOLDEN_TEN: [usize; 10] = [2, 7, 8, 5, 3, 6, 1, 9, 0, 4];

#[test]
fn k_means_finds_blobs_and_never_gets_worse() {
    let data = blobs(300);
    let found = KMeans::new(&data, 3, 4, 100).unwrap();
    for i in 0..data.rows() {
        assert_eq!(found.assignment[i] == found.assignment[0], data.y()[i] == data.y()[0]);
    }
    let many = KMeans::new(&data, 20, 4, 100).unwrap();
    assert!(many.objective.len() > 2);
    assert!(many.objective.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-12)), "{:?}", many.objective);
    assert_eq!(many, KMeans::new(&data, 20, 4, 100).unwrap());
    assert_ne!(many.assignment, KMeans::new(&data, 20, 5, 100).unwrap().assignment);
    assert_eq!(KMeans::new(&data.subset(&[0, 0, 0]).unwrap(), 2, 0, 10).unwrap().assignment, [0, 0, 0]);
    assert!(
        KMeans::new(&data, 0, 0, 1).is_err() && KMeans::new(&data.subset(&[]).unwrap(), 1, 0, 1).is_err()
    );
}

#[test]
fn condensing_keeps_the_means() {
    let data = blobs(30);
    let groups: Vec<u32> = (0..30).map(|i| [0, 2, 5][i % 3]).collect();
    let condensed = data.condense(&groups, 7).unwrap();
    assert_eq!((condensed.rows(), condensed.total_weight(), condensed.left_out()), (3, 30.0, 0));
    let (whole, parts) = (Standardiser::from_dataset(&data), Standardiser::from_dataset(&condensed));
    assert!(whole.mean().iter().zip(parts.mean()).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + a.abs())));
    assert_eq!(condensed.y(), [0.0, 1.0, 2.0]);
    assert!(data.condense(&groups, 5).is_err() && data.condense(&[0], 1).is_err());
}

#[test]
fn condensed_samples_are_weighted_rows() {
    let samples = Condensed {
        features: 2,
        means: vec![1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0],
        target: Some(vec![7.0, 8.0, 9.0]),
        weights: vec![3, 1, 2],
        classes: 0,
    };
    let mut condensed = CondensedSamples {
        features: vec!["a".to_owned(), "b".to_owned()],
        target: Some(("y".to_owned(), TargetKind::Value)),
        labels: Vec::new(),
        null_class: None,
        extents: vec![(1.0, 5.0), (2.0, 6.0)],
        beta: 2,
        stored: true,
        samples,
    };
    let data = Dataset::from_condensed(&condensed).unwrap();
    assert_eq!((data.x(), data.y()), (&[1.0, 2.0, 5.0, 6.0][..], &[7.0, 9.0][..]));
    assert_eq!((data.weights(), data.left_out()), (&[3.0, 2.0][..], 1));
    condensed.samples.target = None;
    assert!(Dataset::from_condensed(&condensed).unwrap_err().to_string().contains("--target"));
}

#[test]
fn nulls_are_no_class_and_columns_of_nulls_no_features() {
    let gone = f64::NAN;
    let condensed = CondensedSamples {
        features: ["a", "b", "c"].map(str::to_owned).to_vec(),
        extents: vec![(1.0, 4.0), (0.0, 0.0), (2.0, 8.0)],
        target: Some(("k".to_owned(), TargetKind::Class)),
        labels: ["x", "y", "null"].map(str::to_owned).to_vec(),
        null_class: Some(2),
        beta: 2,
        stored: true,
        samples: Condensed {
            features: 3,
            means: vec![1.0, gone, 2.0, 3.0, gone, gone, 4.0, gone, 8.0, 2.0, gone, 5.0],
            target: None,
            weights: vec![5, 1, 2, 3, 3, 0, 0, 0, 7, 0, 4, 1],
            classes: 3,
        },
    };
    let data = ClassData::from_condensed(&condensed).unwrap();
    assert_eq!(data.features(), ["a", "c"]);
    assert_eq!(data.labels(), ["x", "y"]);
    // The second sample lacks c, the third has no row of a class.
    assert_eq!((data.rows(), data.total()), (2, 10.0));
    let passed = data.passed_over();
    assert_eq!((passed.null_target, passed.unusable_feature), (10, 6));
    let filled = ClassData::from_condensed_imputed(&condensed, true).unwrap();
    assert_eq!((filled.rows(), filled.passed_over().unusable_feature), (3, 0));
    // Where "null" is a word it is a class as any other.
    let word = ClassData::from_condensed(&CondensedSamples { null_class: None, ..condensed }).unwrap();
    assert_eq!(word.labels(), ["x", "y", "null"]);
}
