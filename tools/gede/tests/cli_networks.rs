//! `gede train lenet5` learns from a file's images, the same for the same seed.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../../tests/common/image_sets.rs"]
mod image_sets;

use common::Folder;
use gede::train::select::METHODS;
use image_sets::idx;
use serde_json::json;

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

/// Images of 14 x 14 with a bright band where their class says.
fn bands(folder: &Folder, name: &str, count: usize) {
    let pixel = |i: usize, at: usize| {
        let noise = (i * 7919 + at * 104_729) % 61;
        (noise + if at / 14 / 4 == i % 3 { 150 } else { 20 }) as u8
    };
    let pixels: Vec<u8> = (0..count).flat_map(|i| (0..196).map(move |at| pixel(i, at))).collect();
    folder.write(&format!("{name}-images-idx3-ubyte"), idx(&[count as u32, 14, 14], &pixels));
    let labels: Vec<u8> = (0..count).map(|i| (i % 3) as u8).collect();
    folder.write(&format!("{name}-labels-idx1-ubyte"), idx(&[count as u32], &labels));
}

#[test]
fn images_are_learnt_from_the_file() {
    let folder = Folder::new();
    bands(&folder, "train", 300);
    bands(&folder, "test", 60);
    folder.fine("convert train-images-idx3-ubyte a.gede --class label");
    folder.fine("convert test-images-idx3-ubyte b.gede");
    let train =
        |options: &str| folder.json(&format!("train lenet5 a.gede --test b.gede --batch 16 {options}"));
    let run = train("--fraction 0.5 --epochs 8");
    assert_eq!((&run["images"], &run["steps"], &run["method"]), (&json!(1200), &json!(80), &json!("random")));
    assert!(run["test_accuracy"].as_f64().unwrap() > 0.9, "{run}");
    assert!(run["last_loss"].as_f64() < run["first_loss"].as_f64());
    assert!(run["bytes_read"].as_u64().unwrap() > 0 && run["loader_share"].as_f64().unwrap() < 1.0);
    let again = train("--fraction 0.5 --epochs 8");
    assert_eq!((&run["last_loss"], &run["test_accuracy"]), (&again["last_loss"], &again["test_accuracy"]));
    for method in METHODS.iter().filter(|method| !method.selects()) {
        let (method, images) = (method.name, if method.takes_share { 60 } else { 300 });
        assert_eq!(
            train(&format!("--method {method} --fraction 0.2 --epochs 1"))["images"],
            images,
            "{method}"
        );
    }
    let kept = train("--fraction 0.5 --epochs 8 --checkpoint c.safetensors");
    let found = train("--fraction 0.5 --epochs 8 --checkpoint c.safetensors");
    assert_eq!((&run["last_loss"], &run["test_accuracy"]), (&kept["last_loss"], &kept["test_accuracy"]));
    assert_eq!(
        (&kept["train_seconds"], &kept["test_accuracy"]),
        (&found["train_seconds"], &found["test_accuracy"])
    );
    let cosine = train("--epochs 2");
    for options in ["--schedule one-cycle", "--schedule constant", "--nesterov"] {
        let other = train(&format!("--epochs 2 {options}"));
        assert_eq!(other["images"], cosine["images"]);
        assert_ne!(other["last_loss"], cosine["last_loss"], "{options}");
    }
    for method in METHODS.iter().filter(|method| method.selects() && method.takes_share) {
        let method = method.name;
        let run = train(&format!("--method {method} --fraction 0.2 --epochs 22"));
        assert_eq!((&run["images"], &run["method"]), (&json!(60 * 22), &json!(method)));
        assert!(
            run["selection_seconds"].as_f64().unwrap() > 0.0 && run["test_accuracy"].as_f64().unwrap() > 0.8
        );
    }
    let help = folder.fine("train lenet5 --help");
    assert!(METHODS.iter().all(|method| help.contains(method.name) && help.contains(method.about)), "{help}");
    let all = train("--method info-batch --epochs 8");
    assert_eq!(all["fraction"], 1.0);
    assert!((8 * 150..8 * 300).contains(&all["images"].as_u64().unwrap()), "{all}");
    folder.fine("train lenet5 a.gede --epochs 2 --curve loss.svg");
    assert!(String::from_utf8(folder.read("loss.svg")).unwrap().contains("Mean loss"));
    let text = folder.fine("train lenet5 a.gede --test b.gede --epochs 1");
    assert!(text.contains("test accuracy") && text.contains("images/s"), "{text}");
}

#[test]
fn what_cannot_be_learnt_is_refused() {
    let folder = Folder::new();
    folder.write("t.csv", "label,x\n1,2\n0,3\n");
    folder.fine("convert t.csv t.gede");
    folder.write("small-images-idx3-ubyte", idx(&[4, 8, 8], &[7; 256]));
    folder.write("small-labels-idx1-ubyte", idx(&[4], &[0, 1, 0, 1]));
    folder.fine("convert small-images-idx3-ubyte small.gede");
    for (arguments, code, says) in [
        ("lenet5 t.gede", MISUSED, "t.gede"),
        ("lenet5 small.gede", MISUSED, "12 x 12"),
        ("lenet5 small.gede --method balanced", MISUSED, "small.gede"),
        ("lenet5 small.gede --fraction 2", MISUSED, "small.gede"),
        ("lenet5 small.gede --device cuda", MISUSED, "small.gede"),
        ("lenet5 small.gede --feed resident", MISUSED, "small.gede"),
        ("lenet5 no.gede", FAILED, "no.gede"),
        ("lenet5 small.gede --method dq --checkpoint c.safetensors", MISUSED, "small.gede"),
    ] {
        let line = folder.refused(&format!("train {arguments}"), code);
        assert!(line.contains(says), "{says:?} is not in {line:?}");
    }
}
