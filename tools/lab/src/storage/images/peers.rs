//! Other formats of single images.

use std::hint::black_box;

use cpu_time::ThreadTime;
use gede::image::ImageShape;
use gede::train::permutation;
use gede::{Error, ErrorKind, Result};
use rayon::prelude::*;

use super::coders::{Coder, Png, WebP, Zlib, Zstd};
use super::sets::ImageSet;
use crate::storage::speed::{Times, passes};

/// Images that a thread encodes at a time.
const TOGETHER: usize = 64;

/// Most images of a coder that takes 20 ms for one.
const SOME: usize = 5_000;

/// A format of single images.
#[derive(Clone, Copy, PartialEq)]
pub enum Peer {
    Png,
    WebP,
    Zlib,
    Zstd,
}

/// A set in a format.
pub struct Coded {
    pub images: usize,
    /// Bytes of the images, without labels.
    pub bytes: u64,
    /// Seconds of the processor to encode them, over all threads.
    pub encode_seconds: f64,
    pub decode: Times,
}

impl Peer {
    /// Those that images of a shape can have.
    pub fn for_shape(shape: &ImageShape) -> Vec<Self> {
        let pictures = matches!(shape.channels, 1 | 3 | 4);
        let all = [Self::Png, Self::WebP, Self::Zlib, Self::Zstd];
        all.into_iter().filter(|peer| pictures || !peer.interleaves()).collect()
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
        }
    }

    /// How images are compressed, for people.
    pub fn what(self) -> &'static str {
        match self {
            Self::Png => "each image (best compression, the smaller of adaptive filters and none)",
            Self::WebP => "each image, lossless (libwebp, method 6, quality 100)",
            Self::Zlib => "each image, level 9",
            Self::Zstd => "each image, level 19",
        }
    }

    /// True if the channels of a pixel are interleaved.
    fn interleaves(self) -> bool {
        matches!(self, Self::Png | Self::WebP)
    }

    fn coder(self, shape: ImageShape) -> Result<Box<dyn Coder>> {
        Ok(match self {
            Self::Png => Box::new(Png { shape }),
            Self::WebP => Box::new(WebP { shape }),
            Self::Zlib => Box::new(Zlib::new()),
            Self::Zstd => Box::new(Zstd::new()?),
        })
    }

    /// Encodes a set on all threads, decodes it on one, in random order, and compares.
    pub fn measure(self, set: &ImageSet) -> Result<Coded> {
        let shape = set.shape;
        let (values, planar) =
            (shape.values(), self.interleaves() && shape.channels > 1 && !shape.interleaved);
        let pixels = self.sample(set);
        let pixels = if planar { interleaved(&shape, &pixels) } else { pixels };
        let parts = pixels.par_chunks(values * TOGETHER).map(|part| self.encode(shape, part));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let encode_seconds = parts.iter().map(|(_, seconds)| seconds).sum();
        let coded: Vec<Vec<u8>> = parts.into_iter().flat_map(|(coded, _)| coded).collect();

        let mut coder = self.coder(shape)?;
        let order = permutation(coded.len(), 0);
        let mut image = vec![0; values];
        for (bytes, before) in coded.iter().zip(pixels.chunks_exact(values)) {
            coder.decode(bytes, &mut image)?;
            if image != before {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    format!("{}: an image came back otherwise", self.name()),
                ));
            }
        }
        let decode = passes(|| {
            for &i in &order {
                coded.get(i).map_or(Ok(()), |bytes| coder.decode(bytes, &mut image))?;
                black_box(&image);
            }
            Ok(())
        })?;
        let bytes = coded.iter().map(|bytes| bytes.len() as u64).sum();
        Ok(Coded { images: coded.len(), bytes, encode_seconds, decode })
    }

    /// The images to measure: all, or some, evenly drawn.
    fn sample(self, set: &ImageSet) -> Vec<u8> {
        let count = if self == Self::WebP { set.len().min(SOME) } else { set.len() };
        (0..count).flat_map(|i| set.image(i * set.len() / count)).copied().collect()
    }

    /// Images one after the other, each encoded, and the seconds of this thread that it took.
    fn encode(self, shape: ImageShape, images: &[u8]) -> Result<(Vec<Vec<u8>>, f64)> {
        let mut coder = self.coder(shape)?;
        let begun = ThreadTime::now();
        let coded = images.chunks_exact(shape.values()).map(|image| coder.encode(image));
        let coded = coded.collect::<Result<_>>()?;
        Ok((coded, begun.elapsed().as_secs_f64()))
    }
}

/// Converts planes to interleaved pixels.
fn interleaved(shape: &ImageShape, planes: &[u8]) -> Vec<u8> {
    let (channels, area) = (shape.planes(), shape.area());
    let mut pixels = vec![0; planes.len()];
    for (from, to) in planes.chunks_exact(shape.values()).zip(pixels.chunks_exact_mut(shape.values())) {
        for (channel, plane) in from.chunks_exact(area).enumerate() {
            to.iter_mut().skip(channel).step_by(channels).zip(plane).for_each(|(to, v)| *to = *v);
        }
    }
    pixels
}
