//! Pictures as files have them: PNG, JPEG, WebP and BMP.

use std::io::{BufRead, Cursor, Seek, SeekFrom};
use std::sync::Mutex;

use image::imageops::FilterType;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use crate::earned::room;
use crate::format::image_shape::ImageShape;

/// The ends of the names of pictures that are read.
#[cfg(feature = "arrow")]
pub const EXTENSIONS: [&str; 6] = ["png", "jpg", "jpeg", "jfif", "webp", "bmp"];

/// Bytes that decoding takes for each value of a picture, about: the values, and what decoders keep meanwhile.
const VALUE_BYTES: u64 = 4;

/// Pictures of more values are decoded one at a time, whatever the threads.
const LARGE: u64 = 16 << 20;

/// Why a picture is not read.
pub type Refusal = String;

/// The head of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    format: ImageFormat,
    pub width: u32,
    pub height: u32,
    /// Channels that hold all of its colours; none if a channel has more than 8 bits.
    pub channels: Option<u8>,
}

impl Head {
    /// Reads no more than the head.
    pub fn read(mut picture: impl BufRead + Seek) -> Result<Self, Refusal> {
        let length = picture.seek(SeekFrom::End(0)).and_then(|length| picture.rewind().map(|()| length));
        let length = length.map_err(refusal)?;
        let (format, decoder) = decoder(picture)?;
        let channels = match decoder.color_type() {
            ColorType::L8 => Some(1),
            ColorType::Rgb8 => Some(3),
            ColorType::La8 | ColorType::Rgba8 => Some(4),
            _ => None,
        };
        let (width, height) = decoder.dimensions();
        // Decoding takes as much memory as there are values: those of a head that lies are not set aside.
        ImageShape::new(channels.unwrap_or(8), height, width, false).map_err(refusal)?;
        let bits = decoder.original_color_type().bits_per_pixel();
        let head = Self { format, width, height, channels };
        if head.least_bytes(bits.into()) > length {
            return Err(format!("claims {width} x {height} pixels, more than its {length} bytes can hold"));
        }
        Ok(head)
    }

    /// Values of the picture.
    fn values(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * u64::from(self.channels.unwrap_or(8))
    }

    /// Bytes that a file of the picture has at least, given the bits of a pixel in it.
    fn least_bytes(&self, bits: u64) -> u64 {
        match self.format {
            // Deflate makes 1,032 bytes of one.
            ImageFormat::Png => {
                let row = 1 + (u64::from(self.width) * bits).div_ceil(8);
                row * u64::from(self.height) / 1032
            }
            // A block of 64 values takes a bit; of colours only one block in eight need be there.
            ImageFormat::Jpeg => self.values() / 2048,
            // Two bytes repeat a pixel 255 times.
            ImageFormat::Bmp => self.values() / 512,
            // A picture of one colour takes no bits for its pixels: the bound is our own.
            _ => self.values() / 65_536,
        }
    }

    /// True if pixels lose what the file is: they take many times its bytes, and other decoders give others.
    pub fn is_lossy(&self) -> bool {
        self.format == ImageFormat::Jpeg
    }

    /// The name of the kind of file.
    pub fn name(&self) -> &'static str {
        name(self.format)
    }
}

/// The end of the name of a file of these bytes.
#[cfg(feature = "arrow")]
pub fn extension(bytes: &[u8]) -> Option<&'static str> {
    let extensions = image::guess_format(bytes).ok()?.extensions_str();
    extensions.first().copied()
}

/// Decodes a picture to see whether it can be.
pub fn check(bytes: &[u8]) -> Result<Head, Refusal> {
    let head = Head::read(Cursor::new(bytes))?;
    decode(bytes, &head)?;
    Ok(head)
}

/// The planes of a picture, in as many channels as a shape has (1, 3 or 4). One of another size is fitted to it, if
/// that is asked for: the middle of the shape's proportions is cut out and scaled.
pub fn planes(bytes: &[u8], shape: ImageShape, fit: bool, out: &mut [u8]) -> Result<(), Refusal> {
    let head = Head::read(Cursor::new(bytes))?;
    let mut picture = decode(bytes, &head)?;
    picture = match shape.channels {
        1 => picture.into_luma8().into(),
        3 => picture.into_rgb8().into(),
        _ => picture.into_rgba8().into(),
    };
    if (picture.width(), picture.height()) != (shape.width, shape.height) {
        if !fit {
            let (width, height) = (picture.width(), picture.height());
            return Err(format!(
                "{width} x {height} pixels where the set has {} x {}",
                shape.width, shape.height
            ));
        }
        picture = fitted(&picture, shape.width, shape.height);
    }
    let pixels = picture.as_bytes();
    for (channel, plane) in out.chunks_exact_mut(shape.area()).enumerate() {
        let from = pixels.iter().skip(channel).step_by(shape.planes());
        plane.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    }
    Ok(())
}

