//! Cells and condensed samples against hash maps over every row.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::bits::{CellBit, CellBits, choose_bits, fit_bits};
use super::condensed::round24;
use super::grid::{Feature, Grid, KEY_BITS};
use super::keys::CellKeys;
use super::map::Prefixes;
use super::sample::Sample;
use super::sums::{CellLayout, CellSums, CellTotals};
use crate::codec::fixed::entropy::binary_entropy;
use crate::error::ErrorKind;
use crate::summary::features::{FeatureColumn, Range};

type Rows = Vec<Vec<Option<f64>>>;

/// A column's values and validity from rows of optional values.
fn columns(rows: &Rows, features: usize) -> Vec<(Vec<f64>, Vec<u8>)> {
    let column = |feature: usize| {
        let value = |row: &Vec<Option<f64>>| row[feature];
        (
            rows.iter().map(|row| value(row).unwrap_or(0.0)).collect(),
            rows.iter().map(|row| u8::from(value(row).is_some())).collect(),
        )
    };
    (0..features).map(column).collect()
}

fn views(columns: &[(Vec<f64>, Vec<u8>)]) -> Vec<FeatureColumn<'_>> {
    columns.iter().map(|(values, valid)| FeatureColumn { values, valid: Some(valid) }).collect()
}

fn ranges(columns: &[FeatureColumn]) -> Vec<Range> {
    let range = |column| {
        let mut range = Range::EMPTY;
        range.add(column);
        range
    };
    columns.iter().map(range).collect()
}

fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        8 => (-40i32..40).prop_map(|x| Some(f64::from(x) / 8.0)),
        4 => any::<f32>().prop_map(|x| Some(f64::from(x % 1e3))),
        1 => Just(None),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)].prop_map(Some),
    ]
}

fn table() -> impl Strategy<Value = (usize, Rows)> {
    (0usize..5, 0usize..120).prop_flat_map(|(features, rows)| {
        let row = proptest::collection::vec(value(), features);
        (Just(features), proptest::collection::vec(row, rows))
    })
}

/// The spec's key, word for word.
fn naive_key(x: Option<f64>, lo: f64, hi: f64) -> u64 {
    match x {
        None => 1 << 32,
        Some(x) if x.is_nan() => (1 << 32) + 1,
        Some(f64::INFINITY) => (1 << 32) + 2,
        Some(f64::NEG_INFINITY) => (1 << 32) + 3,
        Some(_) if hi == lo => 0,
        Some(x) => ((x - lo) / (hi - lo) * 4294967295.0).floor() as u64,
    }
}

