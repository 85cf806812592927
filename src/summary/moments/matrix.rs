//! Moments: sums of products of columns, from which least squares follows without the rows.

use crate::error::{Error, Result};
use crate::summary::moments::column::{MAX_EXPONENT, MomentColumn};
use crate::summary::moments::double::Double;
use crate::summary::moments::sums::{compensated, exact, rows_to_sum, triangle};

/// Relative rounding of compensated sums of squares, at most: each is rounded to 2^-53 of itself once or a few times.
const NOISE: f64 = 1.0 / (1u64 << 48) as f64;

/// The sum of `z z^T` over rows, z = (1, columns): exact where every column is an integer or a decimal
/// and no sum can overflow, else compensated.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    columns: usize,
    count: u64,
    left_out: u64,
    sums: Sums,
}

/// The upper triangle, row by row.
#[derive(Clone, Debug, PartialEq)]
enum Sums {
    Exact { exponents: Vec<u32>, sums: Vec<i128> },
    Compensated(Vec<Double>),
}

/// The sums as they are stored: the upper triangle of `z z^T`, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum MomentParts {
    /// Integers: the sum at (i, j) is `sums / 10^(p_i + p_j)`, and the 1 has exponent 0.
    Exact {
        /// Exponent `p` of every column.
        exponents: Vec<u32>,
        /// The triangle.
        sums: Vec<i128>,
    },
    /// Rounded sums.
    Float(Vec<f64>),
}

impl Moments {
    /// The moments of no rows of so many columns.
    pub fn new(columns: usize) -> Self {
        let sums = Sums::Exact { exponents: vec![0; columns], sums: vec![0; triangle(columns)] };
        Self { columns, count: 0, left_out: 0, sums }
    }

    /// Sums a segment over the rows that are `wanted`, one flag a row, and have a finite value in every
    /// column; the others are counted as left out. Integers may be anything in rows not wanted. Every
    /// column has as many rows.
    pub fn from_segment(columns: &[MomentColumn], wanted: &[bool]) -> Self {
        let rows = rows_to_sum(columns, wanted);
        let (count, left_out) = (rows.len() as u64, (wanted.len() - rows.len()) as u64);
        if rows.is_empty() {
            return Self { left_out, ..Self::new(columns.len()) };
        }
        let sums = match exact(columns, &rows) {
            Some(sums) => {
                Sums::Exact { exponents: columns.iter().map(MomentColumn::exponent).collect(), sums }
            }
            None => Sums::Compensated(compensated(columns, &rows)),
        };
        Self { columns: columns.len(), count, left_out, sums }
    }

