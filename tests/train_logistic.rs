//! Logistic regression: the least loss is found, soft labels count as their rows do, exact steps lead from condensed
//! samples to what all rows say, and the model survives its file.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)]

mod common;

use common::memory::Builder;
use gede::Reader;
use gede::train::{ClassData, ClassRows, FileRows, LinearModel, LogisticModel, Newton, Spread};
use gede::write::{CellLimit, Options, TargetKind};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn names(d: usize) -> Vec<String> {
    (0..d).map(|j| format!("x{j}")).collect()
}

fn labels(classes: usize) -> Vec<String> {
    (0..classes).map(|k| k.to_string()).collect()
}

/// Rows of features of different scales, with classes that depend on them and on chance.
fn problem(seed: u64, n: usize, d: usize, classes: usize) -> ClassData {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut x, mut counts) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let row: Vec<f64> =
            (0..d).map(|j| (random.random_range(-1.0..1.0) + 2.0) * 10f64.powi(j as i32)).collect();
        let score = |k: usize| (k as f64) * (row[0] - 2.0) * 1.5 - (k as f64 - 1.0).powi(2) * 0.3;
        let best = (0..classes).map(|k| (k, score(k) + random.random_range(-2.0..2.0)));
        let class = best.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
        counts.extend((0..classes).map(|k| f64::from(u8::from(k == class))));
        x.extend(row);
    }
    ClassData::new(names(d), "y".into(), labels(classes), &x, &counts).unwrap()
}

fn assert_close(a: &LogisticModel, b: &LogisticModel, tolerance: f64) {
    let numbers = |m: &LogisticModel| [&m.weights[..], &m.intercepts].concat();
    for (x, y) in numbers(a).iter().zip(numbers(b)) {
        assert!((x - y).abs() <= tolerance * (1.0 + y.abs()), "{x} {y}");
    }
}

#[test]
fn no_step_away_from_a_fit_lowers_the_loss() {
    for classes in [2, 3, 5] {
        let data = problem(1, 600, 3, classes);
        let fit = Newton::default().fit(&data, None).unwrap();
        assert!(fit.converged && fit.steps < 20, "{fit:?}");
        let loss = fit.model.scores(&data).unwrap().log_loss;
        for at in 0..fit.model.weights.len() + classes - 1 {
            for step in [-1e-3, 1e-3] {
                let mut moved = fit.model.clone();
                match at.checked_sub(moved.weights.len()) {
                    None => moved.weights[at] += step / 10f64.powi(at as i32 % 3),
                    Some(at) => moved.intercepts[at] += step,
                }
                assert!(moved.scores(&data).unwrap().log_loss > loss);
            }
        }
    }
}

#[test]
fn soft_labels_are_rows_that_lie_together() {
    let (x, soft) = ([1.0, 2.0, 4.0, 5.0], [3.0, 1.0, 2.0, 2.0, 1.0, 4.0, 0.0, 2.0]);
    let together = ClassData::new(names(1), "y".into(), labels(2), &x, &soft).unwrap();
    let (mut rows, mut counts) = (Vec::new(), Vec::new());
    for (x, soft) in x.iter().zip(soft.chunks(2)) {
        for (class, &count) in soft.iter().enumerate() {
            for _ in 0..count as usize {
                rows.push(*x);
                counts.extend([f64::from(u8::from(class == 0)), f64::from(u8::from(class == 1))]);
            }
        }
    }
    let apart = ClassData::new(names(1), "y".into(), labels(2), &rows, &counts).unwrap();
    let newton = Newton::default();
    let (a, b) = (newton.fit(&together, None).unwrap().model, newton.fit(&apart, None).unwrap().model);
    assert_close(&a, &b, 1e-9);
    assert_eq!(
        a.scores(&together).unwrap().auc.map(|v| (v * 1e9) as i64),
        b.scores(&apart).unwrap().auc.map(|v| (v * 1e9) as i64)
    );
}

