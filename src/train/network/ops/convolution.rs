//! Convolution with a bias, and what is below 0 set to 0 if so wanted.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;

use super::{Tape, values, with_values};

/// Parts that a batch's gradients are summed in: the same on every machine, whatever the threads.
const PARTS: usize = 16;

/// Patches that are multiplied together, about, where an image has fewer: weights are read once for all of them.
const TOGETHER: usize = 128;

/// Convolution of images [B, H, W, C] with weights [O, K * K * C] (rows of the kernel first, then its columns, then
/// channels) and a bias [O], if there is one: [B, H', W', O], H' = (H + 2 padding - K) / stride + 1.
///
/// Patches of an image, or of a few small ones, are laid out as a matrix and multiplied by the weights, images side by
/// side. The backward pass lays them out again rather than keep them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convolution {
    /// K, rows and columns of the kernel.
    pub kernel: usize,
    /// From a patch to the next.
    pub stride: usize,
    /// Zeros around the image.
    pub padding: usize,
    /// ReLU follows.
    pub relu: bool,
    /// The gradient by the images is computed: a first layer has no use for it.
    pub input_gradient: bool,
}

/// Sizes of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub images: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub rows: usize,
    pub columns: usize,
    pub outputs: usize,
    /// Values of a patch.
    pub patch: usize,
}

impl Sizes {
    pub fn pixels(&self) -> usize {
        self.height * self.width * self.channels
    }

    pub fn places(&self) -> usize {
        self.rows * self.columns
    }

    /// Images whose patches are multiplied together.
    fn together(&self) -> usize {
        (TOGETHER / self.places()).max(1)
    }

    /// The shape of the result.
    pub fn out(&self) -> [usize; 4] {
        [self.images, self.rows, self.columns, self.outputs]
    }
}

impl Convolution {
    /// Applies it.
    ///
    /// # Errors
    /// Candle's, if shapes do not fit or the tensors are not float32.
    pub fn apply(self, images: &Tensor, weights: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        self.on(&mut Tape::unrecorded(), images, weights, bias)
    }

