//! The DCT path, near-lossless: forward in f64. The way back is in integers (`inverse`).

use std::sync::Arc;

use rustdct::{Dct2, DctPlanner};

use crate::codec::dct::axis::{Along, Band, bands};
use crate::error::{Error, ErrorKind, Result};
use crate::format::image_shape::ImageShape;

/// Rows and columns of an image in the cosine transform, at most (spec, chapter 8.1): tables and the work of a line grow
/// with the square of its length.
pub const MAX_COSINE_SIDE: u32 = 1024;

/// Checks that images of a shape may be in the cosine transform.
///
/// # Errors
/// `Type`.
pub fn check_cosine_shape(shape: &ImageShape) -> Result<()> {
    if shape.height.max(shape.width) <= MAX_COSINE_SIDE {
        return Ok(());
    }
    let (height, width) = (shape.height, shape.width);
    let what = format!(
        "images of {height} x {width} pixels are too large for the cosine transform: at most {MAX_COSINE_SIDE} x \
         {MAX_COSINE_SIDE}; take another transform"
    );
    Err(Error::new(ErrorKind::Type, what))
}

/// Forward and inverse transform of images of one shape.
pub struct Dct {
    pub(crate) shape: ImageShape,
    /// Along a column, length H, and along a row, length W.
    pub(crate) vertical: Vec<Band>,
    pub(crate) horizontal: Vec<Band>,
    forward_column: Arc<dyn Dct2<f64>>,
    forward_row: Arc<dyn Dct2<f64>>,
}

impl Dct {
    /// The transform of a shape.
    pub fn new(shape: ImageShape) -> Self {
        let mut planner = DctPlanner::new();
        Self {
            shape,
            vertical: bands(shape.rows(), Along::Column),
            horizontal: bands(shape.columns(), Along::Row),
            forward_column: planner.plan_dct2(shape.rows()),
            forward_row: planner.plan_dct2(shape.columns()),
        }
    }

    /// Pixels to coefficients, channel by channel, row by row.
    ///
    /// Three channels are taken for red, green and blue, and become Y, Cb and Cr.
    pub fn forward(&self, pixels: &[u8], out: &mut [i32]) -> Result<()> {
        self.shape.check(pixels.len())?;
        self.shape.check(out.len())?;
        let mut planes: Vec<Vec<f64>> = (0..self.shape.planes()).map(|c| self.plane(pixels, c)).collect();
        if let [r, g, b] = &mut planes[..] {
            for ((r, g), b) in r.iter_mut().zip(g).zip(b) {
                let y = 0.299 * *r + 0.587 * *g + 0.114 * *b;
                (*r, *g, *b) = (y, (*b - y) / 1.772, (*r - y) / 1.402);
            }
        }
        for (plane, out) in planes.iter_mut().zip(out.chunks_exact_mut(self.shape.area())) {
            self.transform(plane);
            for (&value, out) in plane.iter().zip(out) {
                // Sums of few values have exact halves; noise in the last bits must not decide them.
                *out = (value + 0.5 + 1e-6).floor() as i32;
            }
        }
        Ok(())
    }

    /// A channel's values.
    fn plane(&self, pixels: &[u8], channel: usize) -> Vec<f64> {
        let start = if self.shape.interleaved { channel } else { channel * self.shape.area() };
        let values = pixels.iter().skip(start).step_by(self.shape.step());
        values.take(self.shape.area()).map(|&v| f64::from(v)).collect()
    }

    /// The orthonormal two-dimensional DCT-II, in place.
    fn transform(&self, plane: &mut [f64]) {
        let (rows, columns) = (self.shape.rows(), self.shape.columns());
        plane.chunks_exact_mut(columns).for_each(|row| orthonormal(&*self.forward_row, row));
        let mut column = vec![0.0; rows];
        for x in 0..columns {
            let places = plane.iter_mut().skip(x).step_by(columns);
            column.iter_mut().zip(places).for_each(|(to, from)| *to = *from);
            orthonormal(&*self.forward_column, &mut column);
            let places = plane.iter_mut().skip(x).step_by(columns);
            column.iter().zip(places).for_each(|(from, to)| *to = *from);
        }
    }
}

/// The orthonormal DCT-II of a line, in place.
fn orthonormal(dct: &dyn Dct2<f64>, line: &mut [f64]) {
    dct.process_dct2(line);
    let norm = (2.0 / line.len() as f64).sqrt();
    line.iter_mut().for_each(|v| *v *= norm);
    if let Some(first) = line.first_mut() {
        *first *= std::f64::consts::FRAC_1_SQRT_2;
    }
}
