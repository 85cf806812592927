//! Batch normalisation with an optional ReLU.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp3, DType, Device, Layout, Result, Shape, Tensor, Var, bail};
use rayon::prelude::*;

use super::{Tape, values, with_values};

/// Parts of a batch in which sums are made. Fixed, so that sums are the same on every machine with any number of threads.
const PARTS: usize = 32;

/// Added to variances.
const EPSILON: f32 = 1e-5;

/// Share of a batch's statistics in the running ones.
const MOMENTUM: f32 = 0.1;

/// Normalises the channels of images `[B, H, W, C]` to a learnt deviation `weights` `[C]` and mean `bias` `[C]`. In training,
/// statistics are those of the batch; in evaluation, running ones of the batches trained on.
pub struct BatchNorm {
    relu: bool,
    mean: Var,
    variance: Var,
}

debug_fields!([] BatchNorm { relu, mean, variance });

/// Statistics of every channel.
#[derive(Clone, Debug, PartialEq)]
struct Statistics {
    mean: Vec<f32>,
    variance: Vec<f32>,
}

/// One application in training.
struct Applied {
    relu: bool,
    /// Statistics of the batch, for the backward pass. Candle calls operations by `&self`, hence the lock.
    batch: Arc<Mutex<Option<Statistics>>>,
}

impl BatchNorm {
    /// Normalisation of `channels` channels, followed by ReLU if `relu`.
    ///
    /// # Errors
    /// Candle's.
    pub fn new(channels: usize, relu: bool, device: &Device) -> Result<Self> {
        let mean = Var::zeros(channels, DType::F32, device)?;
        Ok(Self { relu, mean, variance: Var::ones(channels, DType::F32, device)? })
    }

    /// The running statistics, `[C]` each, by PyTorch's names: changed by training, but not trained.
    pub fn buffers(&self) -> [(&'static str, &Var); 2] {
        [("running_mean", &self.mean), ("running_var", &self.variance)]
    }

    /// Applies it. In training, the running statistics move by a tenth towards the batch's.
    ///
    /// # Errors
    /// Candle's, if shapes do not fit or the tensors are not float32.
    pub fn apply(&self, images: &Tensor, weights: &Tensor, bias: &Tensor, train: bool) -> Result<Tensor> {
        self.on(&mut Tape::unrecorded(), images, [weights, bias], train)
    }

    /// As [`apply`](Self::apply), recorded on a tape in training.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn on(
        &self,
        tape: &mut Tape,
        images: &Tensor,
        [weights, bias]: [&Tensor; 2],
        train: bool,
    ) -> Result<Tensor> {
        let (count, height, width, channels) = images.dims4()?;
        let own = self.mean.dims1()?;
        if channels != own || weights.dims1()? != channels || bias.dims1()? != channels {
            bail!("images of {channels} channels do not fit the normalisation of {own}")
        }
        if !train {
            // Statistics are constants here: one factor and one summand a channel, instead of four operations a value.
            let scale = (weights / (self.variance.as_detached_tensor() + f64::from(EPSILON))?.sqrt()?)?;
            let shift = (bias - (self.mean.as_detached_tensor() * &scale)?)?;
            let out = images.broadcast_mul(&scale)?.broadcast_add(&shift)?;
            return if self.relu { out.relu() } else { Ok(out) };
        }
        #[cfg(feature = "cuda")]
        if images.device().is_cuda() {
            let running = [&self.mean, &self.variance];
            let norm = crate::train::network::gpu::GpuNorm::new(self.relu, running, EPSILON, MOMENTUM);
            return tape.three(norm, [&images.contiguous()?, &weights.contiguous()?, &bias.contiguous()?]);
        }
        let batch = Arc::new(Mutex::new(None));
        let applied = Applied { relu: self.relu, batch: batch.clone() };
        let arguments = [&images.contiguous()?, &weights.contiguous()?, &bias.contiguous()?];
        let out = tape.three(applied, arguments)?;
        if let Some(batch) = &*batch.lock().unwrap_or_else(PoisonError::into_inner) {
            // The variance of a sample is biased by (n - 1) / n. PyTorch corrects the running one, not the batch's; so do we,
            // since weights are exchanged with it.
            let rows = (count * height * width) as f32;
            let unbiased = rows / (rows - 1.0).max(1.0);
            let move_to = |running: &Var, batch: &[f32], by: f32| {
                let old = running.as_detached_tensor().to_vec1::<f32>()?;
                let new = old.iter().zip(batch).map(|(old, new)| old + MOMENTUM * (new * by - old));
                running.set(&Tensor::from_vec(new.collect(), channels, running.device())?)
            };
            move_to(&self.mean, &batch.mean, 1.0)?;
            move_to(&self.variance, &batch.variance, unbiased)?;
        }
        Ok(out)
    }
}

/// Sums over the rows of a matrix of `channels` columns, part by part; `row` adds a row to the sums.
fn sums(
    values: &[f32],
    channels: usize,
    row: impl Fn(&mut [f32], usize, &[f32]) + Sync,
    width: usize,
) -> Vec<f32> {
    let rows = values.len() / channels.max(1);
    let per = rows.div_ceil(PARTS).max(1);
    let parts: Vec<Vec<f32>> = values
        .par_chunks(per * channels)
        .enumerate()
        .map(|(part, values)| {
            let mut sums = vec![0.0; width];
            let each = values.chunks_exact(channels).enumerate();
            each.for_each(|(i, values)| row(&mut sums, part * per + i, values));
            sums
        })
        .collect();
    // A part sums few thousand values, which float32 holds; the parts are added in float64.
    let mut all = vec![0.0f64; width];
    for part in parts {
        all.iter_mut().zip(part).for_each(|(all, part)| *all += f64::from(part));
    }
    all.into_iter().map(|sum| sum as f32).collect()
}

