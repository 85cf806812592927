//! Several files as one table: the rows of one after those of another, columns matched by name.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::detect::detect;
use super::files::{self, File, Files, Keys};
use super::{BatchSource, InputOptions, RecordBatches, keys};
use crate::arrow::schema::physical_schema;
use crate::arrow::unify::{self, Misfit, Own, Unified};
use crate::arrow::wrap;
use crate::error::{Error, ErrorKind, Result};

/// Names that a note lists.
const NAMED: usize = 3;

/// Files with one schema. Each is opened when its turn comes in a pass.
pub(crate) struct Many {
    schema: SchemaRef,
    parts: Vec<OpenFile>,
    layouts: Vec<FileColumns>,
    /// The columns that folders' names give. Files may have them too, and must then agree.
    keys: Vec<usize>,
    notes: Vec<String>,
}

/// The fields of files, and which of them the columns of the table are; none for those that the files lack.
struct FileColumns {
    schema: SchemaRef,
    columns: Vec<Option<usize>>,
}

/// A file, what is read of it, and what its folders give it.
type Opened = (PathBuf, Box<dyn BatchSource>, Keys);

struct OpenFile {
    path: PathBuf,
    source: Box<dyn BatchSource>,
    layout: usize,
    /// The values of the keys, an array of one each.
    keys: Vec<ArrayRef>,
    /// Rows of the first pass that came to its end: later ones must have as many.
    rows: OnceLock<u64>,
}

impl Many {
    /// Opens files, folders of tables and patterns; a single input that is no such folder as it is.
    pub fn find(paths: &[PathBuf], options: &InputOptions) -> Result<Box<dyn BatchSource>> {
        match paths {
            [] => Err(Error::argument("no files to read")),
            [path] if path.is_dir() => match files::in_folder(path)? {
                Some(found) => Self::open(found, options),
                None => detect(path, options),
            },
            [path] if path.exists() || !super::glob::is_pattern(path) => detect(path, options),
            paths => Self::open(files::find(paths)?, options),
        }
    }

    fn open(found: Files, options: &InputOptions) -> Result<Box<dyn BatchSource>> {
        let Files { files, passed_over } = found;
        let open = |path: &Path| detect(path, options);
        let mut notes = Vec::new();
        if !passed_over.is_empty() {
            let names: Vec<String> =
                passed_over.iter().take(NAMED).map(|p| p.display().to_string()).collect();
            let more = match passed_over.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            notes.push(format!("passed over {}{more}", names.join(", ")));
        }
        let mut many = Self::new(files, open, notes)?;
        if let [first, .., last] = many.parts.as_slice() {
            let (first, last) = (first.path.display(), last.path.display());
            many.notes.insert(0, format!("{} files as one table, {first} to {last}", many.parts.len()));
        }
        Ok(Box::new(many))
    }

    /// The rows of gede files.
    pub fn gede(paths: &[PathBuf]) -> Result<Self> {
        let files = paths.iter().map(|path| File { path: path.clone(), keys: Vec::new() });
        Self::new(files.collect(), |path| Ok(Box::new(super::Gede::open(path)?)), Vec::new())
    }

