//! The exact coreset of a table, in a separate pass, or two where moments are too coarse.

use crate::error::{Error, Result};
use crate::summary::coreset::check::has_moments;
use crate::summary::coreset::section::CoresetSection;
use crate::summary::coreset::select::Coreset;
use crate::summary::moments::matrix::Moments;
use crate::summary::numbers::{Numbers, numbers};
use crate::write::progress::Meter;
use crate::write::roles::Roles;
use crate::write::table::Table;

/// Relative error of a sum of squares from which on deviations are measured again.
const LOST: f64 = 1e-3;

/// The section of a table's coreset; none if no row has a finite value in every column.
///
/// # Errors
/// `Argument` if there is no numeric target, or there are too many features.
pub(crate) fn coreset(
    table: &dyn Table,
    roles: &Roles,
    moments: Option<&Moments>,
    meter: &Meter,
) -> Result<Option<CoresetSection>> {
    let columns: Vec<usize> = roles.features.iter().copied().chain(roles.target.map(|(t, _)| t)).collect();
    let fits = |moments: &&Moments| roles.target.is_some() && moments.columns() == columns.len();
    let Some(moments) = moments.filter(fits) else {
        return Err(Error::argument("a coreset needs a target that is a number: name one"));
    };
    let k = columns.len();
    let centre = if (0..k).any(|i| moments.relative_error(i) > LOST) {
        centre_of_rows(table, &columns, &meter.pass("centring a coreset"))?
    } else {
        let (n, centred) = (moments.count() as f64, moments.centred());
        (0..k).map(|i| (moments.mean(i), (centred[i * k + i] / n).sqrt())).collect()
    };
    let mut coreset = Coreset::new(centre)?;
    each_row(table, &columns, &meter.pass("choosing a coreset"), &mut |row| {
        if let Some((y, features)) = row.split_last() {
            coreset.add(features, *y, 1.0);
        }
    })?;
    if moments.count() == 0 {
        return Ok(None);
    }
    let (x, y, weights) = coreset.finish();
    let mut values = Vec::with_capacity(weights.len() * (k + 1));
    for (at, (y, weight)) in y.iter().zip(&weights).enumerate() {
        values.extend(x[at * (k - 1)..][..k - 1].iter().chain([y, weight]));
    }
    let section = CoresetSection { columns: columns.iter().map(|&node| node as u32).collect(), values };
    if !has_moments(&section, moments) {
        return Err(Error::argument(
            "a coreset of these columns would not have their moments, since their values differ too much in magnitude: \
             leave the coreset or such columns out",
        ));
    }
    Ok(Some(section))
}

/// A pass over the rows that have a finite value in every column.
fn each_row(
    table: &dyn Table,
    columns: &[usize],
    progress: &dyn Fn(u64) -> Result<()>,
    each: &mut dyn FnMut(&[f64]),
) -> Result<()> {
    let (mut x, mut rows) = (vec![0.0; columns.len()], 0);
    for batch in table.batches()? {
        let batch = batch?;
        batch.check(table.schema())?;
        let numbers = numbers(table.schema(), &batch, columns);
        let numbers: Vec<_> = numbers.iter().map(Numbers::column).collect();
        for row in 0..batch.rows {
            x.iter_mut().zip(&numbers).for_each(|(x, column)| *x = column.get(row).unwrap_or(f64::NAN));
            if x.iter().all(|v| v.is_finite()) {
                each(&x);
            }
        }
        rows += batch.rows as u64;
        progress(rows)?;
    }
    Ok(())
}

/// Means and deviations in a separate pass, by Welford's recurrence: sums of squares lose the deviation of a column that
/// is far from zero.
fn centre_of_rows(
    table: &dyn Table,
    columns: &[usize],
    progress: &dyn Fn(u64) -> Result<()>,
) -> Result<Vec<(f64, f64)>> {
    let (mut n, mut sums) = (0.0, vec![(0.0, 0.0); columns.len()]);
    each_row(table, columns, progress, &mut |row| {
        n += 1.0;
        for ((mean, square), x) in sums.iter_mut().zip(row) {
            let off = x - *mean;
            *mean += off / n;
            *square += off * (x - *mean);
        }
    })?;
    Ok(sums.into_iter().map(|(mean, square)| (mean, (square / n).sqrt())).collect())
}
