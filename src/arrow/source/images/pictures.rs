//! Columns of pictures in tables, as the `datasets` library writes them: structs of a picture's bytes and its path.

use std::io::Cursor;
use std::path::Path;

use arrow::array::{Array, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use rayon::prelude::*;

use super::super::{BatchSource, RecordBatches, unreadable};
use super::column::{WithImages, cells};
use super::common::{Common, Stored};
use super::listing::Passed;
use super::{ImageInput, PictureStorage, refuse};
use crate::arrow::images::holds_pictures;
use crate::codec::picture::Head;
use crate::codec::picture::check;
use crate::error::{Error, Result};

/// The table with its pictures as columns of images, unless they are kept as files, and without the rows of bad ones if
/// those are left out; the table itself if it has none, or if it is empty.
pub fn with_pictures(
    path: &Path,
    mut table: Box<dyn BatchSource>,
    options: &ImageInput,
) -> Result<Box<dyn BatchSource>> {
    let is_asked = options.storage != PictureStorage::Auto || options.skip_bad;
    if is_asked && !table.schema().fields().iter().any(|f| holds_pictures(f)) {
        let path = path.display();
        return Err(Error::argument(format!(
            "{path}: has no pictures (structs of bytes and path), which --pixels, --encoded, --resize and --skip-bad are for"
        )));
    }
    for column in 0..table.schema().fields().len() {
        if !holds_pictures(table.schema().field(column)) {
            continue;
        }
        let (common, bad) = look(path, table.as_ref(), column, options, options.skip_bad)?;
        let Some(stored) = common.stored().map_err(|e| refuse(path, e))? else { continue };
        if stored == Stored::Files && !options.skip_bad {
            // Now that they are kept as they are, none may stop a training.
            look(path, table.as_ref(), column, options, true)?;
        }
        let mut notes = Vec::new();
        if options.storage != PictureStorage::Files {
            let name = table.schema().field(column).name();
            notes.extend(common.note(stored).map(|note| format!("column \"{name}\": {note}")));
        }
        if !bad.is_empty() {
            table = Box::new(Without::new(table, bad));
        }
        table = match stored {
            Stored::Files => Box::new(Noted { table, notes }),
            Stored::Pixels { shape, fit } => {
                Box::new(WithImages::from_pictures(path, table, column, shape, fit, notes))
            }
        };
    }
    Ok(table)
}

/// Looks at all pictures of a column, at their heads or, with `whole`, at their pixels, too. Returns what they have in
/// common, and the rows of bad ones if those are left out.
fn look(
    path: &Path,
    table: &dyn BatchSource,
    column: usize,
    options: &ImageInput,
    whole: bool,
) -> Result<(Common, Vec<u64>)> {
    let (mut common, mut bad) = (Common::new(options.storage), Vec::new());
    let mut row = 0_u64;
    for batch in table.project(vec![column])? {
        let cells = cells(batch?.column(0).as_ref()).map_err(|e| unreadable(path, e))?;
        let see = |i: usize| {
            if cells.is_null(i) {
                return Err("it has no image".to_owned());
            }
            let head = Head::read(Cursor::new(cells.value(i)))?;
            if whole || options.keeps(&head) { check(cells.value(i)) } else { Ok(head) }
        };
        let seen: Vec<_> = (0..cells.len()).into_par_iter().map(see).collect();
        for seen in seen {
            match seen {
                Ok(head) => {
                    common.add(&head).map_err(|why| refuse(path, format!("row {row}: {why}")))?;
                }
                Err(_) if options.skip_bad => bad.push(row),
                Err(why) => return Err(refuse(path, format!("row {row}: {why}"))),
            }
            row += 1;
        }
    }
    Ok((common, bad))
}

/// A table without some of its rows.
struct Without {
    table: Box<dyn BatchSource>,
    /// In order.
    rows: Vec<u64>,
}

impl Without {
    fn new(table: Box<dyn BatchSource>, rows: Vec<u64>) -> Self {
        Self { table, rows }
    }
}

impl BatchSource for Without {
    fn schema(&self) -> &SchemaRef {
        self.table.schema()
    }

    fn rows(&self) -> Option<u64> {
        self.table.rows().map(|rows| rows - self.rows.len() as u64)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let mut first = 0_u64;
        Ok(Box::new(self.table.batches()?.map(move |batch| {
            let batch = batch?;
            let rows = first..first + batch.num_rows() as u64;
            first = rows.end;
            let kept: BooleanArray = rows.map(|row| Some(self.rows.binary_search(&row).is_err())).collect();
            filter_record_batch(&batch, &kept).map_err(|e| crate::arrow::wrap(crate::ErrorKind::Input, e))
        })))
    }

    fn notes(&self) -> Vec<String> {
        let mut passed = Passed::default();
        self.rows.iter().for_each(|row| passed.name(|| format!("row {row}")));
        let note = passed.note("row whose picture cannot be read", "rows whose pictures cannot be read");
        self.table.notes().into_iter().chain(note).collect()
    }
}

/// A table of which something is said.
struct Noted {
    table: Box<dyn BatchSource>,
    notes: Vec<String>,
}

impl BatchSource for Noted {
    fn schema(&self) -> &SchemaRef {
        self.table.schema()
    }

    fn rows(&self) -> Option<u64> {
        self.table.rows()
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        self.table.batches()
    }

    fn project(&self, columns: Vec<usize>) -> Result<RecordBatches<'_>> {
        self.table.project(columns)
    }

    fn notes(&self) -> Vec<String> {
        self.table.notes().into_iter().chain(self.notes.iter().cloned()).collect()
    }
}
