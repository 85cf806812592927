//! Processes that end, disks that are full and files that change while the tool runs.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

/// Signals that end the tool.
const SIGNALS: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// A table whose conversion takes a moment.
fn large(folder: &Folder) {
    let row = |i: u64| format!("{i},{},{}.{}\n", i * 7919 % 1009, i * 104_729 % 997, i * 31 % 100);
    folder.write("t.csv", format!("n,x,y\n{}", (0..60_000).map(row).collect::<String>()));
}

fn temporaries(folder: &Folder) -> Vec<String> {
    folder.names().into_iter().filter(|name| name.ends_with(".tmp")).collect()
}

fn quiet(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the child has a temporary file of its own; false if it has ended before.
fn is_writing(folder: &Folder, child: &mut Child, before: &[String]) -> bool {
    loop {
        if temporaries(folder).iter().any(|name| !before.contains(name)) {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn send(child: &Child, signal: i32) {
    // SAFETY: the child has not been waited for, so that the number is its own.
    unsafe { libc::kill(child.id() as i32, signal) };
}

/// Starts a command, sends a signal once it is writing, and returns how it ended; again if it was too fast.
fn signalled(folder: &Folder, arguments: &str, signal: i32) -> Output {
    for _ in 0..50 {
        let mut command = folder.command(arguments);
        // Signals that this process ignores (by nohup, or as a job in the background) are ignored by its children, too.
        // SAFETY: calls of the system, which are safe after a fork.
        unsafe {
            command.pre_exec(|| {
                for signal in SIGNALS {
                    libc::signal(signal, libc::SIG_DFL);
                }
                Ok(())
            })
        };
        let mut child = quiet(command);
        if is_writing(folder, &mut child, &[]) {
            send(&child, signal);
            let output = child.wait_with_output().unwrap();
            if output.status.signal().is_some() {
                return output;
            }
        }
        remove_new(folder);
    }
    unreachable!("{arguments}: no signal came in time");
}

/// Removes what was committed before the signal came.
fn remove_new(folder: &Folder) {
    for new in ["new.gede", "new.parquet", "new.csv"] {
        let _ = std::fs::remove_file(folder.path(new));
    }
    let _ = std::fs::remove_dir_all(folder.path("folder"));
}

#[test]
fn temporary_files_go_with_the_process() {
    let folder = Folder::new();
    large(&folder);
    folder.fine("convert t.csv t.gede");
    let pixels: Vec<u8> = [0, 0, 8, 3, 0, 0, 15, 160, 0, 0, 0, 8, 0, 0, 0, 8]
        .into_iter()
        .chain((0..256_000).map(|i| i as u8))
        .collect();
    folder.write("p-images-idx3-ubyte", pixels);
    let labels = [0, 0, 8, 1, 0, 0, 15, 160].into_iter().chain((0..4000).map(|i| (i % 3) as u8));
    folder.write("p-labels-idx1-ubyte", labels.collect::<Vec<u8>>());
    folder.fine("convert p-images-idx3-ubyte p.gede");
    let before = folder.names();
    for signal in SIGNALS {
        for arguments in [
            "convert t.csv new.gede --target y:value",
            "convert t.csv t.gede --overwrite",
            "convert t.gede new.parquet",
            "convert t.gede new.csv",
            "convert p.gede folder --format png",
        ] {
            let output = signalled(&folder, arguments, signal);
            assert_eq!(output.status.signal(), Some(signal), "{arguments}");
            remove_new(&folder);
            assert_eq!(folder.names(), before, "{arguments}, {signal}");
            folder.fine("verify t.gede");
        }
    }
}

#[test]
fn ignored_signals_stay_ignored() {
    let folder = Folder::new();
    large(&folder);
    let mut command = folder.command("convert t.csv t.gede");
    // SAFETY: one call of the system, which is safe after a fork.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_IGN);
            Ok(())
        })
    };
    let mut child = quiet(command);
    is_writing(&folder, &mut child, &[]);
    send(&child, libc::SIGHUP);
    assert!(child.wait().unwrap().success());
    folder.fine("verify t.gede");
}

/// Kills converters to one target at any moment of their work, as the first process of a container where that can be.
fn killed(times: u64) {
    let folder = Folder::new();
    large(&folder);
    let started = Instant::now();
    folder.fine("convert t.csv t.gede");
    let whole_run = started.elapsed();
    let contained = Command::new("unshare").args(["--pid", "--fork", "--kill-child", "true"]).status();
    let is_contained = contained.is_ok_and(|status| status.success());
    let (mut kills, mut whole, mut most) = (0, 0, 0);
    // Moments follow one another by tries, not by kills: on a machine that became faster since, late ones come after the end.
    for tries in 0u64.. {
        if kills == times {
            break;
        }
        let tool = folder.command("convert t.csv t.gede --overwrite");
        let mut command =
            if is_contained { Command::new("unshare") } else { Command::new(tool.get_program()) };
        if is_contained {
            command.args(["--pid", "--fork", "--kill-child"]).arg(tool.get_program());
        }
        command.args(tool.get_args()).current_dir(tool.get_current_dir().unwrap());
        let before = temporaries(&folder);
        let mut child = quiet(command);
        if !is_writing(&folder, &mut child, &before) {
            whole += 1;
            continue;
        }
        // Any moment of the work, the commit at its end as well.
        std::thread::sleep(whole_run.mul_f64((tries * 7919 % 500) as f64 / 500.0));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        kills += u64::from(output.status.signal().is_some());
        most = most.max(settled(&folder).len());
        assert!(most <= 1, "{:?}", folder.names());
        if tries % 10 == 0 {
            folder.fine("verify t.gede");
        }
    }
    folder.fine("convert t.csv t.gede --overwrite");
    assert_eq!(folder.names(), ["t.csv", "t.gede"]);
    folder.fine("verify t.gede");
    println!(
        "{kills} kills, in a container: {is_contained}; {whole} ended before; at most {most} temporary files"
    );
}

/// The temporary files once the killed process is gone, which may end a moment after the one that was waited for.
fn settled(folder: &Folder) -> Vec<String> {
    for _ in 0..1000 {
        let left = temporaries(folder);
        if left.len() <= 1 {
            return left;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    temporaries(folder)
}

#[test]
fn converters_that_are_killed_block_nobody() {
    killed(20);
}

/// `cargo test -p gede-cli --test cli_processes -- --ignored --nocapture` prints the figures.
#[test]
#[ignore = "takes minutes"]
fn converters_that_are_killed_500_times_block_nobody() {
    killed(500);
}

#[test]
fn of_eight_converters_to_one_target_one_wins_or_all_do() {
    let folder = Folder::new();
    large(&folder);
    folder.fine("convert t.csv alone.gede");
    let run = |arguments: &str| -> Vec<Output> {
        let children: Vec<Child> = (0..8).map(|_| quiet(folder.command(arguments))).collect();
        children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
    };
    let outputs = run("convert t.csv t.gede");
    assert_eq!(outputs.iter().filter(|output| output.status.success()).count(), 1);
    for output in outputs.iter().filter(|output| !output.status.success()) {
        let line = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(MISUSED), "{line}");
        assert!(line.contains("t.gede: exists already"), "{line}");
    }
    assert!(folder.read("t.gede") == folder.read("alone.gede"));
    for output in run("convert t.csv t.gede --overwrite") {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(folder.read("t.gede") == folder.read("alone.gede"));
    assert_eq!(folder.names(), ["alone.gede", "t.csv", "t.gede"]);
}

/// Runs the tool where files cannot grow beyond so many bytes: every write that goes beyond is refused.
fn limited(folder: &Folder, arguments: &str, bytes: u64) -> Output {
    let mut command = folder.command(arguments);
    // SAFETY: calls of the system that are safe after a fork.
    unsafe {
        command.pre_exec(move || {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
            match libc::setrlimit(libc::RLIMIT_FSIZE, &limit) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        })
    };
    command.output().unwrap()
}

#[test]
fn a_write_that_is_refused_leaves_nothing_whatever_is_written() {
    let folder = Folder::new();
    folder.california();
    let record =
        |i: usize| std::iter::once((i % 2) as u8).chain((0..3072).map(move |at| ((i + at) * at % 251) as u8));
    folder.write("data_batch_1.bin", (0..20).flat_map(record).collect::<Vec<u8>>());
    folder.fine("convert data_batch_1.bin i.gede --class label");
    let before = folder.names();
    let california = common::CALIFORNIA;
    for (arguments, target) in [
        (format!("convert {california} o.gede --target MedHouseVal"), "o.gede"),
        (format!("convert {california} o.gede --class HouseAge"), "o.gede"),
        ("convert c.gede o.parquet".to_owned(), "o.parquet"),
        ("convert c.gede o.arrow".to_owned(), "o.arrow"),
        ("convert c.gede o.csv".to_owned(), "o.csv"),
        ("convert i.gede o --format png".to_owned(), "o"),
        ("convert i.gede o --format cifar10".to_owned(), "o"),
        ("merge c.gede c.gede o.gede".to_owned(), "o.gede"),
        ("merge c.gede c.gede o.gede --condensed-only".to_owned(), "o.gede"),
        ("condensed c.gede o.csv".to_owned(), "o.csv"),
        ("sample i.gede --batch 5 --out o.png".to_owned(), "o.png"),
        ("train linear c.gede --method moments --save o.safetensors".to_owned(), "o.safetensors"),
    ] {
        for bytes in [0, 100, 700, 3000, 9000] {
            let output = limited(&folder, &arguments, bytes);
            let line = String::from_utf8_lossy(&output.stderr);
            if !output.status.success() {
                assert_eq!(output.status.code(), Some(FAILED), "{arguments}, {bytes}: {line}");
                assert!(
                    line.lines().count() == 1 && line.contains("os error 27"),
                    "{arguments}, {bytes}: {line}"
                );
                assert_eq!(folder.names(), before, "{arguments}, {bytes}");
            } else {
                assert!(bytes > 0, "{arguments}: {line}");
                let path = folder.path(target);
                if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
                    .unwrap();
            }
        }
    }
}

/// The tool as it writes rows to a pipe that nobody reads yet, so that it waits in the middle of its file.
fn waiting(folder: &Folder, arguments: &str) -> Child {
    let mut child = folder.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The first bytes show that the file is open.
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 4096]).unwrap();
    child
}

#[test]
fn a_file_that_is_cut_short_while_it_is_read_is_named() {
    let folder = Folder::new();
    let row = |i: u64| format!("{}\n", i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8);
    folder.write("t.csv", format!("n\n{}", (0..200_000).map(row).collect::<String>()));
    folder.fine("convert t.csv whole.gede");
    for (option, says) in [("", "was cut short"), (" --no-map", "reading bytes")] {
        folder.write("t.gede", folder.read("whole.gede"));
        let child = waiting(&folder, &format!("convert t.gede - --to csv{option}"));
        std::fs::File::options().write(true).open(folder.path("t.gede")).unwrap().set_len(4096).unwrap();
        let output = child.wait_with_output().unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(FAILED), "{option}: {} {line}", output.status);
        assert!(line.starts_with("gede: t.gede: ") && line.lines().count() == 1, "{option}: {line}");
        assert!(line.contains(says), "{option}: {line}");
    }
    // Temporary files go as well.
    folder.write("t.gede", folder.read("whole.gede"));
    let names = folder.names();
    let mut child = quiet(folder.command("convert t.gede t.parquet"));
    if is_writing(&folder, &mut child, &[]) {
        std::fs::File::options().write(true).open(folder.path("t.gede")).unwrap().set_len(4096).unwrap();
    }
    child.wait().unwrap();
    let _ = std::fs::remove_file(folder.path("t.parquet"));
    assert_eq!(folder.names(), names);
}

