//! Methods that select rows: what they know of gradients is what backpropagation finds, each chooses as many rows as it
//! was asked for, the same ones for the same seed, and a network learns from them.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::loss::cross_entropy;
use gede::sample::{Amount, Images, Labels};
use gede::train::Training;
use gede::train::models::{LeNet5, Network, ResNet18};
use gede::train::select::{
    Ccs, Choice, Craig, Dq, Glister, GradMatch, Gradients, InfoBatch, Seen, Select, Stage, Tdds, Weighing,
};

const IMAGES: u64 = 400;
const SIDE: usize = 12;
const CLASSES: u64 = 4;
const TENTH: Amount = Amount::Fraction(0.1);

/// Images with a bright quarter, which is their class, in a row's own noise: more of it the higher the row.
struct Quarters;

impl Images for Quarters {
    fn rows(&self) -> u64 {
        IMAGES
    }

    fn shape(&self) -> (usize, usize, usize) {
        (1, SIDE, SIDE)
    }

    fn decode(&self, rows: &[u64], out: &mut [u8]) -> gede::Result<()> {
        for (&row, image) in rows.iter().zip(out.chunks_exact_mut(SIDE * SIDE)) {
            for (at, value) in image.iter_mut().enumerate() {
                let quarter = at / SIDE * 2 / SIDE * 2 + at % SIDE * 2 / SIDE;
                let noise = ((row + 1) * 7919 * (at as u64 + 3) % (21 + row / 4)) as u8;
                *value = noise + if quarter as u64 == row % CLASSES { 120 } else { 40 };
            }
        }
        Ok(())
    }
}

impl Labels for Quarters {
    fn numbers(&self, rows: &[u64], out: &mut [u32]) -> gede::Result<()> {
        rows.iter().zip(out).for_each(|(row, out)| *out = (row % CLASSES) as u32);
        Ok(())
    }
}

fn lenet() -> LeNet5 {
    LeNet5::new([SIDE, SIDE, 1], CLASSES as usize, 3, &Device::Cpu).unwrap()
}

fn training(epochs: u64) -> Training {
    Training { epochs, batch: 20, ..Training::default() }
}

fn stage<'a>(epoch: u64, training: &'a Training, network: &'a dyn Network) -> Stage<'a> {
    Stage { epoch, training, network, images: &Quarters, labels: &Quarters }
}

