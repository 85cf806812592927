//! Key-values, identities and the name of the writer, from command to command.
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;
use parquet::file::metadata::ParquetMetaDataReader;
use serde_json::json;

const MISUSED: i32 = 2;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", "x,y\n1,2\n3,4\n5,6\n");
    folder.fine("convert t.csv plain.gede");
    folder.fine("convert t.csv a.gede --metadata site=Bern --metadata unit=a=b --metadata empty=");
    folder.fine("convert t.csv b.gede --metadata site=Basel --metadata unit=a=b");
    folder
}

#[test]
fn info_shows_writer_identity_and_key_values() {
    let folder = folder();
    let info = folder.json("info a.gede");
    assert_eq!(info["metadata"], json!({ "empty": "", "site": "Bern", "unit": "a=b" }));
    assert_eq!(info["created_by"], json!(format!("gede {}", env!("CARGO_PKG_VERSION"))));
    let identity = info["identity"].as_str().unwrap();
    assert_eq!(identity.len(), 64);
    let text = folder.fine("info a.gede");
    for part in [
        "created by",
        identity,
        "Metadata",
        "site   Bern",
        "unit   a=b",
        "key-values",
        "identity, created by",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert!(!folder.fine("info plain.gede").contains("Metadata"));
    assert_ne!(folder.json("info b.gede")["identity"], info["identity"]);
    for wrong in ["site", "=Bern"] {
        folder.refused(&format!("convert t.csv c.gede --metadata {wrong}"), MISUSED);
    }
}

#[test]
fn control_characters_and_long_values_stay_on_one_line() {
    let folder = Folder::new();
    folder.write("t.csv", "x\n1\n");
    let long = "v".repeat(500);
    folder.fine(&format!("convert t.csv t.gede --metadata bell=\u{7}\u{1b}[31m --metadata long={long}"));
    let text = folder.fine("info t.gede");
    assert!(!text.contains(['\u{7}', '\u{1b}']), "{text}");
    assert!(text.contains("vvv...") && !text.contains(&long), "{text}");
    assert_eq!(folder.json("info t.gede")["metadata"]["long"], json!(long));
}

#[test]
fn merge_and_salvage_keep_key_values() {
    let folder = folder();
    let merged = folder.json("merge a.gede b.gede m.gede");
    assert!(merged["notes"].to_string().contains("site"), "{merged}");
    let kept = json!({ "empty": "", "site": "Bern", "unit": "a=b" });
    assert_eq!(folder.json("info m.gede")["metadata"], kept);
    let named = folder.json("merge a.gede b.gede n.gede --metadata site=both");
    assert_eq!(named["notes"], json!([]), "{named}");
    assert_eq!(folder.json("info n.gede")["metadata"]["site"], json!("both"));
    folder.fine("salvage a.gede s.gede --metadata site=Chur");
    assert_eq!(folder.json("info s.gede")["metadata"], json!({ "empty": "", "site": "Chur", "unit": "a=b" }));
}

#[test]
fn parquet_files_get_key_values_and_give_them_back_in_the_schema() {
    let folder = folder();
    folder.fine("convert a.gede a.parquet");
    let file = std::fs::File::open(folder.path("a.parquet")).unwrap();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| pairs.iter().find(|pair| pair.key == key).unwrap().value.as_deref();
    assert_eq!((value("site"), value("unit")), (Some("Bern"), Some("a=b")));
    folder.fine("convert a.parquet back.gede");
    let info = folder.json("info back.gede");
    assert_eq!(info["schema_metadata"]["site"], json!("Bern"));
    assert_eq!(info["metadata"], json!({}));
    assert!(folder.fine("info back.gede").contains("site   Bern"));
    folder.fine("convert back.gede again.parquet");
    assert_eq!(folder.read("again.parquet"), folder.read("a.parquet"));
}
