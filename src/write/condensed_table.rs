//! The table of condensed samples.

use std::ops::Range;

use crate::error::Result;
use crate::format::schema::Schema;
use crate::summary::cells::condensed::Condensed;
use crate::summary::cells::plan::condensed_batch;
use crate::write::blocks::Blocks;
use crate::write::dictionaries::Dictionaries;
use crate::write::file::FileWriter;
use crate::write::options::Options;
use crate::write::pipeline::Pipeline;
use crate::write::segments::{SEGMENT_ROWS, segment_rows};

/// Writes `m` condensed samples; `part` gives those of a range.
pub(crate) fn condensed_table(
    out: &mut FileWriter,
    schema: &Schema,
    options: &Options,
    m: usize,
    part: &(dyn Fn(Range<usize>) -> Result<Condensed> + Sync),
) -> Result<Blocks> {
    let none = Dictionaries::default();
    let mut pipeline = Pipeline::new(schema, options, &none);
    let rows = segment_rows(schema, SEGMENT_ROWS);
    let parts =
        (0..m).step_by(rows).map(|start| Ok(condensed_batch(schema, &part(start..m.min(start + rows))?)));
    pipeline.run(out, parts, &|_| Ok(()))?;
    Ok(pipeline.blocks)
}
