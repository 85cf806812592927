//! Coders of single images, each with what it keeps from image to image.

use std::io::Cursor;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use gede::image::ImageShape;
use gede::{Error, ErrorKind, Result};
use image::codecs::png::{CompressionType, FilterType, PngDecoder, PngEncoder};
use image::{ExtendedColorType, ImageDecoder, ImageEncoder};
use zstd::bulk::{Compressor, Decompressor};

/// A coder of images of one shape.
pub trait Coder {
    /// An image's bytes.
    fn encode(&mut self, pixels: &[u8]) -> Result<Vec<u8>>;

    /// An image out of its bytes.
    fn decode(&mut self, bytes: &[u8], pixels: &mut [u8]) -> Result<()>;
}

const ZLIB_LEVEL: u32 = 9;
const ZSTD_LEVEL: i32 = 19;

/// Effort of libwebp at its most.
const WEBP_METHOD: i32 = 6;
const WEBP_QUALITY: f32 = 100.0;

fn failed(what: &str, error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Argument, format!("{what}: {error}"))
}

/// Interleaved pixels.
pub struct Png {
    pub shape: ImageShape,
}

impl Coder for Png {
    fn encode(&mut self, pixels: &[u8]) -> Result<Vec<u8>> {
        let ImageShape { width, height, .. } = self.shape;
        let colour = match self.shape.channels {
            1 => ExtendedColorType::L8,
            3 => ExtendedColorType::Rgb8,
            _ => ExtendedColorType::Rgba8,
        };
        let by = |filter| {
            let mut bytes = Vec::new();
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, filter)
                .write_image(pixels, width, height, colour)
                .map_err(|e| failed("PNG", e))?;
            Ok(bytes)
        };
        let (filtered, plain) = (by(FilterType::Adaptive)?, by(FilterType::NoFilter)?);
        Ok(if plain.len() < filtered.len() { plain } else { filtered })
    }

    fn decode(&mut self, bytes: &[u8], pixels: &mut [u8]) -> Result<()> {
        let decoder = PngDecoder::new(Cursor::new(bytes)).map_err(|e| failed("PNG", e))?;
        if decoder.total_bytes() != pixels.len() as u64 {
            return Err(failed("PNG", "an image of another size"));
        }
        decoder.read_image(pixels).map_err(|e| failed("PNG", e))
    }
}

/// Interleaved pixels; gray ones become colours, which libwebp codes at no cost.
pub struct WebP {
    pub shape: ImageShape,
}

impl Coder for WebP {
    fn encode(&mut self, pixels: &[u8]) -> Result<Vec<u8>> {
        let ImageShape { width, height, .. } = self.shape;
        let gray: Vec<u8>;
        let encoder = match self.shape.channels {
            1 => {
                gray = pixels.iter().flat_map(|&v| [v; 3]).collect();
                webp::Encoder::from_rgb(&gray, width, height)
            }
            3 => webp::Encoder::from_rgb(pixels, width, height),
            _ => webp::Encoder::from_rgba(pixels, width, height),
        };
        let mut config = webp::WebPConfig::new().map_err(|()| failed("WebP", "no configuration"))?;
        (config.lossless, config.exact) = (1, 1);
        (config.method, config.quality) = (WEBP_METHOD, WEBP_QUALITY);
        let bytes = encoder.encode_advanced(&config);
        Ok(bytes.map_err(|e| failed("WebP", format!("{e:?}")))?.to_vec())
    }

    fn decode(&mut self, bytes: &[u8], pixels: &mut [u8]) -> Result<()> {
        let image = webp::Decoder::new(bytes).decode().ok_or_else(|| failed("WebP", "it does not decode"))?;
        match self.shape.channels {
            1 if image.len() == 3 * pixels.len() => {
                pixels.iter_mut().zip(image.iter().step_by(3)).for_each(|(to, v)| *to = *v);
            }
            _ if image.len() == pixels.len() => pixels.copy_from_slice(&image),
            _ => return Err(failed("WebP", "an image of another size")),
        }
        Ok(())
    }
}

/// Bytes in their order in memory.
pub struct Zlib {
    compress: Compress,
    decompress: Decompress,
}

impl Zlib {
    pub fn new() -> Self {
        Self {
            compress: Compress::new(Compression::new(ZLIB_LEVEL), true),
            decompress: Decompress::new(true),
        }
    }
}

impl Coder for Zlib {
    fn encode(&mut self, pixels: &[u8]) -> Result<Vec<u8>> {
        self.compress.reset();
        let mut bytes = Vec::with_capacity(pixels.len() + pixels.len() / 100 + 64);
        let status = self.compress.compress_vec(pixels, &mut bytes, FlushCompress::Finish);
        match status.map_err(|e| failed("zlib", e))? {
            flate2::Status::StreamEnd => Ok(bytes),
            _ => Err(failed("zlib", "its output is longer than it may be")),
        }
    }

    fn decode(&mut self, bytes: &[u8], pixels: &mut [u8]) -> Result<()> {
        self.decompress.reset(true);
        let status = self.decompress.decompress(bytes, pixels, FlushDecompress::Finish);
        match status.map_err(|e| failed("zlib", e))? {
            flate2::Status::StreamEnd if self.decompress.total_out() == pixels.len() as u64 => Ok(()),
            _ => Err(failed("zlib", "an image of another size")),
        }
    }
}

/// Bytes in their order in memory.
pub struct Zstd {
    compress: Compressor<'static>,
    decompress: Decompressor<'static>,
}

impl Zstd {
    pub fn new() -> Result<Self> {
        let compress = Compressor::new(ZSTD_LEVEL).map_err(|e| failed("zstd", e))?;
        Ok(Self { compress, decompress: Decompressor::new().map_err(|e| failed("zstd", e))? })
    }
}

impl Coder for Zstd {
    fn encode(&mut self, pixels: &[u8]) -> Result<Vec<u8>> {
        self.compress.compress(pixels).map_err(|e| failed("zstd", e))
    }

    fn decode(&mut self, bytes: &[u8], pixels: &mut [u8]) -> Result<()> {
        match self.decompress.decompress_to_buffer(bytes, pixels).map_err(|e| failed("zstd", e))? {
            length if length == pixels.len() => Ok(()),
            _ => Err(failed("zstd", "an image of another size")),
        }
    }
}
