//! Several schemas as one, by the names of their columns.

mod convert;
mod types;

pub(crate) use convert::Misfit;
pub(crate) use types::{common_field, wide_keys};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};

use super::class_names::{CLASS_NAMES, class_names};
use crate::error::{Error, ErrorKind};

/// A schema, and the first of the files that have it.
pub(crate) struct Own {
    pub path: PathBuf,
    pub schema: SchemaRef,
}

/// The common schema of several files.
pub(crate) struct Unified {
    pub schema: SchemaRef,
    /// The notes on columns that changed, or that some files lack.
    pub notes: Vec<String>,
}

/// A column for which there is no type, by name.
pub(crate) struct Conflict {
    pub column: String,
    pub error: Error,
}

/// The schema that holds the rows of all: the columns of the first, then those that only later ones have. A column that
/// a file lacks is null there.
pub(crate) fn unify(all: &[Own]) -> std::result::Result<Unified, Conflict> {
    let mut names: Vec<&String> = Vec::new();
    let mut columns: HashMap<&String, Vec<(usize, &FieldRef)>> = HashMap::new();
    for (number, own) in all.iter().enumerate() {
        for field in own.schema.fields() {
            let seen = columns.entry(field.name()).or_insert_with(|| {
                names.push(field.name());
                Vec::new()
            });
            if seen.last().is_some_and(|(last, _)| *last == number) {
                let why = "is there twice; columns of several files are matched by name: rename one";
                return Err(conflict(&own.path, field.name(), why));
            }
            seen.push((number, field));
        }
    }
    let mut fields = Vec::with_capacity(names.len());
    let mut notes = Vec::new();
    for name in names {
        let seen = &columns[name];
        let field = column(all, seen)?;
        let missing: Vec<&Path> = (0..all.len())
            .filter(|number| seen.binary_search_by_key(number, |(with, _)| *with).is_err())
            .map(|number| all[number].path.as_path())
            .collect();
        if let Some(first) = missing.first() {
            let more = if missing.len() > 1 { " and others" } else { "" };
            notes.push(format!("column \"{name}\": null in {}{more}", first.display()));
        }
        notes.extend(changed(all, seen, &field));
        fields.push(match missing.is_empty() {
            true => field,
            false => field.with_nullable(true),
        });
    }
    let (metadata, note) = metadata(all)?;
    notes.extend(note);
    Ok(Unified { schema: Arc::new(Schema::new_with_metadata(fields, metadata)), notes })
}

/// The array in the type of a field.
pub(crate) fn convert(array: &ArrayRef, field: &Field) -> std::result::Result<ArrayRef, Misfit> {
    convert::convert(array, field.data_type(), None)
}

/// The column that a file does not have.
pub(crate) fn missing(field: &Field, rows: usize) -> ArrayRef {
    new_null_array(field.data_type(), rows)
}

fn conflict(path: &Path, column: &str, why: impl std::fmt::Display) -> Conflict {
    let message = format!("{}: column \"{column}\" {why}", path.display());
    Conflict { column: column.to_owned(), error: Error::new(ErrorKind::Type, message) }
}

/// The field for one column of all schemas that have it.
fn column(all: &[Own], seen: &[(usize, &FieldRef)]) -> std::result::Result<Field, Conflict> {
    let mut both: Option<Field> = None;
    for (number, field) in seen {
        both = Some(match both {
            None => field.as_ref().clone(),
            Some(before) => types::common_field(&before, field).ok_or_else(|| {
                let other = seen.iter().find(|(_, f)| types::common_field(f, field).is_none());
                let (of, other) = other.map_or((seen[0].0, &before), |(of, other)| (*of, other));
                let (own, other) = described(field, other);
                let first = all[of].path.display();
                let why = format!(
                    "is {own}, but {other} in {first}, and no type holds both; write one of them in the other's type"
                );
                conflict(&all[*number].path, field.name(), why)
            })?,
        });
    }
    // A column is of one schema at least.
    Ok(both.unwrap_or_else(|| Field::new("", DataType::Null, true)))
}

/// The types of two fields; their extensions too where the types themselves are the same.
fn described(a: &Field, b: &Field) -> (String, String) {
    let types = [a, b].map(|f| f.data_type().to_string());
    match types[0] == types[1] {
        true => {
            let says = |f: &Field| {
                let metadata: BTreeMap<_, _> = f.metadata().iter().collect();
                format!("{} with {metadata:?}", f.data_type())
            };
            (says(a), says(b))
        }
        false => types.into(),
    }
}

/// The note on a column whose type is not the same in all files.
fn changed(all: &[Own], seen: &[(usize, &FieldRef)], field: &Field) -> Option<String> {
    let mut types: Vec<(&DataType, &Path)> = Vec::new();
    for (number, own) in seen {
        if !types.iter().any(|(data_type, _)| *data_type == own.data_type()) {
            types.push((own.data_type(), &all[*number].path));
        }
    }
    if types.len() < 2 {
        return None;
    }
    let types: Vec<String> = types.iter().map(|(t, path)| format!("{t} in {}", path.display())).collect();
    Some(format!("column \"{}\": {} here; {}", field.name(), field.data_type(), types.join(", ")))
}

/// The metadata of all schemas: the first value of each key, with a note on those that differ. The names of classes give
/// numbers their meaning, so they must agree.
fn metadata(all: &[Own]) -> std::result::Result<(HashMap<String, String>, Option<String>), Conflict> {
    let mut metadata: HashMap<String, String> = HashMap::new();
    let mut differ = BTreeSet::new();
    let mut classes: BTreeMap<String, (Vec<String>, &Path)> = BTreeMap::new();
    for own in all {
        for (key, value) in own.schema.metadata() {
            let kept = metadata.entry(key.clone()).or_insert_with(|| value.clone());
            if kept != value && key != CLASS_NAMES {
                differ.insert(key.as_str());
            }
        }
        for (column, names) in class_names(&own.schema) {
            match classes.get(&column) {
                Some((others, _)) if others.starts_with(&names) => {}
                Some((others, path)) if !names.starts_with(others) => {
                    let why = format!(
                        "has other classes than in {}: the same number means another name; write the names as text",
                        path.display()
                    );
                    return Err(conflict(&own.path, &column, why));
                }
                _ => drop(classes.insert(column, (names, &own.path))),
            }
        }
    }
    if metadata.contains_key(CLASS_NAMES) {
        let names: BTreeMap<_, _> = classes.iter().map(|(column, (names, _))| (column, names)).collect();
        metadata.insert(CLASS_NAMES.to_owned(), serde_json::json!(names).to_string());
    }
    let note = (!differ.is_empty()).then(|| {
        let keys: Vec<&str> = differ.into_iter().collect();
        let first = all.first().map_or(Path::new(""), |own| &own.path);
        format!(
            "metadata {}: of {} and the first files that have them; others differ",
            keys.join(", "),
            first.display()
        )
    });
    Ok((metadata, note))
}
