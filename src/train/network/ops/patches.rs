//! A convolution as a product of matrices by Candle: the way on a GPU without cuDNN.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::convolution::{Convolution, Sizes};
use super::values;

/// Lays the patches of images `[B, H, W, C]` out: `[B * H' * W', K * K * C]`.
#[derive(Clone, Copy)]
struct Patches {
    convolution: Convolution,
    sizes: Sizes,
}

/// Adds patches to the pixels that they were taken from.
#[derive(Clone, Copy)]
struct AddPatches(Patches);

impl Convolution {
    /// The convolution by operations of Candle, except for the patches. Candle keeps these for the backward pass: K * K
    /// times the images.
    pub(super) fn by_products(
        self,
        images: &Tensor,
        weights: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let sizes = self.sizes(images.shape(), weights.shape(), bias.map(Tensor::shape))?;
        let images = if self.input_gradient { images.clone() } else { images.detach() };
        let patches = images.contiguous()?.apply_op1(Patches { convolution: self, sizes })?;
        let out = patches.matmul(&weights.t()?)?.reshape(&sizes.out()[..])?;
        self.finish(&out, bias)
    }
}

impl Patches {
    fn image_shape(&self) -> Shape {
        let Sizes { images, height, width, channels, .. } = self.sizes;
        Shape::from((images, height, width, channels))
    }

    fn patch_shape(&self) -> Shape {
        Shape::from((self.sizes.images * self.sizes.places(), self.sizes.patch))
    }

    /// Calls `work` for every image and its patches, in parallel.
    fn each(
        &self,
        from: &[f32],
        to: &mut [f32],
        sizes: [usize; 2],
        work: impl Fn(&[f32], &mut [f32]) + Sync,
    ) {
        let [from_size, to_size] = sizes.map(|size| size.max(1));
        from.par_chunks_exact(from_size)
            .zip(to.par_chunks_exact_mut(to_size))
            .for_each(|(from, to)| work(from, to));
    }

    /// Values of an image, and of its patches.
    fn lengths(&self) -> [usize; 2] {
        [self.sizes.pixels(), self.sizes.places() * self.sizes.patch]
    }

    #[cfg(feature = "cuda")]
    fn launch(
        &self,
        name: &str,
        storage: &candle_core::CudaStorage,
        layout: &Layout,
        shape: Shape,
    ) -> Result<(candle_core::CudaStorage, Shape)> {
        use crate::train::network::gpu::{Kernel, address, launch};
        let (device, count) = (&storage.device, shape.elem_count());
        // SAFETY: the kernel writes all of it.
        let out = unsafe { device.alloc::<f32>(count) }?;
        let out = candle_core::CudaStorage::wrap_cuda_slice(out, device.clone());
        let (from, to) = (address(storage, layout)?, address(&out, &Layout::contiguous(&shape))?);
        let arguments = crate::train::network::gpu::Patches { from, to, ..self.arguments(count)? };
        // SAFETY: the addresses are of images and patches of these sizes.
        unsafe { launch(device, Kernel { name, arguments: &arguments, count }) }?;
        Ok((out, shape))
    }

    /// Arguments of the kernels that write so many values, without addresses.
    #[cfg(any(feature = "cuda", test))]
    fn arguments(&self, count: usize) -> Result<crate::train::network::gpu::Patches> {
        let (s, c) = (&self.sizes, &self.convolution);
        let numbers = [s.height, s.width, s.channels, s.rows, s.columns, c.kernel, c.stride, c.padding];
        let mut given = [0; 8];
        for (to, number) in given.iter_mut().zip(numbers) {
            *to = i32::try_from(number).map_err(candle_core::Error::wrap)?;
        }
        let [height, width, channels, rows, columns, kernel, stride, padding] = given;
        let count = u32::try_from(count).map_err(candle_core::Error::wrap)?;
        let (from, to, zero) = (0, 0, 0);
        Ok(crate::train::network::gpu::Patches {
            from,
            to,
            count,
            height,
            width,
            channels,
            rows,
            columns,
            kernel,
            stride,
            padding,
            zero,
        })
    }
}

impl CustomOp1 for Patches {
    fn name(&self) -> &'static str {
        "patches"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let shape = self.patch_shape();
        let mut out = vec![0.0; shape.elem_count()];
        let work = |image: &[f32], patches: &mut [f32]| self.convolution.patches(&self.sizes, image, patches);
        self.each(values(storage, layout)?, &mut out, self.lengths(), work);
        Ok((CpuStorage::F32(out), shape))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        storage: &candle_core::CudaStorage,
        layout: &Layout,
    ) -> Result<(candle_core::CudaStorage, Shape)> {
        self.launch("patches", storage, layout, self.patch_shape())
    }

    fn bwd(&self, _images: &Tensor, _patches: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        gradient.contiguous()?.apply_op1(AddPatches(*self)).map(Some)
    }
}

