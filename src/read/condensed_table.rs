//! The stored condensed samples: a table whose schema the cells name (spec, chapter 5).

use crate::codec::row_selection::RowSelection;
use crate::column::values::Batch;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Kind, Node};
use crate::format::sections::SectionKind;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::read::table::TableView;
use crate::summary::cells::section::{CellTarget, CellsSection};

/// Samples that are read at a time.
const SAMPLES: u64 = 1 << 14;

fn bad(what: &str) -> Error {
    Error::corrupt(format!("condensed samples: {what}"))
}

impl<S: ByteSource> Reader<S> {
    /// The cells section, if there is one.
    pub(crate) fn cells(&self) -> Result<Option<CellsSection>> {
        let Some(bytes) = self.bulk_section(SectionKind::CELLS)? else { return Ok(None) };
        let nodes = self.schema().nodes();
        let section = CellsSection::read(&bytes, nodes.len())?;
        let bad = |what: &str| Err(Error::corrupt(format!("cells: {what}")));
        let numeric = |n: u32| nodes.get(n as usize).is_some_and(Node::may_be_numeric_column);
        if !section.features.iter().all(|f| numeric(f.node.get())) {
            return bad("a feature is not a column of numbers");
        }
        match section.target {
            CellTarget::None => {}
            CellTarget::Value(node) if numeric(node) => {}
            CellTarget::Value(_) => return bad("the target is not a column of numbers"),
            CellTarget::Class(node) => {
                let node = nodes.get(node as usize).filter(|n| n.is_single_column());
                let Some(node) = node else { return bad("the target is no column of single values") };
                let bytes = usize::from(node.bits.div_ceil(8));
                let fits = |label: &Vec<u8>| node.kind.is_bytes() || label.len() == bytes;
                if !section.labels.iter().flatten().all(fits) {
                    return bad("a label is not a value of the target");
                }
            }
        }
        Ok(Some(section))
    }

    /// Rows of the condensed table, 0 if it is not stored, once its schema has been checked.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(crate) fn checked_condensed_count(&self) -> Result<u64> {
        Ok(self.condensed_table()?.map_or(0, |table| table.rows))
    }

    /// The condensed table, if it is stored. Its schema is checked before any row of it is read: it has a mean for every
    /// feature and value target, then weights, and nothing else that may be long.
    pub(crate) fn condensed_table(&self) -> Result<Option<&TableView>> {
        let Some(table) = self.stored_condensed()? else { return Ok(None) };
        let Some(section) = self.cells()? else { return Err(bad("there are no cells that they are of")) };
        let means = section.features.len() + usize::from(matches!(section.target, CellTarget::Value(_)));
        let weights = section.labels.len().max(1);
        let nodes = table.schema.nodes();
        let fits = nodes.iter().enumerate().all(|(i, node)| {
            let (kind, nullable) =
                if i < means { (Kind::Float, node.nullable) } else { (Kind::Unsigned, false) };
            (node.kind, node.bits, node.nullable, node.parent) == (kind, 64, nullable, None)
        });
        if !fits || nodes.len() != means + weights || table.rows != section.cells {
            return Err(bad("they do not have the shape that the cells name"));
        }
        Ok(Some(table))
    }

    /// Hands out all rows of the condensed table, some at a time, and how many there are of them beforehand.
    ///
    /// # Errors
    /// `Memory` for more of them than the file can have earned; `Corrupt`.
    pub(crate) fn each_condensed(&self, mut each: impl FnMut(Batch) -> Result<()>) -> Result<()> {
        let Some(table) = self.condensed_table()? else { return Ok(()) };
        let bytes = u128::from(table.rows) * 8 * table.schema.nodes().len() as u128;
        earned::check("the condensed samples", bytes, self.file_length())?;
        for first in (0..table.rows).step_by(SAMPLES as usize) {
            each(self.condensed_rows(table, first, SAMPLES.min(table.rows - first))?)?;
        }
        Ok(())
    }

    /// Some rows of the condensed table.
    pub(crate) fn condensed_rows(&self, table: &TableView, first: u64, count: u64) -> Result<Batch> {
        let mut out = Batch::default();
        let rows = RowSelection::Range(first, count as usize);
        let everything = Projection::all(&table.schema);
        table.take(self.context(), rows, None, &everything, &mut out)?;
        Ok(out)
    }
}
