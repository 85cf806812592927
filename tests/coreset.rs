//! A coreset: few real rows with positive weights, and every second moment of all rows.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)]

mod common;

use common::memory::Builder;
use common::zoo::random;
use gede::Reader;
use gede::column::Kind;
use gede::train::{Coreset, Dataset, Gram};
use gede::write::{Options, TargetKind};

/// Products of (1, features, target), summed.
fn sums(data: &Dataset) -> Vec<f64> {
    let k = data.features().len() + 2;
    let mut sums = vec![0.0; k * k];
    for i in 0..data.rows() {
        let z: Vec<f64> = [1.0].into_iter().chain(data.row(i).iter().copied()).chain([data.y()[i]]).collect();
        for (at, sum) in sums.iter_mut().enumerate() {
            *sum += data.weights()[i] * z[at / k] * z[at % k];
        }
    }
    sums
}

/// A file whose third feature is a copy of the first, shifted, and whose fourth is constant.
fn file(rows: usize) -> Reader<Vec<u8>> {
    let a = |i: usize| (random(1, i) % 1000) as f64 / 8.0;
    let table = Builder::new(rows)
        .f64("a", a)
        .f64("b", |i| 1e5 + (random(2, i) % 77) as f64)
        .f64("c", move |i| a(i) + 3.0)
        .f64("d", |_| 5.0)
        .f64("y", move |i| a(i) * 2.0 + (random(3, i) % 100) as f64)
        .finish();
    Reader::new(table.file(&Options::default())).unwrap()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn sums_stay_and_rows_are_few_and_real() {
    for rows in [1, 2, 20, 3000] {
        let reader = file(rows);
        for features in [&["a", "b"][..], &["a", "b", "c", "d"], &["b"]] {
            let features = names(features);
            let all = Dataset::from_rows(&reader, &features, "y").unwrap();
            let few = Coreset::select(&reader, &features, "y").unwrap();
            assert!(few.rows() <= Coreset::most(features.len()).min(rows), "{} of {rows}", few.rows());
            assert!(few.weights().iter().all(|w| *w > 0.0));
            for (found, wanted) in sums(&few).iter().zip(sums(&all)) {
                assert!((found - wanted).abs() <= 1e-11 * wanted.abs().max(1.0), "{found} {wanted}");
            }
            let is_real =
                |i: usize| (0..all.rows()).any(|j| few.row(i) == all.row(j) && few.y()[i] == all.y()[j]);
            assert!((0..few.rows()).all(is_real));
            // What least squares makes of it.
            let fit = |data: &Dataset| Gram::from_dataset(data).unwrap().solve(1e-6).unwrap().model;
            if rows > 100 {
                let (few, wanted) = (fit(&few).mse(&all).unwrap(), fit(&all).mse(&all).unwrap());
                assert!((few / wanted - 1.0).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn a_file_stores_its_coreset() {
    let (a, b) = (|i: usize| (random(1, i) % 1000) as f64 / 8.0, |i: usize| (random(2, i) % 77) as f64);
    let table = Builder::new(3000)
        .f64("a", a)
        .f64("b", move |i| if i == 70 { f64::NAN } else { b(i) })
        .strings(None, "s", Kind::Text, true, |i| (i % 3 > 0).then(|| vec![b'a' + (i % 5) as u8]))
        .f64("y", move |i| a(i) * 2.0 + (random(3, i) % 100) as f64)
        .finish();
    let options = |target: &str| Options::default().with_target(target, TargetKind::Auto).with_coreset(true);
    let reader = Reader::new(table.file(&options("y"))).unwrap();
    reader.verify(|_| {}).unwrap();
    let few = Dataset::from_coreset(reader.coreset().unwrap().unwrap()).unwrap();
    let all = Dataset::from_rows(&reader, &names(&["a", "b"]), "y").unwrap();
    assert_eq!((few.features(), few.target()), (&names(&["a", "b"])[..], "y"));
    assert!(few.rows() <= 10 && all.rows() == 2999);
    for (found, wanted) in sums(&few).iter().zip(sums(&all)) {
        assert!((found - wanted).abs() <= 1e-11 * wanted.abs().max(1.0), "{found} {wanted}");
    }
    // A target of text has no second moments.
    let folder = tempfile::tempdir().unwrap();
    let refused =
        gede::Writer::new(options("s").clone()).write(folder.path().join("x.gede"), &table).unwrap_err();
    assert!(refused.to_string().contains("number"), "{refused}");
    let lone = Options::default().with_cell_covariances(true);
    assert!(gede::Writer::new(lone.clone()).write(folder.path().join("x.gede"), &table).is_err());
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn what_has_no_coreset_is_refused() {
    let reader = file(10);
    assert!(Coreset::select(&reader, &names(&["a", "nothing"]), "y").is_err());
    assert!(Coreset::select(&file(0), &names(&["a"]), "y").is_err());
    assert!(Coreset::new(vec![(0.0, 1.0); 100]).is_err() && Coreset::new(Vec::new()).is_err());
}

/// Values of a column from 1e-305 to 1e295: their squares cannot be summed, and no weights would give such sums.
#[test]
fn a_coreset_without_its_moments_is_refused_and_not_written() {
    let scattered = |spread: i32| {
        Builder::new(17)
            .f64("a", |i| i as f64)
            .f64("b", move |i| (1.0 + i as f64 / 16.0) * 2f64.powi(spread * (i as i32 - 8) / 8))
            .f64("y", |i| (i % 5) as f64)
            .finish()
    };
    let options = Options::default().with_target("y", TargetKind::Value).with_coreset(true);
    for spread in [0, 10, 100, 300, 500, 900] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gede");
        match gede::Writer::new(options.clone()).write(&path, &scattered(spread)) {
            Ok(_) => {
                assert!(spread < 900);
                Reader::open(&path).unwrap().verify(|_| {}).unwrap();
            }
            Err(e) => {
                assert!(spread > 100, "{spread}: {e}");
                assert!(e.to_string().contains("moments"), "{spread}: {e}");
                assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
            }
        }
    }
}
