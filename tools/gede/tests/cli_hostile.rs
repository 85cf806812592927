//! Promise 2 of the tool: every command answers or refuses with a reason, whatever a file claims, in 5 seconds of processor
//! time and 64 MB of memory and 4 times the file. The files are of kinds that did harm once: rows by the trillion in a
//! kilobyte, strings that many rows share, tables that grow with the square of a side, condensed samples that are text.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/hostile");

const COMMANDS: &[&str] = &[
    "info F",
    "info F --json",
    "head F",
    "take F --rows 1,0",
    "count F",
    "count F --where a=1",
    "count F --where a>='b'",
    "count F --where x>0",
    "head F --where a>1",
    "head F --where x=0",
    "convert F o.csv --where x=0",
    "condensed F",
    "condensed F o.csv",
    "condensed F --exact",
    "condensed F o.parquet --exact",
    "verify F",
    "convert F o.csv",
    "convert F o.parquet",
    "convert F o.arrow",
    "convert F o.gede",
    "convert F - --to csv",
    "convert F o.csv --rows 0..1",
    "convert F o --format idx",
    "convert F o --format cifar10",
    "convert F o --format png",
    "convert F o --format files",
    "merge F F o.gede",
    "merge --condensed-only F o.gede",
    "sample F --out o.png",
    "sample F --how replacement",
    "sample F --how balanced",
    "sample F --how rs2",
    "train linear F --method condensed",
    "train linear F --method full",
    "train linear F --method mini-batch",
    "train linear F --method closed-form",
    "train linear F --method moments",
    "train linear F --test F",
    "train logistic F --method condensed",
    "train logistic F --method full",
    "train logistic F --polish 1",
    "train lenet5 F --epochs 1 --method random",
    "train lenet5 F --epochs 1 --method balanced",
    "train lenet5 F --epochs 1 --method rs2",
    "train lenet5 F --epochs 1 --method replacement",
    "train lenet5 F --epochs 1 --method full",
    "train lenet5 F --epochs 1 --method grad-match",
    "train lenet5 F --epochs 1 --method glister",
    "train lenet5 F --epochs 1 --method craig",
    "train lenet5 F --epochs 1 --method dq",
    "train lenet5 F --epochs 1 --method tdds",
    "train lenet5 F --epochs 1 --method info-batch",
    "train lenet5 F --epochs 1 --method ccs",
    "train resnet18 F --epochs 1",
];

/// A limit that the process and what it starts have.
fn limit(resource: libc::__rlimit_resource_t, value: u64) -> std::io::Result<()> {
    let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: the structure lives as long as the call.
    match unsafe { libc::setrlimit(resource, &raw const limit) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// The fault of a command on a file, if there is one.
fn wrong(file: &[u8], arguments: &str) -> Option<String> {
    let folder = Folder::new();
    folder.write("f.gede", file);
    let words: Vec<&str> =
        arguments.split(' ').map(|word| if word == "F" { "f.gede" } else { word }).collect();
    let mut command = folder.command(&words.join(" "));
    let memory = (64 << 20) + 4 * file.len() as u64;
    // SAFETY: setrlimit may be called between fork and exec.
    unsafe {
        command.pre_exec(move || {
            limit(libc::RLIMIT_CPU, 5)?;
            limit(libc::RLIMIT_DATA, memory)?;
            limit(libc::RLIMIT_CORE, 0)
        });
    }
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => None,
        Some(1 | 2) if said.starts_with("gede: ") && said.lines().count() == 1 => None,
        code => Some(format!("code {code:?}, signal {:?}, {said}", output.status.signal())),
    }
}

#[test]
fn every_command_answers_or_refuses_hostile_files_within_limits() {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(FILES).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_end(&mut bytes).unwrap();
        files.push((path.file_stem().unwrap().to_string_lossy().into_owned(), bytes));
    }
    assert!(files.len() >= 19);
    let cases: Vec<_> =
        files.iter().flat_map(|file| COMMANDS.iter().map(move |command| (file, command))).collect();
    let next = AtomicUsize::new(0);
    let run = || {
        let mut found = Vec::new();
        while let Some(((name, bytes), command)) = cases.get(next.fetch_add(1, Relaxed)) {
            found.extend(wrong(bytes, command).map(|what| format!("{name}: gede {command}: {what}")));
        }
        found
    };
    let found = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(run)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), cases.len(), found.join("\n"));
}

#[test]
fn large_goes_on_all_the_same() {
    // 2.4 million rows that are alike: 38 MB of numbers, in files of less than 30 KB.
    let folder = Folder::new();
    folder.write("one.csv", format!("a,b\n{}", "7,1.5\n".repeat(200_000)));
    folder.fine("convert one.csv one.gede");
    let many = ["one.gede"; 12].join(" ");
    let line = folder.refused(&format!("merge {many} all.gede"), 2);
    assert!(line.contains("out of proportion") && line.contains("--large"), "{line}");
    folder.fine(&format!("merge {many} all.gede --large"));
    assert_eq!(folder.json("info all.gede")["rows"], 2_400_000);
}
