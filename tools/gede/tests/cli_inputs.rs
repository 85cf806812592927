//! Several files in, parts of files out: what is said of it, and what is refused.
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;
use serde_json::json;

fn says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}

#[test]
fn files_folders_and_patterns_become_one_table() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("in/day=2")).unwrap();
    std::fs::create_dir_all(folder.path("in/day=10")).unwrap();
    folder.write("in/day=2/x.csv", "n,w\n1,a\n2,b\n");
    folder.write("in/day=10/x.csv", "n,m\n2.5,7\n");
    folder.write("in/_SUCCESS", "");
    let text = folder.fine("convert in all.gede");
    says(
        &text,
        &["3 rows", "2 files as one table", "\"w\": null in", "\"n\": Float64 here", "_SUCCESS", "day"],
    );
    assert_eq!(
        folder.json("head all.gede"),
        json!([
            { "n": 2.5, "m": 7, "w": null, "day": 10 },
            { "n": 1.0, "m": null, "w": "a", "day": 2 },
            { "n": 2.0, "m": null, "w": "b", "day": 2 },
        ])
    );
    let notes = folder.json("convert in again.gede")["notes"].as_array().unwrap().len();
    assert!(notes >= 4, "{notes} notes");
    folder.fine("convert in/day=2/x.csv in/day=10/x.csv files.gede");
    assert_eq!(folder.json("head files.gede -n 1"), json!([{ "n": 1.0, "w": "a", "m": null }]));
    folder.fine("convert in/day=*/*.csv pattern.gede");
    assert_eq!(folder.json("head pattern.gede"), folder.json("head all.gede"));
    says(&folder.refused("convert in/*.parquet x.gede", 1), &["in/*.parquet", "no file matches"]);
    says(&folder.refused("convert in/day=2/x.csv no.csv x.gede", 1), &["no.csv"]);
    says(&folder.refused("convert all.gede files.gede x.gede", 2), &["all.gede", "gede merge"]);
    folder.write("t.csv", "n\nword\n");
    folder.fine("convert t.csv t.gede");
    folder.fine("convert t.gede t.parquet");
    folder.fine("convert files.gede files.parquet");
    let line = folder.refused("convert files.parquet t.parquet x.gede", 1);
    says(&line, &["t.parquet: column \"n\" is Utf8", "Float64 in files.parquet"]);
}

#[test]
fn merged_files_are_unified_or_their_difference_is_named() {
    let folder = Folder::new();
    for (name, content) in [
        ("a", "n,d,w\n1,5,x\n"),
        ("b", "n,d,w\n2,0.5,y\n"),
        ("c", "d,n\n6,3\n"),
        ("t", "n,d,w\n2,0.5,8\n"),
        ("big", "n,d,w\n1,9007199254740993,z\n"),
    ] {
        folder.write(&format!("{name}.csv"), content);
        folder.fine(&format!("convert {name}.csv {name}.gede"));
    }
    let text = folder.fine("merge a.gede b.gede c.gede m.gede");
    says(
        &text,
        &[
            "3 rows of 3 files",
            "\"d\": Float64 here; Int64 in a.gede, Float64 in b.gede",
            "\"w\": null in c.gede",
        ],
    );
    folder.fine("verify m.gede");
    assert_eq!(
        folder.json("head m.gede"),
        json!([{ "n": 1, "d": 5.0, "w": "x" }, { "n": 2, "d": 0.5, "w": "y" }, { "n": 3, "d": 6.0, "w": null }])
    );
    let line = folder.refused("merge a.gede t.gede x.gede", 1);
    says(&line, &["t.gede: column \"w\" is Int64", "Utf8 in a.gede"]);
    let line = folder.refused("merge b.gede big.gede x.gede", 1);
    says(&line, &["big.gede: row 0: column \"d\"", "9007199254740993"]);
    assert_eq!(folder.json("merge a.gede a.gede same.gede")["notes"], json!([]));
}

#[test]
fn what_a_merge_of_samples_leaves_out_is_said() {
    let folder = Folder::new();
    let rows = |range: std::ops::Range<u32>| {
        let row = |i| format!("{},{},{}\n", i * i % 97, i % 13, ["u", "v"][i as usize % 2]);
        format!("a,b,k\n{}", range.map(row).collect::<String>())
    };
    folder.write("a.csv", rows(0..900));
    folder.write("b.csv", rows(900..2000));
    folder.fine("convert a.csv a.gede --target k:class --cell-covariances");
    folder.fine("convert b.csv b.gede --target k:class");
    says(
        &folder.fine("merge a.gede b.gede m.gede --condensed-only"),
        &["cell covariances are left out: b.gede has none"],
    );
    let notes = &folder.json("merge b.gede a.gede n.gede --condensed-only")["notes"];
    says(&notes.to_string(), &["cell covariances of a.gede are left out"]);
    folder.fine("convert b.csv c.gede --target a:value");
    says(
        &folder.refused("merge a.gede c.gede x.gede --condensed-only", 1),
        &["c.gede: has condensed samples of the features b where the first file has those of a, b"],
    );
    folder.write("d.csv", "a,b,k\n1,2.5,u\n2,3.5,v\n");
    folder.fine("convert d.csv d.gede --target k:class");
    says(
        &folder.refused("merge a.gede d.gede x.gede --condensed-only", 1),
        &["d.gede: has column \"b\" as float of 64 bits where the first file has signed of 64 bits"],
    );
}

#[test]
fn some_columns_and_rows_come_out() {
    let folder = Folder::new();
    let rows: String = (0..500).map(|i| format!("{i},w{i},{}\n", i * 2)).collect();
    folder.write("t.csv", format!("n,w,m\n{rows}"));
    folder.fine("convert t.csv t.gede --segment-rows 64");
    let out = |options: &str| {
        folder.fine(&format!("convert t.gede out.csv --overwrite {options}"));
        String::from_utf8(folder.read("out.csv")).unwrap()
    };
    assert_eq!(out("--columns m,n --rows 63..66"), "m,n\n126,63\n128,64\n130,65\n");
    assert_eq!(out("--rows 498.."), "n,w,m\n498,w498,996\n499,w499,998\n");
    assert_eq!(out("--rows ..1 --columns w"), "w\nw0\n");
    assert_eq!(out("--rows 7..7 --columns w"), "w\n");
    assert_eq!(out("--rows .."), format!("n,w,m\n{rows}"));
    let refused = |options: &str| folder.refused(&format!("convert t.gede x.csv {options}"), 2);
    says(&refused("--rows 499..501"), &["t.gede", "499..501", "500 rows"]);
    says(&refused("--rows 501.."), &["501..", "500 rows"]);
    says(&refused("--rows 9..3"), &["--rows", "ends before it starts"]);
    says(&refused("--rows 5"), &["--rows", "0..1000"]);
    says(&refused("--rows a..b"), &["\"a\""]);
    says(&refused("--columns q"), &["t.gede", "no column \"q\"", "n, w, m"]);
    says(&folder.refused("convert t.csv x.gede --rows ..3", 2), &["t.csv", "--rows"]);
    says(&folder.refused("convert t.csv x.gede --columns n", 2), &["t.csv", "--columns"]);
}