/// A file of a nullable feature, another, and a class with text labels.
fn file(rows: usize, cells: CellLimit) -> Vec<u8> {
    let value = |i: usize| common::zoo::random(7, i) % 1000;
    let class = |i: usize| value(i) + common::zoo::random(8, i) % 500 > 700;
    let table = Builder::new(rows)
        .f64("a", move |i| value(i) as f64 / 10.0)
        .f64("b", |i| (common::zoo::random(9, i) % 77) as f64)
        .text("y", move |i| if class(i) { "yes".to_owned() } else { "no".to_owned() })
        .finish();
    table.file(
        &Options::default().with_target("y", TargetKind::Class).with_cells(cells).with_segment_rows(500),
    )
}

#[test]
fn exact_steps_lead_to_what_all_rows_say() {
    let reader = Reader::new(file(3000, CellLimit::Most(40))).unwrap();
    let condensed = ClassData::from_condensed(&reader.condensed().unwrap().unwrap()).unwrap();
    assert_eq!((condensed.labels(), condensed.total()), (&["no".to_owned(), "yes".to_owned()][..], 3000.0));
    let (features, labels) = (condensed.features(), condensed.labels());
    let all = ClassData::from_rows(&reader, features, "y", labels).unwrap();
    let newton = Newton::default();
    let full = newton.fit(&all, None).unwrap().model;
    let loss = |model: &LogisticModel| model.scores(&all).unwrap().log_loss;
    let moments = reader.moments().unwrap().unwrap();
    let spread = Spread::new(&condensed, &moments).unwrap().unwrap();
    let start = newton.fit(&condensed, Some(&spread)).unwrap().model;
    let rows = FileRows::new(&reader, features, "y", labels).unwrap();
    let polished =
        [1, 2, 6].map(|steps| newton.polish(&start, &rows, steps, &condensed, Some(&spread)).unwrap().model);
    let excess = [&start, &polished[0], &polished[1]].map(|model| loss(model) / loss(&full) - 1.0);
    assert!(excess[0] < 0.1 && excess[1] < excess[0] / 4.0 && excess[2] < 1e-4, "{excess:?}");
    assert_close(&polished[2], &full, 1e-6);
}

#[test]
fn cells_of_alike_rows_say_what_all_rows_say() {
    let random = common::zoo::random;
    let table = Builder::new(2000)
        .f64("a", move |i| (random(1, i) % 5) as f64)
        .f64("b", move |i| (random(2, i) % 7) as f64 / 4.0)
        .f64("y", move |i| if random(1, i) % 5 + random(3, i) % 9 > 7 { 4.0 } else { -1.0 })
        .finish();
    let bytes =
        table.file(&Options::default().with_target("y", TargetKind::Class).with_cells(CellLimit::Most(35)));
    let reader = Reader::new(bytes).unwrap();
    let condensed = ClassData::from_condensed(&reader.condensed().unwrap().unwrap()).unwrap();
    assert_eq!(condensed.rows(), 35);
    let spread = Spread::new(&condensed, &reader.moments().unwrap().unwrap()).unwrap();
    let all = ClassData::from_rows(&reader, condensed.features(), "y", condensed.labels()).unwrap();
    let newton = Newton::default();
    let full = newton.fit(&all, None).unwrap().model;
    for spread in [None, spread.as_ref()] {
        assert_close(&newton.fit(&condensed, spread).unwrap().model, &full, 1e-6);
    }
}