    /// Adds the moments of other rows of the same columns. Exact sums stay exact if they fit; others
    /// agree to the bit if segments are merged in stored order.
    ///
    /// # Errors
    /// `Argument` if the number of columns differs or the rows are too many to count.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.columns != other.columns {
            let (a, b) = (self.columns, other.columns);
            return Err(Error::argument(format!("moments of {a} and of {b} columns do not add up")));
        }
        let count = self.count.checked_add(other.count);
        let left_out = self.left_out.checked_add(other.left_out);
        let (Some(count), Some(left_out)) = (count, left_out) else {
            return Err(Error::argument("moments of more than 2^64 rows"));
        };
        self.sums = match self.sums.exact_sum(&other.sums) {
            Some(sums) => sums,
            None => {
                let (a, b) = (self.sums.compensated(), other.sums.compensated());
                Sums::Compensated(a.into_iter().zip(b).map(|(a, b)| a.plus(b)).collect())
            }
        };
        (self.count, self.left_out) = (count, left_out);
        Ok(())
    }

    /// Columns beside the 1.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows summed.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Rows left out, for a null or a non-finite value.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// True if the sums are exact.
    pub fn is_exact(&self) -> bool {
        matches!(self.sums, Sums::Exact { .. })
    }

    /// The sum of `z_i z_j`, rounded once if exact; `i` and `j` up to the number of columns, and
    /// `z_0 = 1`.
    pub fn value(&self, i: usize, j: usize) -> f64 {
        let at = self.place(i, j);
        match &self.sums {
            Sums::Exact { exponents, sums } => match exponent_of(exponents, i) + exponent_of(exponents, j) {
                0 => sums[at] as f64,
                power => Double::from(sums[at]).over(Double::power_of_ten(power)).value(),
            },
            Sums::Compensated(sums) => sums[at].value(),
        }
    }

    /// Mean of a column, counted from 0; NaN of no rows.
    pub fn mean(&self, column: usize) -> f64 {
        self.value(0, column + 1) / self.count as f64
    }

    /// The sums of `(x_i - mean_i) (x_j - mean_j)`, all columns by all columns, row by row: the normal
    /// equations of least squares with an intercept. Exact sums are centred exactly before they are
    /// rounded. Of compensated sums a column that varies less than its sums can show counts as
    /// constant: its row and column are 0.
    pub fn centred(&self) -> Vec<f64> {
        let k = self.columns;
        let mut centred = vec![0.0; k * k];
        if self.count == 0 {
            return centred;
        }
        for i in 0..k {
            for j in i..k {
                let sum = match &self.sums {
                    Sums::Exact { exponents, sums } => {
                        let power = Double::power_of_ten(exponents[i] + exponents[j]);
                        self.centred_exactly(sums, i + 1, j + 1).over(power)
                    }
                    Sums::Compensated(sums) => self.centred_compensated(sums, i + 1, j + 1),
                };
                centred[i * k + j] = sum.value();
                centred[j * k + i] = sum.value();
            }
        }
        if !self.is_exact() {
            let constant = |i: usize| centred[i * k + i] <= NOISE * self.value(i + 1, i + 1);
            for i in (0..k).filter(|&i| constant(i)).collect::<Vec<_>>() {
                for j in 0..k {
                    centred[i * k + j] = 0.0;
                    centred[j * k + i] = 0.0;
                }
            }
        }
        centred
    }

    /// Bound of the relative error of a column's centred sum of squares: 0 of exact sums, infinity where rounding has left
    /// nothing of it. Large where a column is far from zero compared with how much it varies.
    pub fn relative_error(&self, column: usize) -> f64 {
        let Sums::Compensated(sums) = &self.sums else { return 0.0 };
        if self.count == 0 {
            return 0.0;
        }
        let centred = self.centred_compensated(sums, column + 1, column + 1).value();
        let noise = NOISE * self.value(column + 1, column + 1);
        if centred > noise { noise / centred } else { f64::INFINITY }
    }

    /// For `c`, the mean rounded down, and `r`, the remainder of the sum: the sum of
    /// `(q_i - c_i) (q_j - c_j)` less `r_i r_j / n`. The first is an integer that fits, so that its
    /// terms may wrap around; the second is at most n.
    fn centred_exactly(&self, sums: &[i128], i: usize, j: usize) -> Double {
        let n = i128::from(self.count);
        let sum = |i: usize, j: usize| sums[self.place(i, j)];
        let (c_i, r_i) = (sum(0, i).div_euclid(n), sum(0, i).rem_euclid(n));
        let (c_j, r_j) = (sum(0, j).div_euclid(n), sum(0, j).rem_euclid(n));
        let about = sum(i, j)
            .wrapping_sub(c_i.wrapping_mul(sum(0, j)))
            .wrapping_sub(c_j.wrapping_mul(sum(0, i)))
            .wrapping_add(c_i.wrapping_mul(c_j).wrapping_mul(n));
        Double::from(about).minus(Double::from(r_i).times(Double::from(r_j)).over(Double::from(n)))
    }

    fn centred_compensated(&self, sums: &[Double], i: usize, j: usize) -> Double {
        let n = Double::from(i128::from(self.count));
        let product = sums[self.place(0, i)].times(sums[self.place(0, j)]);
        sums[self.place(i, j)].minus(product.over(n))
    }

    /// The sums as they are stored.
    pub fn parts(&self) -> MomentParts {
        match &self.sums {
            Sums::Exact { exponents, sums } => {
                MomentParts::Exact { exponents: exponents.clone(), sums: sums.clone() }
            }
            Sums::Compensated(sums) => MomentParts::Float(sums.iter().map(|sum| sum.value()).collect()),
        }
    }

    /// Moments from their stored parts.
    ///
    /// # Errors
    /// `Corrupt` if the triangle is not of `columns` columns, its first sum is not `count`, an exponent
    /// exceeds 38 or an exact sum of squares is negative.
    pub fn from_parts(columns: usize, count: u64, left_out: u64, parts: MomentParts) -> Result<Self> {
        let corrupt = |what: &str| Err(Error::corrupt(format!("moments: {what}")));
        let (sums, rows_agree) = match parts {
            MomentParts::Exact { exponents, sums } => {
                if exponents.len() != columns || exponents.iter().any(|&exponent| exponent > MAX_EXPONENT) {
                    return corrupt("a decimal exponent is missing or exceeds 38");
                }
                let rows_agree = sums.first() == Some(&i128::from(count));
                (Sums::Exact { exponents, sums }, rows_agree)
            }
            MomentParts::Float(sums) => {
                let rows_agree = sums.first() == Some(&(count as f64));
                (Sums::Compensated(sums.into_iter().map(Double::from).collect()), rows_agree)
            }
        };
        if sums.len() != triangle(columns) {
            return corrupt("their number does not fit the columns");
        }
        if !rows_agree {
            return corrupt("the sum of ones is not the number of rows");
        }
        let moments = Self { columns, count, left_out, sums };
        let negative = |i| moments.value(i, i) < 0.0;
        if moments.is_exact() && (1..=columns).any(negative) {
            return corrupt("a sum of squares is negative");
        }
        Ok(moments)
    }

    fn place(&self, i: usize, j: usize) -> usize {
        let (i, j) = (i.min(j), i.max(j));
        triangle(self.columns) - triangle(self.columns - i) + j - i
    }
}