impl Statistics {
    fn new(images: &[f32], channels: usize) -> Self {
        let rows = (images.len() / channels.max(1)).max(1) as f32;
        let add =
            |sums: &mut [f32], _: usize, row: &[f32]| sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        let mean: Vec<f32> =
            sums(images, channels, add, channels).into_iter().map(|sum| sum / rows).collect();
        // A second pass: the mean of squares less the squared mean would cancel most digits of a float32.
        let square = |sums: &mut [f32], _: usize, row: &[f32]| {
            sums.iter_mut().zip(row).zip(&mean).for_each(|((sum, v), mean)| *sum += (v - mean) * (v - mean));
        };
        let variance = sums(images, channels, square, channels).into_iter().map(|sum| sum / rows).collect();
        Self { mean, variance }
    }

    fn scales(&self) -> Vec<f32> {
        self.variance.iter().map(|v| 1.0 / (v + EPSILON).sqrt()).collect()
    }
}

impl CustomOp3 for Applied {
    fn name(&self) -> &'static str {
        "batch-norm"
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
        let (_, _, _, channels) = images_layout.shape().dims4()?;
        let (images, weights) = (values(images, images_layout)?, values(weights, weights_layout)?);
        let bias = values(bias, bias_layout)?;
        let batch = Statistics::new(images, channels);
        // w (x - mean) scale + b as x * factor + shift: one multiplication and one addition a value.
        let factors: Vec<f32> = batch.scales().iter().zip(weights).map(|(scale, w)| scale * w).collect();
        let shifts = bias.iter().zip(&batch.mean).zip(&factors).map(|((b, mean), factor)| b - mean * factor);
        let shifts: Vec<f32> = shifts.collect();
        // Without ReLU the maximum with the least float changes nothing, and the loop is one vector code for both.
        let least = if self.relu { 0.0 } else { f32::MIN };
        let mut out = vec![0.0; images.len()];
        let rows = out.par_chunks_exact_mut(channels.max(1)).zip(images.par_chunks_exact(channels.max(1)));
        // A row of channels takes less time than handing it to a thread: at least 256 go together.
        rows.with_min_len(256).for_each(|(out, row)| {
            let parts = out.iter_mut().zip(row).zip(factors.iter().zip(&shifts));
            parts.for_each(|((out, v), (factor, shift))| *out = (v * factor + shift).max(least));
        });
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch);
        Ok((CpuStorage::F32(out), images_layout.shape().clone()))
    }

    fn bwd(
        &self,
        images: &Tensor,
        weights: &Tensor,
        bias: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, _, _, channels) = images.dims4()?;
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(batch) = batch else { bail!("a batch normalisation whose forward pass was not made") };
        let scales = batch.scales();
        let relu = self.relu;
        let (own, of_weights, of_bias) = with_values(images, |images| {
            with_values(weights, |weights| {
                with_values(out, |out| {
                    with_values(gradient, |gradient| {
                        let kept = |g: f32, out: f32| if relu && out <= 0.0 { 0.0 } else { g };
                        // The first half sums the gradients, the second their products with the normalised values: both in
                        // one pass, which waits for memory, not for arithmetic.
                        let add = |sums: &mut [f32], row: usize, x: &[f32]| {
                            let range = row * channels..(row + 1) * channels;
                            let (out, gradient) = (&out[range.clone()], &gradient[range]);
                            let (plain, products) = sums.split_at_mut(channels);
                            let sums = plain.iter_mut().zip(products);
                            let parts =
                                sums.zip(x.iter().zip(out).zip(gradient)).zip(batch.mean.iter().zip(&scales));
                            parts.for_each(|(((plain, product), ((x, out), g)), (mean, scale))| {
                                let g = kept(*g, *out);
                                *plain += g;
                                *product += g * (x - mean) * scale;
                            });
                        };
                        let sums = sums(images, channels, add, 2 * channels);
                        let (of_bias, of_weights) = sums.split_at(channels);
                        let rows = (images.len() / channels.max(1)).max(1) as f32;
                        let mut own = vec![0.0; images.len()];
                        let c = channels.max(1);
                        let each = own.par_chunks_exact_mut(c).zip(images.par_chunks_exact(c));
                        let each = each.zip(out.par_chunks_exact(c).zip(gradient.par_chunks_exact(c)));
                        each.with_min_len(256).for_each(|((own, x), (out, gradient))| {
                            let sums = of_bias.iter().zip(of_weights).zip(weights);
                            let parts = own.iter_mut().zip(x).zip(out.iter().zip(gradient));
                            let parts = parts.zip(batch.mean.iter().zip(&scales)).zip(sums);
                            parts.for_each(
                                |((((own, x), (out, g)), (mean, scale)), ((sum, product), weight))| {
                                    // Computed again: to read it back would take longer than two operations.
                                    let normal = (x - mean) * scale;
                                    *own =
                                        weight * scale * (kept(*g, *out) - (sum + normal * product) / rows);
                                },
                            );
                        });
                        Ok((own, of_weights.to_vec(), of_bias.to_vec()))
                    })
                })
            })
        })?;
        let device = images.device();
        Ok((
            Some(Tensor::from_vec(own, images.shape(), device)?),
            Some(Tensor::from_vec(of_weights, weights.shape(), device)?),
            Some(Tensor::from_vec(of_bias, bias.shape(), device)?),
        ))
    }
}
