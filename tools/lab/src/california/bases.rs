//! Appendix B's second question: what if the base bits were those of high entropy? Sizes by equation 1
//! (no container, no condensed samples), on the first split.

use std::collections::HashMap;

use super::planes::{BitPlanes, paper_bits};
use super::rows::BaseRow;
use crate::table::FloatTable;

/// Base bits are taken one by one until so many rows have a base of their own.
const ENOUGH: f64 = 0.5;

/// Sizes with 0, 1, 2, ... base bits, by increasing and by decreasing entropy.
pub fn sizes(table: &FloatTable) -> Vec<BaseRow> {
    let mut planes = BitPlanes::new(table.len());
    for column in table.columns() {
        let fields = fields(column);
        let top = fields.iter().copied().max().unwrap_or(0);
        planes.push_lane((u64::BITS - top.leading_zeros()) as u8, &fields);
    }
    let low = planes.by_entropy();
    let high: Vec<usize> = low.iter().rev().copied().collect();
    let mut rows = Vec::new();
    for (base_bits, order) in [("low", low), ("high", high)] {
        let mut ids = vec![0u32; table.len()];
        let mut count = 1;
        for taken in 0..=order.len() {
            if let Some(&position) = taken.checked_sub(1).and_then(|last| order.get(last)) {
                count = split(&mut ids, planes.plane(position));
            }
            let base = (planes.len() - order.len() + taken) as u64;
            let bits = paper_bits(table.len() as u64, 0, count as u64, base, (order.len() - taken) as u64);
            rows.push(BaseRow {
                base_bits,
                bits: taken,
                bases: count,
                percent_of_rows: 100.0 * count as f64 / table.len() as f64,
                percent_of_float64: 100.0 * bits as f64 / (8 * table.bytes()) as f64,
            });
            if count as f64 > ENOUGH * table.len() as f64 {
                break;
            }
        }
    }
    rows
}

/// Tells the groups of rows apart by one more bit and returns how many there are.
fn split(ids: &mut [u32], plane: &[u64]) -> usize {
    let mut names = HashMap::new();
    for (row, id) in ids.iter_mut().enumerate() {
        let bit = plane[row / 64] >> (row % 64) & 1;
        let next = names.len() as u32;
        *id = *names.entry((*id, bit)).or_insert(next);
    }
    names.len()
}

/// The column as the integers the format stores: decimals if one exponent gives all values back to the
/// bit, else order-preserving bits; less the least.
fn fields(column: &[f64]) -> Vec<u64> {
    let integers = |p: i32| -> Option<Vec<i64>> {
        let power = 10f64.powi(p);
        let exact = |&x: &f64| {
            let q = (x * power).round();
            (q.abs() <= 2f64.powi(53) && (q / power).to_bits() == x.to_bits()).then_some(q as i64)
        };
        column.iter().map(exact).collect()
    };
    let ordered = |x: &f64| match x.to_bits() {
        bits if bits >> 63 == 0 => bits | 1 << 63,
        bits => !bits,
    };
    let values: Vec<u64> = match (0..=22).find_map(integers) {
        Some(integers) => integers.iter().map(|&q| q as u64 ^ 1 << 63).collect(),
        None => column.iter().map(ordered).collect(),
    };
    let least = values.iter().copied().min().unwrap_or(0);
    values.iter().map(|v| v - least).collect()
}