/// Exponent of `z_i`.
fn exponent_of(exponents: &[u32], i: usize) -> u32 {
    if i == 0 { 0 } else { exponents[i - 1] }
}

/// The exponents of the sums, row by row of the triangle.
fn powers(exponents: &[u32]) -> impl Iterator<Item = u32> + '_ {
    let p = |i| exponent_of(exponents, i);
    (0..=exponents.len()).flat_map(move |i| (i..=exponents.len()).map(move |j| p(i) + p(j)))
}

impl Sums {
    fn len(&self) -> usize {
        match self {
            Self::Exact { sums, .. } => sums.len(),
            Self::Compensated(sums) => sums.len(),
        }
    }

    /// The sums of both, over the larger exponent of each column; none if either is inexact or a sum
    /// does not fit.
    fn exact_sum(&self, other: &Self) -> Option<Self> {
        let (Self::Exact { exponents: p, sums: a }, Self::Exact { exponents: q, sums: b }) = (self, other)
        else {
            return None;
        };
        let exponents: Vec<u32> = p.iter().zip(q).map(|(&p, &q)| p.max(q)).collect();
        let scaled = |sum: i128, shift: u32| match sum {
            0 => Some(0),
            _ => 10i128.checked_pow(shift)?.checked_mul(sum),
        };
        let from = powers(p).zip(powers(q)).zip(powers(&exponents));
        let sums = a
            .iter()
            .zip(b)
            .zip(from)
            .map(|((&a, &b), ((p, q), to))| scaled(a, to - p)?.checked_add(scaled(b, to - q)?));
        let sums = sums.collect::<Option<_>>()?;
        Some(Self::Exact { exponents, sums })
    }

    fn compensated(&self) -> Vec<Double> {
        match self {
            Self::Exact { exponents, sums } => {
                let sums = sums.iter().zip(powers(exponents));
                sums.map(|(&sum, power)| Double::from(sum).over(Double::power_of_ten(power))).collect()
            }
            Self::Compensated(sums) => sums.clone(),
        }
    }
}
