//! `gede salvage`: rows whose pages are whole come into a new file, the others are listed, all of them and no more.
#![allow(clippy::unwrap_used)]

mod common;

use arrow::array::UInt64Array;
use common::{Folder, parquet};
use gede::read::Projection;
use gede::{Reader, Result};
use serde_json::Value;

const FAILED: i32 = 1;

/// Rows of the table.
const ROWS: u64 = 15_000;

/// Numbers, text and a class, in segments of 2,000 rows.
fn table(folder: &Folder) {
    let row = |i: u64| {
        let word = ["", "a word", "another, longer word"][(i * i % 3) as usize];
        // Nothing repeats, so that there are many pages.
        let noise = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        format!("{i},{},\"{word} {noise:x}\",{}\n", (noise % 10_007) as f64 / 8.0, i % 3)
    };
    folder.write("t.csv", format!("i,x,s,k\n{}", (0..ROWS).map(row).collect::<String>()));
    folder.fine("convert t.csv t.gede --segment-rows 2000 --target k:class");
}

/// The rows of a damaged file that cannot be read, found one by one.
fn lost(bytes: &[u8]) -> Result<Vec<u64>> {
    let reader = Reader::new(bytes)?;
    let all = Projection::all(reader.schema());
    Ok((0..reader.rows()).filter(|&row| reader.take(&[row], &all).is_err()).collect())
}

/// The rows in a list of ranges.
fn listed(report: &Value) -> Vec<u64> {
    let ranges = report["damaged"].as_array().unwrap();
    ranges.iter().flat_map(|range| range[0].as_u64().unwrap()..range[1].as_u64().unwrap()).collect()
}

#[test]
fn whole_rows_are_kept_and_the_others_are_listed() {
    let folder = Folder::new();
    table(&folder);
    folder.fine("convert t.gede t.parquet");
    let (whole, original) = (folder.read("t.gede"), parquet(folder.path("t.parquet")));
    let (mut some, mut seen) = (0, 0);
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096 + 1000] ^= 4;
        let Ok(lost) = lost(&damaged) else { continue };
        folder.write("damaged.gede", damaged);
        if lost.len() as u64 == ROWS {
            let line = folder.refused("salvage damaged.gede out.gede --overwrite", FAILED);
            assert!(line.contains("damaged.gede: no row of it is whole"), "{line}");
            continue;
        }
        let report = folder.json("salvage damaged.gede out.gede --overwrite");
        assert_eq!(listed(&report), lost, "page {page}");
        assert_eq!(report["whole"], ROWS - lost.len() as u64);
        folder.fine("verify out.gede");
        folder.fine("convert out.gede out.parquet --overwrite");
        let kept: Vec<u64> = (0..ROWS).filter(|row| lost.binary_search(row).is_err()).collect();
        let kept = UInt64Array::from(kept);
        let kept = arrow::compute::take_record_batch(&original, &kept).unwrap();
        assert!(gede::internal::logical_eq(&parquet(folder.path("out.parquet")), &kept), "page {page}");
        (some, seen) = (some + u64::from(!lost.is_empty()), seen + 1);
    }
    assert!(some > 10 && seen >= some, "{some} of {seen}");
}

#[test]
fn the_list_is_for_people_too() {
    let folder = Folder::new();
    table(&folder);
    let mut damaged = folder.read("t.gede");
    let page = (0..damaged.len() / 4096)
        .find(|page| {
            damaged[page * 4096 + 1000] ^= 4;
            let found = lost(&damaged).is_ok_and(|lost| !lost.is_empty() && lost.len() < ROWS as usize);
            damaged[page * 4096 + 1000] ^= 4;
            found
        })
        .unwrap();
    damaged[page * 4096 + 1000] ^= 4;
    let lost = lost(&damaged).unwrap();
    folder.write("damaged.gede", damaged);
    let said = folder.fine("salvage damaged.gede out.gede");
    let kept = ROWS - lost.len() as u64;
    assert!(said.starts_with(&format!("out.gede: {kept} of 15,000 rows")), "{said}");
    assert!(said.contains(&format!("damaged: rows {}..", lost[0])), "{said}");
    // Columns that are whole in all rows.
    let report = folder.json("salvage t.gede columns.gede --columns s,i");
    assert_eq!((&report["whole"], listed(&report)), (&ROWS.into(), vec![]));
    let names: Vec<String> = folder.json("info columns.gede")["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["s", "i"]);
}

#[test]
fn a_file_without_its_footer_is_refused_with_the_reason() {
    let folder = Folder::new();
    table(&folder);
    let whole = folder.read("t.gede");
    folder.write("cut.gede", &whole[..whole.len() - 64]);
    let line = folder.refused("salvage cut.gede out.gede", FAILED);
    assert!(line.contains("cut.gede") && (line.contains("footer") || line.contains("cut short")), "{line}");
    folder.refused("salvage t.gede t.gede", 2);
    folder.refused("salvage t.gede t.csv", 2);
}
