//! Convolutions: their options, their sizes, and the layout of patches.

use candle_core::{Result, Shape, Tensor, bail};

/// Convolution of images `[B, H, W, C]` with weights `[O, K * K * C]` (rows of the kernel first, then its columns, then
/// channels) and a bias `[O]`, if there is one: `[B, H', W', O]`, H' = (H + 2 padding - K) / stride + 1.
///
/// On the CPU, patches of an image, or of a few small ones, are laid out as a matrix and multiplied by the weights, images in
/// parallel. The backward pass lays them out again: K * K times the batch would not stay in a cache.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convolution {
    /// K, rows and columns of the kernel.
    pub kernel: usize,
    /// Pixels from a patch to the next.
    pub stride: usize,
    /// Zeros around the image.
    pub padding: usize,
    /// True if ReLU follows.
    pub relu: bool,
    /// True if the gradient of the images is wanted. A first layer has no use for it.
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
    /// Values of an image.
    pub fn pixels(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Patches of an image.
    pub fn places(&self) -> usize {
        self.rows * self.columns
    }

    /// The shape of the result.
    pub fn out(&self) -> [usize; 4] {
        [self.images, self.rows, self.columns, self.outputs]
    }
}

impl Convolution {
    /// Adds the bias to products and applies ReLU, by operations of Candle.
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
    // Inlined, so that the copy or the sum of each caller is compiled into the loop. In [H, W, C] the pixels of a kernel
    // row are contiguous: one copy of K * C values, not K * K * C single ones.
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
                // A kernel row that misses the image, as wide padding allows, may have `first` beyond its end.
                if length == 0 {
                    continue;
                }
                let from = (y * s.width + first) * s.channels;
                let to = place * s.patch + (down * self.kernel + skip) * s.channels;
                run(from, to, length * s.channels);
            }
        }
    }

    /// Lays out the patches of images, one image's after the other's, as [`patches`](Self::patches) does, and returns their
    /// number.
    pub(super) fn all_patches(&self, s: &Sizes, images: &[f32], patches: &mut [f32]) -> usize {
        let each = images.chunks_exact(s.pixels());
        let places = each.len() * s.places();
        each.zip(patches.chunks_exact_mut(s.places() * s.patch))
            .for_each(|(image, patches)| self.patches(s, image, patches));
        places
    }

    /// Lays out the patches of an image among zeros. Places outside the image are the same for all images and not written, so
    /// that a buffer zeroed once serves them all.
    pub(super) fn patches(&self, s: &Sizes, image: &[f32], patches: &mut [f32]) {
        self.stretches(s, |from, to, length| {
            patches[to..to + length].copy_from_slice(&image[from..from + length]);
        });
    }

    /// Adds patches to the pixels that they were taken from.
    pub(super) fn add_patches(&self, s: &Sizes, patches: &[f32], image: &mut [f32]) {
        self.stretches(s, |to, from, length| {
            let (to, from) = (&mut image[to..to + length], &patches[from..from + length]);
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        });
    }
}