/// The middle of a picture, of the proportions `width` to `height`, scaled to these: as PyTorch's `Resize` of the
/// shorter side and `CenterCrop` give it, but cut first, so that a strip of 60,000 x 1 pixels takes no memory.
fn fitted(picture: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    let (own_width, own_height) = (u64::from(picture.width()), u64::from(picture.height()));
    let (to_width, to_height) = (u64::from(width), u64::from(height));
    let part = |length: u64, other: u64, ratio: (u64, u64)| {
        let wanted = (other * ratio.0 + ratio.1 / 2) / ratio.1;
        wanted.clamp(1, length)
    };
    let (cut_width, cut_height) = if own_width * to_height >= own_height * to_width {
        (part(own_width, own_height, (to_width, to_height)), own_height)
    } else {
        (own_width, part(own_height, own_width, (to_height, to_width)))
    };
    let (left, top) = ((own_width - cut_width) / 2, (own_height - cut_height) / 2);
    let cut = picture.crop_imm(left as u32, top as u32, cut_width as u32, cut_height as u32);
    cut.resize_exact(width, height, FilterType::Triangle)
}

fn decode(bytes: &[u8], head: &Head) -> Result<DynamicImage, Refusal> {
    static ONE: Mutex<()> = Mutex::new(());
    // A panic of a decoder leaves nothing behind that the next would see.
    let _alone = (head.values() > LARGE).then(|| ONE.lock().unwrap_or_else(|e| e.into_inner()));
    room(head.values() * VALUE_BYTES).map_err(refusal)?;
    let (format, decoder) = decoder(Cursor::new(bytes))?;
    if format == ImageFormat::Jpeg && !has_end(bytes) {
        return Err("is cut short: the marker of its end is missing".to_owned());
    }
    DynamicImage::from_decoder(decoder).map_err(refusal)
}

/// True if the marker of a JPEG file's end follows its pixels: the decoder paints gray what is missing. The pictures in
/// small that cameras put before the pixels have ends of their own.
fn has_end(jpeg: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = jpeg.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        match marker {
            0xDA => break,
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    jpeg.get(at..).is_some_and(|pixels| pixels.windows(2).rev().any(|two| two == [0xFF, 0xD9]))
}

/// An error of a decoder on one line.
fn refusal(error: impl std::fmt::Display) -> Refusal {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn decoder<'a>(picture: impl BufRead + Seek + 'a) -> Result<(ImageFormat, impl ImageDecoder + 'a), Refusal> {
    let reader = ImageReader::new(picture).with_guessed_format().map_err(refusal)?;
    match reader.format() {
        Some(format) if format.reading_enabled() => {
            reader.into_decoder().map(|decoder| (format, decoder)).map_err(refusal)
        }
        Some(format) => Err(format!("{} is not read; PNG, JPEG, WebP and BMP are", name(format))),
        None => Err("is none of PNG, JPEG, WebP and BMP".to_owned()),
    }
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Avif => "AVIF",
        ImageFormat::Ico => "an icon",
        _ => "this kind of picture",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A picture whose pixels say their column and row.
    fn picture(width: u32, height: u32) -> DynamicImage {
        image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 9])).into()
    }

    #[test]
    fn the_middle_is_fitted() {
        // Only cut: the scale is 1.
        let wide = fitted(&picture(30, 10), 10, 10).into_rgb8();
        assert_eq!((wide.get_pixel(0, 0).0, wide.get_pixel(9, 9).0), ([10, 0, 9], [19, 9, 9]));
        let high = fitted(&picture(10, 31), 10, 10).into_rgb8();
        assert_eq!(high.get_pixel(0, 0).0, [0, 10, 9]);
        // Only scaled: means of 2 x 2 pixels, weighted by a triangle.
        let half = fitted(&picture(40, 20), 20, 10).into_rgb8();
        let [x, y, z] = half.get_pixel(10, 5).0;
        assert!(x.abs_diff(20) <= 1 && y.abs_diff(10) <= 1 && z == 9, "{x} {y} {z}");
        for (from, to) in [((1, 5000), (32, 32)), ((5000, 1), (7, 300)), ((1, 1), (5, 9)), ((3, 2), (2, 3))] {
            let fitted = fitted(&picture(from.0, from.1), to.0, to.1);
            assert_eq!((fitted.width(), fitted.height()), to);
        }
    }
}
