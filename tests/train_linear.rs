//! Linear regression: every way to the same optimum gets there, and the model survives its file.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)]

use gede::sample::ColumnMoments;
use gede::sample::{MomentColumn, Moments};
use gede::train::{
    Dataset, Descent, Device, Fit, Gram, LinearModel, Metrics, Standardiser, closed_form, gradient_descent,
    permutation,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn names(d: usize) -> Vec<String> {
    (0..d).map(|j| format!("x{j}")).collect()
}

/// Correlated features far from zero, of very different scales, with small whole weights.
fn problem(seed: u64, n: usize, d: usize) -> Dataset {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut x, mut y, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let common: f64 = random.random_range(-1.0..1.0);
        let row: Vec<f64> = (0..d)
            .map(|j| {
                10f64.powi(j as i32 - 1) * (random.random_range(-1.0..1.0) + 0.5 * common) + 3.0 * j as f64
            })
            .collect();
        let noise: f64 = random.random_range(-0.1..0.1);
        y.push(
            2.0 + row
                .iter()
                .enumerate()
                .map(|(j, v)| v * (j as f64 - 1.0) / 10f64.powi(j as i32))
                .sum::<f64>()
                + noise,
        );
        x.extend(row);
        weights.push(f64::from(random.random_range(1..5_i32)));
    }
    Dataset::new(names(d), "y".into(), x, y, Some(weights)).unwrap()
}

fn quick() -> Descent {
    Descent {
        learning_rate: 0.3,
        tolerance: 1e-12,
        max_steps: 100_000,
        check_every: 10,
        ..Descent::default()
    }
}

fn train(data: &Dataset, options: &Descent) -> Fit {
    gradient_descent(data, &Standardiser::from_dataset(data), options, &Device::Cpu).unwrap()
}

fn assert_close(a: &LinearModel, b: &LinearModel, tolerance: f64) {
    let numbers = |m: &LinearModel| m.weights.iter().copied().chain([m.intercept]).collect::<Vec<f64>>();
    for (x, y) in numbers(a).iter().zip(numbers(b)) {
        assert!((x - y).abs() <= tolerance * (1.0 + y.abs()), "{a:?}\n{b:?}");
    }
}

#[test]
fn all_ways_lead_to_the_same_optimum() {
    for seed in 0..5 {
        let data = problem(seed, 60, 4);
        let exact = closed_form(&data, 0.0).unwrap();
        assert!(exact.gradient_norm < 1e-12 && exact.dependent.is_empty());
        let gram = Gram::from_dataset(&data).unwrap();
        let rows = train(&data, &quick());
        assert!(rows.converged);
        assert_close(&rows.model, &exact.model, 1e-9);
        assert_close(&gram.descend(&gram.standardiser(), &quick()).unwrap().model, &exact.model, 1e-9);
        let (on_rows, on_moments) = (exact.model.mse(&data).unwrap(), gram.mse(&exact.model).unwrap());
        assert!((on_rows - on_moments).abs() < 1e-10 * on_rows, "{on_rows} {on_moments}");
    }
}

#[test]
fn moments_take_the_steps_of_the_rows() {
    // A standardiser that is not the data's own, so that means and scales do not cancel.
    let data = problem(7, 40, 3);
    let standardiser = Standardiser::new(vec![0.5, -1.0, 2.0], vec![0.2, 1.5, 20.0]);
    let options =
        Descent { learning_rate: 0.01, tolerance: 0.0, max_steps: 50, check_every: 1, ..Descent::default() };
    let rows = gradient_descent(&data, &standardiser, &options, &Device::Cpu).unwrap();
    let moments = Gram::from_dataset(&data).unwrap().descend(&standardiser, &options).unwrap();
    assert_eq!((rows.steps, moments.steps, rows.history.len()), (50, 50, 51));
    for (a, b) in rows.history.iter().zip(&moments.history) {
        assert_eq!(a.step, b.step);
        assert!((a.loss - b.loss).abs() < 1e-9 * (1.0 + a.loss), "{a:?} {b:?}");
        assert!((a.gradient_norm - b.gradient_norm).abs() < 1e-9 * (1.0 + a.gradient_norm), "{a:?} {b:?}");
        assert!(a.parameters.iter().zip(&b.parameters).all(|(p, q)| (p - q).abs() < 1e-9), "{a:?} {b:?}");
    }
}

