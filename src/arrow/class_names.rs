//! The names of classes: by column in a schema's metadata, and one a line in the files beside images.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::datatypes::{Field, Schema};

use super::message::decode_schema;
use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::read::reader::Reader;

/// The key of the class names among a schema's metadata: a JSON object of lists, by column.
pub const CLASS_NAMES: &str = "class_names";

/// Where the `datasets` library keeps the types of a table's columns, and with them the names of classes.
pub const FEATURES: &str = "huggingface";

/// The names that the metadata say, ours or those of the `datasets` library, of the columns of integers.
pub fn class_names(schema: &Schema) -> BTreeMap<String, Vec<String>> {
    let json = |key| schema.metadata().get(key).and_then(|json| serde_json::from_str(json).ok());
    let (ours, features): (Option<serde_json::Value>, _) = (json(CLASS_NAMES), json(FEATURES));
    let (ours, features) = (ours.unwrap_or_default(), features.unwrap_or_default());
    let names = |field: &Field| {
        let names = match ours.is_object() {
            true => &ours[field.name().as_str()],
            false => &features["info"]["features"][field.name().as_str()]["names"],
        };
        let names: Vec<String> = serde_json::from_value(names.clone()).ok()?;
        (!names.is_empty()).then(|| (field.name().clone(), names))
    };
    let integers = schema.fields().iter().filter(|f| f.data_type().is_integer());
    integers.filter_map(|field| names(field)).collect()
}

/// The names of classes that a gede file stores, by column: those of its Arrow schema's metadata.
///
/// # Errors
/// `Corrupt` if the stored schema is damaged.
pub fn stored_class_names<S: ByteSource>(reader: &Reader<S>) -> Result<BTreeMap<String, Vec<String>>> {
    let schema = reader.arrow_schema().map(decode_schema).transpose()?;
    Ok(schema.map_or_else(BTreeMap::new, |schema| class_names(&schema)))
}

/// The names in a file, one a line; none if there is no such file.
pub fn read_names(path: &Path) -> Result<Vec<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::io(format!("cannot read {}", path.display()), e)),
    }
}

/// The text of a file of names.
pub fn lines(names: &[String]) -> Result<String> {
    let is_line = |name: &String| !name.is_empty() && name.trim() == name && !name.contains(char::is_control);
    match names.iter().find(|name| !is_line(name)) {
        Some(name) => {
            Err(Error::new(ErrorKind::Type, format!("the class name {name:?} is no line of a file of names")))
        }
        None => Ok(names.iter().map(|name| format!("{name}\n")).collect()),
    }
}
