//! `gede append` puts rows behind those of a file, whatever they come as; `gede optimize` makes one part of all.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, parquet};
use std::io::Write;
use std::process::Stdio;

const FAILED: i32 = 1;
const MISUSED: i32 = 2;

/// Rows of a table, with types that text of one part alone would not show.
fn rows(range: std::ops::Range<usize>) -> String {
    let row = |i: usize| {
        let price = if i % 9 == 0 { String::new() } else { format!("{}.{:02}", i * 7 % 90, i % 100) };
        format!("2024-01-{:02},{price},{},{}\n", 1 + i / 1000, ["north", "south", "it's"][i * i % 3], i % 200)
    };
    format!("day,price,zone,n\n{}", range.map(row).collect::<String>())
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("all.csv", rows(0..12_000));
    folder.write("first.csv", rows(0..10_000));
    folder.write("second.csv", rows(10_000..11_500));
    folder.write("third.csv", rows(11_500..12_000));
    folder.fine(
        "convert first.csv t.gede --target price:value --type n=uint8 --metadata site=B --groups day,price",
    );
    folder.fine("convert all.csv all.gede --target price:value --type n=uint8 --metadata site=B");
    folder
}

#[test]
fn rows_of_any_kind_of_table_are_appended() {
    let folder = folder();
    folder.fine("convert third.csv third.gede --type n=uint8");
    folder.fine("convert third.gede third.parquet");
    for third in ["third.csv", "third.parquet", "third.gede", "-"] {
        folder.write("u.gede", folder.read("t.gede"));
        let said = folder.fine("append u.gede second.csv");
        assert!(said.starts_with("u.gede: 1,500 rows more, 11,500 rows in"), "{said}");
        if third == "-" {
            let mut append = folder.command("append u.gede -").stdin(Stdio::piped()).spawn().unwrap();
            append.stdin.take().unwrap().write_all(rows(11_500..12_000).as_bytes()).unwrap();
            assert!(append.wait().unwrap().success());
        } else {
            let report = folder.json(&format!("append u.gede {third}"));
            assert_eq!((report["rows"].as_u64(), report["appended"].as_u64()), (Some(12_000), Some(500)));
        }
        folder.fine("verify u.gede");
        let info = folder.json("info u.gede");
        assert_eq!((&info["parts"], &info["metadata"]["site"]), (&3.into(), &"B".into()), "{third}");
        for name in ["u", "all"] {
            folder.fine(&format!("convert {name}.gede {name}.parquet --overwrite"));
        }
        let [own, whole] = ["u", "all"].map(|name| parquet(folder.path(&format!("{name}.parquet"))));
        assert_eq!(own.schema(), whole.schema(), "{third}");
        for row in (0..12_000).step_by(500) {
            assert_eq!(own.slice(row, 500), whole.slice(row, 500), "{third}, row {row}");
        }
        let [own, whole] = ["u", "all"].map(|name| folder.json(&format!("condensed {name}.gede")));
        assert!(own != whole, "samples are those of the parts");
        folder.fine("train linear u.gede");
    }
}

#[test]
fn an_optimized_file_is_as_one_that_was_written_at_once() {
    let folder = folder();
    folder.fine("append t.gede second.csv third.csv");
    let before = folder.read("t.gede").len();
    let said = folder.fine("optimize t.gede");
    assert!(said.contains("12,000 rows of 2 parts"), "{said}");
    folder.fine("verify t.gede");
    assert!(folder.read("t.gede").len() < before);
    let info = folder.json("info t.gede");
    assert_eq!((&info["parts"], &info["metadata"]["site"]), (&1.into(), &"B".into()));
    assert_eq!(info["storage_groups"].as_array().unwrap().len(), 2);
    folder.fine("convert all.csv all.gede --overwrite --target price:value --type n=uint8 --metadata site=B --groups day,price");
    assert_eq!(folder.read("t.gede"), folder.read("all.gede"));
}

#[test]
fn what_an_append_left_behind_is_passed_over_with_a_word() {
    let folder = folder();
    folder.fine("append t.gede second.csv");
    let mut bytes = folder.read("t.gede");
    bytes.extend([7; 5000]);
    folder.write("t.gede", bytes);
    let output = folder.command("count t.gede").output().unwrap();
    assert_eq!(output.stdout, b"11,500\n");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("5.0 kB behind its end are passed over"), "{said}");
    folder.fine("append t.gede third.csv");
    let output = folder.command("count t.gede").output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.len()), (b"12,000\n".as_slice(), 0));
    folder.fine("verify t.gede");
}

#[test]
fn what_does_not_fit_the_file_is_refused_in_one_line() {
    let folder = folder();
    let before = folder.read("t.gede");
    folder.write("fewer.csv", "day,n\n2024-01-01,5\n");
    folder.write("wide.csv", "day,price,zone,n\n2024-01-01,1,a,256\n");
    folder.write("more.csv", "day,price,zone,n,m\n2024-01-01,1,a,2,3\n");
    folder.write("text.csv", "day,price,zone,n\n2024-01-01,much,a,2\n");
    for (command, code, words) in [
        ("append t.gede wide.csv", FAILED, "256"),
        ("append t.gede more.csv", FAILED, "has the column \"m\", which t.gede lacks"),
        ("append t.gede text.csv", FAILED, "much"),
        ("append t.gede t.gede", MISUSED, "is to be read and to be appended to"),
        ("append nothing.gede second.csv", FAILED, "nothing.gede"),
        ("append t.gede - -", MISUSED, "more than once"),
    ] {
        let error = folder.refused(command, code);
        assert!(error.contains(words) && error.trim_end().lines().count() == 1, "{command}: {error}");
        assert!(folder.read("t.gede") == before, "{command}");
    }
    folder.fine("convert first.csv c.gede --class zone");
    let error = folder.refused("append c.gede second.csv", MISUSED);
    assert!(error.contains("class by class"), "{error}");
    // What the input lacks is null, with a word.
    let said = folder.fine("append t.gede fewer.csv");
    assert!(said.contains("column \"price\": null in the new rows"), "{said}");
}