#[test]
fn the_step_is_the_gradient_of_the_loss() {
    // One step from zero moves by -rate x gradient; compare with central differences of the loss,
    // written out from equation 4.
    let data = problem(3, 30, 3);
    let standardiser = Standardiser::from_dataset(&data);
    let loss = |parameters: &[f64]| {
        let error = |i: usize| {
            let z = standardiser.apply(data.row(i)).zip(&parameters[1..]).map(|(z, p)| z * p).sum::<f64>();
            parameters[0] + z - data.y()[i]
        };
        let sum: f64 = (0..data.rows()).map(|i| data.weights()[i] * error(i).powi(2)).sum();
        sum / (2.0 * data.total_weight())
    };
    let options =
        Descent { learning_rate: 0.5, tolerance: 0.0, max_steps: 3, check_every: 1, ..Descent::default() };
    let history = train(&data, &options).history;
    for pair in history.windows(2) {
        let here = &pair[0].parameters;
        assert!((loss(here) - pair[0].loss).abs() < 1e-12 * (1.0 + pair[0].loss));
        for j in 0..here.len() {
            let moved = |by: f64| {
                let mut p = here.clone();
                p[j] += by;
                loss(&p)
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            let step = (pair[0].parameters[j] - pair[1].parameters[j]) / 0.5;
            assert!((difference - step).abs() < 1e-7 * (1.0 + difference.abs()), "{difference} {step}");
        }
    }
}

#[test]
fn a_weight_is_a_number_of_copies() {
    let data = problem(1, 25, 3);
    let copies: Vec<usize> = (0..data.rows()).flat_map(|i| vec![i; data.weights()[i] as usize]).collect();
    let copied = data.subset(&copies).unwrap();
    let copied = Dataset::new(names(3), "y".into(), copied.x().to_vec(), copied.y().to_vec(), None).unwrap();
    assert_eq!(copied.total_weight(), data.total_weight());
    assert_close(&closed_form(&data, 0.0).unwrap().model, &closed_form(&copied, 0.0).unwrap().model, 1e-10);
    let options = Descent { max_steps: 20, ..quick() };
    assert_close(&train(&data, &options).model, &train(&copied, &options).model, 1e-10);
    assert!(
        (closed_form(&data, 0.0).unwrap().model.mse(&data).unwrap()
            - closed_form(&data, 0.0).unwrap().model.mse(&copied).unwrap())
        .abs()
            < 1e-12
    );
}

#[test]
fn mini_batches_are_seeded_and_come_near_the_optimum() {
    let data = problem(5, 200, 3);
    let options =
        Descent { learning_rate: 0.005, max_steps: 20_000, batch_rows: Some(32), seed: 9, ..quick() };
    let first = train(&data, &options);
    assert_eq!(first.model, train(&data, &options).model);
    assert_ne!(first.model, train(&data, &Descent { seed: 10, ..options.clone() }).model);
    let best = closed_form(&data, 0.0).unwrap().model.mse(&data).unwrap();
    let reached = first.model.mse(&data).unwrap();
    assert!(reached < 1.05 * best, "{reached} {best}");
    // An epoch of batches that do not divide the rows sees every row once: with a tiny rate one
    // epoch's steps are the full gradient's, up to the last batch's larger share.
    let whole = Descent { batch_rows: Some(200), max_steps: 50, ..options };
    assert_eq!(
        train(&data, &whole).model,
        train(&data, &Descent { batch_rows: None, ..whole.clone() }).model
    );
}

#[test]
fn dependent_features_get_no_weight() {
    let base = problem(2, 50, 2);
    let x: Vec<f64> = (0..50)
        .flat_map(|i| [base.row(i)[0], base.row(i)[1], 3.0 * base.row(i)[0] - base.row(i)[1], 7.0])
        .collect();
    let data =
        Dataset::new(names(4), "y".into(), x, base.y().to_vec(), Some(base.weights().to_vec())).unwrap();
    let fit = closed_form(&data, 0.0).unwrap();
    assert_eq!(fit.dependent.len(), 2, "{fit:?}");
    assert!(fit.dependent.contains(&"x3".to_owned()));
    let (with, without) =
        (fit.model.mse(&data).unwrap(), closed_form(&base, 0.0).unwrap().model.mse(&base).unwrap());
    assert!((with - without).abs() < 1e-10 * without, "{with} {without}");
    // Fewer rows than features: fitted exactly.
    let few = data.subset(&[0, 1]).unwrap();
    assert!(closed_form(&few, 0.0).unwrap().model.mse(&few).unwrap() < 1e-20);
}

#[test]
fn a_ridge_shrinks_to_the_mean() {
    let data = problem(4, 50, 3);
    let none = closed_form(&data, 0.0).unwrap();
    let some = closed_form(&data, 0.5).unwrap();
    let much = closed_form(&data, 1e12).unwrap();
    let size = |fit: &Fit| {
        fit.model
            .weights
            .iter()
            .zip(fit.model.standardiser.scale())
            .map(|(w, s)| (w * s).powi(2))
            .sum::<f64>()
    };
    assert!(size(&some) < size(&none) && size(&much) < 1e-12 * size(&none));
    let mean = data.y().iter().zip(data.weights()).map(|(y, w)| y * w).sum::<f64>() / data.total_weight();
    assert!((much.model.predict(data.row(0)) - mean).abs() < 1e-9);
    assert!(closed_form(&data, -1.0).is_err() && closed_form(&data, f64::NAN).is_err());
}

#[test]
fn no_features_predict_the_mean() {
    let data = Dataset::new(vec![], "y".into(), vec![], vec![1.0, 2.0, 6.0], None).unwrap();
    assert_eq!(closed_form(&data, 0.0).unwrap().model.predict(&[]), 3.0);
    assert!((train(&data, &quick()).model.intercept - 3.0).abs() < 1e-9);
}

#[test]
fn misuse_is_an_error() {
    let data = problem(0, 10, 2);
    let standardiser = Standardiser::from_dataset(&data);
    let go = |options: Descent| gradient_descent(&data, &standardiser, &options, &Device::Cpu);
    let diverged = go(Descent { learning_rate: 1e6, ..Descent::default() }).unwrap_err().to_string();
    assert!(diverged.contains("diverged") && diverged.contains("learning rate"), "{diverged}");
    for options in [
        Descent { learning_rate: 0.0, ..Descent::default() },
        Descent { learning_rate: f64::NAN, ..Descent::default() },
        Descent { check_every: 0, ..Descent::default() },
        Descent { batch_rows: Some(0), ..Descent::default() },
    ] {
        assert!(go(options).is_err());
    }
    let empty = Dataset::new(names(2), "y".into(), vec![], vec![], None).unwrap();
    assert!(closed_form(&empty, 0.0).is_err());
    assert!(gradient_descent(&empty, &standardiser, &quick(), &Device::Cpu).is_err());
    assert!(
        Gram::from_dataset(&data)
            .unwrap()
            .descend(&standardiser, &Descent { batch_rows: Some(2), ..quick() })
            .is_err()
    );
    let model = closed_form(&data, 0.0).unwrap().model;
    assert!(model.mse(&problem(0, 10, 3)).unwrap_err().to_string().contains("x0, x1"));
    assert!(model.mse(&empty).is_err());
}

#[test]
fn the_same_model_comes_out_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut model = closed_form(&problem(6, 30, 3), 0.0).unwrap().model;
    model.features[1] = "ünï \"x\"".into();
    model.save(&path).unwrap();
    assert_eq!(LinearModel::load(&path).unwrap(), model);
    let bytes = std::fs::read(&path).unwrap();
    model.save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "the same bytes each time");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

    for cut in 0..bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert!(LinearModel::load(&path).is_err(), "cut at {cut}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        std::fs::write(&path, &damaged).unwrap();
        let _ = LinearModel::load(&path);
    }
    assert!(LinearModel::load(&folder.path().join("none")).is_err());
    assert!(model.save(&folder.path().join("no/such/folder")).is_err());
}

