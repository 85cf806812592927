//! Images by row number.

use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::read::Identity;
use crate::read::ImageColumn;
use crate::read::PackedImages;

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

    /// Identity of the file that the images are read from; none if they are from no file. Checkpoints are bound to it.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// The images as a file has them, for a decoder on a GPU; none if they are not from a file.
    ///
    /// # Errors
    /// As [`ImageColumn::packed`].
    fn packed(&self) -> Result<Option<PackedImages>> {
        Ok(None)
    }
}

impl<S: ByteSource> Images for ImageColumn<'_, S> {
    fn rows(&self) -> u64 {
        ImageColumn::rows(self)
    }

    fn shape(&self) -> (usize, usize, usize) {
        let shape = ImageColumn::image_shape(self);
        (shape.planes(), shape.rows(), shape.columns())
    }

    fn decode(&self, rows: &[u64], out: &mut [u8]) -> Result<()> {
        let shape = ImageColumn::image_shape(self);
        if !shape.interleaved {
            return ImageColumn::decode(self, rows, out);
        }
        let mut pixels = vec![0; out.len()];
        ImageColumn::decode(self, rows, &mut pixels)?;
        let images = pixels.chunks_exact(shape.values()).zip(out.chunks_exact_mut(shape.values()));
        images.for_each(|(from, to)| separate(from, shape.planes(), to));
        Ok(())
    }

    fn identity(&self) -> Option<Identity> {
        Some(ImageColumn::identity(self))
    }

    fn packed(&self) -> Result<Option<PackedImages>> {
        ImageColumn::packed(self).map(Some)
    }
}

/// Pixels of interleaved channels to one plane a channel.
fn separate(pixels: &[u8], channels: usize, planes: &mut [u8]) {
    for (channel, plane) in planes.chunks_exact_mut(pixels.len() / channels).enumerate() {
        let values = pixels.iter().skip(channel).step_by(channels);
        plane.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
    }
}
