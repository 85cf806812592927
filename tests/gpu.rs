//! A GPU computes what the CPU does, where products of TF32 are turned off. Needs one:
//! `NVIDIA_TF32_OVERRIDE=0 tools/cuda/cargo test --release -p gede --features cudnn --test gpu -- --ignored`.
#![cfg(feature = "cuda")]
#![allow(clippy::unwrap_used)]

use candle_core::{Device, Tensor};
use candle_nn::loss::cross_entropy;
use gede::Reader;
use gede::sample::{Images, PixelFormat};
use gede::train::models::{Backward, LeNet5, Network, ResNet18};
use gede::train::{Optimizer, ResidentImages, Sgd, first_gpu};

fn noise(shape: &[usize], device: &Device) -> Tensor {
    let count = shape.iter().product::<usize>();
    let values = (0..count).map(|i| (i * 7919 % 1009) as f32 / 300.0 - 1.5).collect();
    Tensor::from_vec::<_, f32>(values, shape, device).unwrap()
}

/// How far apart tensors are, of the largest value.
fn apart(a: &Tensor, b: &Tensor) -> f32 {
    let [a, b] =
        [a, b].map(|t| t.to_device(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap());
    let scale = a.iter().fold(f32::MIN_POSITIVE, |most, v| most.max(v.abs()));
    a.iter().zip(&b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs())) / scale
}

/// Scores, gradients and steps of a network, by how far they may be apart.
fn same(make: impl Fn(&Device) -> Box<dyn Network>, image: [usize; 3], steps: usize, most: f32) {
    let [height, width, channels] = image;
    let run = |device: &Device| {
        let network = make(device);
        let images = noise(&[32, height, width, channels], device);
        let labels = Tensor::from_vec((0..32u32).map(|i| i % 10).collect::<Vec<_>>(), 32, device).unwrap();
        let mut optimizer = Optimizer::new(Sgd::default(), network.parameters().into_iter().map(|(_, v)| v));
        let mut found = Vec::new();
        for _ in 0..steps {
            let loss = |logits: &Tensor| cross_entropy(logits, &labels);
            let Backward { logits, gradients, .. } = network.backward(&images, &loss).unwrap();
            let of = |(name, variable): (String, candle_core::Var)| {
                (name, gradients.get(&variable).unwrap().copy().unwrap())
            };
            found.push(("logits".to_owned(), logits.detach()));
            found.extend(network.parameters().into_iter().map(of));
            optimizer.step(&gradients, 0.01).unwrap();
        }
        found.extend(network.buffers().into_iter().map(|(name, v)| (name, v.copy().unwrap())));
        found
    };
    let (cpu, gpu) = (run(&Device::Cpu), run(&first_gpu().unwrap()));
    for ((name, cpu), (_, gpu)) in cpu.iter().zip(&gpu) {
        let apart = apart(cpu, gpu);
        println!("{name}: {apart}");
        let most = if name == "logits" { 1e-4 } else { most };
        assert!(apart < most, "{name}: {apart}");
    }
}

#[test]
#[ignore = "needs a GPU"]
fn lenet5_is_the_same() {
    same(|device| Box::new(LeNet5::new([28, 28, 1], 10, 1, device).unwrap()), [28, 28, 1], 3, 1e-4);
}

#[test]
#[ignore = "needs a GPU"]
fn resnet18_is_the_same() {
    // Where a value is 0 but for rounding, ReLU lets it through here and not there: a gradient more or less of 30,000.
    same(|device| Box::new(ResNet18::new(3, 10, 1, device).unwrap()), [32, 32, 3], 1, 0.05);
}

/// Images of every coding come out of the GPU as the bytes that the CPU decodes.
#[test]
#[ignore = "needs a GPU"]
fn images_are_the_same() {
    let device = first_gpu().unwrap();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(reader) = Reader::open(&path) else { continue };
        let Ok(images) = reader.images(None) else { continue };
        let (channels, height, width) = Images::shape(&images);
        let rows: Vec<u64> = (0..images.rows()).rev().collect();
        let mut bytes = vec![0; rows.len() * channels * height * width];
        Images::decode(&images, &rows, &mut bytes).unwrap();
        let mut resident = ResidentImages::new(&images, &PixelFormat::Bytes, rows.len(), &device).unwrap();
        let batch = resident.batch(&rows, None).unwrap();
        resident.check().unwrap();
        let planes = batch.to_device(&Device::Cpu).unwrap().permute((0, 3, 1, 2)).unwrap();
        let found: Vec<f32> = planes.flatten_all().unwrap().to_vec1().unwrap();
        assert!(
            found.iter().zip(&bytes).all(|(found, &byte)| *found == f32::from(byte)),
            "{}",
            path.display()
        );
    }
}

/// Batches are made of their own rows, however far the GPU is behind who asks for them.
#[test]
#[ignore = "needs a GPU"]
fn batches_wait_for_no_other() {
    let device = first_gpu().unwrap();
    let reader =
        Reader::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/images_tiles_colour.gede")).unwrap();
    let images = reader.images(None).unwrap();
    let rows = images.rows();
    let mut resident = ResidentImages::new(&images, &PixelFormat::Bytes, 1, &device).unwrap();
    let one = |resident: &mut ResidentImages, row| {
        let batch = resident.batch(&[row], None).unwrap();
        batch.flatten_all().unwrap()
    };
    let values = |batch: &Tensor| batch.to_vec1::<f32>().unwrap();
    let wanted: Vec<Vec<f32>> = (0..rows).map(|row| values(&one(&mut resident, row))).collect();
    // Work for a while, and batches behind it.
    let busy = noise(&[4096, 4096], &device);
    (0..100).for_each(|_| drop(busy.matmul(&busy).unwrap()));
    let batches: Vec<Tensor> = (0..rows).map(|row| one(&mut resident, row)).collect();
    assert!(batches.iter().zip(&wanted).all(|(batch, wanted)| values(batch) == *wanted));
}
