//! How Arrow types are stored in Parquet: in the type that every reader understands, with the Arrow schema beside it, from
//! which the original comes back.

mod coerce;
mod interval;
mod leaves;
mod restore;
mod types;

pub(crate) use coerce::{Coercion, untimed_dates};
pub(crate) use leaves::{annotated, with_leaves};
pub(crate) use restore::Restorer;
pub(crate) use types::{
    Dates, foreign_dictionary, hint_fields, leaf_annotation, notes, refusal, stored_fields,
};

/// The extension types of Arrow that Parquet has logical types for.
pub(crate) const UUID: &str = "arrow.uuid";
pub(crate) const JSON: &str = "arrow.json";

/// The key of a field's extension type.
pub(crate) const EXTENSION: &str = "ARROW:extension:name";

/// The milliseconds of a day.
const DAY: i64 = 86_400_000;
