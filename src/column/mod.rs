//! Columns in memory, and their values as unsigned integers of the fewest bits.

mod append;
mod encode;
mod numbers;
mod schema;
mod schema_bytes;
mod transform;
mod values;

pub(crate) use encode::{EncodedLane, encode_lane, encode_wide, width};
pub use schema::{Kind, Node, Schema, SchemaBuilder};
pub(crate) use transform::{Float, Order, power_of_ten};
pub use values::{Batch, Column, Values};
