//! Scores: classes of a test file are matched by name, rows that cannot be scored are counted and said.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../../tests/common/image_sets.rs"]
mod image_sets;

use common::Folder;
use image_sets::{idx, png, write};

const MISUSED: i32 = 2;

/// Pictures of 14 x 14 in colour, bright where their class says: `at` is the band of a class.
fn pictures(folder: &Folder, set: &str, classes: &[(&str, usize)], count: usize) {
    for (class, band) in classes {
        for i in 0..count {
            let value = |at: usize| {
                let noise = (i * 7919 + at * 104_729) % 41;
                (noise + if at / 3 / 14 / 4 == *band { 160 } else { 20 }) as u8
            };
            let pixels: Vec<u8> = (0..14 * 14 * 3).map(value).collect();
            write(folder.path(&format!("{set}/{class}/{i:03}.png")), png(14, 14, &pixels));
        }
    }
    folder.fine(&format!("convert {set} {set}.gede"));
}

#[test]
fn classes_of_pictures_are_matched_by_name() {
    let folder = Folder::new();
    let (owl, rat, yak) = (("owl", 0), ("rat", 1), ("yak", 2));
    pictures(&folder, "train", &[owl, rat, yak], 24);
    // In this file rat is class 0 and yak is class 1.
    pictures(&folder, "test", &[rat, yak], 9);
    pictures(&folder, "more", &[rat, ("zebu", 1)], 8);
    pictures(&folder, "other", &[("cow", 0), ("ewe", 1)], 4);
    let train = "train lenet5 train.gede --fraction 1 --batch 12 --epochs 25";
    let run = folder.json(&format!("{train} --test test.gede"));
    assert_eq!(run["test_accuracy"], 1.0, "{run}");
    assert_eq!(run["test_rows"], 18);
    let run = folder.json(&format!("{train} --test more.gede"));
    assert_eq!(run["test_accuracy"], 0.5, "{run}");
    assert_eq!(run["test_rows_passed_over"]["unseen_label"], 8);
    let text = folder.fine(&format!("{train} --test more.gede"));
    assert!(text.contains("8 rows of classes that were not trained on (zebu): counted as wrong"), "{text}");
    let line = folder.refused("train lenet5 train.gede --epochs 9999 --test other.gede", MISUSED);
    for part in ["other.gede", "cow", "ewe", "owl"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    // Numbers that no name stands for cannot be matched with names.
    folder.write("n-images-idx3-ubyte", idx(&[4, 14, 14], &[9; 4 * 196]));
    folder.write("n-labels-idx1-ubyte", idx(&[4], &[0, 1, 0, 1]));
    folder.fine("convert n-images-idx3-ubyte n.gede");
    folder.refused("train lenet5 train.gede --epochs 9999 --test n.gede", MISUSED);
}

#[test]
fn class_numbers_are_matched_by_value_however_a_file_is_stored() {
    let folder = Folder::new();
    for (set, classes) in [("train", [3u8, 5, 8]), ("test", [8, 3, 5])] {
        let value = |i: usize, at: usize| {
            let band = [3, 5, 8].iter().position(|c| *c == classes[i % 3]).unwrap();
            ((i * 31 + at * 17) % 40 + if at / 14 / 5 == band { 170 } else { 10 }) as u8
        };
        let pixels: Vec<u8> = (0..45).flat_map(|i| (0..196).map(move |at| value(i, at))).collect();
        folder.write(&format!("{set}-images-idx3-ubyte"), idx(&[45, 14, 14], &pixels));
        let labels: Vec<u8> = (0..45).map(|i| classes[i % 3]).collect();
        folder.write(&format!("{set}-labels-idx1-ubyte"), idx(&[45], &labels));
    }
    folder.fine("convert train-images-idx3-ubyte a.gede --class label");
    folder.fine("convert train-images-idx3-ubyte b.gede");
    folder.fine("convert test-images-idx3-ubyte t.gede");
    folder.fine("convert test-images-idx3-ubyte u.gede --class label");
    for (train, test) in [("a", "t"), ("b", "u"), ("a", "u")] {
        let run = folder.json(&format!(
            "train lenet5 {train}.gede --fraction 1 --batch 9 --epochs 25 --test {test}.gede"
        ));
        assert_eq!(run["test_accuracy"], 1.0, "{train} {test}: {run}");
    }
}

/// Rows of three classes that a plane parts, as CSV.
fn rows(count: usize, class: impl Fn(usize) -> &'static str) -> String {
    let x = |i: usize| (i % 3) as f64 * 4.0 + (i * 7919 % 100) as f64 / 100.0;
    let row = |i: usize| format!("{},{},{}\n", x(i), (i * 31 % 17) as f64 / 4.0, class(i));
    (0..count).fold("x,y,k\n".to_owned(), |text, i| text + &row(i))
}

#[test]
fn unseen_labels_count_as_wrong_and_missing_ones_are_passed_over() {
    let folder = Folder::new();
    folder.write("train.csv", rows(300, |i| ["lo", "mid", "hi"][i % 3]));
    folder.fine("convert train.csv train.gede --target k:class");
    // Every third row is of a class that was never seen.
    folder.write("test.csv", rows(90, |i| ["lo", "new", "hi"][i % 3]));
    folder.fine("convert test.csv test.gede");
    for method in ["condensed", "full"] {
        let run = folder.json(&format!("train logistic train.gede --method {method} --test test.gede"));
        let accuracy = run["test_accuracy"].as_f64().unwrap();
        assert!((accuracy - 2.0 / 3.0).abs() < 0.02, "{run}");
        assert_eq!(run["test_rows_passed_over"]["unseen_label"], 30);
        assert_eq!(run["test_rows"], 90);
    }
    let text = folder.fine("train logistic train.gede --test test.gede");
    assert!(text.contains("30 rows of classes that were not trained on (new): counted as wrong"), "{text}");
    // Rows without a label or a feature are no part of the share.
    let table = rows(60, |i| if i % 6 == 1 { "" } else { ["lo", "mid", "hi"][i % 3] });
    folder.write("gaps.csv", table.replacen("\n0,0,lo", "\n,0,lo", 1));
    let gaps = folder.json("convert gaps.csv gaps.gede --target k:class");
    assert_eq!(gaps["columns"]["target"]["null_rows"], 10);
    assert_eq!(gaps["columns"]["target"]["classes"], 3);
    let run = folder.json("train logistic train.gede --method full --test gaps.gede");
    let passed = &run["test_rows_passed_over"];
    assert_eq!((&passed["null_target"], &passed["unusable_feature"]), (&10.into(), &1.into()), "{run}");
    assert_eq!((&run["test_rows"], &run["test_accuracy"]), (&49.into(), &1.0.into()), "{run}");
    // Nor are they a class of their own where they are trained on.
    let run = folder.json("train logistic gaps.gede --method full");
    assert_eq!((&run["classes"], &run["rows_passed_over"]["null_target"]), (&3.into(), &10.into()), "{run}");
    assert_eq!(folder.json("train logistic gaps.gede")["classes"], 3);
    folder.write("none.csv", rows(9, |_| "other"));
    folder.fine("convert none.csv none.gede");
    let line = folder.refused("train logistic train.gede --test none.gede", MISUSED);
    assert!(line.contains("none.gede") && line.contains("other") && line.contains("mid"), "{line}");
}
