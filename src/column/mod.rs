//! Columns in memory, and their values as unsigned integers of the fewest bits.

mod schema;
mod values;

pub use schema::{Kind, Node, Schema, SchemaBuilder};
pub use values::{Batch, Column, Values};