#[test]
fn every_command_reads_without_maps() {
    let folder = Folder::new();
    folder.california();
    for command in
        ["info c.gede", "verify c.gede", "head c.gede", "take c.gede --rows 5,3", "condensed c.gede"]
    {
        let answer = |options: &str| {
            let mut answer = folder.json(&format!("{command}{options}"));
            answer.as_object_mut().map(|fields| fields.remove("seconds"));
            answer
        };
        assert_eq!(answer(""), answer(" --no-map"), "{command}");
    }
    folder.fine("--no-map convert c.gede c.csv");
    folder.fine("convert c.gede d.csv");
    assert!(folder.read("c.csv") == folder.read("d.csv"));
    folder.fine("merge c.gede c.gede m.gede --no-map");
    folder.fine("train linear c.gede --test c.gede --method condensed --no-map");
}

#[test]
fn models_have_the_permissions_of_any_file() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = Folder::new();
    folder.california();
    let mode = |name: &str| folder.path(name).metadata().unwrap().mode() & 0o777;
    let save = "train linear c.gede --method moments --save m.safetensors";
    folder.fine(save);
    assert_eq!(mode("m.safetensors"), mode("c.gede"));
    std::fs::set_permissions(folder.path("m.safetensors"), PermissionsExt::from_mode(0o600)).unwrap();
    folder.fine(save);
    assert_eq!(mode("m.safetensors"), 0o600);
}
