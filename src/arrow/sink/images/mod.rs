//! Images into folders of the files that other programs read.

mod cifar;
mod columns;
#[cfg(feature = "images")]
mod files;
mod folder;
mod format;
mod idx;
#[cfg(feature = "images")]
mod png;

use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
pub use format::ImageFormat;

use columns::Columns;
use folder::Folder;
use format::Images;

/// A folder that images are written to. It appears whole, with `finish`, or not at all.
pub struct ImageFolderWriter {
    folder: Folder,
    schema: SchemaRef,
    columns: Columns,
    writer: Writer,
    rows: u64,
}

debug_fields!([] ImageFolderWriter { schema, rows });

enum Writer {
    Idx(idx::Idx),
    Cifar(cifar::Cifar),
    #[cfg(feature = "images")]
    Png(png::Png),
    #[cfg(feature = "images")]
    Files(files::Files),
}

impl ImageFolderWriter {
    /// Starts a folder, which must not be there yet, or be empty. The images are the one column that `image_shape` knows.
    /// Their label is the column `class`; if that is none, it is `label`, `fine_label` or the only other column, and other
    /// columns are refused rather than left out. The names of classes are those in the schema's metadata.
    ///
    /// # Errors
    /// `Argument` for a folder that is not empty, or a file; if there is no column of images, or more than one; if it
    /// is open which column is the label. `Type` for images or labels that such files do not hold. `Io`.
    pub fn create(
        path: impl AsRef<Path>,
        schema: &SchemaRef,
        format: ImageFormat,
        class: Option<&str>,
    ) -> Result<Self> {
        let path = path.as_ref();
        let at_path = |e: Error| e.at(path.display());
        let columns = Columns::find(schema, format, class).map_err(at_path)?;
        let folder = Folder::create(path)?;
        let writer = match format {
            ImageFormat::Idx => idx::Idx::create(&folder, &columns).map(Writer::Idx),
            ImageFormat::Cifar10 | ImageFormat::Cifar100 => {
                cifar::Cifar::create(&folder, &columns, format).map(Writer::Cifar)
            }
            #[cfg(feature = "images")]
            ImageFormat::Png => png::Png::create(&folder, &columns).map(Writer::Png),
            #[cfg(feature = "images")]
            ImageFormat::Files => files::Files::create(&folder, &columns).map(Writer::Files),
        };
        let writer = writer.map_err(at_path)?;
        Ok(Self { folder, schema: schema.clone(), columns, writer, rows: 0 })
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// `Argument` if the batch is of another schema; `Type` for a label that such files do not hold, with its column and
    /// row; `Io`.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.schema_ref().fields() != self.schema.fields() {
            return Err(Error::argument("a batch has another schema than the folder it is written to"));
        }
        let images =
            self.columns.images(batch, self.rows).map_err(|e| e.at(self.folder.target().display()))?;
        self.rows += batch.num_rows() as u64;
        match &mut self.writer {
            Writer::Idx(idx) => idx.write(&images),
            Writer::Cifar(cifar) => cifar.write(&self.folder, &images),
            #[cfg(feature = "images")]
            Writer::Png(png) => png.write(&self.folder, &images),
            #[cfg(feature = "images")]
            Writer::Files(files) => {
                let labels = images.labels.first().map(Vec::as_slice);
                let first = self.rows - batch.num_rows() as u64;
                return files.write(&self.folder, batch, labels, first);
            }
        }
        .map_err(|e| self.folder.cannot_write(e))
    }

    /// Completes the files, makes them durable and gives the folder its name.
    ///
    /// # Errors
    /// `Io`; `Argument` if a folder of that name has come into being; `Type` for more images than such files count.
    pub fn finish(self) -> Result<()> {
        let Self { folder, writer, rows, .. } = self;
        match writer {
            Writer::Idx(idx) => {
                let rows = u32::try_from(rows).map_err(|_| {
                    let why = format!("{rows} images; IDX files hold at most {}", u32::MAX);
                    Error::new(ErrorKind::Type, why).at(folder.target().display())
                })?;
                idx.finish(rows)
            }
            Writer::Cifar(cifar) => cifar.finish(),
            #[cfg(feature = "images")]
            Writer::Png(_) | Writer::Files(_) => Ok(()),
        }
        .map_err(|e| folder.cannot_write(e))?;
        folder.finish()
    }
}
