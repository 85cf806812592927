//! Pictures: PNG, WebP and BMP.

use std::io::{BufRead, Cursor, Seek};

use image::{ColorType, DynamicImage, ImageDecoder, ImageReader};

use crate::image::ImageShape;

/// The ends of the names of pictures that are read.
pub const EXTENSIONS: [&str; 3] = ["png", "webp", "bmp"];

/// Why a picture is not read.
type Refusal = String;

/// What the pictures of a set have in common: their size, and channels for all of their colours.
#[derive(Default)]
pub struct Common {
    size: Option<(u32, u32)>,
    channels: u8,
}

impl Common {
    /// Looks at the head of a picture.
    pub fn add(&mut self, picture: impl BufRead + Seek) -> Result<(), Refusal> {
        let decoder = decoder(picture)?;
        let channels = match decoder.color_type() {
            ColorType::L8 => 1,
            ColorType::Rgb8 => 3,
            ColorType::La8 | ColorType::Rgba8 => 4,
            other => return Err(format!("its colours are {other:?}; those of 8 bits a channel are read")),
        };
        let (width, height) = decoder.dimensions();
        let (first_width, first_height) = *self.size.get_or_insert((width, height));
        if (width, height) != (first_width, first_height) {
            return Err(format!(
                "{width} x {height} pixels where those before have {first_width} x {first_height}; all images of a set \
                 are of one size"
            ));
        }
        self.channels = self.channels.max(channels);
        Ok(())
    }

    /// The shape that holds every picture.
    pub fn shape(&self) -> crate::Result<Option<ImageShape>> {
        self.size.map(|(width, height)| ImageShape::new(self.channels, height, width, false)).transpose()
    }
}

/// The planes of a picture, as a shape with channels for its colours has them.
pub fn planes(bytes: &[u8], shape: ImageShape, out: &mut [u8]) -> Result<(), Refusal> {
    let decoder = decoder(Cursor::new(bytes))?;
    if decoder.dimensions() != (shape.width, shape.height) {
        return Err("its size has changed meanwhile".to_owned());
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(|e| e.to_string())?;
    let pixels = match shape.channels {
        1 => picture.into_luma8().into_raw(),
        3 => picture.into_rgb8().into_raw(),
        _ => picture.into_rgba8().into_raw(),
    };
    for (channel, plane) in out.chunks_exact_mut(shape.area()).enumerate() {
        plane
            .iter_mut()
            .zip(pixels.iter().skip(channel).step_by(shape.planes()))
            .for_each(|(to, from)| *to = *from);
    }
    Ok(())
}

fn decoder<'a>(picture: impl BufRead + Seek + 'a) -> Result<impl ImageDecoder + 'a, Refusal> {
    let reader = ImageReader::new(picture).with_guessed_format().map_err(|e| e.to_string())?;
    match reader.format() {
        Some(format) if format.reading_enabled() => reader.into_decoder().map_err(|e| e.to_string()),
        Some(format) => Err(format!("{format:?} is not read; PNG, WebP and BMP are")),
        None => Err("is none of PNG, WebP and BMP".to_owned()),
    }
}
