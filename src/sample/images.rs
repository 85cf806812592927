//! Images by row number.

use crate::column::{Batch, Kind, Values};
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Projection, Reader, Source};

/// Images that are decoded by row number, all of one shape.
pub trait Images: Sync {
    /// Number of images.
    fn rows(&self) -> u64;

    /// Channels, height and width in pixels, each at least 1.
    fn shape(&self) -> (usize, usize, usize);

    /// Decodes the images of `rows`, in any order, repeated as often as they occur: that of `rows[i]` into
    /// `out[i * c * h * w..]`, one plane a channel, each row by row. `out` has exactly as many bytes.
    ///
    /// # Errors
    /// `Argument` for a row that is not there or an `out` of another length; `Corrupt` or `Io`.
    fn decode(&self, rows: &[u64], out: &mut [u8]) -> Result<()>;
}

/// How the values of an image lie in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One plane a channel: [C, H, W].
    Planar,
    /// All channels of a pixel together: [H, W, C].
    Interleaved,
}

/// The shape of the images of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Values a pixel.
    pub channels: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels from left to right.
    pub width: usize,
    /// Their order.
    pub layout: Layout,
}

impl ImageShape {
    /// Bytes of an image; none if they are too many to count, or there are none.
    pub fn bytes(&self) -> Option<usize> {
        let bytes = self.channels.checked_mul(self.height)?.checked_mul(self.width)?;
        (bytes > 0).then_some(bytes)
    }
}

/// A column of images: fixed-size lists of bytes.
pub struct ImageColumn<'a, S> {
    reader: &'a Reader<S>,
    projection: Projection,
    name: String,
    shape: ImageShape,
}

impl<'a, S: Source> ImageColumn<'a, S> {
    /// The images of a column whose shape is known.
    ///
    /// # Errors
    /// `Argument` if there is no such column; `Type` if its rows are not that many bytes.
    pub fn new(reader: &'a Reader<S>, column: &str, shape: ImageShape) -> Result<Self> {
        Self::of_node(reader, reader.schema().column(column)?, shape)
    }

    /// The images of a column, or of the first column that has any, in the shape that its Arrow extension
    /// type `arrow.fixed_shape_tensor` says: [C, H, W], [H, W, C] or [H, W].
    ///
    /// # Errors
    /// `Argument` if there is no such column, or no image in it; `Type` for tensors that are no images;
    /// `Corrupt`.
    #[cfg(feature = "arrow")]
    pub fn find(reader: &'a Reader<S>, column: Option<&str>) -> Result<Self> {
        let wanted = column.map(|name| reader.schema().column(name)).transpose()?;
        let (node, shape) = super::tensor::image_column(reader, wanted)?;
        Self::of_node(reader, node, shape)
    }

    fn of_node(reader: &'a Reader<S>, column: usize, shape: ImageShape) -> Result<Self> {
        let projection = Projection::nodes_of(reader.schema(), &[column]);
        let node = |i: usize| projection.nodes().get(i).and_then(|&n| reader.schema().nodes().get(n));
        let name = node(0).map_or(String::new(), |list| list.name.clone());
        let bytes = node(1).filter(|item| {
            node(0).is_some_and(|list| list.kind == Kind::List)
                && (item.kind, item.bits) == (Kind::Unsigned, 8)
        });
        match bytes.map(|item| item.instances as usize) {
            Some(bytes) if shape.bytes() == Some(bytes) => Ok(Self { reader, projection, name, shape }),
            Some(bytes) => {
                let ImageShape { channels, height, width, .. } = shape;
                Err(refuse(&name, &format!("{bytes} bytes are no image of {channels} x {height} x {width}")))
            }
            None => Err(refuse(&name, "images are fixed-size lists of uint8")),
        }
    }

    /// Name of the column.
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn refuse(column: &str, what: &str) -> Error {
    Error::new(ErrorKind::Type, format!("column \"{column}\": {what}"))
}

impl<S: Source> Images for ImageColumn<'_, S> {
    fn rows(&self) -> u64 {
        self.reader.rows()
    }

    fn shape(&self) -> (usize, usize, usize) {
        (self.shape.channels, self.shape.height, self.shape.width)
    }

    fn decode(&self, rows: &[u64], out: &mut [u8]) -> Result<()> {
        let bytes = self.shape.bytes().unwrap_or(1);
        if rows.len().checked_mul(bytes) != Some(out.len()) {
            let images = rows.len();
            return Err(Error::argument(format!(
                "{images} images of {bytes} bytes do not fill {}",
                out.len()
            )));
        }
        let mut batch = Batch::default();
        self.reader.take_into(rows, &self.projection, &mut batch)?;
        for (number, column) in batch.columns.iter().enumerate() {
            let per_row = if number == 0 { 1 } else { bytes };
            let null = column.validity.as_ref().and_then(|valid| valid.iter().position(|&v| v == 0));
            if let Some(row) = null.and_then(|at| rows.get(at / per_row)) {
                return Err(refuse(&self.name, &format!("row {row} has no image, or one with nulls")));
            }
        }
        let Some(Values::U8(values)) = batch.columns.get(1).map(|column| &column.values) else {
            return Err(refuse(&self.name, "images are fixed-size lists of uint8"));
        };
        if values.len() != out.len() {
            return Err(Error::corrupt(format!("column \"{}\": images of another size", self.name)));
        }
        match self.shape.layout {
            Layout::Planar => out.copy_from_slice(values),
            Layout::Interleaved => {
                let images = values.chunks_exact(bytes).zip(out.chunks_exact_mut(bytes));
                images.for_each(|(from, to)| separate(from, self.shape.channels, to));
            }
        }
        Ok(())
    }
}

/// Pixels of interleaved channels to one plane a channel.
fn separate(pixels: &[u8], channels: usize, planes: &mut [u8]) {
    for (channel, plane) in planes.chunks_exact_mut(pixels.len() / channels).enumerate() {
        plane
            .iter_mut()
            .zip(pixels.iter().skip(channel).step_by(channels))
            .for_each(|(to, from)| *to = *from);
    }
}