fn weights(network: &dyn Network) -> Vec<f32> {
    let all = network.variables().into_iter().chain(network.kept());
    all.flat_map(|(_, variable)| variable.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

fn methods() -> Vec<(&'static str, Box<dyn Select>)> {
    vec![
        ("grad-match", Box::new(GradMatch { amount: TENTH })),
        ("glister", Box::new(Glister { amount: TENTH })),
        ("craig", Box::new(Craig { amount: TENTH })),
        ("dq", Box::new(Dq { amount: TENTH })),
        ("tdds", Box::new(Tdds { amount: TENTH, epochs: 12 })),
        ("ccs", Box::new(Ccs::new(TENTH))),
    ]
}

/// One image [1, H, W, 1] as training sees it.
fn image(row: u64) -> Tensor {
    let mut bytes = vec![0; SIDE * SIDE];
    Quarters.decode(&[row], &mut bytes).unwrap();
    let values: Vec<f32> = bytes.into_iter().map(|v| f32::from(v) / 255.0).collect();
    Tensor::from_vec(values, (1, SIDE, SIDE, 1), &Device::Cpu).unwrap()
}

/// What backpropagation finds for the last layer's weights [E, C] and bias [C] of a row.
fn backward(network: &dyn Network, row: u64, names: [&str; 2]) -> [Vec<f32>; 2] {
    let label = Tensor::new(&[(row % CLASSES) as u32], &Device::Cpu).unwrap();
    let loss = cross_entropy(&network.forward(&image(row), false).unwrap(), &label).unwrap();
    let gradients = loss.backward().unwrap();
    names.map(|name| {
        let (_, variable) = network.variables().into_iter().find(|(own, _)| own == name).unwrap();
        gradients.get(&variable).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    })
}

#[test]
fn gradients_are_those_of_backpropagation() {
    let resnet = ResNet18::new(1, CLASSES as usize, 5, &Device::Cpu).unwrap();
    let lenet = lenet();
    let networks: [(&dyn Network, [&str; 2]); 2] =
        [(&lenet, ["dense3.weights", "dense3.bias"]), (&resnet, ["last.weights", "last.bias"])];
    for (network, names) in networks {
        let training = training(1);
        let rows = [3, 10, 399, 0];
        let gradients = Gradients::of(&stage(0, &training, network), &rows).unwrap();
        assert_eq!((gradients.len(), gradients.classes()), (4, 4));
        let mut found = gradients.rows().to_vec();
        found.sort();
        assert_eq!(found, [0, 3, 10, 399]);
        let near = |a: f32, b: f32| (a - b).abs() < 1e-4 * (1.0 + b.abs());
        let all: Vec<_> = gradients.rows().iter().map(|&row| backward(network, row, names)).collect();
        for (at, [of_weights, of_bias]) in all.iter().enumerate() {
            let (error, hidden) = (gradients.error(at), gradients.hidden(at));
            assert!(error.iter().zip(of_bias).all(|(a, b)| near(*a, *b)));
            let outer = hidden.iter().flat_map(|h| error.iter().map(move |e| h * e));
            assert!(outer.zip(of_weights).all(|(a, b)| near(a, *b)));
            assert_eq!(u64::from(gradients.label(at)), gradients.rows()[at] % CLASSES);
            for (other, [weights, bias]) in all.iter().enumerate() {
                let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
                let product = dot(of_weights, weights) + dot(of_bias, bias);
                assert!(near(gradients.product(at, other), product), "{product}");
            }
        }
    }
}

#[test]
fn as_many_rows_as_asked_for_are_chosen() {
    let training = training(30);
    for (name, mut method) in methods() {
        let network = lenet();
        let before = weights(&network);
        for epoch in [0, 20] {
            let choice = method.choose(&stage(epoch, &training, &network)).unwrap();
            assert_eq!(choice.rows().len(), 40, "{name}");
            assert!(
                choice.rows().is_sorted_by(|a, b| a < b) && choice.rows().iter().all(|&row| row < IMAGES)
            );
            let again = method.choose(&stage(epoch, &training, &network)).unwrap();
            assert_eq!(choice, again, "{name}");
            let other = Training { seed: 2, ..training.clone() };
            let other = method.choose(&stage(epoch, &other, &network)).unwrap();
            assert_ne!(choice.rows(), other.rows(), "{name}");
            if let Weighing::Rows(weights) | Weighing::Batches(weights) = choice.weighing() {
                assert_eq!(weights.len(), 40, "{name}");
            }
        }
        assert_eq!(weights(&network), before, "{name} left the network changed");
    }
}

#[test]
fn weights_stand_for_all_rows() {
    let (training, network) = (training(30), lenet());
    let choose = |method: &mut dyn Select| method.choose(&stage(20, &training, &network)).unwrap();
    let Weighing::Rows(weights) = choose(&mut Craig { amount: TENTH }).weighing().clone() else { panic!() };
    assert_eq!(weights.iter().sum::<f32>(), IMAGES as f32);
    // The weighted gradients of GRAD-MATCH's rows are those of all, beside its random ones of weight 1.
    let choice = choose(&mut GradMatch { amount: TENTH });
    let Weighing::Rows(weights) = choice.weighing() else { panic!() };
    let gradients = Gradients::of(&stage(20, &training, &network), &(0..IMAGES).collect::<Vec<_>>()).unwrap();
    for class in 0..CLASSES as usize {
        let (mut chosen, mut all) = (0.0, 0.0);
        for (at, row) in
            gradients.rows().iter().enumerate().filter(|(_, row)| **row % CLASSES == class as u64)
        {
            let error = gradients.error(at)[class];
            all += error;
            if let Ok(at) = choice.rows().binary_search(row) {
                chosen += if weights[at] == 1.0 { 0.0 } else { weights[at] * error };
            }
        }
        assert!((chosen - all).abs() < 1e-3 * all.abs(), "{chosen} {all}");
    }
}

#[test]
fn networks_learn_from_what_is_selected() {
    for (name, mut method) in methods() {
        let (network, training) = (lenet(), training(45));
        let mut told = 0;
        let trained = training
            .run_selected(&network, &Quarters, &Quarters, method.as_mut(), &mut |epoch| told += epoch.images)
            .unwrap();
        assert_eq!(
            (trained.images, told, trained.steps, trained.epochs.len()),
            (1800, 1800, 90, 45),
            "{name}"
        );
        assert!(trained.selection_seconds > 0.0);
        let accuracy = training.accuracy(&network, &Quarters, &Quarters).unwrap();
        assert!(accuracy > 0.9, "{name}: {accuracy}");
    }
}

#[test]
fn info_batch_leaves_out_what_is_learnt() {
    let (network, training) = (lenet(), training(32));
    let mut method = InfoBatch::new();
    let trained = training.run_selected(&network, &Quarters, &Quarters, &mut method, &mut |_| {}).unwrap();
    let images: Vec<u64> = trained.epochs.iter().map(|epoch| epoch.images).collect();
    assert_eq!((images[0], &images[28..]), (IMAGES, &[IMAGES; 4][..]));
    assert!(images[1..28].iter().all(|&images| images < IMAGES && images > IMAGES / 2 - 50), "{images:?}");
    let accuracy = training.accuracy(&network, &Quarters, &Quarters).unwrap();
    assert!(accuracy > 0.9, "{accuracy}");
}

/// A user's own network that does not tell its last layer, and a user's own method.
struct Own(Var);

impl Network for Own {
    fn forward(&self, images: &Tensor, _train: bool) -> Result<Tensor> {
        images.flatten_from(1)?.matmul(&self.0)
    }

    fn variables(&self) -> Vec<(String, Var)> {
        vec![("own".to_owned(), self.0.clone())]
    }
}

struct First(u64);

impl Select for First {
    fn choose(&mut self, stage: &Stage) -> gede::Result<Choice> {
        Choice::new((0..self.0).collect(), Weighing::Equal, stage.epoch + 1)
    }

    fn saw(&mut self, seen: &Seen) -> gede::Result<()> {
        assert!(seen.rows.iter().all(|&row| row < self.0) && seen.scores.dims() == [seen.rows.len(), 4]);
        Ok(())
    }
}

#[test]
fn methods_and_networks_of_ones_own_go_together() {
    let start = Tensor::zeros((SIDE * SIDE, 4), candle_core::DType::F32, &Device::Cpu).unwrap();
    let own = Own(Var::from_tensor(&start).unwrap());
    let run = |method: &mut dyn Select, training: &Training| {
        training.run_selected(&own, &Quarters, &Quarters, method, &mut |_| {})
    };
    let training = Training { rate: 0.01, ..training(6) };
    assert_eq!(run(&mut First(30), &training).unwrap().images, 180);
    run(&mut Ccs::new(TENTH), &training).unwrap();
    run(&mut InfoBatch::new(), &training).unwrap();
    let refused = run(&mut Dq { amount: TENTH }, &training).unwrap_err();
    assert!(refused.to_string().contains("last_layer"), "{refused}");
    assert!(run(&mut First(IMAGES + 1), &training).is_err());
    let kept = Training { checkpoint: Some("c.safetensors".into()), ..training.clone() };
    assert!(run(&mut First(30), &kept).unwrap_err().to_string().contains("checkpoint"));
    assert!(run(&mut Tdds { amount: TENTH, epochs: 10 }, &training).is_err());
    assert!(run(&mut GradMatch { amount: Amount::Fraction(1.5) }, &training).is_err());
}