    fn new(
        files: Vec<File>,
        open: impl Fn(&Path) -> Result<Box<dyn BatchSource>>,
        mut notes: Vec<String>,
    ) -> Result<Self> {
        let mut parts: Vec<Opened> = Vec::with_capacity(files.len());
        for File { path, keys } in files {
            let mut source = open(&path)?;
            source.forget();
            parts.push((path, source, keys));
        }
        let names = key_names(&parts)?;
        let unified = in_common(&mut parts)?;
        let mut fields = unified.schema.fields().to_vec();
        let mut columns = Vec::with_capacity(names.len());
        for (number, name) in names.iter().enumerate() {
            let values = || parts.iter().map(|(.., keys)| keys[number].1.as_deref());
            let nullable = values().any(|value| value.is_none());
            let own = fields.iter().position(|field| field.name() == name);
            columns.push(own.unwrap_or(fields.len()));
            match own {
                Some(own) => {
                    let field = fields[own].as_ref().clone();
                    fields[own] = Arc::new(field.with_nullable(nullable || fields[own].is_nullable()));
                }
                None => fields.push(Arc::new(keys::field(name, values()))),
            }
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, unified.schema.metadata().clone()));
        let mut layouts: Vec<FileColumns> = Vec::new();
        let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
        let parts: Vec<OpenFile> = parts
            .into_iter()
            .map(|(path, source, values)| {
                let own = source.schema();
                let alike = known.entry(hash(own.fields())).or_default();
                let layout = alike.iter().copied().find(|&l| layouts[l].schema.fields() == own.fields());
                let layout = layout.unwrap_or_else(|| {
                    let columns = unified.schema.fields().iter();
                    let columns = columns.map(|field| own.index_of(field.name()).ok()).collect();
                    layouts.push(FileColumns { schema: own.clone(), columns });
                    alike.push(layouts.len() - 1);
                    layouts.len() - 1
                });
                let rows = source.rows().map_or_else(OnceLock::new, OnceLock::from);
                let values = columns.iter().zip(&values);
                let keys =
                    values.map(|(&column, (_, v))| keys::value(&path, schema.field(column), v.as_deref()));
                Ok(OpenFile { keys: keys.collect::<Result<_>>()?, path, source, layout, rows })
            })
            .collect::<Result<_>>()?;
        if !names.is_empty() {
            notes.push(format!("columns from the names of folders: {}", names.join(", ")));
        }
        // What files lack of these columns, the names of their folders give.
        let given =
            |note: &String| names.iter().any(|n| note.starts_with(&format!("column \"{n}\": null in")));
        notes.extend(unified.notes.into_iter().filter(|note| !given(note)));
        Ok(Self { schema, parts, layouts, keys: columns, notes })
    }

    /// A pass over some of the columns, in any order.
    fn pass(&self, columns: Vec<usize>) -> Result<RecordBatches<'_>> {
        let schema = self.schema.project(&columns).map_err(|e| wrap(ErrorKind::Input, e))?;
        let schema = Arc::new(schema);
        let whole = columns.len() == self.schema.fields().len();
        let mut parts = self.parts.iter();
        let mut current: Option<Reading> = None;
        Ok(Box::new(std::iter::from_fn(move || {
            loop {
                let reading = match &mut current {
                    Some(reading) => reading,
                    None => match self.start(parts.next()?, &columns, whole) {
                        Ok(reading) => current.insert(reading),
                        Err(e) => return Some(Err(e)),
                    },
                };
                match reading.batches.next() {
                    Some(Ok(batch)) => {
                        let made = self.batch(reading, &batch, &schema, &columns);
                        reading.row += batch.num_rows() as u64;
                        return Some(made);
                    }
                    Some(Err(e)) => return Some(Err(e)),
                    None => {
                        let ended = reading.end();
                        current = None;
                        if let Err(e) = ended {
                            return Some(Err(e));
                        }
                    }
                }
            }
        })))
    }

    /// Opens a part for a pass.
    fn start<'s>(&'s self, part: &'s OpenFile, columns: &[usize], whole: bool) -> Result<Reading<'s>> {
        let layout = &self.layouts[part.layout];
        let mut own: Vec<usize> =
            columns.iter().filter_map(|&column| layout.columns.get(column).copied().flatten()).collect();
        own.sort_unstable();
        // Of a file that has none of the columns all are read: how many rows there are is asked as well.
        let batches = match whole || own.is_empty() {
            true => {
                own = (0..layout.schema.fields().len()).collect();
                part.source.batches()?
            }
            false => part.source.project(own.clone())?,
        };
        Ok(Reading { part, batches, own, row: 0 })
    }

    /// A batch of a part as one of the table.
    fn batch(
        &self,
        reading: &Reading,
        batch: &RecordBatch,
        schema: &SchemaRef,
        columns: &[usize],
    ) -> Result<RecordBatch> {
        let part = reading.part;
        let layout = &self.layouts[part.layout];
        let read = reading.own.iter().map(|&own| layout.schema.field(own));
        if batch.num_columns() != reading.own.len()
            || !read.zip(batch.schema_ref().fields()).all(|(a, b)| a == b.as_ref())
        {
            return Err(refuse(
                &part.path,
                "has other columns than when it was opened: it changes while it is read",
            ));
        }
        let rows = batch.num_rows();
        let arrays = columns.iter().zip(schema.fields()).map(|(&column, field)| {
            let key = self.keys.iter().position(|&key| key == column).map(|key| &part.keys[key]);
            let own = match (layout.columns.get(column).copied().flatten(), key) {
                (Some(own), _) => own,
                (None, Some(value)) => {
                    return keys::repeated(value, rows).map_err(|e| super::unreadable(&part.path, e));
                }
                (None, None) => return Ok(unify::missing(field, rows)),
            };
            let at = reading.own.binary_search(&own).map_err(|_| Error::corrupt("a column was not read"))?;
            let array = unify::convert(batch.column(at), field).map_err(|misfit| match misfit {
                Misfit::Value(row, why) => refuse(
                    &part.path,
                    format!("row {}: column \"{}\": {why}", reading.row + row as u64, field.name()),
                ),
                Misfit::Arrow(e) => super::unreadable(&part.path, e),
            })?;
            key.map_or(Ok(()), |value| keys::check(&part.path, field, &array, value, reading.row))?;
            Ok(array)
        });
        let arrays = arrays.collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema.clone(), arrays, &options)
            .map_err(|e| super::unreadable(&part.path, e))
    }
}

