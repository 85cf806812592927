//! Which columns are stored together.

use crate::error::{Error, Result};
use crate::format::schema::{Kind, Node, Schema};

/// Which columns of a table are stored together, in a storage group: a read of one column reads the blocks of its group
/// alone. Images have groups of their own, and items of lists are not divided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageGroups {
    /// All columns together if a row is narrow, and neighbours in several groups if it is wide.
    #[default]
    Auto,
    /// All columns together.
    Rows,
    /// Each column alone.
    Columns,
    /// These columns together, by name; those that are not named share one more group.
    Named(Vec<Vec<String>>),
}

impl StorageGroups {
    /// A label for each column: columns of one label are stored together. Segments have so many rows at most.
    ///
    /// # Errors
    /// `Argument` for a name that is not there, is there twice, or is of images.
    pub(crate) fn labels(&self, schema: &Schema, segment_rows: u64) -> Result<Vec<usize>> {
        let columns: Vec<usize> = schema.columns().collect();
        let names = match self {
            Self::Auto => return Ok(neighbours(schema, &columns, segment_rows)),
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

/// Bytes of the values of a row, up to which a table is one storage group. A group costs about the cache lines of an anchor,
/// of ids and of deviations for each random row, and 0.5 KB for each segment; columns beside those that are wanted cost a
/// scan their bytes.
const NARROW: u64 = 512;

/// Bytes of the values that a group of a wider table has in a row, and in a segment, at least; and how many groups there
/// are about, at most. Of 96 columns of numbers in groups of 16, 8, 4 and 1, one column is scanned in about 1.3, 0.46, 0.38
/// and 0.19 ms, and the file has 26.5, 26.6, 26.9 and 28.3 % of the values' bytes; random rows cost about a fifth more for each
/// halving. The ids of 8 columns with 16 bases each are one load, those of 16 are not.
const ROW_BYTES: u64 = 64;
const BLOCK_BYTES: u64 = 128 << 10;
const MOST_GROUPS: u64 = 256;

/// Labels of a storage group for all columns, or for neighbours each; segments have so many rows at most.
fn neighbours(schema: &Schema, columns: &[usize], segment_rows: u64) -> Vec<usize> {
    let bytes = |&column: &usize| -> u64 {
        let nodes = schema.subtree(column).map(|node| &schema.nodes()[node]);
        nodes.map(node_bits).sum::<u64>().div_ceil(8)
    };
    let is_image = |&column: &usize| schema.nodes()[column].kind == Kind::Image;
    let all: u64 = columns.iter().filter(|column| !is_image(column)).map(bytes).sum();
    if all <= NARROW {
        return vec![0; columns.len()];
    }
    // The number of rows is not known of a stream, which has the same bytes.
    let wanted = ROW_BYTES.max(BLOCK_BYTES / segment_rows.max(1)).max(all / MOST_GROUPS);
    let (mut label, mut filled) = (0, 0);
    let of = |column: &usize| {
        if is_image(column) {
            return label;
        }
        let own = bytes(column);
        if filled > 0 && filled + own > wanted {
            (label, filled) = (label + 1, 0);
        }
        filled += own;
        label
    };
    columns.iter().map(of).collect()
}

/// Bits of the values of a node in a row, as they are in memory; of strings and lists, of their places.
fn node_bits(node: &Node) -> u64 {
    let own = match node.kind {
        Kind::Bytes | Kind::Text | Kind::List => 128,
        Kind::FixedBytes => 8 * u64::from(node.length),
        _ => node.bits.into(),
    };
    u64::from(node.instances) * (own + u64::from(node.nullable))
}
