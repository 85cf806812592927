//! The stored condensed samples: a table whose schema the cells name (spec, chapter 5).

use crate::codec::row_selection::RowSelection;
use crate::column::values::Batch;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Kind, Node, Schema};
use crate::format::sections::SectionKind;
use crate::format::tables::TableKind;
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
                let node =
                    nodes.get(node as usize).filter(|n| n.is_single_column() || n.kind == Kind::Unknown);
                let Some(node) = node else { return bad("the target is no column of single values") };
                let bytes = usize::from(node.bits.div_ceil(8));
                let free = node.kind.is_bytes() || node.kind == Kind::Unknown;
                let fits = |label: &Vec<u8>| free || label.len() == bytes;
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
        if table.rows != section.cells {
            return Err(bad("they do not have the shape that the cells name"));
        }
        check_shape(&table.schema, &section)?;
        Ok(Some(table))
    }

    /// Checks the schema of a condensed table, which need not be stored.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(crate) fn check_condensed_schema(&self) -> Result<()> {
        let Some((number, table)) = self.directory.table(TableKind::CONDENSED) else { return Ok(()) };
        let unreadable = |node, group| self.directory.unreadable(number, node, group);
        let section = self.directory.section_of(SectionKind::TABLE_SCHEMA, number);
        let section = section.ok_or_else(|| bad("their table has no schema"))?;
        let schema = Schema::from_bytes(&self.section_bytes(section)?, unreadable)?;
        if schema.first_refusal().is_some() {
            return Ok(());
        }
        if [schema.groups(), table.storage_groups()] != [1, 1] {
            return Err(bad("their table has one storage group"));
        }
        let Some(cells) = self.cells()? else { return Err(bad("there are no cells that they are of")) };
        check_shape(&schema, &cells)
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

/// A condensed table has a column for each mean, then one for each weight.
fn check_shape(schema: &Schema, cells: &CellsSection) -> Result<()> {
    let means = cells.features.len() + usize::from(matches!(cells.target, CellTarget::Value(_)));
    let weights = cells.labels.len().max(1);
    let nodes = schema.nodes();
    let fits = nodes.iter().enumerate().all(|(i, node)| {
        let (kind, nullable) = if i < means { (Kind::Float, node.nullable) } else { (Kind::Unsigned, false) };
        (node.kind, node.bits, node.nullable, node.parent) == (kind, 64, nullable, None)
    });
    if !fits || nodes.len() != means + weights {
        return Err(bad("they do not have the shape that the cells name"));
    }
    Ok(())
}
