//! Bit planes and base selection against the plainest possible versions of themselves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;

use proptest::prelude::*;

use super::bases::{Role, select_bases};
use super::cost::paper_bits;
use super::entropy::{binary_entropy, skew};
use super::planes::BitPlanes;
use crate::bits::id_bits;

/// A row as its bits in position order.
fn rows_of_bits(rows: usize, lanes: &[(u8, Vec<u64>)]) -> Vec<Vec<bool>> {
    let bits = |row: usize| {
        lanes.iter().flat_map(move |(width, values)| (0..*width).map(move |bit| values[row] >> bit & 1 == 1))
    };
    (0..rows).map(|row| bits(row).collect()).collect()
}

fn planes_of(rows: usize, lanes: &[(u8, Vec<u64>)]) -> BitPlanes {
    let mut planes = BitPlanes::new(rows);
    for (width, values) in lanes {
        planes.push_lane(*width, values);
    }
    planes
}

fn stream(bits: usize) -> usize {
    if bits == 0 { 0 } else { bits.div_ceil(8) + 16 }
}

/// Algorithm 1 to the letter: (bytes, base positions, bases).
fn naive(bits: &[Vec<bool>], tau: usize) -> (usize, Vec<usize>, usize) {
    let n = bits.len();
    let positions = bits.first().map_or(0, Vec::len);
    let ones = |p: usize| bits.iter().filter(|row| row[p]).count();
    let mut order: Vec<usize> = (0..positions).filter(|&p| ones(p) != 0 && ones(p) != n).collect();
    order.sort_by_key(|&p| (ones(p).min(n - ones(p)), p));
    let size = |n_b: usize, l_b: usize| {
        stream(n_b * l_b) + stream(n * ((n_b as f64).log2().ceil() as usize + order.len() - l_b))
    };
    let mut best = (size(1, 0), Vec::new(), 1);
    let mut without_gain = 0;
    for taken in 1..=order.len() {
        let base = |row: &Vec<bool>| order[..taken].iter().map(|&p| row[p]).collect::<Vec<_>>();
        let n_b = bits.iter().map(base).collect::<HashSet<_>>().len();
        if size(n_b, taken) < best.0 {
            best = (size(n_b, taken), order[..taken].to_vec(), n_b);
            without_gain = 0;
        } else {
            without_gain += 1;
            if without_gain >= tau || n_b == n {
                break;
            }
        }
    }
    best
}

/// Lanes of mixed widths whose values are skewed, repeated or random.
fn lanes() -> impl Strategy<Value = (usize, Vec<(u8, Vec<u64>)>)> {
    (1usize..300).prop_flat_map(|rows| {
        let lane = (0u8..=64, 0u8..4).prop_flat_map(move |(width, shape)| {
            let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
            let value = match shape {
                0 => any::<u64>().boxed(),
                1 => (0u64..6).boxed(),
                2 => prop_oneof![20 => Just(1000u64), 1 => any::<u64>()].boxed(),
                _ => Just(77u64).boxed(),
            };
            let values = proptest::collection::vec(value.prop_map(move |v| v & mask), rows);
            (Just(width), values)
        });
        (Just(rows), proptest::collection::vec(lane, 0..5))
    })
}

