//! Convolution on images: the choice of its way by device, and its passes on the CPU.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;

use super::convolution::{Convolution, Sizes};
use super::{Tape, values, with_values};

/// Parts of a batch in which gradients are summed. Fixed, so that sums are the same on every machine with any number of
/// threads.
const PARTS: usize = 16;

/// Patches to multiply together where an image has fewer. A product reads all weights: for the 25 patches of a small image that
/// would take longer than the arithmetic.
const TOGETHER: usize = 128;

/// Images whose patches are multiplied together.
fn together(s: &Sizes) -> usize {
    (TOGETHER / s.places()).max(1)
}

impl Convolution {
    /// Applies it.
    ///
    /// # Errors
    /// Candle's, if shapes do not fit or the tensors are not float32.
    pub fn apply(self, images: &Tensor, weights: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        self.on(&mut Tape::unrecorded(), images, weights, bias)
    }

    /// As [`apply`](Self::apply), recorded on a tape.
    ///
    /// # Errors
    /// As [`apply`](Self::apply); also, on a GPU, for a bias or ReLU, which are operations of Candle's there.
    pub fn on(
        self,
        tape: &mut Tape,
        images: &Tensor,
        weights: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        if tape.records() && !images.device().is_cpu() && (bias.is_some() || self.relu) {
            bail!("a convolution with a bias or ReLU is not recorded on a tape on a GPU")
        }
        #[cfg(feature = "cudnn")]
        if images.device().is_cuda() {
            let sizes = self.sizes(images.shape(), weights.shape(), bias.map(Tensor::shape))?;
            let shape = (self.kernel, self.stride, self.padding);
            let out = crate::train::network::gpu::convolve(
                tape,
                images,
                weights,
                shape,
                sizes.out(),
                self.input_gradient,
            )?;
            return self.finish(&out, bias);
        }
        if !images.device().is_cpu() {
            return self.by_products(images, weights, bias);
        }
        let (images, weights) = (images.contiguous()?, weights.contiguous()?);
        match bias {
            Some(bias) => tape.three(self, [&images, &weights, &bias.contiguous()?]),
            None => {
                // A bias of zeros costs nothing: the result has to be filled with something before products are added.
                let zeros = Tensor::zeros(weights.dim(0)?, weights.dtype(), weights.device())?;
                tape.three(self, [&images, &weights, &zeros])
            }
        }
    }

    fn forward(&self, s: &Sizes, images: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; s.images * s.places() * s.outputs];
        let work = |patches: &mut Vec<f32>, (images, out): (&[f32], &mut [f32])| {
            let places = self.all_patches(s, images, patches);
            // The product is added to the bias: a pass over the result less than the reverse.
            out.chunks_exact_mut(s.outputs).for_each(|out| out.copy_from_slice(bias));
            multiply((places, s.outputs, s.patch), (patches, false), (weights, true), out, true);
            if self.relu {
                out.iter_mut().for_each(|v| *v = v.max(0.0));
            }
        };
        let together = together(s);
        // A buffer for each task, not for each image: its zeros are written once, and it stays in the cache of its core.
        let images = images.par_chunks(together * s.pixels());
        let outs = out.par_chunks_mut(together * s.places() * s.outputs);
        images.zip(outs).for_each_init(|| vec![0.0; together * s.places() * s.patch], work);
        out
    }

    /// Gradients of the images, if wanted, of the weights and of the bias.
    fn backward(
        &self,
        s: &Sizes,
        images: &[f32],
        weights: &[f32],
        out: &[f32],
        gradient: &[f32],
    ) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let mut own = vec![0.0; if self.input_gradient { images.len() } else { 0 }];
        let (pixels, size) = (s.pixels(), s.places() * s.outputs);
        let per = s.images.div_ceil(PARTS).max(1);
        // Without a gradient of the images each part has an empty slice of it, so that the iterators stay zipped.
        let owns: Vec<&mut [f32]> = if self.input_gradient {
            own.chunks_mut(per * pixels).collect()
        } else {
            (0..s.images.div_ceil(per)).map(|_| &mut [][..]).collect()
        };
        let parts = images.par_chunks(per * pixels).zip(owns).zip(out.par_chunks(per * size));
        let parts = parts.zip(gradient.par_chunks(per * size));
        let sums: Vec<(Vec<f32>, Vec<f32>)> = parts
            .map(|(((images, own), out), gradient)| {
                let (mut of_weights, mut of_bias) = (vec![0.0; weights.len()], vec![0.0; s.outputs]);
                let together = together(s);
                let room = together * s.places() * s.patch;
                let (mut patches, mut back) =
                    (vec![0.0; room], vec![0.0; if self.input_gradient { room } else { 0 }]);
                let mut masked = Vec::new();
                let mut own = own.chunks_mut(together * pixels);
                let each = images.chunks(together * pixels);
                let each = each.zip(out.chunks(together * size).zip(gradient.chunks(together * size)));
                for (images, (out, gradient)) in each {
                    // Masked once, since three sums read it.
                    masked.clear();
                    masked.extend_from_slice(gradient);
                    if self.relu {
                        masked
                            .iter_mut()
                            .zip(out)
                            .for_each(|(g, out)| *g = if *out > 0.0 { *g } else { 0.0 });
                    }
                    for row in masked.chunks_exact(s.outputs) {
                        of_bias.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
                    }
                    // Laid out again: to keep the forward pass's patches takes K * K times the batch in memory, whose way
                    // there and back takes longer than this copy within a cache.
                    let places = self.all_patches(s, images, &mut patches);
                    let shape = (s.outputs, s.patch, places);
                    multiply(shape, (&masked, true), (&patches, false), &mut of_weights, true);
                    if let Some(own) = own.next() {
                        let shape = (places, s.patch, s.outputs);
                        multiply(shape, (&masked, false), (weights, false), &mut back, false);
                        let each = own.chunks_exact_mut(pixels).zip(back.chunks_exact(s.places() * s.patch));
                        each.for_each(|(own, back)| self.add_patches(s, back, own));
                    }
                }
                (of_weights, of_bias)
            })
            .collect();
        // In the order of the parts, whichever thread was done first: float sums depend on their order.
        let (mut of_weights, mut of_bias) = (vec![0.0; weights.len()], vec![0.0; s.outputs]);
        for (weights, bias) in sums {
            of_weights.iter_mut().zip(weights).for_each(|(sum, v)| *sum += v);
            of_bias.iter_mut().zip(bias).for_each(|(sum, v)| *sum += v);
        }
        (own, of_weights, of_bias)
    }
}