    /// As [`apply`](Self::apply), kept on a tape.
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
            bail!("a convolution with a bias or ReLU is not kept on a tape on a GPU")
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
                let zeros = Tensor::zeros(weights.dim(0)?, weights.dtype(), weights.device())?;
                tape.three(self, [&images, &weights, &zeros])
            }
        }
    }

    /// Products with their bias, and what is below 0 set to 0 if so wanted, in steps that Candle knows.
    pub(super) fn finish(&self, products: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let out = bias.map_or_else(|| Ok(products.clone()), |bias| products.broadcast_add(bias))?;
        if self.relu { out.relu() } else { Ok(out) }
    }

    pub(super) fn sizes(&self, images: &Shape, weights: &Shape, bias: Option<&Shape>) -> Result<Sizes> {
        let (count, height, width, channels) = images.dims4()?;
        let (outputs, patch) = weights.dims2()?;
        let fits = |side: usize| (side + 2 * self.padding).checked_sub(self.kernel);
        let (Some(down), Some(across)) = (fits(height), fits(width)) else {
            bail!("images of {height} x {width} are smaller than a kernel of {}", self.kernel)
        };
        let biases = bias.map_or(Ok(outputs), Shape::dims1)?;
        let nothing = [self.stride, outputs, patch, height, width].contains(&0);
        if nothing || patch != self.kernel * self.kernel * channels || biases != outputs {
            bail!("weights {weights:?} and {biases} biases do not fit images {images:?}")
        }
        let (rows, columns) = (down / self.stride + 1, across / self.stride + 1);
        Ok(Sizes { images: count, height, width, channels, rows, columns, outputs, patch })
    }

    /// Calls `run(place in the image, place among the patches, values)` for every stretch of a patch inside the
    /// image.
    #[inline(always)]
    fn stretches(&self, s: &Sizes, mut run: impl FnMut(usize, usize, usize)) {
        for place in 0..s.places() {
            let (top, left) = (place / s.columns * self.stride, place % s.columns * self.stride);
            for down in 0..self.kernel {
                let Some(y) = (top + down).checked_sub(self.padding).filter(|&y| y < s.height) else {
                    continue;
                };
                let skip = self.padding.saturating_sub(left);
                let first = left + skip - self.padding;
                let length = (self.kernel - skip.min(self.kernel)).min(s.width.saturating_sub(first));
                let from = (y * s.width + first) * s.channels;
                let to = place * s.patch + (down * self.kernel + skip) * s.channels;
                run(from, to, length * s.channels);
            }
        }
    }

    /// Lays out the patches of images, one image's after the other's, as [`patches`](Self::patches) does, and returns how
    /// many they are.
    fn all_patches(&self, s: &Sizes, images: &[f32], patches: &mut [f32]) -> usize {
        let each = images.chunks_exact(s.pixels());
        let places = each.len() * s.places();
        each.zip(patches.chunks_exact_mut(s.places() * s.patch))
            .for_each(|(image, patches)| self.patches(s, image, patches));
        places
    }

    /// Lays out the patches of an image among zeros; places outside the image, the same for all images, are not written.
    pub(super) fn patches(&self, s: &Sizes, image: &[f32], patches: &mut [f32]) {
        self.stretches(s, |from, to, length| {
            if let (Some(from), Some(to)) = (image.get(from..from + length), patches.get_mut(to..to + length))
            {
                to.copy_from_slice(from);
            }
        });
    }

    /// Adds patches to the pixels that they were taken from.
    pub(super) fn add_patches(&self, s: &Sizes, patches: &[f32], image: &mut [f32]) {
        self.stretches(s, |to, from, length| {
            if let (Some(from), Some(to)) = (patches.get(from..from + length), image.get_mut(to..to + length))
            {
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            }
        });
    }

    fn forward(&self, s: &Sizes, images: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; s.images * s.places() * s.outputs];
        let work = |patches: &mut Vec<f32>, (images, out): (&[f32], &mut [f32])| {
            let places = self.all_patches(s, images, patches);
            out.chunks_exact_mut(s.outputs).for_each(|out| out.copy_from_slice(bias));
            multiply((places, s.outputs, s.patch), (patches, false), (weights, true), out, true);
            if self.relu {
                out.iter_mut().for_each(|v| *v = v.max(0.0));
            }
        };
        let together = s.together();
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
        // Where there is no gradient of the images, empty parts stand for theirs.
        let owns: Vec<&mut [f32]> = match self.input_gradient {
            true => own.chunks_mut(per * pixels).collect(),
            false => (0..s.images.div_ceil(per)).map(|_| &mut [][..]).collect(),
        };
        let parts = images.par_chunks(per * pixels).zip(owns).zip(out.par_chunks(per * size));
        let parts = parts.zip(gradient.par_chunks(per * size));
        let sums: Vec<(Vec<f32>, Vec<f32>)> = parts
            .map(|(((images, own), out), gradient)| {
                let (mut of_weights, mut of_bias) = (vec![0.0; weights.len()], vec![0.0; s.outputs]);
                let together = s.together();
                let room = together * s.places() * s.patch;
                let (mut patches, mut back) =
                    (vec![0.0; room], vec![0.0; if self.input_gradient { room } else { 0 }]);
                let mut masked = Vec::new();
                let mut own = own.chunks_mut(together * pixels);
                let each = images.chunks(together * pixels);
                let each = each.zip(out.chunks(together * size).zip(gradient.chunks(together * size)));
                for (images, (out, gradient)) in each {
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
        let (mut of_weights, mut of_bias) = (vec![0.0; weights.len()], vec![0.0; s.outputs]);
        for (weights, bias) in sums {
            of_weights.iter_mut().zip(weights).for_each(|(sum, v)| *sum += v);
            of_bias.iter_mut().zip(bias).for_each(|(sum, v)| *sum += v);
        }
        (own, of_weights, of_bias)
    }
}

/// The product of two matrices, row by row in memory, as `out` [m, n], or added to it; each may be transposed: its rows
/// are then columns in memory.
fn multiply(
    (m, n, k): (usize, usize, usize),
    (a, transposed_a): (&[f32], bool),
    (b, transposed_b): (&[f32], bool),
    out: &mut [f32],
    add: bool,
) {
    assert!(a.len() >= m * k && b.len() >= k * n && out.len() >= m * n, "matrices of these sizes");
    let strides = |transposed: bool, rows: usize, columns: usize| match transposed {
        false => (1, columns as isize),
        true => (rows as isize, 1),
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
