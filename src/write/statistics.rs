//! The table of statistics: encoded once all rows are written, and kept if it is small enough.

use crate::codec::encoded_block::EncodedBlock;
use crate::error::Result;
use crate::format::schema::Schema;
use crate::summary::statistics::StatisticsPolicy;
use crate::summary::statistics::table::StatisticsRows;
use crate::write::dictionaries::Dictionaries;
use crate::write::options::Options;
use crate::write::pipeline::Pipeline;
use crate::write::segments::{SEGMENT_ROWS, segment_rows};

/// The share of a file that statistics may take.
const SHARE: u64 = 100;

/// Bytes of the directory, and of padding, that statistics take besides their blocks: a feature, a table, two sections.
const ENTRIES: u64 = 40 + 40 + 2 * 32 + 2 * 64;

/// Lanes of rows of which segments have so few that statistics never are small enough.
const MOST_LANES: u32 = 1 << 14;

/// The rows that a writer gathers statistics in, if the options ask for them and the columns have some.
pub(crate) fn gathered(schema: &Schema, options: &Options) -> Option<StatisticsRows> {
    match options.summaries.statistics {
        StatisticsPolicy::Never => None,
        StatisticsPolicy::Auto if schema.lanes() > MOST_LANES => None,
        StatisticsPolicy::Auto | StatisticsPolicy::Always => StatisticsRows::new(schema),
    }
}

/// The segments of the table of statistics of a file that has `written` bytes so far; none if it has no rows, or they would
/// take too much of it.
pub(crate) fn encoded(
    rows: Option<StatisticsRows>,
    schema: &Schema,
    options: &Options,
    written: u64,
) -> Result<Vec<EncodedBlock>> {
    let Some(mut rows) = rows.filter(|rows| !rows.is_empty()) else { return Ok(Vec::new()) };
    rows.finish(schema);
    let most = match options.summaries.statistics {
        StatisticsPolicy::Auto => written / SHARE,
        StatisticsPolicy::Always | StatisticsPolicy::Never => u64::MAX,
    };
    let pipeline = Pipeline::new(&rows.layout.schema, options, Dictionaries::NONE);
    let (step, mut bytes) = (segment_rows(pipeline.schema, SEGMENT_ROWS), ENTRIES);
    let mut segments = Vec::new();
    for from in (0..rows.len()).step_by(step) {
        let blocks = pipeline.blocks(&rows.batch(from..rows.len().min(from + step)))?;
        bytes += blocks.iter().map(EncodedBlock::file_bytes).sum::<u64>();
        if bytes > most {
            return Ok(Vec::new());
        }
        segments.extend(blocks);
    }
    Ok(segments)
}
