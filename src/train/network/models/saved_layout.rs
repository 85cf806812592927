//! Layouts of saved parameters: those of PyTorch and candle-nn, from those that training is fast with.

use candle_core::{Result, Tensor};

/// The layout of a parameter in a saved file, by its layout in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedLayout {
    /// The same.
    Same,
    /// Filters `[O, K * K * C]`, rows of the kernel first, then its columns, then channels: saved as `[O, C, K, K]`.
    Filters {
        /// K.
        kernel: usize,
        /// C.
        channels: usize,
    },
    /// Weights `[inputs, O]`: saved as `[O, inputs]`.
    Dense,
    /// Weights `[H * W * C, O]` of flattened images `[H, W, C]`: saved as `[O, C * H * W]`, of flattened images `[C, H, W]`.
    Flattened {
        /// H, W and C.
        image: [usize; 3],
    },
}

impl SavedLayout {
    /// The values as they are saved.
    ///
    /// # Errors
    /// Candle's, if the shape does not fit.
    pub(in crate::train) fn save(self, tensor: &Tensor) -> Result<Tensor> {
        match self {
            Self::Same => Ok(tensor.clone()),
            Self::Dense => tensor.t()?.contiguous(),
            Self::Filters { kernel, channels } => {
                let outputs = tensor.dim(0)?;
                tensor.reshape((outputs, kernel, kernel, channels))?.permute((0, 3, 1, 2))?.contiguous()
            }
            Self::Flattened { image: [height, width, channels] } => {
                let outputs = tensor.dim(1)?;
                let planes = tensor.reshape((height, width, channels, outputs))?.permute((3, 2, 0, 1))?;
                planes.contiguous()?.reshape((outputs, channels * height * width))
            }
        }
    }

    /// The values as training has them: the inverse of [`save`](Self::save).
    ///
    /// # Errors
    /// Candle's, if the shape does not fit.
    pub(in crate::train) fn load(self, tensor: &Tensor) -> Result<Tensor> {
        match self {
            Self::Same => Ok(tensor.clone()),
            Self::Dense => tensor.t()?.contiguous(),
            Self::Filters { kernel, channels } => {
                let outputs = tensor.dim(0)?;
                let pixels = tensor.permute((0, 2, 3, 1))?.contiguous()?;
                pixels.reshape((outputs, kernel * kernel * channels))
            }
            Self::Flattened { image: [height, width, channels] } => {
                let outputs = tensor.dim(0)?;
                let pixels = tensor.reshape((outputs, channels, height, width))?.permute((2, 3, 1, 0))?;
                pixels.contiguous()?.reshape((height * width * channels, outputs))
            }
        }
    }

    /// The saved shape of a parameter's shape.
    pub(in crate::train) fn shape(self, dims: &[usize]) -> Vec<usize> {
        match (self, dims) {
            (Self::Filters { kernel, channels }, [outputs, _]) => vec![*outputs, channels, kernel, kernel],
            (Self::Dense | Self::Flattened { .. }, [inputs, outputs]) => vec![*outputs, *inputs],
            _ => dims.to_vec(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn numbers(shape: &[usize]) -> Tensor {
        let count = shape.iter().product::<usize>() as u32;
        Tensor::arange(0, count, &Device::Cpu).unwrap().reshape(shape).unwrap()
    }

    #[test]
    fn layouts_are_undone() {
        for (layout, shape) in [
            (SavedLayout::Same, &[2, 3, 5][..]),
            (SavedLayout::Dense, &[4, 3]),
            (SavedLayout::Filters { kernel: 3, channels: 2 }, &[5, 18]),
            (SavedLayout::Flattened { image: [2, 3, 4] }, &[24, 5]),
        ] {
            let (values, saved) = (numbers(shape), layout.save(&numbers(shape)).unwrap());
            assert_eq!(saved.dims(), layout.shape(shape));
            let back = layout.load(&saved).unwrap();
            assert_eq!(back.dims(), shape);
            let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<u32>().unwrap();
            assert_eq!(flat(&back), flat(&values), "{layout:?}");
        }
    }

    #[test]
    fn filters_and_flattened_images_are_in_the_order_of_pytorch() {
        let filters = SavedLayout::Filters { kernel: 2, channels: 3 }.save(&numbers(&[1, 12])).unwrap();
        let channel = |c| filters.get(0).unwrap().get(c).unwrap().to_vec2::<u32>().unwrap();
        assert_eq!((channel(0), channel(2)), (vec![vec![0, 3], vec![6, 9]], vec![vec![2, 5], vec![8, 11]]));
        let dense = SavedLayout::Flattened { image: [2, 1, 2] }.save(&numbers(&[4, 1])).unwrap();
        assert_eq!(dense.to_vec2::<u32>().unwrap(), [[0, 2, 1, 3]]);
    }
}
