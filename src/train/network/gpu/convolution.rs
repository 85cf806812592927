//! Convolution by cuDNN. The plan of each pass is kept from step to step: choosing an algorithm takes longer than running it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use candle_core::cuda_backend::DeviceId;
use candle_core::cuda_backend::cudarc::cudnn::sys::{
    cudnnConvolutionBwdDataAlgo_t as DataWay, cudnnConvolutionBwdFilterAlgo_t as FilterWay,
    cudnnConvolutionFwdAlgo_t as ForwardWay, cudnnConvolutionMode_t as Mode, cudnnTensorFormat_t as Format,
};
use candle_core::cuda_backend::cudarc::cudnn::{
    ConvBackwardData, ConvBackwardFilter, ConvDescriptor, ConvForward, Cudnn, FilterDescriptor,
    TensorDescriptor,
};
use candle_core::cuda_backend::cudarc::driver::CudaSlice;
use candle_core::{CpuStorage, CudaDevice, CudaStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use crate::train::network::ops::Tape;

/// Convolution of images `[B, H, W, C]` with filters `[O, K * K * C]`: `[B, H', W', O]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Convolve {
    images: [usize; 4],
    out: [usize; 4],
    kernel: usize,
    stride: usize,
    padding: usize,
    input_gradient: bool,
}

/// A pass of it, of two of the images, the filters and the result (or their gradients) to the third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Pass {
    Forward,
    /// The filters and the result's gradient to that of the images.
    Images,
    /// The images and the result's gradient to that of the filters.
    Filters,
}

/// Descriptors of a cuDNN pass, and the algorithm chosen.
struct Plan {
    convolution: ConvDescriptor<f32>,
    images: TensorDescriptor<f32>,
    filters: FilterDescriptor<f32>,
    out: TensorDescriptor<f32>,
    way: Way,
    workspace: usize,
}

enum Way {
    Forward(ForwardWay),
    Images(DataWay),
    Filters(FilterWay),
}

/// cuDNN on a device, the plans made so far, and memory for the largest of them.
struct Library {
    cudnn: Arc<Cudnn>,
    plans: HashMap<(Convolve, Pass), Rc<Plan>>,
    workspace: CudaSlice<u8>,
}

thread_local! {
    /// A handle is of one thread.
    static LIBRARIES: RefCell<HashMap<DeviceId, Library>> = RefCell::default();
}

/// Convolution with weights `[O, K * K * C]`, rows of the kernel first, then its columns, then channels. Products may be of
/// TF32, sums are of float32.
pub fn convolve(
    tape: &mut Tape,
    images: &Tensor,
    weights: &Tensor,
    (kernel, stride, padding): (usize, usize, usize),
    out: [usize; 4],
    input_gradient: bool,
) -> Result<Tensor> {
    let (count, height, width, channels) = images.dims4()?;
    let images_shape = [count, height, width, channels];
    let convolve = Convolve { images: images_shape, out, kernel, stride, padding, input_gradient };
    tape.two(convolve, &images.contiguous()?, &weights.contiguous()?)
}

impl Library {
    fn new(device: &CudaDevice) -> Result<Self> {
        let stream = device.cuda_stream();
        Ok(Self { cudnn: Cudnn::new(stream)?, plans: HashMap::new(), workspace: device.alloc_zeros(1)? })
    }

    fn plan(&mut self, of: Convolve, pass: Pass) -> Result<Rc<Plan>> {
        if let Some(plan) = self.plans.get(&(of, pass)) {
            return Ok(plan.clone());
        }
        let plan = Rc::new(Plan::new(&self.cudnn, of, pass)?);
        self.plans.insert((of, pass), plan.clone());
        Ok(plan)
    }
}

impl Plan {
    fn new(cudnn: &Arc<Cudnn>, of: Convolve, pass: Pass) -> Result<Self> {
        let number = |n: usize| i32::try_from(n).map_err(candle_core::Error::wrap);
        // cuDNN takes dimensions in the order B, C, H, W for every layout.
        let dims = |[b, h, w, c]: [usize; 4]| -> Result<[i32; 4]> {
            Ok([number(b)?, number(c)?, number(h)?, number(w)?])
        };
        let (padding, stride, side) = (number(of.padding)?, number(of.stride)?, number(of.kernel)?);
        let images = dims(of.images)?;
        let out = dims(of.out)?;
        let convolution =
            cudnn.create_conv2d::<f32>([padding; 2], [stride; 2], [1; 2], Mode::CUDNN_CROSS_CORRELATION)?;
        let filters =
            cudnn.create_4d_filter::<f32>(Format::CUDNN_TENSOR_NHWC, [out[1], images[1], side, side])?;
        let images = cudnn.create_4d_tensor::<f32>(Format::CUDNN_TENSOR_NHWC, images)?;
        let out = cudnn.create_4d_tensor::<f32>(Format::CUDNN_TENSOR_NHWC, out)?;
        let (way, workspace) = match pass {
            Pass::Forward => {
                let forward = ConvForward { conv: &convolution, x: &images, w: &filters, y: &out };
                let way = forward.pick_algorithm()?;
                (Way::Forward(way), forward.get_workspace_size(way)?)
            }
            Pass::Images => {
                let back = ConvBackwardData { conv: &convolution, dx: &images, w: &filters, dy: &out };
                let way = back.pick_algorithm()?;
                (Way::Images(way), back.get_workspace_size(way)?)
            }
            Pass::Filters => {
                let back = ConvBackwardFilter { conv: &convolution, x: &images, dw: &filters, dy: &out };
                let way = back.pick_algorithm()?;
                (Way::Filters(way), back.get_workspace_size(way)?)
            }
        };
        Ok(Self { convolution, images, filters, out, way, workspace })
    }
}