/// The columns that the names of folders give, which are the same for all files.
fn key_names(parts: &[Opened]) -> Result<Vec<String>> {
    let Some((first, _, keys)) = parts.first() else { return Err(Error::argument("no files to read")) };
    let own = |keys: &[(String, _)]| keys.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let names = own(keys);
    if let Some((path, _, other)) = parts.iter().find(|(.., keys)| own(keys) != names) {
        let text = |names: &[String]| match names {
            [] => "no columns".to_owned(),
            names => format!("the columns {}", names.join(", ")),
        };
        let what = format!(
            "the names of its folders give {}, those of {} {}; read them apart",
            text(&own(other)),
            first.display(),
            text(&names)
        );
        return Err(refuse(path, what));
    }
    if let Some(twice) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        return Err(refuse(first, format!("two of its folders give the column {}", twice.1)));
    }
    Ok(names)
}

impl BatchSource for Many {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        self.parts.iter().map(|part| part.rows.get().copied()).sum()
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        self.pass((0..self.schema.fields().len()).collect())
    }

    fn project(&self, columns: Vec<usize>) -> Result<RecordBatches<'_>> {
        self.pass(columns)
    }

    fn widen_keys(&mut self, column: usize) -> bool {
        let field = self.schema.field(column);
        let Some(wide) = unify::wide_keys(field.data_type()).filter(|_| !self.keys.contains(&column)) else {
            return false;
        };
        self.notes.push(format!(
            "column \"{}\": {wide} here, whose keys name the values of all files",
            field.name()
        ));
        let mut fields = self.schema.fields().to_vec();
        fields[column] = Arc::new(field.clone().with_data_type(wide));
        self.schema = Arc::new(Schema::new_with_metadata(fields, self.schema.metadata().clone()));
        true
    }

    fn is_csv(&self) -> bool {
        self.parts.iter().all(|part| part.source.is_csv())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        for part in &self.parts {
            notes.extend(
                part.source.notes().into_iter().map(|note| format!("{}: {note}", part.path.display())),
            );
        }
        notes
    }
}

/// A part in a pass.
struct Reading<'s> {
    part: &'s OpenFile,
    batches: RecordBatches<'s>,
    /// The columns of the file that are read, in its order.
    own: Vec<usize>,
    /// Rows so far.
    row: u64,
}

impl Reading<'_> {
    /// Fails if the file had another number of rows before.
    fn end(&self) -> Result<()> {
        let before = *self.part.rows.get_or_init(|| self.row);
        match before == self.row {
            true => Ok(()),
            false => Err(refuse(
                &self.part.path,
                format!("has {} rows, and had {before} before: it changes while it is read", self.row),
            )),
        }
    }
}

/// The schema of all parts. Where columns of text files were found to be numbers or the like and others are text, they
/// are read as text as well: the values as they are written.
fn in_common(parts: &mut [Opened]) -> Result<Unified> {
    let mut failed: Option<unify::Conflict> = None;
    loop {
        let mut all: Vec<Own> = Vec::new();
        // Metadata may differ in each of very many files, as pandas' does.
        let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
        for (path, source, _) in parts.iter() {
            let schema = source.schema();
            let metadata: BTreeMap<_, _> = schema.metadata().iter().collect();
            let alike = known.entry(hash(&(schema.fields(), metadata))).or_default();
            if !alike.iter().any(|&own| all[own].schema == *schema) {
                physical_schema(schema).map_err(|e| e.at(path.display()))?;
                alike.push(all.len());
                all.push(Own { path: path.clone(), schema: schema.clone() });
            }
        }
        let conflict = match unify::unify(&all) {
            Ok(unified) => return Ok(unified),
            Err(conflict) => conflict,
        };
        let mut changed = false;
        for (_, source, _) in parts.iter_mut() {
            let found = source.schema().column_with_name(&conflict.column);
            let typed = found.filter(|(_, f)| !f.data_type().is_string() && f.data_type() != &DataType::Null);
            if let Some(text) = typed.and_then(|(column, _)| source.as_text(column)) {
                *source = text;
                changed = true;
            }
        }
        let first = match failed {
            Some(first) if first.column == conflict.column => first,
            _ => conflict,
        };
        if !changed {
            return Err(first.error);
        }
        failed = Some(first);
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn refuse(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Input, format!("{}: {what}", path.display()))
}
