//! Epochs are uniformly random: in which rows they have and in their order. Seeds are fixed, so that these
//! tests say the same every time; bounds are four to five standard deviations.

#![allow(clippy::unwrap_used, clippy::panic)]

use gede::Result;
use gede::sample::{Amount, ClassList, Draw, Epochs, State, Weights};

fn rows(draw: Draw, count: u64, number: u64) -> Vec<u64> {
    let epochs = Epochs::new(draw, Amount::Count(count), State::new(42)).unwrap();
    epochs.epoch(number).iter().collect::<Result<_>>().unwrap()
}

/// Whether counts differ from what was expected by more than chance.
fn assert_expected(found: &[u32], expected: &[f64], what: &str) {
    let freedom = (found.len() - 1) as f64;
    let chi_square = found.iter().zip(expected).map(|(&f, e)| (f64::from(f) - e).powi(2) / e).sum::<f64>();
    let deviations = (chi_square - freedom) / (2.0 * freedom).sqrt();
    // Draws without replacement are more even than chance: only too uneven is wrong.
    assert!(deviations < 4.5, "{what}: {chi_square} with {freedom} degrees of freedom");
}

/// As many of each.
fn assert_uniform(found: &[u32], what: &str) {
    let mean = f64::from(found.iter().sum::<u32>()) / found.len() as f64;
    assert_expected(found, &vec![mean; found.len()], what);
}

#[test]
fn every_row_is_drawn_equally_often() {
    const N: u64 = 2000;
    let classes = ClassList::new(&(0..N as u32).map(|row| row / 200).collect::<Vec<_>>()).unwrap();
    let draws = [
        ("uniform", Draw::Uniform(N)),
        ("replacement", Draw::Replacement(N)),
        ("walk", Draw::Walk(N)),
        ("balanced", Draw::Balanced(&classes)),
    ];
    for (name, draw) in draws {
        let mut counts = vec![0u32; N as usize];
        let mut first = vec![0u32; N as usize];
        for number in 0..1000 {
            let drawn = rows(draw, 200, number);
            first[drawn[0] as usize] += 1;
            drawn.iter().for_each(|&row| counts[row as usize] += 1);
        }
        assert_uniform(&counts, name);
        // Where an epoch begins is uniform too: in bins of 40 rows, since there are only 1,000 epochs.
        let bins: Vec<u32> = first.chunks(40).map(|bin| bin.iter().sum()).collect();
        assert_uniform(&bins, &format!("first row, {name}"));
    }
}

#[test]
fn epochs_are_independent_of_each_other() {
    // Two subsets of a tenth have a hundredth of the rows in common: hypergeometric.
    let (n, k) = (10_000.0, 1000.0);
    let subsets: Vec<Vec<u64>> = (0..100)
        .map(|number| {
            let mut rows = rows(Draw::Uniform(10_000), 1000, number);
            rows.sort_unstable();
            rows
        })
        .collect();
    let common = |a: &[u64], b: &[u64]| a.iter().filter(|row| b.binary_search(row).is_ok()).count() as f64;
    let pairs: Vec<f64> = subsets.windows(2).map(|pair| common(&pair[0], &pair[1])).collect();
    let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
    let variance = k * (k / n) * (1.0 - k / n) * (n - k) / (n - 1.0);
    let error = (variance / pairs.len() as f64).sqrt();
    assert!((mean - k * k / n).abs() < 4.0 * error, "{mean} rows in common");
    let spread = pairs.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (pairs.len() - 1) as f64;
    assert!((0.5..1.6).contains(&(spread / variance)), "variance {spread}, expected {variance}");
}

