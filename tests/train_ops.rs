//! Operations on images do what Candle's own do, and their gradients are the slopes of what they do.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)]

use candle_core::{Device, Tensor, Var};
use gede::train::ops::{Convolution, Join, MaxPool};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn random(seed: u64, shape: &[usize]) -> Tensor {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.random_range(-1.0..1.0)).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn assert_close(a: &Tensor, b: &Tensor, what: &str) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    let numbers = |t: &Tensor| t.contiguous().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for (a, b) in numbers(a).iter().zip(numbers(b)) {
        assert!((a - b).abs() < 1e-4 * (1.0 + b.abs()), "{what}: {a} {b}");
    }
}

#[test]
fn convolutions_are_those_of_candle() {
    for (kernel, stride, padding, relu) in
        [(5, 1, 2, true), (3, 2, 1, false), (1, 1, 0, true), (2, 3, 0, false)]
    {
        // Of images with few patches many are multiplied together.
        for (images, height, width, channels, outputs) in
            [(3, 9, 7, 2, 4), (20, 6, 6, 1, 3), (1, 5, 5, 3, 1), (140, 5, 4, 1, 2)]
        {
            let what =
                format!("{kernel} {stride} {padding} {relu}, {images} {height} {width} {channels} {outputs}");
            let input = Var::from_tensor(&random(1, &[images, height, width, channels])).unwrap();
            let weights = Var::from_tensor(&random(2, &[outputs, kernel * kernel * channels])).unwrap();
            let bias = Var::from_tensor(&random(3, &[outputs])).unwrap();
            let convolution = Convolution { kernel, stride, padding, relu, input_gradient: true };
            let ours = convolution.apply(&input, &weights, Some(&bias)).unwrap();
            // Candle has [B, C, H, W] and [O, C, K, K].
            let turned =
                weights.reshape((outputs, kernel, kernel, channels)).unwrap().permute((0, 3, 1, 2)).unwrap();
            let planes = input.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
            let theirs = planes.conv2d(&turned.contiguous().unwrap(), padding, stride, 1, 1).unwrap();
            let theirs = theirs.permute((0, 2, 3, 1)).unwrap().broadcast_add(&bias).unwrap();
            let theirs = if relu { theirs.relu().unwrap() } else { theirs };
            assert_close(&ours, &theirs, &what);
        }
    }
}

/// The product of two tensors, summed.
fn dot(a: &Tensor, b: &Tensor) -> f64 {
    let numbers = |t: &Tensor| t.contiguous().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    numbers(a).iter().zip(numbers(b)).map(|(a, b)| f64::from(*a) * f64::from(b)).sum()
}

/// Candle's own backward pass knows neither every stride of images that are no squares, nor ReLU: slopes are measured.
#[test]
fn gradients_of_convolutions_are_slopes() {
    for (kernel, stride, padding) in [(5, 1, 2), (3, 2, 1), (1, 1, 0), (2, 3, 0)] {
        for shape in [[3, 9, 7, 2], [20, 6, 6, 1], [1, 5, 5, 3], [140, 5, 4, 1]] {
            let outputs = 4;
            let arguments = [
                Var::from_tensor(&random(1, &shape)).unwrap(),
                Var::from_tensor(&random(2, &[outputs, kernel * kernel * shape[3]])).unwrap(),
                Var::from_tensor(&random(3, &[outputs])).unwrap(),
            ];
            let convolution = Convolution { kernel, stride, padding, relu: false, input_gradient: true };
            let apply = |[images, weights, bias]: [&Tensor; 3]| {
                convolution.apply(images, weights, Some(bias)).unwrap()
            };
            let out = apply([&arguments[0], &arguments[1], &arguments[2]]);
            let by = random(4, out.dims());
            let gradients = (&out * &by).unwrap().sum_all().unwrap().backward().unwrap();
            for (i, variable) in arguments.iter().enumerate() {
                // The output is linear in each argument: any step gives the slope.
                let way = random(5 + i as u64, variable.dims());
                let moved = (variable.as_tensor() + &way).unwrap();
                let mut with: [&Tensor; 3] = [&arguments[0], &arguments[1], &arguments[2]];
                with[i] = &moved;
                let slope = dot(&apply(with), &by) - dot(&out, &by);
                let found = dot(gradients.get(variable).unwrap(), &way);
                assert!(
                    (found - slope).abs() < 1e-3 * (1.0 + slope.abs()),
                    "{i} of {kernel} {stride}: {found} {slope}"
                );
            }
            // With ReLU it is as if what is below 0 had no weight.
            let relu = Convolution { relu: true, ..convolution };
            let above = relu.apply(&arguments[0], &arguments[1], Some(&arguments[2])).unwrap();
            let kept = (above.gt(0f32).unwrap().to_dtype(by.dtype()).unwrap() * &by).unwrap();
            let ours = (&above * &by).unwrap().sum_all().unwrap().backward().unwrap();
            let theirs = (&out * &kept).unwrap().sum_all().unwrap().backward().unwrap();
            for variable in &arguments {
                assert_close(ours.get(variable).unwrap(), theirs.get(variable).unwrap(), "ReLU");
            }
        }
    }
}

