//! Symmetric positive semidefinite systems.

/// A feature whose variance, given the features before it, is less than this part of its whole variance is
/// taken for a linear combination of them.
const DEPENDENT: f64 = 1e-12;

/// Solves `matrix x = right` for a symmetric positive semidefinite matrix with a diagonal near 1, by
/// Cholesky with diagonal pivoting. Columns that depend on those chosen before get 0 and are listed.
pub(in crate::train) fn solve_semidefinite(matrix: &[f64], right: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let d = right.len();
    let mut left: Vec<f64> = (0..d).map(|i| matrix[i * d + i]).collect();
    let mut order: Vec<usize> = (0..d).collect();
    let mut factor = vec![0.0; d * d];
    let mut rank = 0;
    while rank < d {
        let (place, pivot) =
            order[rank..].iter().enumerate().fold((rank, f64::MIN), |best, (at, &column)| {
                if left[column] > best.1 { (rank + at, left[column]) } else { best }
            });
        if pivot <= DEPENDENT {
            break;
        }
        order.swap(rank, place);
        let chosen = order[rank];
        factor[chosen * d + rank] = pivot.sqrt();
        for &row in &order[rank + 1..] {
            let known: f64 = (0..rank).map(|t| factor[row * d + t] * factor[chosen * d + t]).sum();
            let entry = (matrix[row * d + chosen] - known) / pivot.sqrt();
            factor[row * d + rank] = entry;
            left[row] -= entry * entry;
        }
        rank += 1;
    }
    let mut x = vec![0.0; d];
    for i in 0..rank {
        let row = order[i];
        let known: f64 = (0..i).map(|t| factor[row * d + t] * x[order[t]]).sum();
        x[row] = (right[row] - known) / factor[row * d + i];
    }
    for i in (0..rank).rev() {
        let row = order[i];
        let known: f64 = (i + 1..rank).map(|t| factor[order[t] * d + i] * x[order[t]]).sum();
        x[row] = (x[row] - known) / factor[row * d + i];
    }
    let mut dependent = order[rank..].to_vec();
    dependent.sort_unstable();
    (x, dependent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_a_semidefinite_system() {
        // Third column = first + second (scaled to unit diagonal only roughly): rank 2.
        let rows = [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0]];
        let right = [1.0, 2.0, 3.0];
        let (x, dependent) = solve_semidefinite(&rows.concat(), &right);
        assert_eq!(dependent.len(), 1);
        assert_eq!(x[dependent[0]], 0.0);
        for (row, r) in rows.iter().zip(right) {
            let got: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
            assert!((got - r).abs() < 1e-12, "{x:?}");
        }
    }
}
