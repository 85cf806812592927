//! The shape of an image.

/// The shape of the images of a column: 8-bit values, `channels * height * width` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageShape {
    /// Channels, 1 for gray, 3 for red, green and blue.
    pub channels: u8,
    /// Rows of pixels.
    pub height: u32,
    /// Pixels a row.
    pub width: u32,
    /// Whether a pixel's channels lie together (height, width, channels) or each channel is a plane
    /// (channels, height, width).
    pub interleaved: bool,
}

impl ImageShape {
    /// Values of an image; none for an empty image or one of 2^32 values or more.
    pub fn values(self) -> Option<u32> {
        let plane = self.height.checked_mul(self.width)?;
        plane.checked_mul(self.channels.into()).filter(|&v| v > 0)
    }
}
