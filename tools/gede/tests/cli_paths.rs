//! Paths whose bytes are no UTF-8 work in every command, `--json` included.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Folder;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::Output;

/// The arguments, each `@` in them a byte that is not UTF-8.
fn run(folder: &Folder, arguments: &str) -> Output {
    let bytes = |argument: &str| argument.bytes().map(|b| if b == b'@' { 0xFF } else { b }).collect();
    let arguments = arguments.split_whitespace().map(|argument| OsString::from_vec(bytes(argument)));
    folder.command("").args(arguments).output().unwrap()
}

/// What a command prints; with `--json` it is JSON.
fn fine(folder: &Folder, arguments: &str) -> String {
    let output = run(folder, arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "gede {arguments}: {complaint}");
    let text = String::from_utf8(output.stdout).unwrap();
    if arguments.contains("--json") {
        serde_json::from_str::<serde_json::Value>(&text)
            .unwrap_or_else(|e| panic!("gede {arguments}: {e}\n{text}"));
    }
    text
}

#[test]
fn every_command_takes_names_that_are_not_utf_8() {
    let folder = Folder::new();
    let rows: String = (0..400).map(|i| format!("{i},{},{}\n", i * 7 % 31, i % 2)).collect();
    folder.write("t.csv", format!("a,b,k\n{rows}"));
    for option in ["", "--json"] {
        fine(&folder, &format!("convert t.csv t@.gede --target k:class --overwrite {option}"));
        for command in [
            "info t@.gede",
            "verify t@.gede",
            "head t@.gede",
            "take t@.gede --rows 3",
            "condensed t@.gede",
            "condensed t@.gede c@.csv --overwrite",
            "condensed t@.gede --exact",
            "convert t@.gede t@.parquet --overwrite",
            "convert t@.gede t@.arrow --overwrite",
            "convert t@.gede t@.csv --overwrite",
            "convert t@.csv t@.parquet u@.gede --overwrite",
            "convert ?@.csv u@.gede --overwrite",
            "merge t@.gede t@.gede m@.gede --overwrite",
            "merge t@.gede t@.gede n@.gede --condensed-only --overwrite",
            "train logistic t@.gede --test t@.gede --save s@.safetensors",
        ] {
            fine(&folder, &format!("{command} {option}"));
        }
    }
    let report: serde_json::Value = serde_json::from_str(&fine(&folder, "verify t@.gede --json")).unwrap();
    assert_eq!(report["file"], "t\u{FFFD}.gede");
    let mut damaged = std::fs::read(folder.path("t.csv")).unwrap();
    damaged.resize(9000, 1);
    std::fs::write(folder.path("d").with_file_name(OsString::from_vec(b"d\xFF.gede".to_vec())), damaged)
        .unwrap();
    let output = run(&folder, "verify d@.gede --json");
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(run(&folder, "info no@.gede --json").status.code(), Some(1));
}

#[test]
fn images_and_networks_take_them_too() {
    let folder = Folder::new();
    let picture = |i: u32| {
        let mut bytes = Vec::new();
        let pixels = image::GrayImage::from_fn(32, 32, |x, y| image::Luma([((x * i + y) % 256) as u8]));
        pixels.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        bytes
    };
    for class in [&b"pictures\xFF/0"[..], b"pictures\xFF/1"] {
        let path = folder.path("x").with_file_name(OsString::from_vec(class.to_vec()));
        std::fs::create_dir_all(&path).unwrap();
        for i in 1..5 {
            let name = [format!("{i}").as_bytes(), b"\xFF.png"].concat();
            std::fs::write(path.join(OsString::from_vec(name)), picture(i)).unwrap();
        }
    }
    fine(&folder, "convert pictures@ p@.gede --json");
    for command in [
        "sample p@.gede --fraction 1 --out sheet@.png --json",
        "convert p@.gede images@ --format idx --json",
        "convert p@.gede png@ --format png --json",
        "convert images@/images-idx3-ubyte i@.gede --json",
        "train lenet5 p@.gede --epochs 1 --fraction 1 --batch 4 --test p@.gede --curve c@.svg --checkpoint k@ --json",
    ] {
        fine(&folder, command);
    }
}
