//! A contact sheet.

use crate::commands::misuse;
use gede::internal::NewFile;
use gede::{Error, ErrorKind, Result};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::io::BufWriter;
use std::path::Path;

/// Most images on a sheet, and most bytes of it.
const IMAGES: u64 = 400;
const BYTES: u64 = 64 << 20;

/// Images side by side, row by row, in a grid that is about as high as it is wide in images.
pub struct Sheet {
    channels: usize,
    /// Height and width of an image.
    size: (usize, usize),
    /// Rows and columns of the grid.
    grid: (usize, usize),
    /// Images it has room for, and has.
    room: usize,
    images: usize,
    /// Pixels, channels interleaved.
    pixels: Vec<u8>,
}

/// Refuses names that do not say what is in the file.
pub fn check_name(path: &Path) -> Result<()> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) {
        return Ok(());
    }
    Err(misuse(format!("{}: a sheet is a PNG picture; end its name in .png", path.display())))
}

impl Sheet {
    /// An empty sheet for at most so many images of a shape.
    pub fn new((channels, height, width): (usize, usize, usize), images: u64) -> Result<Self> {
        if !matches!(channels, 1 | 3 | 4) {
            return Err(misuse(format!("images of {channels} channels are no picture; leave --out out")));
        }
        let image = (channels * height * width) as u64;
        let room = images.min(IMAGES).min(BYTES / image.max(1)).max(1) as usize;
        let columns = room.isqrt() + usize::from(room.isqrt().pow(2) < room);
        let grid = (room.div_ceil(columns), columns);
        let pixels = vec![0; grid.0 * height * grid.1 * width * channels];
        Ok(Self { channels, size: (height, width), grid, room, images: 0, pixels })
    }

    /// Adds images [B, C, H, W], as long as there is room.
    pub fn add(&mut self, planes: &[u8]) {
        let (height, width) = self.size;
        for image in planes.chunks_exact(self.channels * height * width) {
            if self.images == self.room {
                return;
            }
            let (top, left) = (self.images / self.grid.1 * height, self.images % self.grid.1 * width);
            for (channel, plane) in image.chunks_exact(height * width).enumerate() {
                for (y, line) in plane.chunks_exact(width).enumerate() {
                    let start = ((top + y) * self.grid.1 * width + left) * self.channels + channel;
                    let to = self.pixels.iter_mut().skip(start).step_by(self.channels);
                    to.zip(line).for_each(|(to, from)| *to = *from);
                }
            }
            self.images += 1;
        }
    }

    /// Writes the whole picture, or none.
    pub fn save(&self, path: &Path, overwrite: bool) -> Result<()> {
        let mut out = BufWriter::new(NewFile::create(path, overwrite)?);
        let side = |images: usize, pixels: usize| u32::try_from(images * pixels).unwrap_or(u32::MAX);
        let color = match self.channels {
            1 => ExtendedColorType::L8,
            3 => ExtendedColorType::Rgb8,
            _ => ExtendedColorType::Rgba8,
        };
        let (width, height) = (side(self.grid.1, self.size.1), side(self.grid.0, self.size.0));
        let encoded = PngEncoder::new(&mut out).write_image(&self.pixels, width, height, color);
        encoded.map_err(|e| Error::new(ErrorKind::Io, format!("cannot write {}: {e}", path.display())))?;
        let failed = |e| Error::io(format!("cannot write {}", path.display()), e);
        out.into_inner().map_err(|e| failed(e.into_error()))?.commit()
    }
}
