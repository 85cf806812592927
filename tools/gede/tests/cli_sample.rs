//! `gede sample` reads the rows that the library draws, and shows them.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../../tests/common/pictures.rs"]
mod pictures;

use common::Folder;
use gede::sample::{Amount, Draw, Epochs, State};
use pictures::{CHANNELS, HEIGHT, WIDTH, class, file, pixel};
use serde_json::{Value, json};

const MISUSED: i32 = 2;

fn rows(json: &Value) -> Vec<u64> {
    serde_json::from_value(json["rows"].clone()).unwrap()
}

#[test]
fn an_epoch_is_what_the_library_draws() {
    let folder = Folder::new();
    folder.write("p.gede", file(1000, true, false));
    for (how, draw) in [
        ("uniform", Draw::Uniform(1000)),
        ("replacement", Draw::Replacement(1000)),
        ("rs2", Draw::Walk(1000)),
    ] {
        let found = folder.json(&format!("sample p.gede --fraction 0.1 --epoch 3 --seed 1 --how {how}"));
        let epochs = Epochs::new(draw, Amount::Fraction(0.1), State::new(1)).unwrap();
        let expected: Vec<u64> = epochs.epoch(3).iter().map(Result::unwrap).collect();
        assert_eq!(rows(&found), expected);
        assert_eq!(found["images"], 100);
        assert_eq!(found["shape"], json!([CHANNELS, HEIGHT, WIDTH]));
    }
    let balanced = folder.json("sample p.gede --count 42 --how balanced --batch 5 --threads 2");
    assert_eq!(balanced["classes"], json!({ "0": 11, "1": 11, "2": 10, "3": 10 }));
    assert_eq!(rows(&balanced).iter().filter(|&&row| class(row) == 0).count(), 11);
    let text = folder.fine("sample p.gede");
    for part in ["100 images of 1,000 (3 x 2 x 4)", "epoch 0 of seed 0, uniform", "4 classes", ", ..."] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn a_sheet_has_the_first_images() {
    let folder = Folder::new();
    for interleaved in [false, true] {
        folder.write("p.gede", file(1000, false, interleaved));
        let found = folder.json("sample p.gede --count 450 --seed 2 --out sheet.png --overwrite");
        let sheet = image::load_from_memory(&folder.read("sheet.png")).unwrap().into_rgb8();
        assert_eq!((sheet.width() as usize, sheet.height() as usize), (20 * WIDTH, 20 * HEIGHT));
        for (place, row) in rows(&found).into_iter().take(400).enumerate() {
            for at in 0..WIDTH * HEIGHT {
                let (x, y) = (place % 20 * WIDTH + at % WIDTH, place / 20 * HEIGHT + at / WIDTH);
                let expected = [0, 1, 2].map(|channel| pixel(row, channel, at));
                assert_eq!(sheet.get_pixel(x as u32, y as u32).0, expected);
            }
        }
        assert_eq!(folder.names(), ["p.gede", "sheet.png"]);
    }
    folder.fine("sample p.gede --count 3 --out three.png");
    let three = image::load_from_memory(&folder.read("three.png")).unwrap();
    assert_eq!((three.width() as usize, three.height() as usize), (2 * WIDTH, 2 * HEIGHT));
}

#[test]
fn what_cannot_be_sampled_is_refused() {
    let folder = Folder::new();
    folder.california();
    folder.write("p.gede", file(100, false, false));
    folder.write("there.png", "");
    for (arguments, says) in [
        ("c.gede", "no column of images"),
        ("c.gede --column MedInc", "\"MedInc\" is no column of images"),
        ("p.gede --column picture", "no column \"picture\""),
        ("p.gede --column label", "\"label\" is no column of images"),
        ("p.gede --how balanced", "--class"),
        ("p.gede --count 101", "101 rows cannot be drawn from 100"),
        ("p.gede --fraction 0", "fraction"),
        ("p.gede --fraction 1.5", "150 rows cannot be drawn from 100"),
        ("p.gede --fraction 0.5 --count 3", "cannot be used with"),
        ("p.gede --batch 0", "batch"),
        ("p.gede --out sheet.jpg", ".png"),
        ("p.gede --out there.png", "--overwrite"),
    ] {
        let line = folder.refused(&format!("sample {arguments}"), MISUSED);
        assert!(line.contains(says), "{says:?} is not in {line:?}");
    }
}