fn naive_prefix(row: &[Option<f64>], grid: &Grid, bits: &[CellBit]) -> Vec<bool> {
    let bit = |at: &CellBit| {
        let Feature { lo, hi } = grid.features[at.feature as usize];
        naive_key(row[at.feature as usize], lo, hi) >> at.bit & 1 == 1
    };
    bits.iter().map(bit).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn bits_are_passed_over_where_cells_would_be_too_many(
        (features, rows) in table(),
        most in 1usize..60,
    ) {
        let data = columns(&rows, features);
        let views = views(&data);
        let grid = Grid::from_ranges(&ranges(&views));
        let mut sample = Sample::new(features);
        sample.add(0, rows.len(), &views);
        let bits = choose_bits(&grid, &sample, CellBits::High);
        let mut expected: Vec<CellBit> = Vec::new();
        for &bit in &bits {
            expected.push(bit);
            let cells: BTreeSet<_> = rows.iter().map(|row| naive_prefix(row, &grid, &expected)).collect();
            if cells.len() > most {
                expected.pop();
            }
        }
        prop_assert_eq!(fit_bits(&grid, &sample, bits, most), expected);
    }

    #[test]
    fn cells_and_means_are_those_of_a_hash_map(
        (features, rows) in table(),
        max_cells in 1usize..60,
        segment in 1usize..50,
        low: bool,
        classes in 0u32..4,
        target: bool,
    ) {
        let target = target && classes == 0;
        let data = columns(&rows, features);
        let views = views(&data);
        let ranges = ranges(&views);
        let grid = Grid::from_ranges(&ranges);
        let mut sample = Sample::new(features);
        sample.add(0, rows.len(), &views);
        let bits = choose_bits(&grid, &sample, if low { CellBits::Low } else { CellBits::High });
        let keys_of = CellKeys::new(&grid, &bits).unwrap();

        // The largest beta by trying all of them.
        let distinct = |beta: usize| {
            rows.iter().map(|row| naive_prefix(row, &grid, &bits[..beta])).collect::<BTreeSet<_>>()
        };
        let beta = (0..=bits.len()).rev().find(|&beta| distinct(beta).len() <= max_cells).unwrap();
        let mut prefixes = Prefixes::largest(bits.len(), max_cells);
        let mut keys = Vec::new();
        keys_of.of_segment(rows.len(), &views, &mut keys);
        for &key in &keys {
            prefixes.insert(key).unwrap();
        }
        let map = prefixes.finish();
        prop_assert_eq!(map.beta(), beta);
        let cells: Vec<Vec<bool>> = distinct(beta).into_iter().collect();
        prop_assert_eq!(map.len(), cells.len());
        let cell_of_row: Vec<u32> = keys.iter().map(|&key| map.cell(key).unwrap()).collect();
        for (row, &cell) in rows.iter().zip(&cell_of_row) {
            prop_assert_eq!(&naive_prefix(row, &grid, &bits[..beta]), &cells[cell as usize]);
        }

        // The same beta asked for by number, out of the same keys in another order.
        let mut fixed = Prefixes::fixed(beta, max_cells);
        for &key in keys.iter().rev() {
            fixed.insert(key).unwrap();
        }
        let fixed = fixed.finish();
        prop_assert_eq!(fixed.prefixes(), map.prefixes());

        // Sums by segment, with the first column once more as the target.
        let target = target && features > 0;
        let mut averaged = views.clone();
        let mut specials: Vec<bool> = ranges.iter().map(|range| range.specials).collect();
        if target {
            averaged.push(views[0]);
            specials.push(specials[0]);
        }
        let class_of_row: Vec<u32> = (0..rows.len() as u32).map(|row| row * 7 % classes.max(1)).collect();
        let layout = CellLayout { specials, target, classes: classes as usize };
        let mut storage = vec![0u64; map.len() * layout.words_per_cell()];
        let mut totals = CellTotals::with_storage(layout.clone(), 0..map.len(), &mut storage[..]).unwrap();
        let mut naive: BTreeMap<(u32, usize), (f64, u64)> = BTreeMap::new();
        let mut weights = vec![0u64; map.len() * classes.max(1) as usize];
        for first in (0..rows.len()).step_by(segment) {
            let range = first..rows.len().min(first + segment);
            let cut: Vec<FeatureColumn> = averaged
                .iter()
                .map(|c| FeatureColumn { values: &c.values[range.clone()], valid: c.valid.map(|v| &v[range.clone()]) })
                .collect();
            totals.add(&CellSums::from_segment(&layout, &cell_of_row[range.clone()], &cut, &class_of_row[range.clone()]));
            let mut partial: BTreeMap<(u32, usize), (f64, u64)> = BTreeMap::new();
            for row in range {
                let cell = cell_of_row[row];
                weights[cell as usize * classes.max(1) as usize + class_of_row[row] as usize] += 1;
                for (column, x) in rows[row].iter().enumerate() {
                    if let Some(x) = x.filter(|x| x.is_finite()) {
                        let sum = partial.entry((cell, column)).or_default();
                        *sum = (sum.0 + x, sum.1 + 1);
                    }
                }
            }
            for (at, (sum, count)) in partial {
                let total = naive.entry(at).or_default();
                *total = (total.0 + sum, total.1 + count);
            }
        }
        let condensed = totals.condensed(0..map.len());
        prop_assert_eq!(condensed.len(), map.len());
        prop_assert_eq!(&condensed.weights, &weights);
        for cell in 0..map.len() {
            for feature in 0..features {
                let mean = condensed.means[cell * features + feature];
                match naive.get(&(cell as u32, feature)) {
                    Some((sum, count)) => prop_assert_eq!(mean, round24(sum / *count as f64)),
                    None => prop_assert!(mean.is_nan()),
                }
                if target && feature == 0 {
                    prop_assert_eq!(condensed.target.as_ref().unwrap()[cell].to_bits(), mean.to_bits());
                }
            }
        }
        prop_assert_eq!(condensed.target.is_some(), target);
    }

    #[test]
    fn bits_go_level_by_level_and_by_entropy((features, rows) in table()) {
        let data = columns(&rows, features);
        let views = views(&data);
        let grid = Grid::from_ranges(&ranges(&views));
        let mut sample = Sample::new(features);
        sample.add(0, rows.len(), &views);

        let ones = |at: &CellBit| rows.iter().filter(|row| naive_prefix(row, &grid, &[*at])[0]).count() as u64;
        let entropy = |at: &CellBit| binary_entropy(ones(at), rows.len() as u64);
        let bits_of = |feature: u32| (0..u32::from(KEY_BITS)).rev().map(move |bit| CellBit { feature, bit });
        let mut levels = Vec::new();
        for feature in 0..features as u32 {
            levels.extend(bits_of(feature).filter(|at| entropy(at) > 0.0).enumerate());
        }
        let mut high = levels.clone();
        high.sort_by(|(a_level, a), (b_level, b)| {
            a_level.cmp(b_level).then(entropy(b).total_cmp(&entropy(a))).then(a.feature.cmp(&b.feature))
        });
        let mut low = levels;
        low.sort_by(|(_, a), (_, b)| {
            entropy(a).total_cmp(&entropy(b)).then((a.feature, a.bit).cmp(&(b.feature, b.bit)))
        });
        let only = |bits: Vec<(usize, CellBit)>| bits.into_iter().map(|(_, at)| at).take(128).collect::<Vec<_>>();
        prop_assert_eq!(choose_bits(&grid, &sample, CellBits::High), only(high));
        prop_assert_eq!(choose_bits(&grid, &sample, CellBits::Low), only(low));
    }

    #[test]
    fn round24_is_rounding_to_f32_where_f32_reaches(x in -1e30f64..1e30) {
        prop_assert_eq!(round24(x), f64::from(x as f32));
    }
}

