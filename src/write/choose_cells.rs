//! The choice of cell bits: on the survey's sample, then a pass that counts the cells.

use crate::error::{Error, Result};
use crate::summary::cells::bits::{CellBits, MAX_CELL_BITS, choose_bits, fit_bits};
use crate::summary::cells::grid::Grid;
use crate::summary::cells::keys::CellKeys;
use crate::summary::cells::labels::Labels;
use crate::summary::cells::map::Prefixes;
use crate::summary::cells::options::{CellLimit, TargetKind};
use crate::summary::cells::plan::CellPlan;
use crate::summary::cells::section::MAX_CELLS;
use crate::summary::cells::sums::CellLayout;
use crate::summary::numbers::{Numbers, numbers};
use crate::write::options::Options;
use crate::write::survey::Survey;
use crate::write::table::{Table, for_each_batch};

/// Most cells and, if it is given, the number of bits.
fn limit(options: &Options, rows: u64, target: bool) -> Result<Option<(u64, Option<usize>)>> {
    let most = match options.summaries.cells {
        CellLimit::None => return Ok(None),
        CellLimit::Default if !target => return Ok(None),
        CellLimit::Default => (rows / 100).clamp(100, MAX_CELLS),
        CellLimit::Most(most) => most,
        CellLimit::Share(share) if (0.0..=1.0).contains(&share) => (rows as f64 * share) as u64,
        CellLimit::Share(share) => {
            return Err(Error::argument(format!("{share} is no share of the rows: 0 to 1")));
        }
        CellLimit::Beta(beta) if beta <= MAX_CELL_BITS => return Ok(Some((MAX_CELLS, Some(beta)))),
        CellLimit::Beta(_) => return Err(Error::argument(format!("beta is at most {MAX_CELL_BITS}"))),
    };
    if most > MAX_CELLS {
        return Err(Error::argument(format!("{most} condensed samples are too many: at most {MAX_CELLS}")));
    }
    Ok(Some((most.max(1), None)))
}

/// Chooses the bits on the survey's sample and counts the cells in a pass over the table.
pub(crate) fn choose_cells(
    table: &dyn Table,
    features: &[usize],
    survey: &mut Survey,
    options: &Options,
    progress: &(dyn Fn(u64) -> Result<()> + Sync),
) -> Result<Option<CellPlan>> {
    let schema = table.schema();
    let Some((most, beta)) = limit(options, survey.rows, survey.target.is_some())? else {
        return Ok(None);
    };
    if survey.rows == 0 {
        return Ok(None);
    }
    if features.is_empty() {
        return Err(Error::argument(
            "condensed samples need numeric columns besides the target, and there are none",
        ));
    }
    let grid = Grid::from_ranges(&survey.ranges);
    let order = if options.summaries.low_entropy_cells { CellBits::Low } else { CellBits::High };
    let mut bits = choose_bits(&grid, &survey.sample, order);
    if beta.is_none() {
        bits = fit_bits(&grid, &survey.sample, bits, most as usize);
    }
    let mut prefixes = match beta {
        Some(beta) => Prefixes::fixed(beta.min(bits.len()), most as usize),
        None => Prefixes::largest(bits.len(), most as usize),
    };
    let keys = CellKeys::new(&grid, &bits)?;
    let (mut found, mut rows) = (Vec::new(), 0);
    for_each_batch(table, |batch| {
        let columns = numbers(schema, &batch, features);
        let columns: Vec<_> = columns.iter().map(Numbers::column).collect();
        keys.of_segment(batch.rows, &columns, &mut found);
        found.iter().try_for_each(|&key| prefixes.insert(key))?;
        rows += batch.rows as u64;
        progress(rows)
    })?;
    let map = prefixes.finish();
    bits.truncate(map.beta());
    let keys = CellKeys::new(&grid, &bits)?;
    let mut labels = survey.target_labels.take();
    let stored_labels = labels.as_mut().map_or_else(Vec::new, Labels::number);
    let is_value = matches!(survey.target, Some((_, TargetKind::Value)));
    let mut specials: Vec<bool> = survey.ranges.iter().map(|r| r.specials).collect();
    specials.extend(is_value.then_some(survey.target_range.specials));
    let layout = CellLayout { specials, target: is_value, classes: stored_labels.len() };
    Ok(Some(CellPlan {
        features: features.to_vec(),
        target: survey.target,
        grid,
        bits,
        keys,
        map,
        layout,
        labels,
        stored_labels,
        low_entropy: options.summaries.low_entropy_cells,
    }))
}
