//! Conditions and statistics, from command to command.
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;
use serde_json::json;

const MISUSED: i32 = 2;

/// 30,000 rows in three segments, in the order of their days.
fn folder(options: &str) -> Folder {
    let folder = Folder::new();
    let zones = ["", "north", "south", "it's"];
    let row = |i: usize| format!("{},{}.{:02},{},{i}\n", i / 1000, i * 37 % 90, i % 100, zones[i * i % 4]);
    let rows: String = (0..30_000).map(row).collect();
    let dated = rows.lines().map(|line| {
        let (day, rest) = line.split_once(',').unwrap();
        format!("2024-01-{:02},{rest}\n", day.parse::<u32>().unwrap() + 1)
    });
    folder.write("t.csv", format!("day,temperature,zone,n\n{}", dated.collect::<String>()));
    folder.fine(&format!("convert t.csv t.gede --segment-rows 10000 {options}"));
    folder
}

#[test]
fn rows_that_pass_are_shown_counted_and_converted() {
    let folder = folder("");
    let run = |command: &str, condition: &str| {
        let output = folder.command(command).args(["--where", condition, "--json"]).output().unwrap();
        assert!(output.status.success(), "{condition}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!(folder.json("count t.gede")["rows"], 30_000);
    assert_eq!(run("count t.gede", "n < 12 or n >= 29999")["rows"], 13);
    assert_eq!(
        run("count t.gede", "day between '2024-01-05' and '2024-01-06' and not n = 4000")["rows"],
        1999
    );
    assert_eq!(run("count t.gede", "zone = 'north'")["rows"], 15_000);
    let head = run("head t.gede -n 2 --columns n,day", "n in (7, 20000, 29000) and temperature < 1e3");
    assert_eq!(head, json!([{ "n": 7, "day": "2024-01-01" }, { "n": 20000, "day": "2024-01-21" }]));
    assert_eq!(run("head t.gede -n 0", "n > 3"), json!([]));
    let report = run("convert t.gede out.csv --rows 5..100 --columns n", "n > 97");
    assert_eq!(report["rows"], 2);
    assert_eq!(String::from_utf8(folder.read("out.csv")).unwrap(), "n\n98\n99\n");
    assert_eq!(folder.fine("count t.gede"), "30,000\n");
}

#[test]
fn conditions_that_do_not_fit_are_refused_in_one_line() {
    let folder = folder("");
    for (condition, words) in [
        ("nothing=1", "no column \"nothing\""),
        (
            "n='x'",
            "t.gede: condition: column \"n\" is signed of 64 bits and cannot be compared with 'x': write a whole number",
        ),
        ("n=", "the end is where a number"),
        ("day>'June'", "write it as '2024-12-31'"),
    ] {
        for command in ["count t.gede --where", "head t.gede --where", "convert t.gede o.csv --where"] {
            let line = folder.refused(&format!("{command} {condition}"), MISUSED);
            assert!(line.contains(words), "{line}");
        }
    }
    let line = folder.refused("convert t.csv u.gede --where n=1", MISUSED);
    assert!(line.contains("--where choose from a gede file"), "{line}");
}

#[test]
fn info_shows_statistics_that_the_file_has() {
    let folder = folder("");
    // A hundredth of the file has room for them.
    let text = String::from_utf8(folder.read("t.csv")).unwrap();
    let noise = |i: usize| {
        (0..4).map(|k| format!("{:x}", (4 * i + k).wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect::<String>()
    };
    let line = |(i, line): (usize, &str)| match i {
        0 => format!("{line},noise\n"),
        i => format!("{line},{}\n", noise(i)),
    };
    folder.write("t.csv", text.lines().enumerate().map(line).collect::<String>());
    folder.fine("convert t.csv t.gede --segment-rows 10000 --overwrite");
    let info = folder.json("info t.gede");
    let bytes = info["bytes"]["statistics"].as_u64().unwrap();
    assert!(bytes > 0 && 100 * bytes <= info["file_length"].as_u64().unwrap());
    let statistics = info["statistics"].as_array().unwrap();
    assert_eq!(
        statistics[0],
        json!({ "column": "day", "least": "2024-01-01", "greatest": "2024-01-30", "cut": false, "nulls": 0, "nans": 0,
            "distinct": 30, "sum": null })
    );
    assert_eq!(statistics[3]["sum"], "449985000");
    let text = folder.fine("info t.gede");
    assert!(text.contains("Statistics") && text.contains("2024-01-30"), "{text}");
    folder.fine("convert t.csv plain.gede --no-statistics");
    assert!(!folder.fine("info plain.gede").contains("Statistics"));
    assert_eq!(folder.json("info plain.gede")["statistics"], json!([]));
}
