//! Numbers of a file's rows.

use crate::column::{Node, Schema};
use crate::error::{Error, Result};
use crate::read::reader::Reader;
use crate::read::{ByteSource, Projection};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1 << 16;

/// Hands out the features and the target of every row of a file, NaN where they are null or no target is named.
///
/// # Errors
/// `Argument` for a column that is not there or not numeric; `Corrupt` or `Io` from reading.
pub(in crate::train) fn each_row<S: ByteSource>(
    reader: &Reader<S>,
    features: &[String],
    target: Option<&str>,
    each: &mut dyn FnMut(&[f64], f64),
) -> Result<()> {
    let schema = reader.schema();
    let names: Vec<&str> = features.iter().map(String::as_str).chain(target).collect();
    let projection = Projection::columns(schema, &names)?;
    let nodes = number_columns(schema, &projection)?;
    let mut row = vec![0.0; nodes.len()];
    for batch in reader.scan(&projection, 0..reader.rows(), BATCH_ROWS)? {
        let batch = batch?;
        let mut columns: Vec<Vec<f64>> =
            nodes.iter().zip(&batch.columns).map(|(node, column)| node.numbers(column)).collect();
        for (column, values) in batch.columns.iter().zip(&mut columns) {
            let nulls = column.validity.iter().flatten().zip(values).filter(|(valid, _)| **valid == 0);
            nulls.for_each(|(_, value)| *value = f64::NAN);
        }
        for i in 0..batch.rows {
            row.iter_mut().zip(&columns).for_each(|(to, column)| *to = column[i]);
            let (features, target) = row.split_at(features.len());
            // Empty if no target is named.
            each(features, target.first().copied().unwrap_or(f64::NAN));
        }
    }
    Ok(())
}

/// The nodes of a projection, all of them columns of numbers.
pub(in crate::train) fn number_columns<'a>(
    schema: &'a Schema,
    projection: &Projection,
) -> Result<Vec<&'a Node>> {
    let nodes: Vec<&Node> = projection.nodes().iter().map(|&n| &schema.nodes()[n]).collect();
    match nodes.iter().find(|node| !node.is_numeric_column()) {
        Some(node) => Err(Error::argument(format!("column \"{}\" is not of single numbers", node.name))),
        None => Ok(nodes),
    }
}