#[test]
fn keys_of_the_grid() {
    let feature = Feature { lo: -1.0, hi: 3.0 };
    let top = u64::from(u32::MAX);
    assert_eq!([-1.0, 3.0, 1.0].map(|x| feature.key(Some(x))), [0, top, top / 2]);
    assert_eq!(feature.key(None), top + 1);
    assert_eq!(
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|x| feature.key(Some(x))),
        [top + 2, top + 3, top + 4]
    );
    // Values outside the extent, which only a damaged file can hold, stay on the grid.
    assert_eq!([-9.0, 9.0].map(|x| feature.key(Some(x))), [0, top]);
    assert_eq!(Feature { lo: 5.0, hi: 5.0 }.key(Some(5.0)), 0);
    assert_eq!([-f64::MAX, f64::MAX].map(|x| Feature { lo: -f64::MAX, hi: f64::MAX }.key(Some(x))), [0, 0]);
}

#[test]
fn ranges_do_not_depend_on_the_order() {
    let column = |values: &'static [f64]| FeatureColumn { values, valid: None };
    let parts = [column(&[0.0, 2.0]), column(&[-0.0]), column(&[f64::NAN, f64::INFINITY])];
    let mut forth = Range::EMPTY;
    let mut back = Range::EMPTY;
    for (a, b) in parts.iter().zip(parts.iter().rev()) {
        forth.add(a);
        let mut part = Range::EMPTY;
        part.add(b);
        back.merge(&part);
    }
    let (forth, back) = (Grid::from_ranges(&[forth]), Grid::from_ranges(&[back]));
    assert_eq!(forth.features[0].lo.to_bits(), back.features[0].lo.to_bits());
    assert_eq!(forth.features[0], Feature { lo: 0.0, hi: 2.0 });
    assert_eq!(Grid::from_ranges(&[Range::EMPTY]).features[0], Feature::default());
    let mut whole = Range::EMPTY;
    whole.add(&FeatureColumn { values: &[1.0, 7.0], valid: Some(&[1, 0]) });
    assert_eq!(whole, Range { lo: 1.0, hi: 1.0, specials: true });
}

