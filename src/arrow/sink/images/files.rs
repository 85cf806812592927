//! Pictures back into the files they were, in a folder for each class.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, LargeBinaryArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use super::columns::{Columns, Content};
use super::folder::Folder;
use super::png::{ClassFolders, is_folder_name};
use crate::arrow::wrap;
use crate::codec::picture::extension;
use crate::error::{Error, ErrorKind, Result};

/// The files there are.
pub struct Files {
    column: usize,
    classes: ClassFolders,
    /// Names that are taken, in lower case: some file systems take "A.png" and "a.png" for the same.
    taken: HashSet<PathBuf>,
}

impl Files {
    pub fn create(folder: &Folder, columns: &Columns) -> Result<Self> {
        let Content::Files(column) = columns.content else {
            return Err(Error::argument("the images are pixels; write them with --format png"));
        };
        Ok(Self { column, classes: ClassFolders::create(folder, columns)?, taken: HashSet::new() })
    }

    /// Writes the pictures of a batch whose first row is `first`.
    pub fn write(
        &mut self,
        folder: &Folder,
        batch: &RecordBatch,
        labels: Option<&[u16]>,
        first: u64,
    ) -> Result<()> {
        let (bytes, paths) = parts(batch.column(self.column).as_ref())?;
        for i in 0..batch.num_rows() {
            let row = first + i as u64;
            if bytes.is_null(i) {
                let why = format!("row {row}: there is no picture to write a file of");
                return Err(Error::new(ErrorKind::Type, why).at(folder.target().display()));
            }
            let path = paths.is_valid(i).then(|| paths.value(i));
            let class = labels.and_then(|labels| labels.get(i).copied());
            let name = self.name(class, path, row, bytes.value(i));
            let within = self.classes.enter(folder, class).map_err(|e| folder.cannot_write(e))?;
            std::fs::write(within.join(name), bytes.value(i)).map_err(|e| folder.cannot_write(e))?;
        }
        Ok(())
    }

    /// The name that a picture had, if it can be that of a file here and is not taken; else one of its row.
    fn name(&mut self, class: Option<u16>, path: Option<&str>, row: u64, bytes: &[u8]) -> String {
        let key = |name: &str| {
            let class = class.map_or(String::new(), |class| class.to_string());
            Path::new(&class).join(name.to_lowercase())
        };
        let own = path.and_then(|path| path.rsplit(['/', '\\']).next());
        let own = own.filter(|name| is_folder_name(name)).map(str::to_owned);
        let by_row = || {
            let end = extension(bytes).unwrap_or("bin");
            let tries = std::iter::once(format!("{row:08}.{end}"));
            tries.chain((1..).map(move |n: u64| format!("{row:08}-{n}.{end}")))
        };
        let name = own.into_iter().chain(by_row()).find(|name| self.taken.insert(key(name)));
        name.unwrap_or_else(|| format!("{row:08}"))
    }
}

/// The bytes and the paths of pictures.
fn parts(column: &dyn Array) -> Result<(LargeBinaryArray, StringArray)> {
    let failed = |e| wrap(ErrorKind::Type, e);
    let pictures = column.as_struct();
    let part = |name: &str, to: &DataType| {
        let part = pictures.column_by_name(name);
        let part = part.ok_or_else(|| Error::argument(format!("pictures have no {name}")))?;
        cast(part, to).map_err(failed)
    };
    let (offsets, data, nulls) =
        part("bytes", &DataType::LargeBinary)?.as_binary::<i64>().clone().into_parts();
    let nulls = arrow::buffer::NullBuffer::union(nulls.as_ref(), pictures.nulls());
    let bytes = LargeBinaryArray::try_new(offsets, data, nulls).map_err(failed)?;
    Ok((bytes, part("path", &DataType::Utf8)?.as_string::<i32>().clone()))
}