/// In one dimension scatter can be written out.
#[test]
fn a_spread_is_rows_scattered_about_their_means() {
    let reader = Reader::new(file(2000, CellLimit::Beta(3))).unwrap();
    let condensed = reader.condensed().unwrap().unwrap();
    let only = |values: &[f64]| values.chunks(2).map(|row| row[0]).collect::<Vec<f64>>();
    let counts: Vec<f64> = condensed.samples.weights.iter().map(|&w| w as f64).collect();
    let x = only(&condensed.samples.means);
    let cells = ClassData::new(vec!["a".into()], "y".into(), labels(2), &x, &counts).unwrap();
    let moments = reader.moments().unwrap().unwrap();
    let spread = Spread::new(&cells, &moments).unwrap().unwrap();
    // The variance within cells, from the rows.
    let all = ClassData::from_rows(&reader, &["a".into()], "y", &["no".into(), "yes".into()]).unwrap();
    let variance = |data: &ClassData| {
        let (mut sums, mut n) = ([0.0; 2], 0.0);
        let mut add = |x: &[f64], counts: &[f64]| {
            let weight: f64 = counts.iter().sum();
            n += weight;
            sums = [sums[0] + weight * x[0], sums[1] + weight * x[0] * x[0]];
        };
        data.each(&mut add).unwrap();
        sums[1] / n - (sums[0] / n).powi(2)
    };
    let within = variance(&all) - variance(&cells);
    assert!(within > 1.0);
    let (mut scattered, mut soft) = (Vec::new(), Vec::new());
    for (x, counts) in x.iter().zip(counts.chunks(2)) {
        for step in -400..=400 {
            let t = f64::from(step) / 50.0;
            scattered.push(x + t * within.sqrt());
            soft.extend(counts.iter().map(|c| c * (-t * t / 2.0).exp()));
        }
    }
    let scattered = ClassData::new(vec!["a".into()], "y".into(), labels(2), &scattered, &soft).unwrap();
    let newton = Newton::default();
    let (a, b) = (newton.fit(&cells, Some(&spread)).unwrap(), newton.fit(&scattered, None).unwrap());
    assert!(a.converged && b.converged);
    assert_close(&a.model, &b.model, 1e-6);
}

/// Each cell's own covariance, as the file stores it, is that of its rows; where all cells have the same it says what a
/// common one says; and it tells more of the rows than that.
#[test]
fn cells_have_spreads_of_their_own() {
    let random = common::zoo::random;
    // Rows scatter the more along b the higher a is: no common covariance tells that.
    let b = move |i: usize| (random(2, i) % 1000) as f64 * (random(1, i) % 1000) as f64 / 5e3;
    let table = Builder::new(4000)
        .f64("a", move |i| (random(1, i) % 1000) as f64 / 10.0)
        .f64("b", b)
        .f64("y", move |i| f64::from(u8::from(b(i) > 30.0 + (random(3, i) % 300) as f64)))
        .finish();
    let options = Options::default()
        .with_target("y", TargetKind::Class)
        .with_cells(CellLimit::Beta(3))
        .with_segment_rows(900);
    let reader = Reader::new(table.file(&options.clone().with_cell_covariances(true))).unwrap();
    assert!(Reader::new(table.file(&options)).unwrap().cell_covariances().unwrap().is_none());
    let samples = reader.condensed().unwrap().unwrap();
    let cells = ClassData::from_condensed(&samples).unwrap();
    let own = reader.cell_covariances().unwrap().unwrap();
    assert_eq!((own.len(), cells.rows()), (3 * cells.rows(), samples.samples.len()));
    let moments = reader.moments().unwrap().unwrap();
    let common = Spread::new(&cells, &moments).unwrap().unwrap();
    // What cells have in the mean is what all rows have beyond the means.
    let total = cells.total();
    let mut mean = [0.0; 3];
    for (own, weights) in own.chunks(3).zip(samples.samples.weights.chunks(2)) {
        let weight = weights.iter().sum::<u64>() as f64 / total;
        mean.iter_mut().zip(own).for_each(|(mean, own)| *mean += weight * f64::from(*own));
    }
    let same: Vec<f32> = mean.iter().map(|&v| v as f32).cycle().take(own.len()).collect();
    let of = |own: &[f32]| Spread::from_cells(&cells, &samples, own, Some(&moments)).unwrap();
    let newton = Newton::default();
    let fit = |spread: &Spread| newton.fit(&cells, Some(spread)).unwrap();
    assert_close(&fit(&of(&same)).model, &fit(&common).model, 1e-4);
    let all = ClassData::from_rows(&reader, cells.features(), "y", cells.labels()).unwrap();
    let loss = |model: &LogisticModel| model.scores(&all).unwrap().log_loss;
    let full = loss(&newton.fit(&all, None).unwrap().model);
    let (own, common) = (fit(&of(&own)), fit(&common));
    assert!(own.converged, "{} {:?}", own.gradient_norm, own.model);
    let (own, common) = (loss(&own.model) / full - 1.0, loss(&common.model) / full - 1.0);
    assert!(own < common / 2.0, "{own} {common}");
    assert!(Spread::from_cells(&cells, &samples, &same[1..], None).is_err());
}

