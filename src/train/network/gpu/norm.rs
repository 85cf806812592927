//! Batch normalisation and ReLU as one operation on a GPU. The batch's statistics never leave it.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, CudaStorage, CustomOp3, Layout, Result, Shape, Tensor, Var, bail};

use super::tensors::{address, unwritten, with_addresses};
use super::{Kernel, Norm, launch};

/// Target number of parallel sums in the first kernel, enough for all of a GPU's threads, and in the second, few enough to be
/// added one by one for each channel in the third.
const SUMS: [usize; 2] = [1 << 17, 1 << 11];

/// One application while training, on images `[B, H, W, C]`, weights `[C]` and a bias `[C]`.
pub(in crate::train) struct GpuNorm {
    pub relu: bool,
    pub epsilon: f32,
    pub momentum: f32,
    /// The running statistics `[C]`, which it moves.
    pub mean: Var,
    pub variance: Var,
    /// Means `[C]` and inverse deviations `[C]` of the batch, for the backward pass.
    batch: Mutex<Option<Tensor>>,
}

impl GpuNorm {
    pub fn new(relu: bool, [mean, variance]: [&Var; 2], epsilon: f32, momentum: f32) -> Self {
        let (mean, variance) = (mean.clone(), variance.clone());
        Self { relu, epsilon, momentum, mean, variance, batch: Mutex::default() }
    }

    /// The sizes, for images of a shape.
    fn sizes(&self, images: &Shape) -> Result<Norm> {
        let (_, _, _, channels) = images.dims4()?;
        let rows = images.elem_count() / channels.max(1);
        let [parts, groups] = SUMS.map(|sums| (sums / channels.max(1)).clamp(1, rows.max(1)));
        match [rows, channels, parts, groups].map(u32::try_from) {
            [Ok(rows), Ok(channels), Ok(parts), Ok(groups)] => Ok(Norm {
                rows,
                channels,
                parts,
                groups,
                relu: self.relu.into(),
                epsilon: self.epsilon,
                momentum: self.momentum,
                ..Norm::default()
            }),
            _ => bail!("a batch of {images:?} is too large to be normalised"),
        }
    }
}

/// Values that kernels go over: sums, sums of groups, channels, and all.
fn counts(norm: &Norm) -> [usize; 4] {
    let channels = norm.channels as usize;
    [norm.parts, norm.groups, 1, norm.rows].map(|rows| rows as usize * channels)
}

impl CustomOp3 for GpuNorm {
    fn name(&self) -> &'static str {
        "batch-norm"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        bail!("an operation for a GPU on the CPU")
    }

    fn cuda_fwd(
        &self,
        images: &CudaStorage,
        images_layout: &Layout,
        weights: &CudaStorage,
        weights_layout: &Layout,
        bias: &CudaStorage,
        bias_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let shape = images_layout.shape();
        let sizes = self.sizes(shape)?;
        let [each_sum, each_group, each_channel, all] = counts(&sizes);
        // SAFETY: kernels write the values of each before others read them; the sums are f64.
        let (batch, sums, out) = unsafe {
            let device = self.mean.device().as_cuda_device()?;
            let batch = unwritten(2 * each_channel, &self.mean)?;
            let sums = unwritten(4 * each_sum, &self.mean)?;
            (batch, sums, device.alloc::<f32>(all)?)
        };
        let out = CudaStorage::wrap_cuda_slice(out, images.device.clone());
        let running = [self.mean.as_tensor(), self.variance.as_tensor()];
        with_addresses([&batch, &sums, running[0], running[1]], |[batch, sums, mean, variance]| {
            let norm = Norm {
                images: address(images, images_layout)?,
                weights: address(weights, weights_layout)?,
                bias: address(bias, bias_layout)?,
                out: address(&out, &Layout::contiguous(shape))?,
                batch,
                sums,
                running_mean: mean,
                running_variance: variance,
                ..sizes
            };
            let kernels = [
                ("norm_sums", each_sum),
                ("norm_groups", each_group),
                ("norm_statistics", each_channel),
                ("norm_apply", all),
            ];
            for (name, count) in kernels {
                // SAFETY: the addresses are of tensors of these sizes.
                unsafe { launch(&images.device, Kernel { name, arguments: &norm, count }) }?;
            }
            Ok(())
        })?;
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch);
        Ok((out, shape.clone()))
    }

    fn bwd(
        &self,
        images: &Tensor,
        weights: &Tensor,
        bias: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(batch) = batch else { bail!("a batch normalisation whose forward pass was not made") };
        let sizes = self.sizes(images.shape())?;
        let [each_sum, each_group, each_channel, all] = counts(&sizes);
        let gradient = gradient.contiguous()?;
        // SAFETY: as above.
        let (sums, own, of_weights, of_bias) = unsafe {
            let sums = unwritten(4 * each_sum, images)?;
            (sums, images.empty_like()?, weights.empty_like()?, bias.empty_like()?)
        };
        let tensors = [images, weights, out, &gradient, &batch, &sums, &own, &of_weights, &of_bias];
        with_addresses(
            tensors,
            |[images, weights, out, gradient, batch, sums, own, of_weights, of_bias]| {
                let norm =
                    Norm { images, weights, out, gradient, batch, sums, own, of_weights, of_bias, ..sizes };
                let kernels = [
                    ("norm_back_sums", each_sum),
                    ("norm_groups", each_group),
                    ("norm_back_parameters", each_channel),
                    ("norm_back", all),
                ];
                for (name, count) in kernels {
                    // SAFETY: the addresses are of tensors of these sizes.
                    let device = self.mean.device().as_cuda_device()?;
                    unsafe { launch(device, Kernel { name, arguments: &norm, count }) }?;
                }
                Ok(())
            },
        )?;
        Ok((Some(own), Some(of_weights), Some(of_bias)))
    }
}