#[test]
fn a_sample_is_every_row_or_evenly_spaced_ones() {
    let values: Vec<f64> = (0..200_000).map(f64::from).collect();
    let mut segments: Vec<usize> = (0..200_000).step_by(30_000).collect();
    let sample_of = |segments: &[usize]| {
        let mut sample = Sample::new(1);
        for &first in segments {
            let rows = 30_000.min(200_000 - first);
            let column = FeatureColumn { values: &values[first..first + rows], valid: None };
            sample.add(first as u64, rows, &[column]);
        }
        let mut rows: Vec<(u64, Option<f64>)> =
            sample.row_numbers().iter().copied().zip(sample.feature(0)).collect();
        rows.sort_by_key(|row| row.0);
        rows
    };
    let sample = sample_of(&segments);
    let expected: Vec<(u64, Option<f64>)> =
        (0..50_000).map(|row| (4 * row, Some(4.0 * row as f64))).collect();
    assert_eq!(sample, expected);
    segments.reverse();
    assert_eq!(sample_of(&segments), expected);
    assert_eq!(sample_of(&segments[5..]).len(), 60_000);
    // 16 MiB are fewer rows of a wide table.
    let wide = vec![FeatureColumn { values: &values, valid: None }; 2048];
    let mut sample = Sample::new(2048);
    sample.add(0, 2000, &wide);
    assert_eq!((sample.rows(), sample.row_numbers()[1]), (500, 4));
}

#[test]
fn a_fixed_beta_beyond_the_limit_is_refused() {
    let mut prefixes = Prefixes::fixed(2, 3);
    for key in [0u128, 1 << 126, 2 << 126, 0] {
        prefixes.insert(key).unwrap();
    }
    let error = prefixes.insert(3 << 126).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.to_string().contains("2 cell bits"), "{error}");
}

#[test]
fn many_cells_are_counted_exactly() {
    // Keys whose first 20 bits take 5,000 values, 300 of them over the first 12 bits.
    let key = |i: u128| (i % 300) << 116 | (i % 5000) << 108 | (i * i % 977) << 20;
    let mut prefixes = Prefixes::largest(128, 4999);
    let naive = |beta: u32| (0..60_000).map(|i| key(i) >> (128 - beta)).collect::<BTreeSet<_>>();
    for i in 0..60_000 {
        prefixes.insert(key(i)).unwrap();
    }
    let map = prefixes.finish();
    let beta = (1..=128).rev().find(|&beta| naive(beta).len() <= 4999).unwrap();
    assert_eq!((map.beta(), map.len()), (beta as usize, naive(beta).len()));
    assert!(map.prefixes().is_sorted());
    for (cell, prefix) in naive(beta).into_iter().enumerate() {
        assert_eq!(map.cell(prefix << (128 - beta)), Some(cell as u32));
    }
    assert_eq!(map.cell(u128::MAX), None);
}

#[test]
fn bits_that_do_not_exist_and_storage_that_is_too_small_are_refused() {
    let grid = Grid { features: vec![Feature::default()] };
    for bit in [CellBit { feature: 1, bit: 0 }, CellBit { feature: 0, bit: 33 }] {
        assert_eq!(CellKeys::new(&grid, &[bit]).unwrap_err().kind(), ErrorKind::Corrupt);
    }
    let bit = CellBit { feature: 0, bit: 0 };
    assert!(CellKeys::new(&grid, &[bit; 128]).is_ok());
    assert_eq!(CellKeys::new(&grid, &[bit; 129]).unwrap_err().kind(), ErrorKind::Corrupt);
    let layout = CellLayout { specials: vec![true, false], target: true, classes: 3 };
    assert_eq!(layout.words_per_cell(), 6);
    assert!(CellTotals::with_storage(layout.clone(), 0..2, vec![0; 12]).is_ok());
    assert_eq!(CellTotals::with_storage(layout, 0..2, vec![0; 11]).unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn round24_at_the_ends() {
    assert!(round24(f64::NAN).is_nan());
    let same =
        [0.0, -0.0, 1.5, f64::INFINITY, f64::MIN_POSITIVE, f64::from_bits(1), f64::from_bits((1 << 24) - 1)];
    for x in same {
        assert_eq!(round24(x).to_bits(), x.to_bits());
        assert_eq!(round24(-x).to_bits(), (-x).to_bits());
    }
    // Subnormals of 25 significant bits: ties go to even.
    assert_eq!(round24(f64::from_bits((1 << 24) + 1)).to_bits(), 1 << 24);
    assert_eq!(round24(f64::from_bits((1 << 24) + 3)).to_bits(), (1 << 24) + 4);
    assert_eq!(round24(f64::MAX), f64::INFINITY);
}
