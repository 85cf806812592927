//! Which columns are stored together.

use rayon::prelude::*;

use crate::codec::coding::Coding;
use crate::codec::grouped::within::estimate;
use crate::codec::lanes::{Lanes, validities};
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::column::values::Batch;
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
    /// A label for each column: columns of one label are stored together. Segments have so many rows at most. `coded` says
    /// how many bits the values of columns take in a file, about, and is asked of wide tables.
    ///
    /// # Errors
    /// `Argument` for a name that is not there, is there twice, or is of images; those of `coded`.
    pub(crate) fn labels(
        &self,
        schema: &Schema,
        segment_rows: u64,
        coded: &dyn Fn() -> Result<Vec<f64>>,
    ) -> Result<Vec<usize>> {
        let columns: Vec<usize> = schema.columns().collect();
        let names = match self {
            Self::Auto => return neighbours(schema, &columns, segment_rows, coded),
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

/// Bits that the values of a group have in a row of the file, about, at least; and up to which a table is one group, however
/// wide its rows are in memory. Many columns of few values take bytes for each group that their values do not.
const CODED_BITS: f64 = 160.0;
const NARROW_BITS: f64 = 512.0;

/// The first rows of a wide table, which are looked at.
pub(crate) const LOOKED_AT: usize = 2048;

/// About the bits that the values of each column take in a row, by some rows.
///
/// # Errors
/// `Argument` for values that do not fit the schema.
pub(crate) fn coded_bits(rows: &Batch, schema: &Schema, coding: Coding) -> Result<Vec<f64>> {
    let columns: Vec<usize> = schema.columns().collect();
    if rows.rows == 0 {
        return Ok(vec![0.0; columns.len()]);
    }
    let mut schema = schema.clone().with_groups(&vec![0; columns.len()]);
    schema.forget_dictionaries();
    let lanes = Lanes::of((&schema, 0), rows, &validities(&schema, rows), &[], coding)?.lanes;
    let of_lane = |lane: &EncodedLane| estimate(lane.transform.width, &lane.fields) as f64 / rows.rows as f64;
    let bits: Vec<f64> = lanes.par_iter().map(of_lane).collect();
    let of_column = |&column: &usize| {
        let nodes = schema.subtree(column).map(|node| &schema.nodes()[node]);
        let lanes = nodes.filter(|node| node.image.is_none());
        let lanes = lanes.flat_map(|n| n.first_lane..n.first_value_lane() + n.value_lanes());
        lanes.map(|lane| bits[lane as usize]).sum()
    };
    Ok(columns.iter().map(of_column).collect())
}

/// Labels of a storage group for all columns, or for neighbours each; segments have so many rows at most.
fn neighbours(
    schema: &Schema,
    columns: &[usize],
    segment_rows: u64,
    coded: &dyn Fn() -> Result<Vec<f64>>,
) -> Result<Vec<usize>> {
    let bytes = |&column: &usize| -> u64 {
        let nodes = schema.subtree(column).map(|node| &schema.nodes()[node]);
        nodes.map(node_bits).sum::<u64>().div_ceil(8)
    };
    let is_image = |&column: &usize| schema.nodes()[column].kind == Kind::Image;
    let all: u64 = columns.iter().filter(|column| !is_image(column)).map(bytes).sum();
    if all <= NARROW {
        return Ok(vec![0; columns.len()]);
    }
    let coded = coded()?;
    if coded.iter().sum::<f64>() <= NARROW_BITS {
        return Ok(vec![0; columns.len()]);
    }
    // The number of rows is not known of a stream, which has the same bytes.
    let wanted = ROW_BYTES.max(BLOCK_BYTES / segment_rows.max(1)).max(all / MOST_GROUPS);
    let (mut label, mut filled, mut bits) = (0, 0, 0.0);
    let of = |(column, coded): (&usize, f64)| {
        if is_image(column) {
            return label;
        }
        let own = bytes(column);
        if filled > 0 && filled + own > wanted && bits + coded > CODED_BITS {
            (label, filled, bits) = (label + 1, 0, 0.0);
        }
        (filled, bits) = (filled + own, bits + coded);
        label
    };
    Ok(columns.iter().zip(coded).map(of).collect())
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
