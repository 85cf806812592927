//! Features and targets: `convert` says which columns are features, and none is dropped or kept without a word.
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;

const MISUSED: i32 = 2;

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

/// A table with the columns that a function writes, and y = 2 p - q.
fn table(header: &str, rows: usize, row: impl Fn(usize, f64, f64) -> String) -> String {
    let line = |i: usize| {
        let (p, q) = ((i * 37 % 101) as f64 / 10.0, (i * 53 % 89) as f64 / 8.0);
        row(i, p, q) + "\n"
    };
    (0..rows).fold(format!("{header}\n"), |text, i| text + &line(i))
}

#[test]
fn one_line_says_what_every_column_is() {
    let folder = Folder::new();
    let row = |i: usize, p: f64, q: f64| {
        format!("{p},{q},{},2024-01-{:02},7,{i},,{}", ["s", "t"][i % 2], i % 28 + 1, 2.0 * p - q)
    };
    folder.write("a.csv", table("p,q,word,day,same,id,gone,y", 90, row));
    let text = folder.fine("convert a.csv a.gede --target y --exclude id");
    says(
        &text,
        &[
            "features: p, q, same (constant)",
            "word (text)",
            "day (a date",
            "id (excluded)",
            "gone (",
            "target: y, a value",
        ],
    );
    assert_eq!(text.lines().count(), 2, "{text}");
    let report = folder.json("convert a.csv a.gede --overwrite --target y --exclude id");
    assert_eq!(report["columns"]["features"], serde_json::json!(["p", "q", "same"]));
    assert_eq!(report["columns"]["no_features"].as_array().unwrap().len(), 4);
    // Nothing is said where nothing is to be predicted.
    assert_eq!(folder.fine("convert a.csv b.gede").lines().count(), 1);
}

