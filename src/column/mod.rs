//! Columns in memory.

pub(crate) mod append;
pub(crate) mod numbers;
pub(crate) mod prepare;
pub(crate) mod values;

pub use values::{Batch, Column, Values};

pub use crate::format::schema::{Kind, Node, Schema};
pub use crate::format::schema_builder::SchemaBuilder;
