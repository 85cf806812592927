//! The shape of an image: channels, height, width, and the order of its bytes.

use crate::error::{Error, Result};

/// Most values (channels x height x width) of an image.
const MAX_VALUES: u64 = 1 << 28;

/// An image of `u8` values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Channels, at least 1.
    pub channels: u8,
    /// Rows, at least 1.
    pub height: u32,
    /// Columns, at least 1.
    pub width: u32,
    /// True if a pixel's channels lie together ([H, W, C]) rather than each channel by itself ([C, H, W]).
    pub interleaved: bool,
}

impl ImageShape {
    /// A shape of at least one and at most 2^28 values.
    pub fn new(channels: u8, height: u32, width: u32, interleaved: bool) -> Result<Self> {
        let area = u64::from(height) * u64::from(width);
        match area.checked_mul(channels.into()) {
            Some(1..=MAX_VALUES) => Ok(Self { channels, height, width, interleaved }),
            _ => Err(Error::argument(format!(
                "images of {channels} x {height} x {width} values: from 1 to {MAX_VALUES} are possible"
            ))),
        }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.height as usize
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.width as usize
    }

    /// Channels.
    pub fn planes(&self) -> usize {
        self.channels.into()
    }

    /// Pixels of a channel.
    pub fn area(&self) -> usize {
        self.rows() * self.columns()
    }

    /// Values of an image, a byte each.
    pub fn values(&self) -> usize {
        self.area() * self.planes()
    }

    /// Bytes from a value to the next in its row.
    pub fn step(&self) -> usize {
        if self.interleaved { self.planes() } else { 1 }
    }

    /// The byte at which a row of a channel starts; its values are `step` apart.
    pub fn row_start(&self, channel: usize, row: usize) -> usize {
        if self.interleaved {
            row * self.columns() * self.planes() + channel
        } else {
            (channel * self.rows() + row) * self.columns()
        }
    }

    /// Fails unless `length` is that of an image.
    pub fn check(&self, length: usize) -> Result<()> {
        if length == self.values() {
            return Ok(());
        }
        Err(Error::argument(format!("{length} values where an image has {}", self.values())))
    }
}
