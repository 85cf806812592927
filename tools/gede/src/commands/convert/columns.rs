//! The line of `gede convert` on the roles of the columns.

use crate::output::{list, many};
use gede::write::{ColumnRoles, TargetColumn};
use serde_json::{Value, json};

/// One line: the features, the columns that are none and why, and the target.
pub fn line(columns: &ColumnRoles) -> String {
    let ColumnRoles { features, constant, others, target } = columns;
    let named: Vec<String> = features
        .iter()
        .map(|name| if constant.contains(name) { format!("{name} (constant)") } else { name.clone() })
        .collect();
    let mut text = format!("features: {}", if named.is_empty() { "none".to_owned() } else { list(&named) });
    if !others.is_empty() {
        let shown = |name: &String| if name.is_empty() { "\"\"".to_owned() } else { name.clone() };
        let others: Vec<String> =
            others.iter().map(|(name, why)| format!("{} ({why})", shown(name))).collect();
        text += &format!("; no features: {}", list(&others));
    }
    text + &format!("; target: {}\n", of_target(target))
}

fn of_target(target: &TargetColumn) -> String {
    let TargetColumn { name, classes, null_rows, doubt } = target;
    let mut text = match classes {
        Some(classes) => format!("{name}, a class of {}", many(*classes, "value", "values")),
        None => format!("{name}, a value"),
    };
    if let Some(doubt) = doubt {
        text += &format!(" (is it a class? it is text, and {doubt})");
    }
    if *null_rows > 0 {
        text += &format!(", missing in {}, which no model is trained on", many(*null_rows, "row", "rows"));
    }
    text
}

/// The same for machines; nothing where no target was named.
pub fn json(columns: Option<&ColumnRoles>) -> Value {
    let Some(ColumnRoles { features, constant, others, target }) = columns else { return Value::Null };
    let others: Vec<Value> = others.iter().map(|(name, why)| json!({ "name": name, "why": why })).collect();
    json!({
        "features": features,
        "constant": constant,
        "no_features": others,
        "target": {
            "name": target.name,
            "kind": if target.classes.is_some() { "class" } else { "value" },
            "classes": target.classes,
            "null_rows": target.null_rows,
            "doubt": target.doubt,
        },
    })
}
