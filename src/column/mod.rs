//! Columns in memory, and their values as unsigned integers of the fewest bits.

mod append;
mod encode;
mod numbers;
mod rules;
mod schema;
mod schema_bytes;
mod transform;
mod values;

pub(crate) use append::are_strings;
pub(crate) use encode::{EncodedLane, encode_lane, encode_wide, width};
#[cfg(feature = "arrow")]
pub(crate) use rules::MAX_DEPTH;
#[cfg(feature = "images")]
pub(crate) use schema::MAX_LANES;
pub use schema::{Kind, Node, Schema, SchemaBuilder};
pub(crate) use transform::{Float, MAX_DECIMAL, Order, power_of_ten};
pub use values::{Batch, Column, Values};
