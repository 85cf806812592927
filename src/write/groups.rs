//! Which columns are stored together.

use crate::error::{Error, Result};
use crate::format::schema::{Kind, Schema};

/// Which columns of a table are stored together, in a storage group: a read of one column reads the blocks of its group
/// alone. Images have groups of their own, and items of lists are not divided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageGroups {
    /// All columns together.
    #[default]
    Rows,
    /// Each column alone.
    Columns,
    /// These columns together, by name; those that are not named share one more group.
    Named(Vec<Vec<String>>),
}

impl StorageGroups {
    /// A label for each column: columns of one label are stored together.
    ///
    /// # Errors
    /// `Argument` for a name that is not there, is there twice, or is of images.
    pub(crate) fn labels(&self, schema: &Schema) -> Result<Vec<usize>> {
        let columns: Vec<usize> = schema.columns().collect();
        let names = match self {
            Self::Rows => return Ok(vec![0; columns.len()]),
            Self::Columns => return Ok((0..columns.len()).collect()),
            Self::Named(names) => names,
        };
        let mut labels = vec![names.len(); columns.len()];
        for (label, name) in
            names.iter().enumerate().flat_map(|(label, own)| own.iter().map(move |n| (label, n)))
        {
            let node = schema.column(name).map_err(|e| e.at("storage groups"))?;
            let refuse =
                |what: &str| Err(Error::argument(format!("storage groups: column \"{name}\" {what}")));
            if schema.nodes()[node].kind == Kind::Image {
                return refuse("has images, which are a group of their own");
            }
            let own = &mut labels[columns.partition_point(|&column| column < node)];
            if *own < names.len() {
                return refuse("is named twice");
            }
            *own = label;
        }
        Ok(labels)
    }
}
