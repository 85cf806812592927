//! What the commands do when all is well.
#![allow(clippy::unwrap_used)]

mod common;

use arrow::array::{AsArray, Float64Array};
use arrow::datatypes::{Float64Type, UInt64Type};
use common::{CALIFORNIA, Folder, parquet};
use gede::internal::logical_eq;
use serde_json::{Value, json};

#[test]
fn a_table_comes_back_as_it_was() {
    let folder = Folder::new();
    folder.california();
    let verified = folder.json("verify c.gede");
    assert_eq!((&verified["ok"], &verified["rows"]), (&json!(true), &json!(20_640)));
    folder.fine("convert c.gede back.parquet");
    assert!(logical_eq(&parquet(CALIFORNIA), &parquet(folder.path("back.parquet"))));
    // Through Arrow IPC and CSV, and into gede again.
    folder.fine("convert c.gede back.arrow");
    folder.fine("convert back.arrow again.gede --target MedHouseVal");
    assert_eq!(folder.read("again.gede"), folder.read("c.gede"));
    folder.fine("convert c.gede back.csv");
    folder.fine("convert back.csv csv.gede");
    folder.fine("convert csv.gede again.csv");
    assert_eq!(folder.read("again.csv"), folder.read("back.csv"));
}

#[test]
fn many_types_come_back_through_csv() {
    let folder = Folder::new();
    let text = "id,flag,when,what,price\n\
                1,true,2024-02-29T12:00:00,\"a, b\",0.1\n\
                2,,1969-12-31T23:59:59,,-1e300\n\
                3,false,,\u{fc}\u{1f600},\n";
    folder.write("t.csv", text);
    for options in [
        "",
        "--class flag",
        "--segment-rows 1 --threads 2",
        "--class what --target price:value",
        "--groups columns",
        "--groups when,price;id",
    ] {
        folder.fine(&format!("convert t.csv t.gede --overwrite {options}"));
        folder.fine("verify t.gede");
        folder.fine("convert t.gede u.csv --overwrite");
        assert_eq!(String::from_utf8(folder.read("u.csv")).unwrap(), text, "{options}");
    }
}

#[test]
fn the_bytes_do_not_depend_on_threads() {
    let folder = Folder::new();
    for threads in 1..=3 {
        let out = format!("t{threads}.gede");
        let options = "--target MedHouseVal --max-condensed 5% --segment-rows 3000";
        folder.fine(&format!("convert {CALIFORNIA} {out} --threads {threads} {options}"));
        assert_eq!(folder.read(&out), folder.read("t1.gede"));
    }
}

