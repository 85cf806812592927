//! The kernels do what the operations and decoders of the CPU do.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use candle_core::{Device, Tensor, Var};

use super::arguments::Norm;
use super::{CropFlipper, Emulated, Join, Kernel, Machine, Order, Parameter, Resident, Step, TOGETHER};
use crate::Reader;
use crate::read::packed::PackedBlock;
use crate::read::{ByteSource, PackedImages};
use crate::sample::{Amount, Draw, Epochs, Images, Loader, LoaderOptions, PixelFormat, State};
use crate::train::network::augment::{Augment, CropFlip, apply_crop_flips, pad_value};
use crate::train::network::ops::{self, BatchNorm};
use crate::train::split::generator;
use crate::train::{Optimizer, Sgd};

/// `tools/cuda/kernels` was run after the last change to the sources.
#[test]
fn compiled_kernels_are_of_their_sources() {
    let header = crc32fast::hash(include_bytes!("kernel.h"));
    let kernels: [(&[u8], &str); 2] = [
        (include_bytes!("network.cu"), include_str!("network.ptx")),
        (include_bytes!("images.cu"), include_str!("images.ptx")),
    ];
    for (source, compiled) in kernels {
        let first = compiled.lines().next().unwrap();
        let wanted = format!("CRC-32 {:08x}, kernel.h, {header:08x}", crc32fast::hash(source));
        assert!(first.contains(&wanted), "run tools/cuda/kernels: {first}");
    }
}

fn noise(shape: &[usize], seed: usize) -> Var {
    let count = shape.iter().product::<usize>();
    let values = (0..count).map(|i| ((i + seed) * 7919 % 1009) as f32 / 300.0 - 1.0).collect();
    Var::from_tensor(&Tensor::from_vec::<_, f32>(values, shape, &Device::Cpu).unwrap()).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn assert_near(what: &str, a: &[f32], b: &[f32]) {
    let scale = a.iter().fold(1.0f32, |most, v| most.max(v.abs()));
    assert_eq!(a.len(), b.len(), "{what}");
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * scale), "{what}: {a:?} {b:?}");
}

#[test]
fn batches_are_normalised() {
    let machine = Emulated;
    let (images, weights, bias) = (noise(&[3, 4, 5, 6], 1), noise(&[6], 2), noise(&[6], 3));
    for (relu, parts) in [(false, 1), (true, 7), (true, 60), (false, 100)] {
        let norm = BatchNorm::new(6, relu, &Device::Cpu).unwrap();
        let out = norm.apply(&images, &weights, &bias, true).unwrap();
        // A sum of squares alone has next to no gradient before a normalisation.
        let loss = (&out * images.as_tensor()).unwrap().sqr().unwrap().sum_all().unwrap();
        let gradients = loss.backward().unwrap();
        let of_out = ((&out * images.as_tensor()).unwrap() * images.as_tensor()).unwrap();
        let gradient = values(&(of_out * 2.0).unwrap());
        // The images have a part in the loss of their own.
        let direct = values(&((out.sqr().unwrap() * images.as_tensor()).unwrap() * 2.0).unwrap());
        let all = values(&gradients.get(&images).unwrap().clone());
        let through: Vec<f32> = all.iter().zip(&direct).map(|(all, direct)| all - direct).collect();

        let (x, w, b) = (values(&images), values(&weights), values(&bias));
        let mut found = [(); 3].map(|()| vec![f32::NAN; 6]);
        let (mut mean, mut variance) = (vec![0.0f32; 6], vec![1.0f32; 6]);
        let (mut sums, mut y, mut own) =
            (vec![f64::NAN; 2 * parts * 6], vec![f32::NAN; 360], vec![f32::NAN; 360]);
        let [batch, of_weights, of_bias] = &mut found;
        batch.resize(12, f32::NAN);
        let norm_arguments = Norm {
            images: x.as_ptr() as u64,
            weights: w.as_ptr() as u64,
            bias: b.as_ptr() as u64,
            gradient: gradient.as_ptr() as u64,
            batch: batch.as_mut_ptr() as u64,
            running_mean: mean.as_mut_ptr() as u64,
            running_variance: variance.as_mut_ptr() as u64,
            of_weights: of_weights.as_mut_ptr() as u64,
            of_bias: of_bias.as_mut_ptr() as u64,
            out: y.as_mut_ptr() as u64,
            own: own.as_mut_ptr() as u64,
            sums: sums.as_mut_ptr() as u64,
            rows: 60,
            channels: 6,
            parts: parts as u32,
            groups: parts.min(8) as u32,
            relu: relu.into(),
            epsilon: 1e-5,
            momentum: 0.1,
            zero: 0,
        };
        let names = ["norm_sums", "norm_groups", "norm_statistics", "norm_apply"];
        let back = ["norm_back_sums", "norm_groups", "norm_back_parameters", "norm_back"];
        for name in names.into_iter().chain(back) {
            // SAFETY: the addresses are of vectors of the sizes that the kernels make use of.
            unsafe { machine.run(Kernel { name, arguments: &norm_arguments, count: 60 }) }.unwrap();
        }
        assert_near("out", &values(&out), &y);
        assert_near("own", &through, &own);
        assert_near("weights", &values(gradients.get(&weights).unwrap()), of_weights);
        assert_near("bias", &values(gradients.get(&bias).unwrap()), of_bias);
        let [(_, running_mean), (_, running_variance)] = norm.buffers();
        assert_near("mean", &values(running_mean), &mean);
        assert_near("variance", &values(running_variance), &variance);
    }
}

