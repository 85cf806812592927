//! ResNet18's gradients are those that JAX has (`tools/resnet_fixture.py`); its normalisation trains and evaluates.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)]

use candle_core::{Device, Tensor, Var};
use gede::train::models::{Backward, Network, ResNet18};
use gede::train::ops::BatchNorm;

/// Numbers from -1 to 1, each from its place, as the fixture has them.
fn noise(count: usize, seed: u64) -> Vec<f64> {
    let number = |i: u64| {
        let mut x = (i * 2_654_435_761 + seed * 40_503) & 0xFFFF_FFFF;
        x ^= x >> 15;
        x = (x * 2_246_822_519) & 0xFFFF_FFFF;
        x ^= x >> 13;
        x as f64 / f64::from(1u32 << 31) - 1.0
    };
    (1..=count as u64).map(number).collect()
}

fn tensor(values: Vec<f64>, shape: &[usize]) -> Tensor {
    let values: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let values = tensor.contiguous().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values.into_iter().map(f64::from).collect()
}

/// True for the filters of a convolution, which the fixture holds transposed.
fn filters(name: &str, variable: &Var) -> bool {
    variable.rank() == 2 && name != "fc.weight"
}

#[test]
fn gradients_are_those_of_jax() {
    let network = ResNet18::new(3, 10, 1, &Device::Cpu).unwrap();
    let parameters = network.parameters();
    let count: usize = parameters.iter().map(|(_, variable)| variable.elem_count()).sum();
    assert_eq!(count, 11_173_962);
    for (number, (name, variable)) in parameters.iter().enumerate() {
        let own = noise(variable.elem_count(), number as u64);
        let inputs = variable.dims().get(usize::from(filters(name, variable))).copied().unwrap_or(1) as f64;
        let value = |v: f64| match variable.rank() {
            2 => v / inputs.sqrt(),
            _ if name.ends_with("weight") => 1.0 + 0.1 * v,
            _ => 0.1 * v,
        };
        let values: Vec<f64> = own.into_iter().map(value).collect();
        let values = match *variable.dims() {
            [outputs, inputs] if filters(name, variable) => {
                tensor(values, &[inputs, outputs]).t().unwrap().contiguous().unwrap()
            }
            _ => tensor(values, variable.dims()),
        };
        variable.set(&values).unwrap();
    }
    let images = tensor(noise(4 * 16 * 16 * 3, 99), &[4, 16, 16, 3]);
    let labels = Tensor::new(&[0u32, 3, 6, 9], &Device::Cpu).unwrap();
    let loss_of = |logits: &Tensor| candle_nn::loss::cross_entropy(logits, &labels);
    let by_candle = loss_of(&network.forward(&images, true).unwrap()).unwrap().backward().unwrap();
    let Backward { loss, gradients, .. } = network.backward(&images, &loss_of).unwrap();
    let mut lines = include_str!("data/resnet18.csv").lines().skip(1).map(|line| {
        let mut fields = line.split(',');
        let name = fields.next().unwrap();
        let mut number = || fields.next().unwrap().parse::<f64>().unwrap();
        (name, number(), number())
    });
    let (_, wanted, _) = lines.next().unwrap();
    let found = f64::from(loss.to_scalar::<f32>().unwrap());
    assert!((found - wanted).abs() < 1e-3 * wanted, "{found} {wanted}");
    for ((name, variable), (wanted_name, length, product)) in parameters.iter().zip(lines) {
        assert_eq!(name, wanted_name);
        assert_eq!(numbers(gradients.get(variable).unwrap()), numbers(by_candle.get(variable).unwrap()));
        let gradient = gradients.get(variable).unwrap();
        let gradient =
            if filters(name, variable) { numbers(&gradient.t().unwrap()) } else { numbers(gradient) };
        let own = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert!((own - length).abs() < 0.01 * length + 1e-6, "{name}: {own} {length}");
        let along: f64 = gradient.iter().zip(1..).map(|(g, i)| g * (0.7 * f64::from(i)).cos()).sum();
        assert!((along - product).abs() < 0.01 * length + 1e-6, "{name}: {along} {product}");
    }
}

#[test]
fn evaluation_takes_what_training_has_seen() {
    let images = tensor(noise(6 * 4 * 4 * 5, 5), &[6, 4, 4, 5]);
    let scale = Var::from_tensor(&tensor(vec![1.0, 2.0, 0.5, -1.0, 3.0], &[5])).unwrap();
    let shift = Var::from_tensor(&tensor(vec![0.0, 1.0, -1.0, 0.2, 0.0], &[5])).unwrap();
    for relu in [false, true] {
        let norm = BatchNorm::new(5, relu, &Device::Cpu).unwrap();
        let apply = |train| numbers(&norm.apply(&images, &scale, &shift, train).unwrap());
        (0..200).for_each(|_| drop(apply(true)));
        let trained = apply(true);
        let close =
            |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.02 * (1.0 + b.abs()));
        assert!(close(&apply(false), &trained));
        assert!(!relu || trained.iter().all(|v| *v >= 0.0));
    }
    let norm = BatchNorm::new(4, false, &Device::Cpu).unwrap();
    assert!(norm.apply(&images, &scale, &shift, true).is_err());
}