#[test]
fn pools_keep_the_largest() {
    for (height, width) in [(6, 4), (7, 9), (2, 2)] {
        let input = Var::from_tensor(&random(5, &[4, height, width, 3])).unwrap();
        let ours = MaxPool.apply(&input).unwrap();
        let planes = input.narrow(1, 0, height / 2 * 2).unwrap().narrow(2, 0, width / 2 * 2).unwrap();
        let planes = planes.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
        assert_close(&ours, &planes.max_pool2d(2).unwrap().permute((0, 2, 3, 1)).unwrap(), "pool");
        // Every pooled value's gradient goes to one place, where that value is.
        let by = (random(6, ours.dims()) + 2.0).unwrap();
        let gradients = (&ours * &by).unwrap().sum_all().unwrap().backward().unwrap();
        let gradient = gradients.get(&input).unwrap();
        let places = gradient.gt(0f32).unwrap().to_dtype(by.dtype()).unwrap();
        let ones = places.ones_like().unwrap();
        assert_eq!(dot(&places, &ones), ours.elem_count() as f64);
        assert!((dot(gradient, &ones) - dot(&by, &by.ones_like().unwrap())).abs() < 1e-3);
        assert!((dot(gradient, &input) - dot(&by, &ours)).abs() < 1e-3);
    }
}

#[test]
fn ways_meet() {
    let ways = [1, 2].map(|seed| Var::from_tensor(&random(seed, &[3, 5, 7, 2])).unwrap());
    let by = random(3, &[3, 5, 7, 2]);
    let run = |out: Tensor| {
        let gradients = (&out * &by).unwrap().sum_all().unwrap().backward().unwrap();
        let [a, b] = ways.each_ref().map(|way| gradients.get(way).unwrap().clone());
        [out, a, b]
    };
    let ours = run(Join.apply(&ways[0], &ways[1]).unwrap());
    let theirs = run((ways[0].as_tensor() + ways[1].as_tensor()).unwrap().relu().unwrap());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_close(ours, theirs, "joined");
    }
    assert!(Join.apply(&ways[0], &random(4, &[3, 5, 7, 1])).is_err());
}

#[test]
fn a_first_layer_has_no_gradient_of_images() {
    let input = Var::from_tensor(&random(7, &[2, 6, 6, 1])).unwrap();
    let weights = Var::from_tensor(&random(8, &[2, 9])).unwrap();
    let bias = Var::from_tensor(&random(9, &[2])).unwrap();
    let convolution = Convolution { kernel: 3, stride: 1, padding: 1, relu: true, input_gradient: false };
    let gradients =
        convolution.apply(&input, &weights, Some(&bias)).unwrap().sum_all().unwrap().backward().unwrap();
    assert!(gradients.get(&input).is_none() && gradients.get(&weights).is_some());
}

#[test]
fn wrong_shapes_are_refused() {
    let convolution = Convolution { kernel: 3, stride: 1, padding: 0, relu: false, input_gradient: true };
    let bias = random(1, &[2]);
    for (images, weights) in [([1, 2, 9, 1], [2, 9]), ([1, 9, 9, 2], [2, 9]), ([1, 9, 9, 1], [3, 9])] {
        assert!(convolution.apply(&random(2, &images), &random(3, &weights), Some(&bias)).is_err());
    }
    assert!(convolution.apply(&random(2, &[1, 9, 9, 1]), &random(3, &[0, 9]), None).is_err());
    assert!(MaxPool.apply(&random(4, &[3, 3])).is_err());
}