#[test]
fn ways_meet() {
    let (a, b) = (noise(&[3, 7], 1), noise(&[3, 7], 5));
    let out = ops::Join.apply(&a, &b).unwrap();
    let by = noise(&[3, 7], 9);
    let loss = (&out * by.as_tensor()).unwrap().sum_all().unwrap();
    let gradients = loss.backward().unwrap();
    let (mut sum, mut own) = (vec![f32::NAN; 21], vec![f32::NAN; 21]);
    let (a_values, b_values, gradient) = (values(&a), values(&b), values(&by));
    for (name, a, b) in [("join", &a_values, &b_values), ("join_back", &gradient, &gradient)] {
        let [a, b] = [a, b].map(|v| v.as_ptr() as u64);
        let (out, own) = (sum.as_mut_ptr() as u64, own.as_mut_ptr() as u64);
        let arguments = Join { a, b, out, own, count: 21, zero: 0 };
        // SAFETY: the addresses are of vectors of these sizes.
        unsafe { Emulated.run(Kernel { name, arguments: &arguments, count: 21 }) }.unwrap();
    }
    assert_near("sum", &values(&out), &sum);
    assert_near("a", &values(gradients.get(&a).unwrap()), &own);
    assert_near("b", &values(gradients.get(&b).unwrap()), &own);
}

#[test]
fn steps_are_made() {
    let machine = Emulated;
    for sgd in [
        Sgd::default(),
        Sgd { nesterov: true, ..Sgd::default() },
        Sgd { weight_decay: 0.0, ..Sgd::default() },
    ] {
        let variables = [noise(&[5, 3], 1), noise(&[7], 2)];
        let mut moved: Vec<[Vec<f32>; 3]> =
            variables.iter().map(|v| [values(v), vec![0.0; v.elem_count()], Vec::new()]).collect();
        let mut steps = Optimizer::new(sgd, variables.clone());
        for seed in 3..6 {
            let pull = variables.each_ref().map(|v| noise(v.dims(), seed));
            let products = variables.iter().zip(&pull).map(|(v, p)| (v.as_tensor() * p.as_tensor()).unwrap());
            let loss = products.map(|p| p.sum_all().unwrap()).reduce(|a, b| (a + b).unwrap()).unwrap();
            steps.step(&loss.backward().unwrap(), 0.1).unwrap();
            let mut step = Step {
                parameters: [Parameter::default(); TOGETHER],
                count: 2,
                nesterov: sgd.nesterov.into(),
                learning_rate: 0.1,
                momentum: sgd.momentum as f32,
                decay: sgd.weight_decay as f32,
                zero: 0,
            };
            for ((to, [variable, velocity, gradient]), pull) in
                step.parameters.iter_mut().zip(&mut moved).zip(&pull)
            {
                *gradient = values(pull);
                *to = Parameter {
                    values: variable.as_mut_ptr() as u64,
                    velocity: velocity.as_mut_ptr() as u64,
                    gradient: gradient.as_ptr() as u64,
                    count: variable.len() as u64,
                };
            }
            // SAFETY: the addresses are of vectors of these sizes.
            unsafe { machine.run(Kernel { name: "step", arguments: &step, count: 15 }) }.unwrap();
        }
        for (variable, [moved, ..]) in variables.iter().zip(&moved) {
            assert_near("variable", &values(variable), moved);
        }
    }
}

/// Every file of the tests that has images, by name.
fn files() -> Vec<(String, Reader<impl ByteSource>)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        let Ok(reader) = Reader::open(&path) else { continue };
        if reader.rows() > 0 && reader.images(None).is_ok() {
            found.push((path.file_name().unwrap().to_string_lossy().into_owned(), reader));
        }
    }
    found
}

/// Orders of rows in poses, and the poses.
fn orders(rows: &[u64]) -> (Vec<Order>, Vec<CropFlip>) {
    let crop_flips = Augment { shift: 2, mirror: true }.crop_flips(rows.len(), &mut generator(1));
    let order = |(&row, crop_flip): (&u64, &CropFlip)| Order {
        row: row as u32,
        down: crop_flip.down as i32,
        right: crop_flip.right as i32,
        mirrored: crop_flip.mirrored.into(),
    };
    (rows.iter().zip(&crop_flips).map(order).collect(), crop_flips)
}

