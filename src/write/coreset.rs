//! The exact coreset of a table, in a pass of its own.

use super::survey::{Numbers, Roles, numbers};
use super::table::Table;
use crate::entrogede::{Coreset, Moments};
use crate::error::{Error, Result};
use crate::format::CoresetSection;

/// The section of a table's coreset; none if no row has a finite value in every column.
///
/// # Errors
/// `Argument` if there is no numeric target, or there are too many features.
pub(super) fn coreset(
    table: &dyn Table,
    roles: &Roles,
    moments: Option<&Moments>,
    progress: &dyn Fn(u64),
) -> Result<Option<CoresetSection>> {
    let columns: Vec<usize> = roles.features.iter().copied().chain(roles.target.map(|(t, _)| t)).collect();
    let fits = |moments: &&Moments| roles.target.is_some() && moments.columns() == columns.len();
    let Some(moments) = moments.filter(fits) else {
        return Err(Error::argument("a coreset needs a target that is a number: name one"));
    };
    let (k, n, centred) = (columns.len(), moments.count() as f64, moments.centred());
    let deviation = |i: usize| (centred.get(i * k + i).copied().unwrap_or(0.0) / n).sqrt();
    let mut coreset = Coreset::new((0..k).map(|i| (moments.mean(i), deviation(i))).collect())?;
    let (mut x, mut rows) = (vec![0.0; k], 0);
    for batch in table.batches()? {
        let batch = batch?;
        batch.check(table.schema())?;
        let numbers = numbers(table.schema(), &batch, &columns);
        let numbers: Vec<_> = numbers.iter().map(Numbers::column).collect();
        for row in 0..batch.rows {
            x.iter_mut().zip(&numbers).for_each(|(x, column)| *x = column.get(row).unwrap_or(f64::NAN));
            if let Some((y, features)) = x.split_last().filter(|_| x.iter().all(|v| v.is_finite())) {
                coreset.add(features, *y, 1.0);
            }
        }
        rows += batch.rows as u64;
        progress(rows);
    }
    if moments.count() == 0 {
        return Ok(None);
    }
    let (x, y, weights) = coreset.finish();
    let mut values = Vec::with_capacity(weights.len() * (k + 1));
    for (at, (y, weight)) in y.iter().zip(&weights).enumerate() {
        values.extend(x.iter().skip(at * (k - 1)).take(k - 1).chain([y, weight]));
    }
    Ok(Some(CoresetSection { columns: columns.iter().map(|&node| node as u32).collect(), values }))
}
