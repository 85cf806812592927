//! The bulk sections that sum up rows that are written.

use zerocopy::IntoBytes;

use crate::error::Result;
use crate::format::sections::SectionKind;
use crate::summary::cells::spill::Covariances;
use crate::summary::covariances::section::CovariancesSection;
use crate::summary::kind::Summary;
use crate::summary::sample_index;
use crate::write::classes::ByClass;
use crate::write::file::FileWriter;
use crate::write::index::{class_table, write_index};

/// Cells whose covariances are written at a time.
const COVARIANCES: usize = 1 << 8;

/// Writes a summary that is one section.
pub(crate) fn write_summary<T: Summary>(out: &mut FileWriter, summary: &T) -> Result<()> {
    out.section(T::SECTION, &summary.to_bytes())?;
    out.feature(T::FEATURE);
    Ok(())
}

/// Writes the covariances within cells.
pub(crate) fn write_covariances(out: &mut FileWriter, covariances: &Covariances) -> Result<()> {
    let mut section = out.open_section(CovariancesSection::SECTION);
    let cells = covariances.cells();
    for first in (0..cells).step_by(COVARIANCES) {
        let part = covariances.of_cells(first..cells.min(first + COVARIANCES))?;
        out.part(&mut section, part.as_bytes())?;
    }
    out.close_section(section);
    out.feature(CovariancesSection::FEATURE);
    Ok(())
}

/// Rows that were stored class by class.
pub(crate) struct ClassOrder<'a> {
    /// The class column.
    pub node: usize,
    pub rows: ByClass<'a>,
    /// The label of each class.
    pub labels: Vec<Option<Vec<u8>>>,
    /// The number of segments of each class.
    pub segments: Vec<u64>,
}

/// Writes the sample index and the class table, if there are any rows. Returns the number of classes.
pub(crate) fn write_class_order(out: &mut FileWriter, order: ClassOrder, rows: u64) -> Result<u64> {
    if rows == 0 {
        return Ok(0);
    }
    let ClassOrder { node, rows: ByClass { rows: counts, codes, .. }, labels, segments } = order;
    let classes = labels.len() as u64;
    write_index(out, codes, rows, classes)?;
    out.section(SectionKind::CLASS_TABLE, &class_table(node, &counts, &segments, &labels))?;
    out.feature(sample_index::FEATURE);
    Ok(classes)
}