proptest! {
    #[test]
    fn planes_hold_every_bit((rows, lanes) in lanes()) {
        let planes = planes_of(rows, &lanes);
        let bits = rows_of_bits(rows, &lanes);
        prop_assert_eq!(planes.len(), lanes.iter().map(|lane| usize::from(lane.0)).sum::<usize>());
        for position in 0..planes.len() {
            let mut expected = vec![0u64; rows.div_ceil(64)];
            for row in (0..rows).filter(|&row| bits[row][position]) {
                expected[row / 64] |= 1 << (row % 64);
            }
            prop_assert_eq!(planes.plane(position), &expected[..]);
            let ones = bits.iter().filter(|row| row[position]).count();
            prop_assert_eq!(planes.ones(position), ones as u64);
        }
    }

    #[test]
    fn bases_are_those_of_algorithm_1((rows, lanes) in lanes(), tau in 1usize..50) {
        let planes = planes_of(rows, &lanes);
        let bits = rows_of_bits(rows, &lanes);
        let bases = select_bases(&planes, tau);
        let (bytes, mut positions, count) = naive(&bits, tau);
        positions.sort_unstable();
        let chosen: Vec<usize> = (0..planes.len()).filter(|&p| bases.roles[p] == Role::Base).collect();
        prop_assert_eq!((bases.table_bytes + bases.record_bytes) as usize, bytes);
        prop_assert_eq!(&chosen, &positions);
        prop_assert_eq!(bases.count, count);
        prop_assert_eq!(bases.base_bits, chosen.len());

        // Ids: equal exactly where the base bits are, in order of first appearance.
        let mut seen: Vec<Vec<bool>> = Vec::new();
        for (row, &id) in bits.iter().zip(&bases.ids) {
            let base: Vec<bool> = chosen.iter().map(|&p| row[p]).collect();
            let at = seen.iter().position(|other| *other == base).unwrap_or(seen.len());
            if at == seen.len() {
                seen.push(base);
            }
            prop_assert_eq!(id as usize, at);
        }
        prop_assert_eq!((bases.ids.len(), seen.len()), (rows, count));

        for (position, role) in bases.roles.iter().enumerate() {
            let ones = planes.ones(position);
            let constant = ones == 0 || ones == rows as u64;
            prop_assert_eq!(constant, matches!(role, Role::Zero | Role::One));
            prop_assert!(*role != Role::One || ones == rows as u64);
        }
        let deviations = bases.roles.iter().filter(|&&role| role == Role::Deviation).count();
        prop_assert_eq!(bases.deviation_bits, deviations);
    }

    #[test]
    fn skew_orders_as_entropy_does(n in 1u64..500, a in 0u64..500, b in 0u64..500) {
        let (a, b) = (a % (n + 1), b % (n + 1));
        let (ha, hb) = (binary_entropy(a, n), binary_entropy(b, n));
        prop_assert_eq!(skew(a, n).cmp(&skew(b, n)), ha.partial_cmp(&hb).unwrap());
    }
}

#[test]
fn a_plateau_is_crossed_only_within_tau() {
    // Two equal lanes of 8 evenly used bits: no bit pays until most of a lane is in the base.
    let values: Vec<u64> = (0..4096u64).map(|row| row * 37 % 256).collect();
    let planes = planes_of(4096, &[(8, values.clone()), (8, values)]);
    let patient = select_bases(&planes, 40);
    assert_eq!((patient.count, patient.base_bits, patient.deviation_bits), (256, 16, 0));
    let hasty = select_bases(&planes, 2);
    assert_eq!((hasty.count, hasty.base_bits), (1, 0));
}

#[test]
fn empty_and_constant_blocks() {
    let none = select_bases(&BitPlanes::new(0), 40);
    assert_eq!((none.count, none.ids.len(), none.table_bytes + none.record_bytes), (1, 0, 0));
    let mut planes = BitPlanes::new(3);
    planes.push_lane(2, &[2, 2, 2]);
    let constant = select_bases(&planes, 40);
    assert_eq!(constant.roles, [Role::Zero, Role::One]);
    assert_eq!((constant.ids, constant.table_bytes + constant.record_bytes), (vec![0, 0, 0], 0));
}

#[test]
fn sizes_as_the_paper_counts_them() {
    assert_eq!([0, 1, 2, 3, 4, 5, u64::MAX].map(id_bits), [0, 0, 1, 2, 2, 3, 64]);
    // 5 bases x 10 bits, 103 records of 3 + 7 bits, 3 weights of 7 bits.
    assert_eq!(paper_bits(100, 3, 5, 10, 7), 50 + 1030 + 21);
    assert_eq!(binary_entropy(3, 6), 1.0);
    assert!((binary_entropy(1, 4) - 0.811_278_124_459_132_8).abs() < 1e-15);
}