#[test]
fn info_accounts_for_every_byte() {
    let folder = Folder::new();
    folder.california();
    let info = folder.json("info c.gede");
    let length = folder.read("c.gede").len() as u64;
    let parts = info["bytes"].as_object().unwrap();
    assert_eq!(parts.values().map(|n| n.as_u64().unwrap()).sum::<u64>(), length);
    assert_eq!(info["file_length"], json!(length));
    assert_eq!(info["raw"]["bytes"], json!(20_640 * 9 * 8));
    assert_eq!(info["columns"].as_array().unwrap().len(), 9);
    let column = &info["columns"][8];
    assert_eq!((&column["name"], &column["type"]), (&json!("MedHouseVal"), &json!("Float64")));
    let bits = info["columns"].as_array().unwrap().iter().map(|c| c["bytes"].as_object().unwrap());
    let bits: u64 = bits.flat_map(|b| b.values()).map(|n| n.as_u64().unwrap()).sum();
    let ids = info["code_groups"].as_array().unwrap().iter().map(|g| g["id_bytes"].as_u64().unwrap());
    let records: u64 =
        ["records", "bases", "record_offsets"].iter().map(|p| parts[*p].as_u64().unwrap()).sum();
    let found = bits + ids.sum::<u64>();
    assert!(found <= records && found > records / 10 * 9, "{found} of {records} bytes");
    assert_eq!(info["condensed"]["target"]["column"], "MedHouseVal");
    let plain = info["bit_packing_only"].as_u64().unwrap();
    let gain = 100.0 * (plain as f64 - length as f64) / (20_640.0 * 72.0);
    assert!((info["gain_of_bases_points"].as_f64().unwrap() - gain).abs() < 1e-9);
    let text = folder.fine("info c.gede");
    for part in ["20,640 rows", "records", "checksums", "gain of the bases", "MedHouseVal, a value"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn info_shows_which_columns_are_stored_together() {
    let folder = Folder::new();
    folder.write("t.csv", "n,s,x\n10,a,0.5\n20,,1.5\n");
    let together = |options: &str| {
        folder.fine(&format!("convert t.csv t.gede --overwrite {options}"));
        (folder.json("info t.gede")["storage_groups"].clone(), folder.fine("info t.gede"))
    };
    let (groups, text) = together("");
    assert_eq!(groups, json!([["n", "s", "x"]]));
    assert!(!text.contains("Stored together"), "{text}");
    let (groups, text) = together("--groups x,n;s");
    assert_eq!(groups, json!([["n", "x"], ["s"]]));
    assert!(text.contains("Stored together\n  n, x") && text.contains("2 columns"), "{text}");
    assert_eq!(together("--groups columns").0, json!([["n"], ["s"], ["x"]]));
}

#[test]
fn rows_by_number() {
    let folder = Folder::new();
    folder.write("t.csv", "n,s,x\n10,a,0.5\n20,,1.5\n30,\"two\nlines\",\n");
    folder.fine("convert t.csv t.gede");
    assert_eq!(
        folder.json("take t.gede --rows 2,0,0 --columns x,s"),
        json!([{ "x": null, "s": "two\nlines" }, { "x": 0.5, "s": "a" }, { "x": 0.5, "s": "a" }])
    );
    assert_eq!(folder.json("head t.gede -n 1"), json!([{ "n": 10, "s": "a", "x": 0.5 }]));
    assert_eq!(folder.json("head t.gede -n 0"), json!([]));
    assert_eq!(
        folder.fine("head t.gede"),
        " n          s     x\n10          a   0.5\n20       null   1.5\n30  two lines  null\n"
    );
    assert_eq!(folder.fine("head t.gede -n 0 --columns s"), "s\n");
}

#[test]
fn condensed_samples_weigh_as_much_as_the_rows() {
    let folder = Folder::new();
    folder.california();
    folder.fine("condensed c.gede condensed.parquet");
    let samples = parquet(folder.path("condensed.parquet"));
    let weights = samples.column_by_name("weight").unwrap().as_primitive::<UInt64Type>();
    assert_eq!(weights.values().iter().sum::<u64>(), 20_640);
    // Means of cells, weighted, are the mean of the rows.
    let mean = |values: &Float64Array, weights: &dyn Fn(usize) -> f64| {
        let sum: f64 = values.values().iter().enumerate().map(|(i, v)| v * weights(i)).sum();
        sum / 20_640.0
    };
    let table = parquet(CALIFORNIA);
    for name in ["MedInc", "MedHouseVal"] {
        let all = mean(table.column_by_name(name).unwrap().as_primitive::<Float64Type>(), &|_| 1.0);
        let some = samples.column_by_name(name).unwrap().as_primitive::<Float64Type>();
        let some = mean(some, &|i| weights.value(i) as f64);
        assert!((all - some).abs() < 1e-6 * all, "{name}: {all} {some}");
    }
    assert_eq!(folder.json("condensed c.gede").as_array().unwrap().len(), samples.num_rows());
    // Made anew, they are the same to the bit.
    folder.fine(&format!("convert {CALIFORNIA} r.gede --target MedHouseVal --recompute-condensed"));
    assert!(folder.read("r.gede").len() < folder.read("c.gede").len());
    folder.fine("condensed r.gede anew.parquet");
    assert!(logical_eq(&samples, &parquet(folder.path("anew.parquet"))));
}

#[test]
fn a_weight_a_class() {
    let folder = Folder::new();
    folder.write("t.csv", "x,y\n1,0\n1,1\n1,1\n9,0\n");
    folder.fine("convert t.csv t.gede --target y --max-condensed 2");
    assert_eq!(
        folder.json("condensed t.gede"),
        json!([{ "x": 1.0, "weight:0": 1, "weight:1": 2 }, { "x": 9.0, "weight:0": 1, "weight:1": 0 }])
    );
}

#[test]
fn every_method_trains() {
    let folder = Folder::new();
    folder.california();
    let train = |method: &str| {
        let metrics = folder.json(&format!(
            "train linear c.gede --test c.gede --method {method} --lr 0.1 --max-steps 300 --save {method}.safetensors"
        ));
        for key in ["train_seconds", "selection_seconds", "bytes_read"] {
            assert!(metrics[key].as_f64().is_some_and(|n| n >= 0.0), "{method}: {key} in {metrics}");
        }
        assert_eq!(metrics["method"], method);
        assert_eq!(metrics["rows"], json!(20_640.0));
        let model = gede::train::LinearModel::load(&folder.path(&format!("{method}.safetensors"))).unwrap();
        assert_eq!((model.features.len(), model.target.as_str()), (8, "MedHouseVal"));
        metrics
    };
    let mse = |metrics: &Value| metrics["test_mse"].as_f64().unwrap();
    let exact = train("moments");
    assert_eq!(exact["steps"], 0);
    assert!((mse(&exact) - 0.524_321).abs() < 1e-6, "{exact}");
    for method in ["condensed", "full", "mini-batch", "closed-form"] {
        let metrics = train(method);
        let ratio = mse(&metrics) / mse(&exact);
        assert!((1.0..1.1).contains(&ratio), "{method}: {ratio}");
        if matches!(method, "condensed" | "closed-form") {
            assert!(metrics["bytes_read"].as_u64() < Some(200_000), "{metrics}");
            assert!(metrics["samples"].as_u64() < Some(207), "{metrics}");
        }
    }
    let ridge = folder.json("train linear c.gede --test c.gede --method moments --ridge 10");
    assert!(mse(&ridge) > mse(&exact));
    folder.refused("train linear c.gede --ridge 1", 2);
    let text = folder.fine("train linear c.gede --method closed-form");
    assert!(text.contains("condensed samples of 20,640 rows"), "{text}");
}

#[test]
fn the_demo_leaves_nothing_behind() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("tmp")).unwrap();
    let run = |arguments: &str| {
        let mut command = folder.command(arguments);
        for variable in ["TMPDIR", "TMP", "TEMP"] {
            command.env(variable, folder.path("tmp"));
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let measured: Value = serde_json::from_str(&run("demo --json")).unwrap();
    assert_eq!(measured["random_rows"]["equal"], true);
    assert!(measured["safety"]["reported"].as_str().unwrap().contains("checksum"));
    let size = |what: &str| measured["size"][what].as_u64().unwrap();
    assert!(size("gede") < size("parquet"), "{measured}");
    let models = measured["training"]["models"].as_array().unwrap();
    assert!(models.iter().all(|model| model["ratio"].as_f64().unwrap() < 1.1), "{measured}");
    assert_eq!(folder.names(), ["tmp"]);
    assert!(std::fs::read_dir(folder.path("tmp")).unwrap().next().is_none());
}

#[test]
fn help_and_version() {
    let folder = Folder::new();
    assert!(folder.fine("--version").starts_with("gede 0."));
    let help = folder.fine("--help");
    for command in ["convert", "info", "verify", "head", "take", "count", "condensed", "train", "demo"] {
        assert!(help.contains(command), "{help}");
    }
}

#[test]
fn files_of_several_sites_become_one() {
    let folder = Folder::new();
    let rows = |range: std::ops::Range<u32>| {
        let row = |i| format!("{i},{},site {},{}.5\n", i * i % 97, i % 3, i % 11);
        format!("n,x,s,y\n{}", range.map(row).collect::<String>())
    };
    for (name, range) in [("all", 0..3000), ("a", 0..900), ("b", 900..910), ("c", 910..3000)] {
        folder.write(&format!("{name}.csv"), rows(range));
        folder.fine(&format!("convert {name}.csv {name}.gede --target y:value --exclude n"));
    }
    let merged = folder.json("merge a.gede b.gede c.gede m.gede");
    assert_eq!((&merged["files"], &merged["rows"]), (&json!(3), &json!(3000)));
    folder.fine("verify m.gede");
    // As if the rows had never been apart: the same bytes, the same fit.
    assert_eq!(folder.read("m.gede"), folder.read("all.gede"));
    folder.fine("merge b.gede a.gede m.gede --overwrite --target x:value");
    assert_eq!(folder.json("take m.gede --rows 0,10 --columns n"), json!([{ "n": 900 }, { "n": 0 }]));
    folder.write("d.csv", "n,s\n1,2\n");
    folder.fine("convert d.csv d.gede");
    assert!(folder.refused("merge a.gede d.gede e.gede", 1).contains("d.gede: column \"s\" is Int64"));
    assert!(folder.refused("merge a.gede b.gede a.gede --overwrite", 2).contains("a.gede"));
    assert!(folder.refused("merge a.gede b.gede m.gede", 2).contains("--overwrite"));
    assert!(folder.refused("merge a.gede no.gede e.gede", 1).contains("no.gede"));
    folder.refused("merge a.gede m2.gede", 2);
}

#[test]
fn sites_hand_out_samples_and_moments_alone() {
    let folder = Folder::new();
    let row = |i: u32| {
        format!("{},{},{},{}.25\n", i * i % 97, i * 7 % 13, ["u", "v", "w"][i as usize / 1100], i % 11)
    };
    for (name, range) in [("all", 0..3000), ("a", 0..900), ("b", 900..2000), ("c", 2000..3000)] {
        folder.write(&format!("{name}.csv"), format!("a,b,k,y\n{}", range.map(row).collect::<String>()));
        folder.fine(&format!("convert {name}.csv {name}.gede --target y:value"));
        folder.fine(&format!("convert {name}.csv k{name}.gede --target k:class --exclude y"));
    }
    let samples = |file: &str| folder.json(&format!("condensed {file}")).as_array().unwrap().clone();
    let sites = |prefix: &str| ["a", "b", "c"].map(|site| samples(&format!("{prefix}{site}.gede"))).concat();
    let merged = folder.json("merge a.gede b.gede c.gede m.gede --condensed-only");
    assert_eq!((&merged["rows"], &merged["condensed_samples"]), (&json!(0), &json!(sites("").len())));
    folder.fine("verify m.gede");
    assert_eq!(samples("m.gede"), sites(""));
    // Least squares is that of all rows in one file, to the bit; nothing of the rows is needed.
    let fit = |file: &str| {
        folder.fine(&format!("train linear {file} --method moments --save model.json"));
        folder.read("model.json")
    };
    assert_eq!(fit("m.gede"), fit("all.gede"));
    assert_eq!(folder.json("train linear m.gede")["rows"], 3000.0);
    assert!(folder.fine("info m.gede").contains("of rows elsewhere"));
    // Merged in two steps, the same file; a site's own samples go out alone.
    folder.fine("merge a.gede b.gede ab.gede --condensed-only");
    folder.fine("merge c.gede alone.gede --condensed-only");
    folder.fine("merge ab.gede alone.gede again.gede --condensed-only");
    assert_eq!(folder.read("again.gede"), folder.read("m.gede"));
    assert_eq!(samples("alone.gede"), samples("c.gede"));
    // What rows scatter about the samples goes with them if all sites have it.
    for site in ["a", "b"] {
        folder.fine(&format!("convert {site}.csv s{site}.gede --target k:class --cell-covariances"));
    }
    folder.fine("merge sa.gede sb.gede s.gede --condensed-only");
    folder.fine("verify s.gede");
    let uses = |file: &str| folder.fine(&format!("info {file}")).contains("cell covariances");
    assert!(uses("s.gede") && !uses("m.gede"));
    assert_eq!(folder.json("train logistic s.gede")["spread"], true);
    // Classes that only some sites have get weights of their own.
    folder.fine("merge ka.gede kb.gede kc.gede km.gede --condensed-only");
    folder.fine("verify km.gede");
    let weight = |class: &str| -> u64 {
        samples("km.gede").iter().map(|row| row[&format!("weight:{class}")].as_u64().unwrap()).sum()
    };
    assert_eq!([weight("u"), weight("v"), weight("w")], [1100, 1100, 800]);
    assert_eq!(folder.json("train logistic km.gede")["classes"], 3);
    for (arguments, says) in [
        ("train logistic km.gede --polish 1", "no rows in the file"),
        ("train linear m.gede --method full", "no rows to train on"),
        ("merge m.gede a.gede x.gede", "--condensed-only"),
        ("merge a.gede x.gede", "at least two"),
        ("merge a.gede b.gede x.gede --condensed-only --beta 3", "--condensed-only"),
    ] {
        let line = folder.refused(arguments, 2);
        assert!(line.contains(says), "{says:?} is not in {line:?}");
    }
    assert!(folder.refused("merge a.gede ka.gede x.gede --condensed-only", 1).contains("ka.gede: has"));
    folder.fine("convert a.csv plain.gede");
    assert!(folder.refused("merge plain.gede x.gede --condensed-only", 1).contains("--target"));
    assert!(!folder.names().contains(&"x.gede".to_owned()));
}

#[test]
fn a_coreset_is_fitted_as_all_rows_are() {
    let folder = Folder::new();
    folder.california();
    folder.fine("condensed c.gede few.csv --exact");
    folder.fine("convert c.gede c.parquet");
    folder.fine("convert c.parquet again.gede --target MedHouseVal --coreset");
    assert!(folder.fine("info again.gede").contains("coreset"));
    let stored = folder.json("condensed again.gede --exact");
    assert!(stored.as_array().unwrap().len() <= 55);
    let few = folder.json("condensed c.gede --exact");
    let rows = few.as_array().unwrap();
    assert!(rows.len() <= 55 && rows.iter().all(|row| row["weight"].as_f64().unwrap() > 0.0));
    let sum = rows.iter().map(|row| row["weight"].as_f64().unwrap()).sum::<f64>();
    assert!((sum / 20_640.0 - 1.0).abs() < 1e-12);
    assert_eq!(folder.json("condensed c.gede more.csv --exact")["coreset_rows"], rows.len());
    folder.write("t.csv", "a,b\n1,x\n");
    folder.fine("convert t.csv t.gede");
    assert!(folder.refused("condensed t.gede --exact", 2).contains("--target"));
}

#[test]
fn a_class_is_learnt_from_cells_and_polished_on_rows() {
    let folder = Folder::new();
    let row = |i: u64| {
        let (a, b) = (i * 7919 % 101, i * 104_729 % 13);
        format!("{a},{}.5,{}\n", b, if a + 3 * b + i % 40 > 90 { "yes" } else { "no" })
    };
    folder.write("t.csv", format!("a,b,y\n{}", (0..4000).map(row).collect::<String>()));
    folder.fine("convert t.csv t.gede --target y:class --max-condensed 1%");
    let train = |options: &str| folder.json(&format!("train logistic t.gede --test t.gede {options}"));
    let loss = |run: &Value| run["test_log_loss"].as_f64().unwrap();
    let (full, condensed) = (train("--method full"), train("--save m.safetensors"));
    assert_eq!((&full["samples"], &full["classes"], &full["features"]), (&json!(4000), &json!(2), &json!(2)));
    assert!(condensed["samples"].as_u64().unwrap() <= 40 && condensed["spread"] == true);
    assert!(condensed["bytes_read"].as_u64() < full["bytes_read"].as_u64());
    let polished = train("--polish 2");
    assert!(loss(&full) <= loss(&polished) && loss(&polished) < 1.001 * loss(&full));
    assert!(loss(&polished) < loss(&condensed) && full["test_auc"].as_f64().unwrap() > 0.8);
    assert!(!folder.read("m.safetensors").is_empty());
    let text = folder.fine("train logistic t.gede --test t.gede --spread false --polish 1");
    for part in ["test accuracy", "condensed samples", "1 exact step"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    folder.fine("convert t.csv v.gede --target a:value");
    for (file, says) in [("v.gede", "--target COLUMN:class"), ("t.csv", "t.csv")] {
        let line = folder.refused(&format!("train logistic {file}"), if file == "v.gede" { 2 } else { 1 });
        assert!(line.contains(says), "{line}");
    }
}
