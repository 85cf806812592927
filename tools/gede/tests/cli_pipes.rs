//! Standard input and output: the same as files, and nothing else on standard output.
#![allow(clippy::unwrap_used)]

mod common;

use arrow::ipc::reader::StreamReader;
use common::Folder;
use std::process::{Output, Stdio};

/// Runs the tool with a file as what it reads from a pipe.
fn piped(folder: &Folder, arguments: &str, input: &[u8]) -> Output {
    use std::io::Write;
    let mut command = folder.command(arguments);
    let mut tool =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = tool.stdin.take().unwrap();
    let input = input.to_vec();
    // The tool may refuse before it has read all.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = tool.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn fine(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn tables_come_in_by_pipe_as_from_files() {
    let folder = Folder::new();
    let rows: String = (0..3000).map(|i| format!("{i},{}.5\n", i % 7)).collect();
    folder.write("t.csv", format!("n,x\n{rows}"));
    folder.fine("convert t.csv t.gede --target x:value");
    folder.fine("convert t.gede t.parquet");
    folder.fine("convert t.gede t.arrow");
    let names = folder.names();
    for file in ["t.csv", "t.parquet", "t.arrow"] {
        fine(&piped(&folder, "convert - p.gede --overwrite --target x:value", &folder.read(file)));
        assert_eq!(
            folder.json("take p.gede --rows 2999,0"),
            folder.json("take t.gede --rows 2999,0"),
            "{file}"
        );
        std::fs::remove_file(folder.path("p.gede")).unwrap();
        assert_eq!(folder.names(), names, "nothing is left beside the file");
    }
    fine(&piped(&folder, "convert - tabs.gede --from tsv", b"a\tb\n1\t2\n"));
    assert_eq!(folder.json("head tabs.gede"), serde_json::json!([{ "a": 1, "b": 2 }]));
    fine(&piped(&folder, "convert t.csv - both.gede", b"n,x\n-1,2\n"));
    assert_eq!(folder.json("take both.gede --rows 3000"), serde_json::json!([{ "n": -1, "x": 2.0 }]));
}

#[test]
fn what_is_wrong_with_a_pipe_is_said_of_it() {
    let folder = Folder::new();
    for (arguments, input, code, says) in [
        ("convert - t.gede", "a,b\n1\n", 1, "standard input"),
        ("convert - t.gede", "", 1, "standard input"),
        ("convert - - t.gede", "a\n1\n", 2, "more than once"),
        ("convert - -", "a\n1\n", 2, "not written to standard output"),
        ("convert - t.gede --to csv", "a\n1\n", 2, "--to"),
    ] {
        let output = piped(&folder, arguments, input.as_bytes());
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {line}");
        assert!(line.contains(says) && line.lines().count() == 1, "{arguments}: {line}");
        assert!(!line.contains("/proc/"), "{line}");
        assert_eq!(folder.names(), [""; 0], "{arguments}");
    }
}

#[test]
fn tables_go_out_by_pipe_and_nothing_else_does() {
    let folder = Folder::new();
    let rows: String = (0..1000).map(|i| format!("{i},w{}\n", i % 5)).collect();
    folder.write("t.csv", format!("n,w\n{rows}"));
    folder.fine("convert t.csv t.gede");
    let output = folder.run("convert t.gede - --rows 990..");
    fine(&output);
    let reader = StreamReader::try_new(output.stdout.as_slice(), None).unwrap();
    let batches: Vec<_> = reader.collect::<Result<_, _>>().unwrap();
    assert_eq!(batches.iter().map(|b| b.num_rows()).sum::<usize>(), 10);
    assert!(String::from_utf8(output.stderr).unwrap().contains("10 rows"));
    let output = folder.run("convert t.gede - --to csv");
    fine(&output);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("n,w\n{rows}"));
    let output = folder.run("convert t.gede - --to csv --json");
    let summary: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(summary["rows"], 1000);
    // Out of one tool, into another.
    let stream = folder.run("convert t.gede -").stdout;
    fine(&piped(&folder, "convert - u.gede", &stream));
    assert_eq!(folder.read("u.gede"), folder.read("t.gede"));
    // A gede file comes in by pipe as well.
    let output = piped(&folder, "convert - - --to csv --rows ..1", &folder.read("t.gede"));
    fine(&output);
    assert_eq!(output.stdout, b"n,w\n0,w0\n");
}

#[test]
fn a_pipe_that_is_closed_early_ends_it_quietly() {
    let folder = Folder::new();
    folder.california();
    for arguments in ["convert c.gede -", "convert c.gede - --to csv"] {
        let mut command = folder.command(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments}");
        assert!(output.status.success(), "{arguments}: {}", output.status);
    }
}
