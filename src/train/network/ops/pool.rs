//! Max-pooling of 2 x 2 values.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};

/// The largest of every 2 x 2 values of images `[B, H, W, C]`: `[B, H / 2, W / 2, C]`, divisions rounded down. Of several
/// largest the first counts, row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool;

impl MaxPool {
    /// Applies it.
    ///
    /// # Errors
    /// Candle's, if the tensor is not of rank 4 and float32.
    pub fn apply(self, images: &Tensor) -> Result<Tensor> {
        if !images.device().is_cpu() {
            return self.by_maxima(images);
        }
        images.contiguous()?.apply_op1(self)
    }
}

impl MaxPool {
    /// The same by operations of Candle, for a GPU. Of several largest values each gets the gradient.
    fn by_maxima(self, images: &Tensor) -> Result<Tensor> {
        let (count, height, width, channels) = images.dims4()?;
        let (rows, columns) = (height / 2, width / 2);
        let even = images.narrow(1, 0, 2 * rows)?.narrow(2, 0, 2 * columns)?.contiguous()?;
        even.reshape((count * rows, 2, columns, 2, channels))?
            .max(3)?
            .max(1)?
            .reshape((count, rows, columns, channels))
    }
}

/// Calls `four` for every pooled value with its index and those of the four values that it is the largest of.
fn fours(shape: (usize, usize, usize), mut four: impl FnMut(usize, [usize; 4])) {
    let (height, width, channels) = shape;
    let (rows, columns) = (height / 2, width / 2);
    for y in 0..rows {
        for x in 0..columns {
            let (to, from) = ((y * columns + x) * channels, (2 * y * width + 2 * x) * channels);
            let row = width * channels;
            // Channels are contiguous: the four places advance along four cache lines together.
            for c in 0..channels {
                four(to + c, [from, from + channels, from + row, from + row + channels].map(|at| at + c));
            }
        }
    }
}

/// The largest of four values, and its index.
fn largest(values: &[f32], places: [usize; 4]) -> (usize, f32) {
    // Strictly larger, so that the first of equal ones wins, as in PyTorch.
    let [first, rest @ ..] = places;
    rest.into_iter()
        .fold((first, values[first]), |best, at| if values[at] > best.1 { (at, values[at]) } else { best })
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "max-pool"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (images, height, width, channels) = layout.shape().dims4()?;
        let from = values(storage, layout)?;
        let size = height / 2 * (width / 2) * channels;
        let mut out = vec![0.0; images * size];
        let each = from
            .par_chunks_exact((height * width * channels).max(1))
            .zip(out.par_chunks_exact_mut(size.max(1)));
        each.for_each(|(image, out)| {
            fours((height, width, channels), |to, places| {
                out[to] = largest(image, places).1;
            });
        });
        Ok((CpuStorage::F32(out), Shape::from((images, height / 2, width / 2, channels))))
    }

    fn bwd(&self, images: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (_, height, width, channels) = images.dims4()?;
        let size = height / 2 * (width / 2) * channels;
        let own = with_values(images, |from| {
            with_values(gradient, |gradient| {
                let mut own = vec![0.0; from.len()];
                let pixels = (height * width * channels).max(1);
                let each = from.par_chunks_exact(pixels).zip(own.par_chunks_exact_mut(pixels));
                each.zip(gradient.par_chunks_exact(size.max(1))).for_each(|((image, own), gradient)| {
                    // The largest is found again: four loads from a cache are cheaper than an index a value in memory.
                    fours((height, width, channels), |from, places| {
                        let (place, _) = largest(image, places);
                        own[place] += gradient[from];
                    });
                });
                Ok(own)
            })
        })?;
        Tensor::from_vec(own, images.shape(), images.device()).map(Some)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    /// On a GPU the steps of Candle's own stand for the operation.
    #[test]
    fn maxima_are_pools() {
        let values = (0..2 * 5 * 7 * 3).map(|i| ((i * 7919 + 11) % 1009) as f32).collect();
        let images = Tensor::from_vec::<_, f32>(values, (2, 5, 7, 3), &Device::Cpu).unwrap();
        let images = Var::from_tensor(&images).unwrap();
        let run = |out: Tensor| {
            let gradients = out.sqr().unwrap().sum_all().unwrap().backward().unwrap();
            [out, gradients.get(&images).unwrap().clone()]
                .map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap())
        };
        assert_eq!(run(MaxPool.apply(&images).unwrap()), run(MaxPool.by_maxima(&images).unwrap()));
    }
}
