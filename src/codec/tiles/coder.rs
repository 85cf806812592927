//! The lossless coder of images: colour, prediction, and residuals packed at the widths that bases give.

use crate::bits::deposit;
use crate::codec::tiles::colour::Colour;
use crate::codec::tiles::groups::{Grid, GroupShape};
use crate::codec::tiles::planes::{Layout, TileScratch};
use crate::codec::tiles::predict::Predictor;
use crate::codec::tiles::unpack::{Ids, Record};
use crate::codec::tiles::{colour, predict};
use crate::error::{Error, Result};
use crate::format::image_shape::ImageShape;

/// How the images of a segment are coded.
///
/// A base is one byte for each value of a group: the bits that the value's residual may have. It is the group's
/// deviation mask: these bits are stored, all others are 0.
pub struct TileCoder {
    pub(crate) shape: ImageShape,
    pub(crate) colour: Colour,
    pub(crate) predictor: Predictor,
    pub(crate) group: GroupShape,
    pub(crate) ids: Ids,
    /// By number of ones; the last has them all.
    pub(crate) bases: Vec<u128>,
    pub(crate) layout: Layout,
    pub(crate) grid: Grid,
}

/// A coder as the specification has it (spec, chapter 8.2).
pub struct Parts<'a> {
    pub colour: u8,
    pub predictor: u8,
    pub group_width: u8,
    pub group_channels: u8,
    pub flagged: bool,
    /// Bits of a base id.
    pub id_bits: u32,
    /// A byte for each value of a group, the first in the lowest.
    pub bases: &'a [u128],
}

impl TileCoder {
    /// A coder of parts that fit together.
    pub(crate) fn new(
        shape: ImageShape,
        (colour, predictor): (Colour, Predictor),
        group: GroupShape,
        flagged: bool,
        bases: Vec<u128>,
    ) -> Self {
        let named = bases.len() - usize::from(flagged);
        let ids = Ids { flagged, bits: named.max(1).next_power_of_two().trailing_zeros() };
        let (layout, grid) = (Layout::new(&shape), Grid::new(&shape, group));
        Self { shape, colour, predictor, group, ids, bases, layout, grid }
    }

    /// Parts that records are read with.
    pub fn parts(&self) -> Parts<'_> {
        Parts {
            colour: self.colour as u8,
            predictor: self.predictor as u8,
            group_width: self.group.width,
            group_channels: self.group.channels,
            flagged: self.ids.flagged,
            id_bits: self.ids.bits,
            bases: &self.bases,
        }
    }

    /// Number of bases.
    pub fn base_count(&self) -> usize {
        self.bases.len()
    }

    /// Values that share a base.
    pub fn values(&self) -> usize {
        self.group.values()
    }

    /// Decodes the record of `length` bytes at the front of `bytes`, which has at least 16 bytes more.
    ///
    /// Fails on a record that no image has; whatever the bytes are, it reads and writes only what it was given.
    pub fn decode(
        &self,
        bytes: &[u8],
        length: usize,
        out: &mut [u8],
        scratch: &mut TileScratch,
    ) -> Result<()> {
        self.shape.check(out.len())?;
        scratch.try_fit(self.layout)?;
        let record = Record::new(bytes, length, &self.ids, self.grid.len()).ok_or_else(damaged)?;
        #[cfg(target_arch = "x86_64")]
        if crate::processor::has_bits() {
            // SAFETY: the processor has what the function needs.
            return unsafe { self.decode_fast(&record, out, scratch) };
        }
        self.decode_portable(&record, out, scratch)
    }

    fn decode_portable(&self, record: &Record, out: &mut [u8], scratch: &mut TileScratch) -> Result<()> {
        if !record.unpack(&self.bases, &self.grid, &self.layout, &mut scratch.residuals, deposit) {
            return Err(damaged());
        }
        self.predictor.inverse(&self.shape, &self.layout, scratch);
        self.finish(&scratch.values, out);
        Ok(())
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn decode_fast(&self, record: &Record, out: &mut [u8], scratch: &mut TileScratch) -> Result<()> {
        let deposit = |value, places| std::arch::x86_64::_pdep_u64(value, places);
        if !record.unpack(&self.bases, &self.grid, &self.layout, &mut scratch.residuals, deposit) {
            return Err(damaged());
        }
        self.predictor.inverse_avx2(&self.shape, &self.layout, scratch);
        self.finish(&scratch.values, out);
        Ok(())
    }

    /// Planes to pixels.
    #[inline(always)]
    fn finish(&self, values: &[u8], out: &mut [u8]) {
        let row = |channel, y| predict::row(values, &self.shape, &self.layout, channel, y);
        for y in 0..self.shape.rows() {
            if self.colour != Colour::None {
                colour::join(self.colour, &self.shape, [row(0, y), row(1, y), row(2, y)], y, out);
                continue;
            }
            for channel in 0..self.shape.planes() {
                let to = out.get_mut(self.shape.row_start(channel, y)..).unwrap_or(&mut []);
                if self.shape.step() == 1 {
                    to.iter_mut().zip(row(channel, y)).for_each(|(to, v)| *to = *v);
                } else {
                    to.iter_mut()
                        .step_by(self.shape.step())
                        .zip(row(channel, y))
                        .for_each(|(to, v)| *to = *v);
                }
            }
        }
    }
}

