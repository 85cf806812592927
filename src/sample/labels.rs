//! Class numbers by row number.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::Kind;
use crate::read::Projection;
use crate::read::reader::Reader;

/// Classes of rows.
pub trait Labels: Sync {
    /// Writes the class number of `rows[i]` to `out[i]`; `out` is as long as `rows`.
    ///
    /// # Errors
    /// `Argument` for a row that is not there or an `out` of another length; `Corrupt` or `Io`; `Type` for
    /// a value that is no class number.
    fn numbers(&self, rows: &[u64], out: &mut [u32]) -> Result<()>;
}

/// A column of labels.
pub struct LabelColumn<'a, S> {
    reader: &'a Reader<S>,
    projection: Projection,
    name: String,
    numbers: Numbers,
}

debug_fields!(['a, S] LabelColumn { name });

/// How a label becomes a class number.
enum Numbers {
    /// By the class table.
    Classes(HashMap<Option<Vec<u8>>, u32>),
    /// It is one.
    Unsigned,
    /// It is one, unless it is negative.
    Signed,
}

impl<'a, S: ByteSource> LabelColumn<'a, S> {
    /// The labels in a column. Where the file is stored by its classes, they are numbered as its class
    /// table has them, in order from 0, null last, whatever their type; in other columns they are whole
    /// numbers, which are the class numbers.
    ///
    /// # Errors
    /// `Argument` if there is no such column; `Type` if its values are no class numbers; `Corrupt`.
    pub fn new(reader: &'a Reader<S>, column: &str) -> Result<Self> {
        Self::from_node(reader, reader.schema().column(column)?)
    }

    /// The labels that a class-wise file is stored by; none for other files.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn from_classes(reader: &'a Reader<S>) -> Result<Option<Self>> {
        reader.classes().map(|(node, _)| Self::from_node(reader, node)).transpose()
    }

    fn from_node(reader: &'a Reader<S>, node: usize) -> Result<Self> {
        let column = reader.schema().nodes().get(node);
        let column = column.ok_or_else(|| Error::corrupt("the class column is missing"))?;
        let classes = || reader.all_classes().zip(0..).map(|(class, number)| Ok((class?.label, number)));
        let numbers = match (reader.classes(), column.kind) {
            (Some((by, _)), _) if by == node => Numbers::Classes(classes().collect::<Result<_>>()?),
            (_, Kind::Bool | Kind::Unsigned) => Numbers::Unsigned,
            (_, Kind::Signed) if column.unit == 0 => Numbers::Signed,
            _ => {
                let what =
                    format!("column \"{}\" has no class numbers; convert with --class {0}", column.name);
                return Err(Error::new(ErrorKind::Type, what));
            }
        };
        let projection = Projection::nodes_of(reader.schema(), &[node]);
        Ok(Self { reader, projection, name: column.name.clone(), numbers })
    }

    /// Name of the column.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn number(&self, label: Option<Vec<u8>>) -> Option<u32> {
        match &self.numbers {
            Numbers::Classes(classes) => classes.get(&label).copied(),
            Numbers::Unsigned => whole(&label?),
            Numbers::Signed => whole(&label.filter(|bytes| bytes.last().is_some_and(|b| b >> 7 == 0))?),
        }
    }
}

/// The number of little-endian bytes, if it is less than 2^32.
fn whole(bytes: &[u8]) -> Option<u32> {
    let number = bytes.iter().rev().try_fold(0u64, |n, &b| n.checked_mul(256)?.checked_add(b.into()));
    number.and_then(|n| u32::try_from(n).ok())
}

impl<S: ByteSource> Labels for LabelColumn<'_, S> {
    fn numbers(&self, rows: &[u64], out: &mut [u32]) -> Result<()> {
        if rows.len() != out.len() {
            return Err(Error::argument(format!("{} labels do not fill {}", rows.len(), out.len())));
        }
        let batch = self.reader.take(rows, &self.projection)?;
        let column = batch.columns.first().ok_or_else(|| Error::corrupt("the label column is missing"))?;
        for (at, (row, out)) in rows.iter().zip(out).enumerate() {
            *out = self.number(column.label(at)).ok_or_else(|| {
                let name = &self.name;
                let what = match column.label(at) {
                    None => format!(
                        "column \"{name}\" is null in row {row}: convert without rows that have no label"
                    ),
                    Some(_) => format!("column \"{name}\": the value of row {row} is no class number"),
                };
                Error::new(ErrorKind::Type, what)
            })?;
        }
        Ok(())
    }
}
