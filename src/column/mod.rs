//! Columns in memory, and their values as unsigned integers of the fewest bits.

mod append;
mod encode;
mod schema;
mod schema_bytes;
mod transform;
mod values;

pub use schema::{Kind, Node, Schema, SchemaBuilder};
pub(crate) use encode::{EncodedLane, encode_lane, encode_wide, width};
pub(crate) use transform::{Float, Order};
pub use values::{Batch, Column, Values};