impl Convolve {
    /// Lets a pass run on its two arguments.
    fn run(
        self,
        pass: Pass,
        (a, a_layout): (&CudaStorage, &Layout),
        (b, b_layout): (&CudaStorage, &Layout),
    ) -> Result<(CudaStorage, Shape)> {
        let [_, _, _, channels] = self.images;
        let outputs = self.out[3];
        let shape = match pass {
            Pass::Forward => Shape::from(&self.out[..]),
            Pass::Images => Shape::from(&self.images[..]),
            Pass::Filters => Shape::from((outputs, self.kernel * self.kernel * channels)),
        };
        let (Some((a_start, a_end)), Some((b_start, b_end))) =
            (a_layout.contiguous_offsets(), b_layout.contiguous_offsets())
        else {
            bail!("an argument in several pieces")
        };
        let device = a.device.clone();
        // SAFETY: cuDNN writes all of it.
        let mut out = unsafe { device.alloc::<f32>(shape.elem_count()) }?;
        let (a, b) = (a.as_cuda_slice::<f32>()?, b.as_cuda_slice::<f32>()?);
        let (a, b) = (a.slice(a_start..a_end), b.slice(b_start..b_end));
        LIBRARIES.with(|libraries| {
            let mut libraries = libraries.borrow_mut();
            let library = match libraries.entry(device.id()) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(Library::new(&device)?),
            };
            let plan = library.plan(self, pass)?;
            if library.workspace.len() < plan.workspace {
                // SAFETY: scratch of cuDNN's own.
                library.workspace = unsafe { device.alloc::<u8>(plan.workspace) }?;
            }
            let workspace = Some(&mut library.workspace);
            let Plan { convolution: conv, images: x, filters: w, out: y, .. } = &*plan;
            // SAFETY: the descriptors have the shapes of the tensors.
            unsafe {
                match plan.way {
                    Way::Forward(way) => {
                        ConvForward { conv, x, w, y }.launch(way, workspace, (1.0, 0.0), &a, &b, &mut out)
                    }
                    Way::Images(way) => ConvBackwardData { conv, dx: x, w, dy: y }.launch(
                        way,
                        workspace,
                        (1.0, 0.0),
                        &mut out,
                        &a,
                        &b,
                    ),
                    Way::Filters(way) => ConvBackwardFilter { conv, x, dw: w, dy: y }.launch(
                        way,
                        workspace,
                        (1.0, 0.0),
                        &a,
                        &mut out,
                        &b,
                    ),
                }
            }?;
            Ok::<_, candle_core::Error>(())
        })?;
        Ok((CudaStorage::wrap_cuda_slice(out, device), shape))
    }
}

/// A pass back.
struct Back(Convolve, Pass);

impl CustomOp2 for Convolve {
    fn name(&self) -> &'static str {
        "cudnn-convolution"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        bail!("cuDNN on the CPU")
    }

    fn cuda_fwd(
        &self,
        images: &CudaStorage,
        images_layout: &Layout,
        filters: &CudaStorage,
        filters_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.run(Pass::Forward, (images, images_layout), (filters, filters_layout))
    }

    fn bwd(
        &self,
        images: &Tensor,
        filters: &Tensor,
        _out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let own =
            self.input_gradient.then(|| filters.apply_op2_no_bwd(&gradient, &Back(*self, Pass::Images)));
        let of_filters = images.apply_op2_no_bwd(&gradient, &Back(*self, Pass::Filters))?;
        Ok((own.transpose()?, Some(of_filters)))
    }
}

impl CustomOp2 for Back {
    fn name(&self) -> &'static str {
        "cudnn-convolution-back"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        bail!("cuDNN on the CPU")
    }

    fn cuda_fwd(
        &self,
        a: &CudaStorage,
        a_layout: &Layout,
        b: &CudaStorage,
        b_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.0.run(self.1, (a, a_layout), (b, b_layout))
    }
}