#[test]
fn the_gradient_descends() {
    let data = problem(8, 80, 4);
    let history = train(&data, &Descent { learning_rate: 0.1, ..quick() }).history;
    assert!(history.windows(2).all(|pair| pair[1].loss <= pair[0].loss + 1e-12));
    assert_eq!(permutation(1, 3), [0]);
}

#[test]
fn moments_of_integers_give_the_exact_fit() {
    // Integers with a mean a million times their spread: the sums of squares have lost the spread in
    // float64, the exact ones have not.
    let q: Vec<Vec<i64>> = vec![
        (0..50).map(|i| 1_000_000_000 + i * 37 % 101).collect(),
        (0..50).map(|i| -5_000_000_000 + i * i % 89).collect(),
        (0..50).map(|i| 3 * (i * 37 % 101) - 2 * (i * i % 89) + i % 3).collect(),
    ];
    let columns: Vec<MomentColumn> = q.iter().map(|q| MomentColumn::Exact { q, exponent: 0 }).collect();
    let moments = Moments::from_segment(&columns, &[true; 50]);
    assert!(moments.is_exact());
    let x = (0..50).flat_map(|i| [q[0][i] as f64, q[1][i] as f64]).collect();
    let y = q[2].iter().map(|&v| v as f64).collect();
    let data = Dataset::new(names(2), "y".into(), x, y, None).unwrap();
    let mut moments =
        ColumnMoments { columns: vec!["x0".into(), "x1".into(), "y".into()], target: true, moments };
    let fit = Gram::from_moments(&moments).unwrap().solve(0.0).unwrap();
    let weights = closed_form(&data, 0.0).unwrap().model.weights;
    assert!(fit.model.weights.iter().zip(weights).all(|(a, b)| (a - b).abs() < 1e-9), "{fit:?}");
    moments.moments = Moments::new(3);
    assert!(Gram::from_moments(&moments).is_err(), "no rows");
    moments.target = false;
    assert!(Gram::from_moments(&moments).unwrap_err().to_string().contains("--target"));
}

#[test]
fn metrics_are_json_without_what_is_missing() {
    let data = problem(0, 20, 2);
    let fit = closed_form(&data, 0.0).unwrap();
    let metrics = Metrics { test_mse: Some(0.5), samples: 20, ..Metrics::new("closed-form", &fit) };
    let json = serde_json::to_value(&metrics).unwrap();
    assert_eq!(
        (&json["method"], &json["test_mse"], &json["features"]),
        (&"closed-form".into(), &0.5.into(), &2.into())
    );
    assert!(json.get("train_mse").is_none() && json.get("bytes_read").is_none());
    assert_eq!(json.get("peak_memory").is_some(), cfg!(target_os = "linux"));
}
