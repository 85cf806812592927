//! Images straight from the file, many at a time.

use rayon::prelude::*;

use crate::codec::dct::errors::ImageErrors;
use crate::codec::images::block::Wanted;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::identity::Identity;
use crate::format::image_shape::ImageShape;
use crate::format::sections::SectionKind;
use crate::read::reader::Reader;
use crate::summary::image_errors::read_image_errors;

/// Images that a thread decodes at a time.
const TOGETHER: usize = 64;

/// A column of images of a file.
pub struct ImageColumn<'a, S> {
    pub(crate) reader: &'a Reader<S>,
    name: &'a str,
    pub(crate) group: u32,
    pub(crate) shape: ImageShape,
}

debug_fields!(['a, S] ImageColumn { name, shape });

impl<S: ByteSource> Reader<S> {
    /// The images of a column, or of the first such column.
    ///
    /// # Errors
    /// `Argument` if there is none.
    pub fn images(&self, column: Option<&str>) -> Result<ImageColumn<'_, S>> {
        let none = || {
            Error::argument(
                "the file has no column of images: of bytes that are never null, in Arrow's extension type \
                 arrow.fixed_shape_tensor",
            )
        };
        let mut nodes = self.schema().nodes().iter().filter(|n| n.image.is_some());
        let node = match column {
            None => nodes.next().ok_or_else(&none)?,
            Some(name) => nodes
                .find(|n| n.name == name)
                .ok_or_else(|| Error::argument(format!("\"{name}\" is no column of images")))?,
        };
        let shape = node.image.ok_or_else(none)?;
        Ok(ImageColumn { reader: self, name: &node.name, group: node.group, shape })
    }

    /// Errors of near-lossless coding, measured as the file was written: node and errors.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn image_errors(&self) -> Result<Vec<(u32, ImageErrors)>> {
        let section = self.metadata_section(SectionKind::IMAGE_ERRORS, "image errors")?;
        section.map_or(Ok(Vec::new()), |bytes| read_image_errors(&bytes))
    }
}

impl<S: ByteSource> ImageColumn<'_, S> {
    /// Name of the column.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Number of images.
    pub fn rows(&self) -> u64 {
        self.reader.rows()
    }

    /// Identity of the file: see [`Reader::identity`].
    pub fn identity(&self) -> Identity {
        self.reader.identity()
    }

    /// The shape of each image.
    pub fn image_shape(&self) -> ImageShape {
        self.shape
    }

    /// Decodes the images of rows, in any order and repeated as often as asked, one after the other
    /// into `out`, on the threads of the current rayon pool.
    ///
    /// # Errors
    /// `Argument` for a row that is not there, or if `out` is not as long as the images are; `Corrupt`
    /// for damaged pages.
    pub fn decode(&self, rows: &[u64], out: &mut [u8]) -> Result<()> {
        let values = self.shape.values();
        if rows.len().checked_mul(values) != Some(out.len()) {
            return Err(Error::argument(format!(
                "{} images of {values} bytes do not fit {}",
                rows.len(),
                out.len()
            )));
        }
        let stored = self.reader.stored(rows)?;
        let mut wanted: Vec<Wanted> = stored.iter().copied().zip(out.chunks_mut(values)).collect();
        wanted.sort_unstable_by_key(|&(row, _)| row);
        let (table, pages) = (&self.reader.table, &self.reader.pages);
        wanted.par_chunks_mut(TOGETHER).try_for_each(|wanted| table.images(pages, self.group, wanted))
    }
}
