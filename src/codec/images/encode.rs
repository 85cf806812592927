//! The images of a segment to the bytes of a block.

use crate::bits::{BitWriter, SLACK};
use crate::codec::block_entry::{BlockEntry, DCT};
use crate::codec::coding::ImageTransform;
use crate::codec::dct::errors::ImageErrors;
use crate::codec::dct::inverse::DctScratch;
use crate::codec::dct::transform::Dct;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::fixed::encode::Cut;
use crate::codec::fixed::planes::BitPlanes;
use crate::codec::kind::RecordHead;
use crate::codec::tiles::coder::TileCoder;
use crate::codec::tiles::encode::TileEncoder;
use crate::codec::tiles::head::TilesHead;
use crate::codec::tiles::head::offset_bits;
use crate::codec::transform::encoded_lane::width;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::error::Result;
use crate::format::image_shape::ImageShape;

/// Lanes that are gathered from all rows at a time.
const GATHERED: usize = 32;

/// Encodes images stored one after the other in `pixels`, at least one of at least one value.
pub(crate) fn encode_images(
    shape: ImageShape,
    pixels: &[u8],
    transform: ImageTransform,
    tau: usize,
) -> Result<EncodedBlock> {
    let lanes = shape.values();
    Ok(match transform {
        ImageTransform::Dct => {
            let dct = Dct::new(shape);
            let mut coefficients = vec![0; pixels.len()];
            for (image, out) in pixels.chunks_exact(lanes).zip(coefficients.chunks_exact_mut(lanes)) {
                dct.forward(image, out)?;
            }
            let mut block = fixed(&coefficients, lanes, tau);
            block.entry.image_transform = DCT;
            block.errors = errors(&dct, &coefficients, pixels, lanes)?;
            block.coefficients = coefficients;
            block
        }
        ImageTransform::Lossless => tiles(shape, pixels, lanes)?,
        ImageTransform::None | ImageTransform::Auto => fixed(pixels, lanes, tau),
    })
}

/// How far the pixels that come back are from those that went in.
fn errors(dct: &Dct, coefficients: &[i32], pixels: &[u8], lanes: usize) -> Result<ImageErrors> {
    let (mut back, mut scratch, mut errors) = (vec![0; lanes], DctScratch::default(), ImageErrors::default());
    for (coefficients, image) in coefficients.chunks_exact(lanes).zip(pixels.chunks_exact(lanes)) {
        dct.inverse(coefficients, &mut back, &mut scratch)?;
        errors.add(image, &back);
    }
    Ok(errors)
}

/// Integers in rows of `lanes`, as fixed records.
fn fixed<T: Copy + Into<i32>>(values: &[T], lanes: usize, tau: usize) -> EncodedBlock {
    let mut bounds = vec![(i32::MAX, i32::MIN); lanes];
    for row in values.chunks_exact(lanes) {
        for ((least, most), &v) in bounds.iter_mut().zip(row) {
            (*least, *most) = ((*least).min(v.into()), (*most).max(v.into()));
        }
    }
    let spread = |&(least, most): &(i32, i32)| u64::from(most.abs_diff(least));
    let widths: Vec<u8> = bounds.iter().map(|b| width(spread(b))).collect();
    let field = |lane: usize, row: usize| {
        let value: i32 = values[row * lanes + lane].into();
        u64::from(value.abs_diff(bounds[lane].0))
    };
    let rows = values.len() / lanes;
    let mut planes = BitPlanes::new(rows);
    let mut gathered: Vec<Vec<u64>> = vec![vec![0; rows]; GATHERED.min(lanes)];
    for first in (0..lanes).step_by(GATHERED) {
        for row in 0..rows {
            for (column, lane) in gathered.iter_mut().zip(first..lanes) {
                column[row] = field(lane, row);
            }
        }
        for (column, &width) in gathered.iter().zip(widths.iter().skip(first)) {
            planes.push_lane(width, column);
        }
    }
    drop(gathered);
    let transforms = widths.iter().zip(&bounds).map(|(&width, &(least, _))| LaneTransform {
        width,
        minimum: (i64::from(least) as u64).into(),
        ..LaneTransform::default()
    });
    let transforms = transforms.collect();
    let cut = Cut::new(widths, &planes, tau);
    drop(planes);
    EncodedBlock {
        transforms,
        layout: cut.layout(),
        bases: cut.bases(field),
        records: cut.records(field),
        ..EncodedBlock::new(cut.entry())
    }
}

/// Images as tile records.
fn tiles(shape: ImageShape, pixels: &[u8], values: usize) -> Result<EncodedBlock> {
    let images: Vec<&[u8]> = pixels.chunks_exact(values).collect();
    let coder = TileCoder::choose(shape, &images)?;
    let (mut records, mut starts, mut encoder) = (Vec::new(), vec![0u64], TileEncoder::new(&coder));
    for image in &images {
        encoder.encode(image, &mut records)?;
        starts.push(records.len() as u64);
    }
    records.resize(records.len() + SLACK as usize, 0);
    let mut layout = coder.to_bytes();
    let base_bits = 8 * coder.values() as u32;
    let entry = BlockEntry {
        rows: (images.len() as u64).into(),
        base_count: (coder.base_count() as u64).into(),
        total_bits: base_bits.into(),
        base_bits: base_bits.into(),
        record_kind: TilesHead::NUMBER,
        records_length: (records.len() as u64).into(),
        ..BlockEntry::default()
    };
    layout.resize(layout.len() + SLACK as usize, 0);
    let mut offsets = BitWriter::default();
    starts.iter().for_each(|&start| offsets.push(start, offset_bits(entry.records_length.get())));
    Ok(EncodedBlock { layout, records, offsets: offsets.finish(), ..EncodedBlock::new(entry) })
}
