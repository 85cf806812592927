//! Pictures that a file keeps as the files they were, decoded by row number.

use rayon::prelude::*;

use super::Images;
use crate::codec::picture;
use crate::column::Values;
use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::format::image_shape::ImageShape;
use crate::format::schema::Kind;
use crate::format::schema::Node;
use crate::format::schema::Schema;
use crate::read::Projection;
use crate::read::reader::Reader;

/// A column of encoded pictures (PNG, JPEG, WebP, BMP), of any sizes, as images of one shape. A picture of another size
/// is fitted: the middle of the shape's proportions is cut out and scaled, as by PyTorch's `Resize` and `CenterCrop`.
/// As there, the orientation that a camera noted is not applied, and colours are taken as they are.
pub struct EncodedImages<'a, S> {
    reader: &'a Reader<S>,
    projection: Projection,
    /// Where in a batch of the projection the bytes are, and the column itself.
    bytes: usize,
    name: String,
    shape: ImageShape,
}

debug_fields!(['a, S] EncodedImages { name, shape });

impl<'a, S: ByteSource> EncodedImages<'a, S> {
    /// The pictures of a column, or of the first that is a struct of `bytes` and `path`; decoded to 1 (gray), 3 or 4
    /// channels.
    ///
    /// # Errors
    /// `Argument` if there is no such column, or for another number of channels; `Type` for one that holds no bytes.
    pub fn new(reader: &'a Reader<S>, column: Option<&str>, shape: (usize, usize, usize)) -> Result<Self> {
        let schema = reader.schema();
        let node = match column {
            Some(name) => schema.column(name)?,
            None => schema.columns().find(|&node| holds_pictures(schema, node)).ok_or_else(|| {
                Error::argument("the file has no column of pictures (structs of bytes and path)")
            })?,
        };
        let name = schema.nodes()[node].name.clone();
        let below = schema.subtree(node);
        let bytes = below.clone().find(|&n| schema.nodes()[n].kind == Kind::Bytes);
        let bytes =
            bytes.filter(|&bytes| bytes == node || holds_pictures(schema, node)).ok_or_else(|| {
                Error::argument(format!(
                    "column \"{name}\" is no column of images: neither pixels nor files of pictures"
                ))
            })?;
        let (channels, height, width) = shape;
        if !matches!(channels, 1 | 3 | 4) {
            return Err(Error::argument(format!("pictures have 1, 3 or 4 channels, not {channels}")));
        }
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let shape = ImageShape::new(channels as u8, side(height), side(width), false)?;
        let projection = Projection::nodes_of(schema, &[node]);
        Ok(Self { reader, projection, bytes: bytes - below.start, name, shape })
    }

    /// True if a file has a column that `new` finds by itself.
    pub fn is_in(reader: &Reader<S>) -> bool {
        let schema = reader.schema();
        schema.columns().any(|node| holds_pictures(schema, node))
    }

    /// Name of the column.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// True if a column is a struct of `bytes` and `path`, and nothing else.
fn holds_pictures(schema: &Schema, column: usize) -> bool {
    let nodes = &schema.nodes()[schema.subtree(column)];
    let is = |node: &Node, name: &str, kind: Kind| node.name == name && node.kind == kind;
    match nodes {
        [first, second, third] => {
            let pair = |a: &Node, b: &Node| is(a, "bytes", Kind::Bytes) && is(b, "path", Kind::Text);
            first.kind == Kind::Struct && (pair(second, third) || pair(third, second))
        }
        _ => false,
    }
}

impl<S: ByteSource> Images for EncodedImages<'_, S> {
    fn rows(&self) -> u64 {
        self.reader.rows()
    }

    fn shape(&self) -> (usize, usize, usize) {
        (self.shape.planes(), self.shape.rows(), self.shape.columns())
    }

    fn decode(&self, rows: &[u64], out: &mut [u8]) -> Result<()> {
        let values = self.shape.values();
        if rows.len().checked_mul(values) != Some(out.len()) {
            let (count, length) = (rows.len(), out.len());
            return Err(Error::argument(format!("{count} images of {values} bytes do not fit {length}")));
        }
        let batch = self.reader.take(rows, &self.projection)?;
        let missing = || Error::corrupt("a column of pictures is missing");
        let column = batch.columns.get(self.bytes).ok_or_else(missing)?;
        let Values::Bytes { offsets, data } = &column.values else { return Err(missing()) };
        let bad = |row: u64, why: String| {
            let what = format!("column \"{}\": the picture of row {row}: {why}", self.name);
            Error::new(ErrorKind::Input, what)
        };
        let picture = |(i, (&row, out)): (usize, (&u64, &mut [u8]))| {
            let picture = data.get(offsets[i] as usize..offsets[i + 1] as usize).ok_or_else(missing)?;
            if picture.is_empty() {
                return Err(bad(row, "is missing".to_owned()));
            }
            picture::planes(picture, self.shape, true, out).map_err(|why| bad(row, why))
        };
        if offsets.len() != rows.len() + 1 {
            return Err(missing());
        }
        // All pictures are tried, so that the first bad one is named whatever the threads.
        let pictures = rows.par_iter().zip(out.par_chunks_exact_mut(values)).enumerate();
        let first = pictures.map(picture).find_map_first(Result::err);
        first.map_or(Ok(()), Err)
    }
}