#[test]
fn a_column_of_nulls_is_no_feature() {
    let folder = Folder::new();
    let class = |p: f64| if p > 5.0 { "hi" } else { "lo" };
    folder.write("a.csv", table("p,q,k,", 80, |_, p, q| format!("{p},{q},{},", class(p))));
    folder.fine("convert a.csv a.gede --target k");
    for method in ["condensed", "full"] {
        let run = folder.json(&format!("train logistic a.gede --method {method} --test a.gede"));
        assert_eq!(run["features"], 2, "{run}");
        assert!(run["test_accuracy"].as_f64().unwrap() > 0.9, "{run}");
    }
    let typed: Vec<arrow::array::ArrayRef> = vec![
        std::sync::Arc::new(arrow::array::Float64Array::from_iter_values((0..60).map(f64::from))),
        std::sync::Arc::new(arrow::array::Float64Array::from(vec![None::<f64>; 60])),
        std::sync::Arc::new(arrow::array::Float64Array::from_iter_values((0..60).map(|i| f64::from(3 * i)))),
    ];
    let batch = arrow::array::RecordBatch::try_from_iter_with_nullable(
        ["x", "gone", "y"].into_iter().zip(typed).map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let file = std::fs::File::create(folder.path("n.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let text = folder.fine("convert n.parquet n.gede --target y:value");
    says(&text, &["features: x;", "gone (null or not finite in every row)"]);
    for method in ["condensed", "closed-form", "full", "moments"] {
        let run = folder.json(&format!("train linear n.gede --method {method} --lr 0.1 --test n.gede"));
        assert_eq!(run["features"], 1, "{method}: {run}");
        assert!(run["test_mse"].as_f64().unwrap() < 1e-3, "{method}: {run}");
    }
}

#[test]
fn numbers_that_one_word_made_text_are_said() {
    let folder = Folder::new();
    let b = |i: usize, q: f64| if i == 40 { "oops".to_owned() } else { format!("{q}") };
    folder.write("a.csv", table("p,b,y", 90, |i, p, q| format!("{p},{},{}", b(i, q), 2.0 * p - q)));
    says(&folder.fine("convert a.csv a.gede --target y"), &["features: p;", "b (text:", "\"oops\" is not"]);
    // In a target it makes classes of numbers.
    let y = |i: usize, v: f64| if i == 3 { "oops".to_owned() } else { format!("{v}") };
    folder.write("t.csv", table("p,y", 90, |i, p, q| format!("{p},{}", y(i, 2.0 * p - q))));
    says(
        &folder.fine("convert t.csv t.gede --target y"),
        &["target: y, a class of", "is it a class?", "\"oops\" is not"],
    );
}

#[test]
fn two_columns_of_the_targets_name_are_refused() {
    let folder = Folder::new();
    folder.write("a.csv", table("p,y,y", 20, |_, p, q| format!("{p},{q},{q}")));
    for option in ["--target y", "--class y"] {
        let line = folder.refused(&format!("convert a.csv a.gede {option}"), MISUSED);
        says(&line, &["a.csv", "2 columns are named \"y\""]);
    }
    folder.write("b.csv", table("p,p,y", 20, |_, p, q| format!("{p},{q},{q}")));
    says(&folder.fine("convert b.csv b.gede --target y"), &["features: p, p_2;", "called \"p_2\""]);
}

#[test]
fn missing_features_are_counted_and_filled_in_where_wanted() {
    let folder = Folder::new();
    let cell = |i: usize, v: f64| if i % 5 == 2 { String::new() } else { format!("{v}") };
    // Where q is missing, the target is 6 more: a column that says so can tell.
    let y = |i: usize, p: f64| 2.0 * p + if i % 5 == 2 { 6.0 } else { 0.0 };
    folder.write("a.csv", table("p,q,y", 200, |i, p, q| format!("{p},{},{}", cell(i, q), y(i, p))));
    folder.fine("convert a.csv a.gede --target y:value");
    let train = |options: &str| folder.json(&format!("train linear a.gede --lr 0.1 --test a.gede {options}"));
    let plain = train("--method full");
    assert_eq!(plain["rows_passed_over"]["unusable_feature"], 40, "{plain}");
    assert_eq!(
        (&plain["rows"], &plain["test_rows_passed_over"]["unusable_feature"]),
        (&160.0.into(), &40.into())
    );
    let mean = train("--method full --impute mean");
    assert_eq!((&mean["rows"], mean.get("rows_passed_over")), (&200.0.into(), None), "{mean}");
    assert!(mean["test_mse"].as_f64().unwrap() > 1.0, "{mean}");
    let flag = train("--method full --impute flag");
    assert_eq!(flag["features"], 3);
    assert!(flag["test_mse"].as_f64().unwrap() < 1e-3, "{flag}");
    let text = folder.fine("train linear a.gede --method full --lr 0.1");
    says(&text, &["40 rows passed over: a feature is null or not finite", "--impute"]);
    for options in ["--impute flag", "--method moments --impute mean"] {
        says(
            &folder.refused(&format!("train linear a.gede {options}"), MISUSED),
            &["--impute", "--method full"],
        );
    }
    folder.write(
        "k.csv",
        table("p,q,k", 120, |i, p, q| format!("{p},{},{}", cell(i, q), if p > 5.0 { "hi" } else { "lo" })),
    );
    folder.fine("convert k.csv k.gede --target k");
    let run = folder.json("train logistic k.gede --method full --impute flag --test k.gede");
    assert_eq!(
        (&run["rows"], &run["features"], &run["test_rows"]),
        (&120.0.into(), &3.into(), &120.into()),
        "{run}"
    );
    let run = folder.json("train logistic k.gede --method full --test k.gede");
    assert_eq!(run["rows_passed_over"]["unusable_feature"], 24, "{run}");
}

#[test]
fn rows_without_a_target_are_counted() {
    let folder = Folder::new();
    let y = |i: usize, v: f64| if i % 10 == 4 { String::new() } else { format!("{v}") };
    folder.write("a.csv", table("p,q,y", 100, |i, p, q| format!("{p},{q},{}", y(i, 2.0 * p - q))));
    says(&folder.fine("convert a.csv a.gede --target y:value"), &["missing in 10 rows"]);
    let run = folder.json("train linear a.gede --method full --lr 0.1");
    assert_eq!((&run["rows"], &run["rows_passed_over"]["null_target"]), (&90.0.into(), &10.into()), "{run}");
}

/// y = 3 (x - offset) + 1 with x within a few units of the offset.
fn far(folder: &Folder, name: &str, offset: f64, x: impl Fn(usize) -> f64) {
    let row = |i: usize| format!("{:.3},{:.3}\n", offset + x(i), 3.0 * x(i) + 1.0);
    folder.write(&format!("{name}.csv"), (0..800).fold("x,y\n".to_owned(), |text, i| text + &row(i)));
    folder.fine(&format!("convert {name}.csv {name}.gede --target y:value"));
}

#[test]
fn features_far_from_zero_are_fitted_or_warned_of() {
    let folder = Folder::new();
    far(&folder, "far", 40_000_000.0, |i| (i * 37 % 801) as f64 / 125.0);
    far(&folder, "epoch", 1_700_000_000.0, |i| (i * 997 % 3600) as f64);
    far(&folder, "near", 10.0, |i| (i * 37 % 801) as f64 / 125.0);
    for name in ["far", "epoch", "near"] {
        for method in ["condensed", "closed-form", "full", "mini-batch", "moments"] {
            let run = folder.json(&format!(
                "train linear {name}.gede --method {method} --lr 0.1 --test {name}.gede --max-steps 3000"
            ));
            let good = run["test_mse"].as_f64().unwrap() < 0.05;
            let warned = run["warnings"]
                .as_array()
                .is_some_and(|w| w.iter().any(|w| w.as_str().unwrap().starts_with("x ")));
            assert!(good || warned, "{name} {method}: {run}");
            assert!(!warned || run["converged"] == false, "{name} {method}: {run}");
            assert!(good || !matches!(method, "full" | "mini-batch" | "moments"), "{name} {method}: {run}");
            assert!(!warned || name != "near", "{name} {method}: {run}");
        }
    }
    let text = folder.fine("train linear far.gede --method closed-form");
    says(&text, &["warning: x ", "--method full"]);
    let text = folder.fine("train linear far.gede --lr 0.1");
    assert!(text.contains("on rounding") && !text.contains("converged"), "{text}");
}
