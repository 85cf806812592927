//! The rows of the result table, as they are written to CSV.

use serde::Serialize;

/// One way to store one image set.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ImageRow {
    pub set: String,
    /// `gede`, or the format that it is compared with.
    pub format: &'static str,
    /// The transform of the images, or their compression.
    pub what: String,
    pub by_class: bool,
    /// True if the row only shows the worth of one part of the coding.
    pub ablation: bool,
    /// Images measured: of a slow coder some, evenly drawn.
    pub images: u64,
    /// Bytes of the whole file; for coders of single images the sum of what they make, and a byte a label, without
    /// whatever finds them again.
    pub bytes: u64,
    /// The bytes, in percent of the pixels at 8 bits a value.
    pub share: f64,
    /// The same if the records were bit-packed in the values' widths, without bases.
    pub share_plain: Option<f64>,
    /// Bytes that bases save, in percent of the pixels.
    pub gain_points: Option<f64>,
    /// Error of near-lossless images; `None` if every byte came back.
    pub psnr_db: Option<f64>,
    /// The largest difference of a value.
    pub max_error: u8,
    /// Millions of pixel bytes a second of the processor, one thread.
    pub encode_mb_s: f64,
    /// Images a second of the processor, one thread, in random order; the median of some passes.
    pub decode_images_s: Option<f64>,
    /// The same by the clock.
    pub decode_clock_images_s: Option<f64>,
    pub machine: String,
}
