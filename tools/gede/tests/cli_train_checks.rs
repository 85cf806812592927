//! Training fails before the first epoch: on files to test on, files to write, images and options that do not fit.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../../tests/common/image_sets.rs"]
mod image_sets;

use common::Folder;
use image_sets::{idx, png, write};

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

/// So many epochs that a test which waits for them does not end.
const ENDLESS: &str = "--epochs 99999999";

fn grey(folder: &Folder, name: &str, count: usize, side: usize, seed: usize) {
    let value = |at: usize| ((at + seed) * 104_729 % 251) as u8;
    let pixels: Vec<u8> = (0..count * side * side).map(value).collect();
    folder
        .write(&format!("{name}-images-idx3-ubyte"), idx(&[count as u32, side as u32, side as u32], &pixels));
    let labels: Vec<u8> = (0..count).map(|i| (i % 2) as u8).collect();
    folder.write(&format!("{name}-labels-idx1-ubyte"), idx(&[count as u32], &labels));
    folder.fine(&format!("convert {name}-images-idx3-ubyte {name}.gede"));
}

fn colour(folder: &Folder, name: &str, side: usize) {
    for i in 0..6 {
        let pixels: Vec<u8> = (0..side * side * 3).map(|at| ((at + i) * 7919 % 253) as u8).collect();
        let class = ["p", "q"][i % 2];
        write(folder.path(&format!("{name}/{class}/{i}.png")), png(side as u32, side as u32, &pixels));
    }
    folder.fine(&format!("convert {name} {name}.gede"));
}

#[test]
fn networks_look_at_all_files_first() {
    let folder = Folder::new();
    grey(&folder, "a", 20, 13, 1);
    grey(&folder, "small", 6, 12, 2);
    colour(&folder, "c", 13);
    folder.write("t.csv", "label,x\n1,2\n0,3\n");
    folder.fine("convert t.csv t.gede");
    folder.fine("convert a-images-idx3-ubyte bare.gede --labels none");
    for (options, code, parts) in [
        ("--test nope.gede", FAILED, &["nope.gede"][..]),
        ("--test t.gede", MISUSED, &["t.gede", "images"]),
        ("--test bare.gede", MISUSED, &["bare.gede", "label"]),
        ("--test small.gede", MISUSED, &["small.gede", "12 x 12", "13 x 13"]),
        ("--test c.gede", MISUSED, &["c.gede", "3 channels", "1 channel"]),
        ("--curve nodir/x.svg", MISUSED, &["nodir/x.svg"]),
        ("--curve .", MISUSED, &["folder"]),
        ("--checkpoint nodir/x", MISUSED, &["nodir/x"]),
        ("--mean 0.1,0.2 --deviation 0.3,0.4", MISUSED, &["--mean", "2 numbers", "1 channels"]),
    ] {
        let line = folder.refused(&format!("train lenet5 a.gede {ENDLESS} {options}"), code);
        for part in parts {
            assert!(line.contains(part), "{options}: {part:?} is not in {line:?}");
        }
    }
}

#[test]
fn mean_and_deviation_fit_the_channels() {
    let folder = Folder::new();
    grey(&folder, "a", 8, 12, 3);
    colour(&folder, "c", 12);
    for (model, file) in [("lenet5", "c"), ("resnet18", "a")] {
        let run =
            folder.json(&format!("train {model} {file}.gede --fraction 1 --epochs 1 --test {file}.gede"));
        assert!(run["last_loss"].as_f64().unwrap().is_finite() && run["test_accuracy"].is_number(), "{run}");
    }
}

#[test]
fn models_of_tables_look_at_all_files_first() {
    let folder = Folder::new();
    folder.write("a.csv", "x,y\n1,2\n2,3\n3,5\n4,1\n");
    folder.fine("convert a.csv a.gede --target y:value");
    folder.write("b.csv", "x,z\n1,2\n2,3\n");
    folder.fine("convert b.csv b.gede");
    folder.write("k.csv", "x,k\n1,u\n2,v\n3,u\n4,v\n");
    folder.fine("convert k.csv k.gede --target k:class");
    for (arguments, code, part) in [
        ("linear a.gede --lr 1e-9 --tolerance 0 --max-steps 999999999999 --test b.gede", MISUSED, "b.gede"),
        ("linear a.gede --lr 1e-9 --tolerance 0 --max-steps 999999999999 --test no.gede", FAILED, "no.gede"),
        ("linear a.gede --lr 1e-9 --tolerance 0 --max-steps 999999999999 --save nodir/m", MISUSED, "nodir/m"),
        ("logistic k.gede --test b.gede", MISUSED, "b.gede"),
        ("logistic k.gede --save nodir/m", MISUSED, "nodir/m"),
    ] {
        let line = folder.refused(&format!("train {arguments}"), code);
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}

#[test]
fn checkpoints_go_on_with_more_epochs_and_are_of_one_file() {
    let folder = Folder::new();
    grey(&folder, "a", 16, 12, 4);
    grey(&folder, "b", 16, 12, 5);
    let train = |file: &str, options: &str| {
        format!("train lenet5 {file}.gede --fraction 1 --batch 8 --checkpoint ck {options}")
    };
    folder.fine(&train("a", "--epochs 3"));
    let output = folder.run(&(train("a", "--epochs 5") + " --json"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && said.contains("after epoch 3 of 3") && said.contains("5 epochs"),
        "{said}"
    );
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(run["losses"].as_array().unwrap().len(), 5);
    let kept = folder.read("ck");
    for (file, options, parts) in [
        ("a", "--epochs 4", &["5 epochs are done"][..]),
        (
            "a",
            "--epochs 5 --lr 0.02 --seed 7",
            &["learning rate: 0.05 in the checkpoint, 0.02 now", "seed: 1"],
        ),
        ("a", "--epochs 5 --method rs2", &["method: uniform in the checkpoint, walk now"]),
        ("b", "--epochs 5", &["b.gede", "ck", "identity of the file"]),
    ] {
        let line = folder.refused(&train(file, options), FAILED);
        for part in parts {
            assert!(line.contains(part), "{part:?} is not in {line:?}");
        }
        assert!(!line.contains('{'), "{line}");
        assert_eq!(folder.read("ck"), kept);
    }
}
