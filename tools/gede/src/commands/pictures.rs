//! The images that commands read: pixels, or pictures that are decoded to one size.

use super::misuse;
use gede::read::ByteSource;
use gede::sample::{EncodedImages, Images};
use gede::{Reader, Result};
use std::fmt;
use std::str::FromStr;

/// The size that pictures are decoded to: HxW in color, or HxWxC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let sizes = text.split(['x', 'X']).map(str::parse).collect::<std::result::Result<Vec<u16>, _>>();
        let (height, width, channels) = match sizes.as_deref() {
            Ok(&[height, width]) => (height, width, 3),
            Ok(&[height, width, channels @ (1 | 3 | 4)]) => (height, width, channels),
            _ => return Err(format!("\"{text}\" is no size like 224x224 or 28x28x1")),
        };
        if height == 0 || width == 0 {
            return Err("a picture has at least one pixel".to_owned());
        }
        Ok(Self { height: height.into(), width: width.into(), channels: channels.into() })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let color = if self.channels == 1 { "gray" } else { "color" };
        write!(f, "{} x {} pixels in {color}", self.height, self.width)
    }
}

/// True for a file that has pictures stored as files, and no images stored as pixels.
pub fn is_encoded<S: ByteSource>(reader: &Reader<S>) -> bool {
    reader.schema().nodes().iter().all(|node| node.image.is_none()) && EncodedImages::is_in(reader)
}

/// The images of a column, or of the first there is: pixels, or pictures that are cut and scaled to `size`, by default
/// to `usual`.
pub fn images<'r, S: ByteSource>(
    reader: &'r Reader<S>,
    column: Option<&str>,
    size: Option<Size>,
    usual: Size,
) -> Result<Box<dyn Images + 'r>> {
    let is_pixels = match column {
        Some(name) => reader.schema().nodes()[reader.schema().column(name)?].image.is_some(),
        None => !is_encoded(reader),
    };
    if !is_pixels {
        let Size { height, width, channels } = size.unwrap_or(usual);
        return Ok(Box::new(EncodedImages::new(reader, column, (channels, height, width))?));
    }
    let images = reader.images(column)?;
    if size.is_some() {
        return Err(misuse(
            "its images are pixels of one size; --size is for pictures that are kept as files",
        ));
    }
    Ok(Box::new(images))
}
