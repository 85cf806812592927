//! All measurements of one image set.

use gede::Result;
use gede::image::ImageErrors;
use gede::internal::TemporaryFolder;
use gede::write::ImageTransform;
use indicatif::ProgressBar;

use super::ablation::Without;
use super::files::{self, Way};
use super::parquet;
use super::peers::{Coded, Peer};
use super::rows::ImageRow;
use super::sets::ImageSet;
use crate::storage::speed::machine;

/// A transform of images, and its name.
const TRANSFORMS: [(ImageTransform, &str); 3] =
    [(ImageTransform::None, "none"), (ImageTransform::Dct, "dct"), (ImageTransform::Lossless, "lossless")];

/// A transform with one part left out.
const ABLATIONS: [(ImageTransform, &str, Without); 3] = [
    (ImageTransform::Dct, "dct", Without::Colour),
    (ImageTransform::Lossless, "lossless", Without::Colour),
    (ImageTransform::Lossless, "lossless", Without::ChannelsTogether),
];

/// Measures a set in every way and advances the bar.
pub fn measure(set: &ImageSet, bar: &ProgressBar) -> Result<Vec<ImageRow>> {
    let folder = TemporaryFolder::new(&std::env::temp_dir())?;
    let path = folder.path().join("images.gede");
    let orders: &[bool] = if set.class.is_some() { &[false, true] } else { &[false] };
    let peers = Peer::for_shape(&set.shape);
    let ablations = if set.shape.channels == 3 && !set.shape.interleaved { &ABLATIONS[..] } else { &[] };
    bar.inc_length(((TRANSFORMS.len() + ablations.len()) * orders.len() + peers.len() + 1) as u64);

    let blank = ImageRow { set: set.name.clone(), machine: machine(), ..ImageRow::default() };
    let step = |what: &str, by_class: bool| {
        let by_class = if by_class { ", class-wise" } else { "" };
        bar.set_message(format!("{}: {what}{by_class}", set.name));
    };
    let mut rows = Vec::new();
    for (transform, what) in TRANSFORMS {
        for &by_class in orders {
            step(what, by_class);
            let way = Way { transform, by_class };
            let written = files::encode(set, way, &path)?;
            let errors = files::verify(set, &path, transform == ImageTransform::Dct, set.shape.values())?;
            let row = ImageRow { format: "gede", what: what.to_owned(), by_class, ..blank.clone() };
            let mut row = with_file(row, set, &written, errors);
            let plain = percent(written.plain_bytes, set);
            (row.share_plain, row.gain_points) = (Some(plain), Some(plain - row.share));
            let times = files::decode(set, &path)?;
            row.decode_images_s = Some(set.len() as f64 / times.processor);
            row.decode_clock_images_s = Some(set.len() as f64 / times.clock);
            rows.push(row);
            bar.inc(1);
        }
    }
    for peer in peers {
        step(peer.name(), false);
        let coded = peer.measure(set)?;
        let labels = (coded.images * set.label_bytes()) as u64;
        let row = ImageRow { format: peer.name(), what: peer.what().to_owned(), ..blank.clone() };
        rows.push(with_coded(row, set, &coded, labels));
        bar.inc(1);
    }
    step("Parquet", false);
    let coded = parquet::measure(set, &folder.path().join("images.parquet"))?;
    let row = ImageRow { format: "Parquet", what: parquet::WHAT.to_owned(), ..blank.clone() };
    rows.push(with_coded(row, set, &coded, 0));
    bar.inc(1);
    for &(transform, what, without) in ablations {
        let dressed = without.dress(set)?;
        for &by_class in orders {
            let what = format!("{what}, {}", without.name());
            step(&what, by_class);
            let written = files::encode(&dressed, Way { transform, by_class }, &path)?;
            let near = transform == ImageTransform::Dct;
            let errors = files::verify(&dressed, &path, near, set.shape.values())?;
            let row = ImageRow { format: "gede", what, by_class, ablation: true, ..blank.clone() };
            rows.push(with_file(row, set, &written, errors));
            bar.inc(1);
        }
    }
    Ok(rows)
}

/// A size in percent of a set's pixels.
fn percent(bytes: u64, set: &ImageSet) -> f64 {
    100.0 * bytes as f64 / set.pixels.len() as f64
}

fn with_file(row: ImageRow, set: &ImageSet, written: &files::Written, errors: ImageErrors) -> ImageRow {
    ImageRow {
        images: set.len() as u64,
        bytes: written.bytes,
        share: percent(written.bytes, set),
        psnr_db: Some(errors.psnr()).filter(|psnr| psnr.is_finite()),
        max_error: errors.largest,
        encode_mb_s: set.pixels.len() as f64 / written.seconds / 1e6,
        ..row
    }
}

fn with_coded(row: ImageRow, set: &ImageSet, coded: &Coded, labels: u64) -> ImageRow {
    let pixels = (coded.images * set.shape.values()) as f64;
    ImageRow {
        images: coded.images as u64,
        bytes: coded.bytes + labels,
        share: 100.0 * (coded.bytes + labels) as f64 / pixels,
        encode_mb_s: pixels / coded.encode_seconds / 1e6,
        decode_images_s: Some(coded.images as f64 / coded.decode.processor),
        decode_clock_images_s: Some(coded.images as f64 / coded.decode.clock),
        ..row
    }
}
