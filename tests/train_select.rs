//! Methods that select rows: their gradients are those of backpropagation, each chooses as many rows as asked for, the same
//! ones for the same seed, and a network learns from them.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::loss::cross_entropy;
use gede::sample::{Amount, ClassList, Images, Labels};
use gede::train::TrainConfig;
use gede::train::models::{LeNet5, Network, ResNet18};
use gede::train::select::{
    Ccs, Choice, Craig, Dq, GradMatch, Gradients, InfoBatch, METHODS, Method, RowSource, Select,
    SelectionContext, StepInfo, Tdds, Weighing, find_method,
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

fn config(epochs: u64) -> TrainConfig {
    TrainConfig { epochs, batch: 20, ..TrainConfig::default() }
}

fn context<'a>(epoch: u64, config: &'a TrainConfig, network: &'a dyn Network) -> SelectionContext<'a> {
    SelectionContext { epoch, config, network, images: &Quarters, labels: &Quarters }
}

fn weights(network: &dyn Network) -> Vec<f32> {
    let all = network.parameters().into_iter().chain(network.buffers());
    all.flat_map(|(_, variable)| variable.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

/// Every method of the registry that selects a share of the rows, and one from outside the crate.
fn methods() -> Vec<(&'static str, Box<dyn Select>)> {
    let all = METHODS.into_iter().chain([&LONGEST]).filter(|method| method.takes_share);
    let selecting = all.filter_map(|method| match method.source {
        // Its choice after 20 epochs is too poor on so few images: the network stays at chance.
        RowSource::Selected(_) if method.name == "tdds" => {
            Some((method.name, Box::new(Tdds { amount: TENTH, epochs: 12 }) as Box<dyn Select>))
        }
        RowSource::Selected(select) => Some((method.name, select(TENTH))),
        RowSource::Drawn(_) | RowSource::DrawnByClass(_) => None,
    });
    selecting.collect()
}

/// A user's own method, made of the same parts as the crate's: the rows of each class with the longest gradients after an
/// epoch on all rows, and random ones where there are copies of a row.
struct Longest(Amount);

const LONGEST: Method = Method {
    name: "longest",
    title: "Longest gradients",
    about: "Images with the longest gradients",
    note: "again every 20 epochs",
    takes_share: true,
    source: RowSource::Selected(|amount| Box::new(Longest(amount))),
};

impl Select for Longest {
    fn choose(&mut self, context: &SelectionContext) -> gede::Result<Choice> {
        if context.epoch == 0 {
            return context.at_random(self.0, 20);
        }
        let mut losses = vec![0.0; context.images.rows() as usize];
        let mut on_step = |step: &StepInfo| {
            let (logits, classes) = step.values()?;
            for ((&row, &label), logits) in step.rows.iter().zip(step.labels).zip(logits.chunks(classes)) {
                losses[row as usize] -= logits[label as usize];
            }
            Ok(())
        };
        let gradients = context.rehearse(1, &mut on_step, || Gradients::with_all_rows(context))?;
        assert!(losses.iter().all(|&loss| loss != 0.0), "a row without a step");
        let chosen = gradients.each_class(context, self.0, |class| {
            let length = |at: &usize| gradients.product(*at, *at);
            class.places.sort_by(|a, b| length(b).total_cmp(&length(a)));
            // The longer half is drawn from, so that another seed gives other rows.
            class.places.truncate(class.places.len() / 2);
            class.random.keep(&mut class.places, class.budget);
            class.places.clone()
        })?;
        Choice::new(gradients.rows_at(&chosen.concat()), Weighing::Equal, 20)
    }
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
        let (_, variable) = network.parameters().into_iter().find(|(own, _)| own == name).unwrap();
        gradients.get(&variable).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    })
}

#[test]
fn gradients_are_those_of_backpropagation() {
    let resnet = ResNet18::new(1, CLASSES as usize, 5, &Device::Cpu).unwrap();
    let lenet = lenet();
    let networks: [(&dyn Network, [&str; 2]); 2] =
        [(&lenet, ["fc3.weight", "fc3.bias"]), (&resnet, ["fc.weight", "fc.bias"])];
    for (network, names) in networks {
        let config = config(1);
        let rows = [3, 10, 399, 0];
        let gradients = Gradients::new(&context(0, &config, network), &rows).unwrap();
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
fn the_registry_names_each_method_once_and_describes_it() {
    for (at, method) in METHODS.into_iter().enumerate() {
        assert_eq!(METHODS.iter().position(|other| other.name == method.name), Some(at));
        assert_eq!(find_method(method.name).map(|found| found.title), Some(method.title));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(method.name.chars().all(plain) && !method.about.ends_with('.'), "{}", method.name);
        assert!(!method.title.is_empty() && !method.note.is_empty(), "{}", method.name);
        assert_eq!(method.share(0.25), if method.takes_share { 0.25 } else { 1.0 });
    }
    assert!(find_method("no-method").is_none());
}

#[test]
fn methods_that_draw_are_run_from_the_registry() {
    let numbers: Vec<u32> = (0..IMAGES).map(|row| (row % CLASSES) as u32).collect();
    let classes = ClassList::new(&numbers).unwrap();
    for method in METHODS {
        let draw = match method.source {
            RowSource::Drawn(draw) => draw(IMAGES),
            RowSource::DrawnByClass(draw) => draw(&classes),
            RowSource::Selected(_) => continue,
        };
        let amount = Amount::Fraction(method.share(0.1));
        let report = config(2).run(&lenet(), &Quarters, &Quarters, (draw, amount), &mut |_| {}).unwrap();
        assert_eq!(report.images, if method.takes_share { 80 } else { 800 }, "{}", method.name);
    }
}

#[test]
fn a_rehearsal_restores_the_network_after_an_error_too() {
    let (network, config) = (lenet(), config(1));
    let (before, mut steps) = (weights(&network), 0);
    let mut fail_later = |_: &StepInfo| {
        steps += 1;
        if steps < 3 { Ok(()) } else { Err(gede::Error::new(gede::ErrorKind::Argument, "enough")) }
    };
    let rehearsed = context(0, &config, &network).rehearse(1, &mut fail_later, || Ok(()));
    assert_eq!(rehearsed.unwrap_err().kind(), gede::ErrorKind::Argument);
    assert_eq!((steps, weights(&network) == before), (3, true));
}

#[test]
fn as_many_rows_as_asked_for_are_chosen() {
    let config = config(30);
    for (name, mut method) in methods() {
        let network = lenet();
        let before = weights(&network);
        for epoch in [0, 20] {
            let choice = method.choose(&context(epoch, &config, &network)).unwrap();
            assert_eq!(choice.rows().len(), 40, "{name}");
            assert!(
                choice.rows().is_sorted_by(|a, b| a < b) && choice.rows().iter().all(|&row| row < IMAGES)
            );
            let again = method.choose(&context(epoch, &config, &network)).unwrap();
            assert_eq!(choice, again, "{name}");
            let other = TrainConfig { seed: 2, ..config.clone() };
            let other = method.choose(&context(epoch, &other, &network)).unwrap();
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
    let (config, network) = (config(30), lenet());
    let choose = |method: &mut dyn Select| method.choose(&context(20, &config, &network)).unwrap();
    let Weighing::Rows(weights) = choose(&mut Craig { amount: TENTH }).weighing().clone() else { panic!() };
    assert_eq!(weights.iter().sum::<f32>(), IMAGES as f32);
    // The weighted gradients of GRAD-MATCH's rows are those of all, without its random ones of weight 1.
    let choice = choose(&mut GradMatch { amount: TENTH });
    let Weighing::Rows(weights) = choice.weighing() else { panic!() };
    let gradients =
        Gradients::new(&context(20, &config, &network), &(0..IMAGES).collect::<Vec<_>>()).unwrap();
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
        let (network, config) = (lenet(), config(45));
        let mut reported = 0;
        let trained = config
            .run_selected(&network, &Quarters, &Quarters, method.as_mut(), &mut |epoch| {
                reported += epoch.images
            })
            .unwrap();
        assert_eq!(
            (trained.images, reported, trained.steps, trained.epochs.len()),
            (1800, 1800, 90, 45),
            "{name}"
        );
        assert!(trained.selection_seconds > 0.0);
        let accuracy = config.accuracy(&network, &Quarters, &Quarters).unwrap();
        assert!(accuracy > 0.9, "{name}: {accuracy}");
    }
}

#[test]
fn info_batch_leaves_out_what_is_learnt() {
    let (network, config) = (lenet(), config(32));
    let mut method = InfoBatch::new();
    let trained = config.run_selected(&network, &Quarters, &Quarters, &mut method, &mut |_| {}).unwrap();
    let images: Vec<u64> = trained.epochs.iter().map(|epoch| epoch.images).collect();
    assert_eq!((images[0], &images[28..]), (IMAGES, &[IMAGES; 4][..]));
    assert!(images[1..28].iter().all(|&images| images < IMAGES && images > IMAGES / 2 - 50), "{images:?}");
    let accuracy = config.accuracy(&network, &Quarters, &Quarters).unwrap();
    assert!(accuracy > 0.9, "{accuracy}");
}

/// A user's own network without `penultimate`, and a user's own method.
struct Own(Var);

impl Network for Own {
    fn forward(&self, images: &Tensor, _train: bool) -> Result<Tensor> {
        images.flatten_from(1)?.matmul(&self.0)
    }

    fn parameters(&self) -> Vec<(String, Var)> {
        vec![("own".to_owned(), self.0.clone())]
    }
}

struct First(u64);

impl Select for First {
    fn choose(&mut self, context: &SelectionContext) -> gede::Result<Choice> {
        Choice::new((0..self.0).collect(), Weighing::Equal, context.epoch + 1)
    }

    fn on_step(&mut self, step: &StepInfo) -> gede::Result<()> {
        assert!(step.rows.iter().all(|&row| row < self.0) && step.logits.dims() == [step.rows.len(), 4]);
        Ok(())
    }
}

#[test]
fn methods_and_networks_of_ones_own_go_together() {
    let start = Tensor::zeros((SIDE * SIDE, 4), candle_core::DType::F32, &Device::Cpu).unwrap();
    let own = Own(Var::from_tensor(&start).unwrap());
    let run = |method: &mut dyn Select, config: &TrainConfig| {
        config.run_selected(&own, &Quarters, &Quarters, method, &mut |_| {})
    };
    let config = TrainConfig { learning_rate: 0.01, ..config(6) };
    assert_eq!(run(&mut First(30), &config).unwrap().images, 180);
    run(&mut Ccs::new(TENTH), &config).unwrap();
    run(&mut InfoBatch::new(), &config).unwrap();
    let refused = run(&mut Dq { amount: TENTH }, &config).unwrap_err();
    assert!(refused.to_string().contains("penultimate"), "{refused}");
    assert!(run(&mut First(IMAGES + 1), &config).is_err());
    let kept = TrainConfig { checkpoint: Some("c.safetensors".into()), ..config.clone() };
    assert!(run(&mut First(30), &kept).unwrap_err().to_string().contains("checkpoint"));
    assert!(run(&mut Tdds { amount: TENTH, epochs: 10 }, &config).is_err());
    assert!(run(&mut GradMatch { amount: Amount::Fraction(1.5) }, &config).is_err());
}
