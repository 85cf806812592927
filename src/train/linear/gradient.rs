//! The gradient of the squared error, the inner loop of every descent.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// Rows whose residuals are kept at a time, so that they and their features stay in cache.
const BLOCK: usize = 512;
/// Independent sums, so that they can be vector registers; their number fixes the result to the bit.
const LANES: usize = 8;

/// `x' (x parameters - y)` for a table of shape (k + 1, n), the k columns of x and then y, and
/// parameters of shape (1, k); the gradient has the shape of the parameters.
///
/// On the CPU this is a separate kernel: a matmul there costs some 30 us before it begins (Candle
/// looks up the number of processors each time), and the whole step on 100 samples less than 1 us.
pub fn gradient(table: &Tensor, parameters: &Tensor) -> Result<Tensor> {
    if table.device().is_cpu() {
        return table.apply_op2_no_bwd(parameters, &Kernel);
    }
    let x = table.narrow(0, 0, parameters.dim(1)?)?;
    residual(table, parameters)?.matmul(&x.t()?)
}

/// `x parameters - y`, shape (1, n).
pub fn residual(table: &Tensor, parameters: &Tensor) -> Result<Tensor> {
    let k = parameters.dim(1)?;
    parameters.matmul(&table.narrow(0, 0, k)?)? - table.narrow(0, k, 1)?
}

struct Kernel;

impl CustomOp2 for Kernel {
    fn name(&self) -> &'static str {
        "squared-error-gradient"
    }

    fn cpu_fwd(
        &self,
        table: &CpuStorage,
        table_layout: &Layout,
        parameters: &CpuStorage,
        parameters_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (columns, n) = table_layout.shape().dims2()?;
        let [stride, 1] = *table_layout.stride() else { bail!("the table's rows are not contiguous") };
        let Some((from, to)) = parameters_layout.contiguous_offsets() else {
            bail!("the parameters are not contiguous")
        };
        let parameters = &parameters.as_slice::<f64>()?[from..to];
        if columns != parameters.len() + 1 {
            bail!("a table of {columns} columns does not go with {} parameters", parameters.len());
        }
        let table = &table.as_slice::<f64>()?[table_layout.start_offset()..];
        let columns: Vec<&[f64]> = (0..columns).map(|j| &table[j * stride..][..n]).collect();
        Ok((CpuStorage::F64(kernel(&columns, parameters)), parameters_layout.shape().clone()))
    }
}

/// `columns` are those of x, one a parameter, and then y.
fn kernel(columns: &[&[f64]], parameters: &[f64]) -> Vec<f64> {
    let [x @ .., y] = columns else { return Vec::new() };
    let mut sums = vec![[0.0; LANES]; x.len()];
    let mut residual = [0.0; BLOCK];
    for (block, y) in y.chunks(BLOCK).enumerate() {
        let rows = block * BLOCK..block * BLOCK + y.len();
        let residual = &mut residual[..y.len()];
        residual.iter_mut().zip(y).for_each(|(r, y)| *r = -y);
        for (column, parameter) in x.iter().zip(parameters) {
            residual.iter_mut().zip(&column[rows.clone()]).for_each(|(r, x)| *r += parameter * x);
        }
        let (residuals, last_residuals) = residual.as_chunks::<LANES>();
        for (column, sums) in x.iter().zip(&mut sums) {
            let (values, last_values) = column[rows.clone()].as_chunks::<LANES>();
            for (r, x) in residuals.iter().zip(values) {
                sums.iter_mut().zip(r.iter().zip(x)).for_each(|(sum, (r, x))| *sum += r * x);
            }
            sums.iter_mut()
                .zip(last_residuals.iter().zip(last_values))
                .for_each(|(sum, (r, x))| *sum += r * x);
        }
    }
    sums.iter().map(|lanes| lanes.iter().sum()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn the_kernel_is_two_products() {
        for (n, k) in [(1, 1), (7, 3), (8, 2), (512, 4), (513, 1), (1500, 9)] {
            let values = (0..n * (k + 1)).map(|i| ((i * 7919 % 1000) as f64 - 500.0) / 250.0).collect();
            let table = Tensor::from_vec::<_, f64>(values, (k + 1, n), &Device::Cpu).unwrap();
            let parameters =
                (table.narrow(1, 0, 1).unwrap().narrow(0, 0, k).unwrap() * 0.7).unwrap().t().unwrap();
            let parameters = parameters.contiguous().unwrap();
            for (start, rows) in [(0, n), (n / 3, n - n / 3)] {
                let part = table.narrow(1, start, rows).unwrap();
                let x = part.narrow(0, 0, k).unwrap();
                let products = residual(&part, &parameters).unwrap().matmul(&x.t().unwrap()).unwrap();
                let kernel = gradient(&part, &parameters).unwrap();
                assert_eq!(kernel.dims(), parameters.dims());
                let apart = (kernel - &products).unwrap().abs().unwrap().max_all().unwrap();
                let size = products.abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
                assert!(apart.to_scalar::<f64>().unwrap() <= 1e-13 * n as f64 * (1.0 + size));
            }
        }
    }

    #[test]
    fn wrong_shapes_are_refused() {
        let zeros = |a, b| Tensor::zeros((a, b), DType::F64, &Device::Cpu).unwrap();
        assert!(gradient(&zeros(4, 10), &zeros(1, 4)).is_err());
        assert!(gradient(&zeros(10, 4).t().unwrap(), &zeros(1, 3)).is_err());
        let single = Tensor::zeros((4, 10), DType::F32, &Device::Cpu).unwrap();
        assert!(gradient(&single, &zeros(1, 3)).is_err());
    }
}