impl CustomOp1 for AddPatches {
    fn name(&self) -> &'static str {
        "add-patches"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (patches, shape) = (self.0, self.0.image_shape());
        let [image, own] = patches.lengths();
        let mut out = vec![0.0; shape.elem_count()];
        let work =
            |from: &[f32], image: &mut [f32]| patches.convolution.add_patches(&patches.sizes, from, image);
        patches.each(values(storage, layout)?, &mut out, [own, image], work);
        Ok((CpuStorage::F32(out), shape))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        storage: &candle_core::CudaStorage,
        layout: &Layout,
    ) -> Result<(candle_core::CudaStorage, Shape)> {
        self.0.launch("add_patches", storage, layout, self.0.image_shape())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    fn noise(shape: &[usize], seed: usize) -> Var {
        let count = shape.iter().product::<usize>();
        let values = (0..count).map(|i| ((i + seed) * 7919 % 1000) as f32 / 500.0 - 1.0).collect();
        Var::from_tensor(&Tensor::from_vec::<_, f32>(values, shape, &Device::Cpu).unwrap()).unwrap()
    }

    /// The same values and gradients as the fused operation's.
    #[test]
    fn products_are_convolutions() {
        for (kernel, stride, padding) in [(3, 1, 1), (3, 2, 1), (5, 1, 0), (1, 2, 0), (2, 3, 1)] {
            for relu in [false, true] {
                let convolution = Convolution { kernel, stride, padding, relu, input_gradient: true };
                let (images, bias) = (noise(&[3, 7, 6, 2], 1), noise(&[4], 3));
                let weights = noise(&[4, kernel * kernel * 2], 2);
                let run = |out: Tensor| {
                    let sum = (&out * &out).unwrap().sum_all().unwrap().backward().unwrap();
                    let all = [&images, &weights, &bias].map(|v| sum.get(v).unwrap().flatten_all().unwrap());
                    (out, all)
                };
                let (a, of_a) = run(convolution.apply(&images, &weights, Some(&bias)).unwrap());
                let (b, of_b) = run(convolution.by_products(&images, &weights, Some(&bias)).unwrap());
                assert_eq!(a.dims(), b.dims());
                for (a, b) in [(a.flatten_all().unwrap(), b.flatten_all().unwrap())]
                    .into_iter()
                    .chain(of_a.into_iter().zip(of_b))
                {
                    let scale = a.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
                    let apart =
                        (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
                    assert!(apart <= 1e-5 * scale.max(1.0), "{kernel} {stride} {padding}: {apart}");
                }
            }
        }
    }

    /// Kernels lay patches out, and back, as the CPU does.
    #[test]
    fn kernels_lay_patches_out() {
        use crate::train::network::gpu::{Emulated, Kernel, Machine};
        let machine = Emulated;
        for (kernel, stride, padding) in [(3, 1, 1), (3, 2, 1), (5, 1, 0), (1, 2, 0), (2, 3, 1)] {
            let convolution = Convolution { kernel, stride, padding, relu: false, input_gradient: true };
            let (images, weights) = (noise(&[3, 7, 6, 2], 1), noise(&[4, kernel * kernel * 2], 2));
            let sizes = convolution.sizes(images.shape(), weights.shape(), None).unwrap();
            let patches = Patches { convolution, sizes };
            let laid = images.apply_op1_no_bwd(&patches).unwrap();
            let back = laid.apply_op1_no_bwd(&AddPatches(patches)).unwrap();
            for (name, from, to) in [("patches", images.as_tensor(), &laid), ("add_patches", &laid, &back)] {
                let [from, to] = [from, to].map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap());
                let mut out = vec![f32::NAN; to.len()];
                let arguments = crate::train::network::gpu::Patches {
                    from: from.as_ptr() as u64,
                    to: out.as_mut_ptr() as u64,
                    ..patches.arguments(to.len()).unwrap()
                };
                // SAFETY: the addresses are of images and patches of these sizes.
                unsafe { machine.run(Kernel { name, arguments: &arguments, count: to.len() }) }.unwrap();
                assert!(out.iter().zip(&to).all(|(a, b)| (a - b).abs() <= 1e-5), "{name} {kernel} {stride}");
            }
        }
    }
}