/// Scores that scatter by more than softplus bends.
#[test]
fn steep_models_converge_as_well() {
    let random = common::zoo::random;
    let b = move |i: usize| (random(2, i) % 1000) as f64 * (random(1, i) % 1000) as f64 / 5e3;
    let table = Builder::new(4000)
        .f64("a", move |i| (random(1, i) % 1000) as f64 / 10.0)
        .f64("b", b)
        .f64("y", move |i| f64::from(u8::from(b(i) > 30.0 + (random(3, i) % 60) as f64)))
        .finish();
    let options = Options::default()
        .with_target("y", TargetKind::Class)
        .with_cells(CellLimit::Beta(3))
        .with_cell_covariances(true);
    let reader = Reader::new(table.file(&options)).unwrap();
    let samples = reader.condensed().unwrap().unwrap();
    let cells = ClassData::from_condensed(&samples).unwrap();
    let (own, moments) = (reader.cell_covariances().unwrap().unwrap(), reader.moments().unwrap().unwrap());
    for moments in [None, Some(&moments)] {
        let spread = Spread::from_cells(&cells, &samples, &own, moments).unwrap();
        let fit = Newton::default().fit(&cells, Some(&spread)).unwrap();
        assert!(
            fit.gradient_norm < 1e-6,
            "{} after {} steps, {}",
            fit.gradient_norm,
            fit.steps,
            moments.is_some()
        );
    }
}

#[test]
fn classes_that_a_plane_parts_have_finite_weights() {
    let data =
        ClassData::new(names(1), "y".into(), labels(2), &[1.0, 2.0, 8.0], &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
            .unwrap();
    let model = Newton::default().fit(&data, None).unwrap().model;
    assert!(model.weights[0].is_finite() && model.scores(&data).unwrap().accuracy == 1.0);
}

#[test]
fn what_cannot_be_trained_on_is_refused() {
    let new = |d, classes, x: &[f64], counts: &[f64]| {
        ClassData::new(names(d), "y".into(), labels(classes), x, counts)
    };
    assert!(new(1, 1, &[1.0], &[1.0]).is_err() && new(2, 2, &[1.0], &[1.0, 0.0]).is_err());
    let none = new(1, 2, &[f64::NAN, 1.0], &[1.0, 0.0, 0.0, 0.0]).unwrap();
    assert_eq!((none.rows(), none.left_out()), (0, 2));
    assert!(Newton::default().fit(&none, None).is_err());
    let three = problem(2, 50, 1, 3);
    let reader = Reader::new(file(500, CellLimit::Most(20))).unwrap();
    assert!(ClassData::from_rows(&reader, &["y".into()], "a", &labels(2)).is_err());
    let two = ClassData::from_condensed(&reader.condensed().unwrap().unwrap()).unwrap();
    let spread = Spread::new(&two, &reader.moments().unwrap().unwrap()).unwrap();
    assert!(Newton::default().fit(&three, spread.as_ref()).is_err());
    let model = Newton::default().fit(&three, None).unwrap().model;
    assert!(model.scores(&two).is_err() && Newton::default().polish(&model, &two, 1, &three, None).is_err());
    assert!(Newton { ridge: -1.0, ..Newton::default() }.fit(&three, None).is_err());
}

#[test]
fn models_survive_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = Newton::default().fit(&problem(3, 200, 2, 3), None).unwrap().model;
    model.save(&path).unwrap();
    assert_eq!(LogisticModel::load(&path).unwrap(), model);
    let error = LinearModel::load(&path).unwrap_err().to_string();
    assert!(error.contains("logistic"), "{error}");
    std::fs::write(&path, b"nothing").unwrap();
    assert!(LogisticModel::load(&path).unwrap_err().to_string().contains("model.safetensors"));
}