fn damaged() -> Error {
    Error::corrupt("an image's record is damaged: its bases or its length are none that an image has")
}

impl std::fmt::Debug for TileCoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TileCoder")
            .field("colour", &self.colour)
            .field("predictor", &self.predictor)
            .field("group", &self.group)
            .field("flagged", &self.ids.flagged)
            .field("bases", &self.bases.len())
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode::TileEncoder;
    use super::*;

    fn shapes() -> impl Strategy<Value = ImageShape> {
        (1u8..7, 1u32..45, 1u32..45, any::<bool>()).prop_map(|(c, h, w, i)| ImageShape {
            channels: c,
            height: h,
            width: w,
            interleaved: i,
        })
    }

    /// Images from flat to noise.
    fn images(shape: &ImageShape, count: usize, seed: u64) -> Vec<Vec<u8>> {
        let mut state = seed | 1;
        let mut image = |kind: u64| {
            let mut value = 0u8;
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                value = match (seed + kind) % 4 {
                    0 => state as u8,
                    1 => value.wrapping_add((state % 5) as u8),
                    2 => {
                        if state % 9 == 0 {
                            state as u8
                        } else {
                            value
                        }
                    }
                    _ => 0,
                };
                value
            };
            (0..shape.values()).map(|_| next()).collect()
        };
        (0..count as u64).map(&mut image).collect()
    }

    /// Coders of every colour, predictor and group that a shape has, each with its own table.
    fn coders(shape: ImageShape, bases: &[u128]) -> Vec<TileCoder> {
        let mut coders = Vec::new();
        for &colour in Colour::of_channels(shape.channels) {
            for predictor in Predictor::ALL {
                for group in GroupShape::of(&shape) {
                    let full = group.full();
                    let mut bases: Vec<u128> = bases.iter().map(|base| base & full).chain([full]).collect();
                    bases.sort_by_key(|base| base.count_ones());
                    let flagged: Vec<u128> = [0].into_iter().chain(bases.iter().copied()).collect();
                    coders.push(TileCoder::new(shape, (colour, predictor), group, false, bases));
                    coders.push(TileCoder::new(shape, (colour, predictor), group, true, flagged));
                }
            }
        }
        coders
    }

    fn both(coder: &TileCoder, bytes: &[u8], length: usize) -> [Option<Vec<u8>>; 2] {
        let (mut fast, mut portable) = (vec![1; coder.shape.values()], vec![2; coder.shape.values()]);
        let mut scratch = TileScratch::default();
        let fast_done = coder.decode(bytes, length, &mut fast, &mut scratch).is_ok();
        let record = Record::new(bytes, length, &coder.ids, coder.grid.len());
        let portable_done =
            record.is_some_and(|r| coder.decode_portable(&r, &mut portable, &mut scratch).is_ok());
        [fast_done.then_some(fast), portable_done.then_some(portable)]
    }

    proptest! {
        #[test]
        fn images_come_back_bit_for_bit(shape in shapes(), seed: u64, bases in proptest::collection::vec(any::<u128>(), 0..9)) {
            for coder in coders(shape, &bases) {
                for image in images(&shape, 2, seed) {
                    let mut bytes = Vec::new();
                    TileEncoder::new(&coder).encode(&image, &mut bytes).unwrap();
                    let length = bytes.len();
                    bytes.extend([0xA5; 16]);
                    let [fast, portable] = both(&coder, &bytes, length);
                    prop_assert_eq!(fast.as_ref(), Some(&image), "{:?}", coder);
                    prop_assert_eq!(portable.as_ref(), Some(&image), "{:?}", coder);
                }
            }
        }

        #[test]
        fn chosen_coders_and_their_bytes_decode_the_same(shape in shapes(), seed: u64) {
            let images = images(&shape, 5, seed);
            let sample: Vec<&[u8]> = images.iter().take(3).map(|image| &image[..]).collect();
            let coder = TileCoder::choose(shape, &sample).unwrap();
            let again = TileCoder::from_bytes(shape, &coder.to_bytes()).unwrap();
            let mut scratch = TileScratch::default();
            for image in &images {
                let (mut bytes, mut out) = (Vec::new(), vec![0; shape.values()]);
                TileEncoder::new(&coder).encode(image, &mut bytes).unwrap();
                let length = bytes.len();
                bytes.extend([0; 16]);
                again.decode(&bytes, length, &mut out, &mut scratch).unwrap();
                prop_assert_eq!(image, &out);
            }
        }

        #[test]
        fn damaged_records_are_errors_or_pixels(
            shape in shapes(),
            seed: u64,
            noise in proptest::collection::vec(any::<u8>(), 16..400),
            (at, bit, cut) in (any::<usize>(), 0u32..8, 0usize..3),
        ) {
            for coder in coders(shape, &[0, 1, 0x0303_0303]) {
                let image = &images(&shape, 1, seed)[0];
                let mut bytes = Vec::new();
                TileEncoder::new(&coder).encode(image, &mut bytes).unwrap();
                let length = bytes.len();
                bytes.extend([0; 16]);
                prop_assert!(coder.decode(&bytes, length + 1, &mut vec![0; shape.values()], &mut TileScratch::default()).is_err());
                bytes[at % length] ^= 1u8 << bit;
                for (bytes, length) in [(&bytes, length.saturating_sub(cut)), (&noise, noise.len() - 16)] {
                    let [fast, portable] = both(&coder, bytes, length);
                    prop_assert_eq!(fast, portable);
                }
            }
        }

        #[test]
        fn damaged_parameters_are_errors_or_coders(
            shape in shapes(),
            seed: u64,
            (at, byte, cut) in (any::<usize>(), any::<u8>(), 0usize..4),
        ) {
            let images = images(&shape, 3, seed);
            let sample: Vec<&[u8]> = images.iter().map(|image| &image[..]).collect();
            let mut bytes = TileCoder::choose(shape, &sample).unwrap().to_bytes();
            let at = at % bytes.len().min(40);
            bytes[at] = byte;
            bytes.truncate(bytes.len().saturating_sub(cut));
            if let Ok(coder) = TileCoder::from_bytes(shape, &bytes) {
                prop_assert_eq!(coder.to_bytes(), bytes);
                both(&coder, &[0x5A; 200], 184);
            }
        }
    }

    #[test]
    fn plain_images_take_few_bytes() {
        let shape = ImageShape::new(3, 32, 32, false).unwrap();
        let rows: Vec<u8> = (0..shape.values()).map(|i| (i % 1024 / 32 * 3) as u8).collect();
        let coder = TileCoder::choose(shape, &[&rows[..]; 1000]).unwrap();
        let mut bytes = Vec::new();
        TileEncoder::new(&coder).encode(&rows, &mut bytes).unwrap();
        assert!(bytes.len() < shape.values() / 20, "{} bytes", bytes.len());
    }
}
