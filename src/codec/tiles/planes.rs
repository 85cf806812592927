//! Working memory of the lossless coder: one padded plane of bytes a channel.

use crate::earned;
use crate::error::Result;
use crate::format::image_shape::ImageShape;

/// Rows that the fast inverse of a prediction takes together; planes are padded to whole bands.
pub const BAND: usize = 16;

/// Bytes before a row's first value. Rows of a band are shifted against each other by up to 15 columns.
const MARGIN: usize = 16;

/// Offsets of values in the planes of a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Bytes from a row to the next: margin, values, and what groups and bands reach beyond them.
    pub stride: usize,
    /// Bytes from a plane to the next.
    plane: usize,
    channels: usize,
}

impl Layout {
    /// The layout for a shape.
    pub fn new(shape: &ImageShape) -> Self {
        let stride = (shape.columns() + 2 * MARGIN).next_multiple_of(16);
        Self { stride, plane: (shape.rows().next_multiple_of(BAND) + 1) * stride, channels: shape.planes() }
    }

    /// Bytes of all planes.
    pub fn len(&self) -> usize {
        self.plane * self.channels + 2 * MARGIN
    }

    /// The first value of a row.
    #[inline(always)]
    pub fn row(&self, channel: usize, row: usize) -> usize {
        channel * self.plane + row * self.stride + MARGIN
    }
}

/// Buffers of the lossless coder, kept between images.
#[derive(Default)]
pub struct TileScratch {
    layout: Layout,
    /// Zigzag residuals. Bytes that are no values stay zero.
    pub(crate) residuals: Vec<u8>,
    /// Values. Bytes that are no values mean nothing.
    pub(crate) values: Vec<u8>,
}

impl TileScratch {
    /// Makes the buffers fit the images of a table that is written.
    pub(crate) fn fit(&mut self, layout: Layout) {
        if self.layout != layout {
            *self = Self { layout, residuals: vec![0; layout.len()], values: vec![0; layout.len()] };
        }
    }

    /// Makes the buffers fit images whose size a file names.
    ///
    /// # Errors
    /// `Memory`.
    pub(crate) fn try_fit(&mut self, layout: Layout) -> Result<()> {
        if self.layout != layout {
            *self = Self::default();
            earned::resize(&mut self.residuals, layout.len(), 0)?;
            earned::resize(&mut self.values, layout.len(), 0)?;
            self.layout = layout;
        }
        Ok(())
    }
}