#[test]
fn weighted_rows_are_drawn_by_their_weights() {
    let of = |row: usize| [0.0, 1.0, 2.0, 5.0, 0.25][row % 5];
    let weights = Weights::new(&(0..50).map(of).collect::<Vec<_>>()).unwrap();
    let total: f64 = (0..50).map(of).sum();
    let mut counts = [0u32; 50];
    rows(Draw::Weighted(&weights), 100_000, 0).iter().for_each(|&row| counts[row as usize] += 1);
    let heavy: Vec<usize> = (0..50).filter(|&row| of(row) > 0.0).collect();
    assert!((0..50).all(|row| of(row) > 0.0 || counts[row] == 0));
    let found: Vec<u32> = heavy.iter().map(|&row| counts[row]).collect();
    let expected: Vec<f64> = heavy.iter().map(|&row| 100_000.0 * of(row) / total).collect();
    assert_expected(&found, &expected, "weighted");
    // Two of three rows once each: how often each is in follows by hand from P(i then j) = w_i w_j / (W (W - w_i)).
    let w = [1.0, 2.0, 5.0];
    let weights = Weights::new(&w).unwrap();
    let mut missing = [0u32; 3];
    let mut heavy_first = 0;
    for number in 0..8000 {
        let pair = rows(Draw::WeightedOnce(&weights), 2, number);
        missing[(0..3).find(|row| !pair.contains(row)).unwrap() as usize] += 1;
        heavy_first += u32::from(pair[0] > pair[1]);
    }
    let both = |i: usize, j: usize| w[i] * w[j] / 8.0 * (1.0 / (8.0 - w[i]) + 1.0 / (8.0 - w[j]));
    assert_expected(&missing, &[both(1, 2), both(0, 2), both(0, 1)].map(|p| p * 8000.0), "weighted once");
    // The order within the epoch does not tell the weights.
    assert_uniform(&[heavy_first, 8000 - heavy_first], "order of weighted rows");
}

#[test]
fn batches_do_not_favour_classes_that_lie_together() {
    // Ten classes of 1,000 rows, stored one after the other; batches of 100 from an epoch of half.
    let (n, k, batch) = (10_000.0, 1000.0, 100);
    let classes = ClassList::new(&(0..10_000).map(|row| row / 1000).collect::<Vec<_>>()).unwrap();
    let variance = batch as f64 * (k / n) * (1.0 - k / n) * (n - batch as f64) / (n - 1.0);
    let draws = [
        ("uniform", Draw::Uniform(10_000)),
        ("walk", Draw::Walk(10_000)),
        ("balanced", Draw::Balanced(&classes)),
    ];
    for (name, draw) in draws {
        let mut squares = Vec::new();
        let mut sums = [0.0; 10];
        for number in 0..20 {
            for rows in rows(draw, 5000, number).chunks(batch) {
                let mut counts = [0.0; 10];
                rows.iter().for_each(|&row| counts[row as usize / 1000] += 1.0);
                squares.extend(counts.map(|c: f64| (c - 10.0).powi(2)));
                sums.iter_mut().zip(counts).for_each(|(sum, c)| *sum += c);
            }
        }
        // The variance of a class's count in a batch is the hypergeometric one, to within 10 %.
        let found = squares.iter().sum::<f64>() / squares.len() as f64;
        assert!((0.9..1.1).contains(&(found / variance)), "{name}: {found}, expected {variance}");
        assert!(sums.iter().all(|sum| (sum / 10_000.0 - 1.0).abs() < 0.03), "{name}: {sums:?}");
    }
}

#[test]
fn neighbours_in_the_file_are_no_neighbours_in_the_epoch() {
    // Of the k - 1 steps of a random order of k of n rows, 2 (k - 1) / n join rows that are adjacent in the
    // file; distances of steps are those of two random rows.
    const N: u64 = 5000;
    let (mut adjacent, mut steps, mut upwards) = (0.0, 0.0, 0.0);
    let mut distances = [0u32; 10];
    for number in 0..200 {
        let drawn = rows(Draw::Uniform(N), 1000, number);
        for pair in drawn.windows(2) {
            let distance = pair[0].abs_diff(pair[1]);
            adjacent += f64::from(u8::from(distance == 1));
            upwards += f64::from(u8::from(pair[1] > pair[0]));
            distances[(distance * 10 / N) as usize] += 1;
            steps += 1.0;
        }
    }
    let expected = steps * 2.0 / N as f64;
    assert!((adjacent - expected).abs() < 4.0 * expected.sqrt(), "{adjacent} adjacent, expected {expected}");
    assert!((upwards / steps - 0.5f64).abs() < 4.0 * (0.25 / steps).sqrt(), "{upwards} of {steps} go up");
    // A distance d occurs for 2 (N - d) of the N (N - 1) ordered pairs.
    let ways = |bin: u64| -> f64 {
        (bin * N / 10..(bin + 1) * N / 10).filter(|&d| d > 0).map(|d| 2.0 * (N - d) as f64).sum()
    };
    let pairs = (N * (N - 1)) as f64;
    let expected: Vec<f64> = (0..10).map(|bin| steps * ways(bin) / pairs).collect();
    assert_expected(&distances, &expected, "distances");
}