/// The batches of an epoch, as the loader and the CPU make them.
fn each_batch(
    images: &dyn Images,
    format: &PixelFormat,
    mut work: impl FnMut(&[u64], &[Order], &[u8], Vec<f32>),
) {
    let rows = images.rows();
    let epochs = || Epochs::new(Draw::Uniform(rows), Amount::Count(rows), State::new(3)).unwrap().until(1);
    let options = |format| LoaderOptions { batch: 7, format, ..LoaderOptions::default() };
    std::thread::scope(|scope| {
        let batches = Loader::start(scope, images, None, epochs(), options(format.clone())).unwrap();
        let bytes = Loader::start(scope, images, None, epochs(), options(PixelFormat::Bytes)).unwrap();
        for (batch, bytes) in batches.zip(bytes) {
            let (batch, bytes) = (batch.unwrap(), bytes.unwrap());
            let (orders, crop_flips) = orders(batch.rows());
            let crate::sample::Pixels::Bytes(pixels) = bytes.pixels() else { panic!("no bytes") };
            work(batch.rows(), &orders, pixels, apply_crop_flips(&batch, &crop_flips, &pad_value(format)));
        }
    });
}

fn format(channels: usize) -> PixelFormat {
    let some = |first: f32| (0..channels).map(|c| first + c as f32 / 10.0).collect();
    PixelFormat::Floats { mean: some(0.4), std: some(0.2) }
}

/// Images of every coding are decoded from their compressed form to the same numbers as by the CPU.
#[test]
fn resident_images_are_decoded() {
    let (files, mut codings) = (files(), std::collections::BTreeSet::new());
    for (name, reader) in &files {
        let images = reader.images(None).unwrap();
        let (channels, ..) = Images::shape(&images);
        let packed = images.packed().unwrap();
        codings.extend(packed.blocks.iter().map(|block| block.coding));
        let mut resident = Resident::new(Emulated, &packed, &format(channels), 7).unwrap();
        let mut batches = Vec::new();
        each_batch(&images, &format(channels), |rows, orders, _, wanted| {
            batches.push((rows.to_vec(), orders.to_vec(), wanted));
        });
        // Some batches are decoded ahead, in order; others when they are asked for.
        for (number, (_, orders, wanted)) in batches.iter().enumerate() {
            if number % 5 == 1 {
                let ahead: Vec<u64> = batches[number..].iter().take(3).flat_map(|b| b.0.clone()).collect();
                resident.decode(&ahead).unwrap();
            }
            let mut out = vec![f32::NAN; wanted.len()];
            // SAFETY: there is room for the batch.
            unsafe { resident.take(orders, out.as_mut_ptr() as u64) }.unwrap();
            assert_eq!(out, *wanted, "{name}");
        }
        resident.check().unwrap();
    }
    assert_eq!(
        codings.into_iter().collect::<Vec<_>>(),
        [PackedBlock::PIXELS, PackedBlock::COSINES, PackedBlock::TILES]
    );
}

#[test]
fn bytes_that_are_sent_are_shifted_and_flipped() {
    for (name, reader) in files() {
        let images = reader.images(None).unwrap();
        let (channels, height, width) = Images::shape(&images);
        let shape = [channels, height, width];
        let mut sent = CropFlipper::new(Emulated, shape, &format(channels), [7, 7]).unwrap();
        each_batch(&images, &format(channels), |_, orders, bytes, wanted| {
            let mut out = vec![f32::NAN; wanted.len()];
            // SAFETY: there is room for the batch.
            unsafe { sent.load(bytes, orders, out.as_mut_ptr() as u64) }.unwrap();
            assert_eq!(out, wanted, "{name}");
        });
    }
}

/// Damaged records and missing rows are errors; nothing is read or written out of bounds.
#[test]
fn damage_is_an_error() {
    for (name, reader) in files() {
        let images = reader.images(None).unwrap();
        let packed = images.packed().unwrap();
        let values = packed.shape.values();
        let all: Vec<Order> =
            (0..packed.places.len() as u32).map(|row| Order { row, ..Order::default() }).collect();
        for coding in 0..64 {
            let mut damaged: PackedImages = packed.clone();
            for (at, byte) in damaged.data.iter_mut().enumerate() {
                if (at * 2654435761 + coding) % 61 == 0 {
                    *byte ^= (at * 40503 % 251) as u8 + 1;
                }
            }
            let mut resident = Resident::new(Emulated, &damaged, &PixelFormat::unit(), all.len()).unwrap();
            let mut out = vec![f32::NAN; all.len() * values];
            // SAFETY: there is room for the batch.
            unsafe { resident.take(&all, out.as_mut_ptr() as u64) }.unwrap();
            assert!(out.iter().all(|v| (0.0..=1.0).contains(v)), "{name}");
            let tiles = damaged.blocks.iter().any(|block| block.coding == PackedBlock::TILES);
            assert!(!tiles || resident.check().is_err(), "{name}");
            let beyond = [Order { row: all.len() as u32, ..Order::default() }];
            // SAFETY: as before.
            assert!(unsafe { resident.take(&beyond, out.as_mut_ptr() as u64) }.is_err());
        }
    }
}