/// The product of two matrices, row by row in memory, as `out` `[m, n]`, or added to it; each may be transposed: its rows
/// are then columns in memory.
fn multiply(
    (m, n, k): (usize, usize, usize),
    (a, transposed_a): (&[f32], bool),
    (b, transposed_b): (&[f32], bool),
    out: &mut [f32],
    add: bool,
) {
    assert!(a.len() >= m * k && b.len() >= k * n && out.len() >= m * n, "matrices of these sizes");
    // A transposed matrix is read through its strides: a transposed copy would be one more pass over it.
    let strides = |transposed: bool, rows: usize, columns: usize| {
        if transposed { (rows as isize, 1) } else { (1, columns as isize) }
    };
    let ((a_columns, a_rows), (b_columns, b_rows)) =
        (strides(transposed_a, m, k), strides(transposed_b, k, n));
    // SAFETY: the slices hold the matrices, as was asserted.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            add,
            a.as_ptr(),
            a_columns,
            a_rows,
            b.as_ptr(),
            b_columns,
            b_rows,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            // Images run in parallel already: threads within a product would only wait for each other.
            Parallelism::None,
        );
    }
}

impl CustomOp3 for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn cpu_fwd(
        &self,
        images: &CpuStorage,
        images_layout: &Layout,
        weights: &CpuStorage,
        weights_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let s = self.sizes(images_layout.shape(), weights_layout.shape(), Some(bias_layout.shape()))?;
        let (images, weights) = (values(images, images_layout)?, values(weights, weights_layout)?);
        let out = self.forward(&s, images, weights, values(bias, bias_layout)?);
        Ok((CpuStorage::F32(out), Shape::from((s.images, s.rows, s.columns, s.outputs))))
    }

    fn bwd(
        &self,
        images: &Tensor,
        weights: &Tensor,
        bias: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let s = self.sizes(images.shape(), weights.shape(), Some(bias.shape()))?;
        let device = images.device();
        let (own, of_weights, of_bias) = with_values(images, |images| {
            with_values(weights, |weights| {
                with_values(out, |out| {
                    with_values(gradient, |gradient| Ok(self.backward(&s, images, weights, out, gradient)))
                })
            })
        })?;
        let own = self.input_gradient.then(|| Tensor::from_vec(own, images.shape(), device)).transpose()?;
        let of_weights = Tensor::from_vec(of_weights, weights.shape(), device)?;
        Ok((own, Some(of_weights), Some(Tensor::from_vec(of_bias, bias.shape(), device)?)))
    }
}
