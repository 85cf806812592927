//! Small tables in several storage groups: each column alone, and some together.

use gede::column::Kind;
use gede::image::ImageShape;
use gede::write::StorageGroups;

use super::memory::{Builder, Memory};
use super::zoo::{Animal, random};

/// Tables in one storage group, and after them some of these in several.
pub fn added(mut all: Vec<Animal>) -> Vec<Animal> {
    let apart = apart(&all);
    all.extend(apart);
    all
}

/// Every animal in several storage groups. `others` are tables in one.
fn apart(others: &[Animal]) -> Vec<Animal> {
    let again = |name: &'static str, of: &str, groups: StorageGroups| {
        let Animal { table, options, .. } = others.iter().find(|a| a.name == of).unwrap();
        Animal { name, table: table.clone(), options: options.clone().with_groups(groups) }
    };
    let columns = |name, of| again(name, of, StorageGroups::Columns);
    let named = |groups: &[&[&str]]| {
        let group = |names: &&[&str]| names.iter().map(|&name| name.to_owned()).collect();
        StorageGroups::Named(groups.iter().map(group).collect())
    };
    let lone = others.iter().find(|a| a.name == "grouped_log").unwrap().options.clone();
    vec![
        columns("groups_columns", "grouped_log"),
        again("groups_named", "grouped_log", named(&[&["c", "a", "b"], &["time", "text"]])),
        columns("groups_paper", "integers"),
        columns("groups_exceptions", "exceptions"),
        columns("groups_grouped_exceptions", "grouped_exceptions"),
        columns("groups_nested", "nested"),
        columns("groups_strings", "grouped_strings"),
        columns("groups_text_dictionary", "text_dictionary"),
        columns("groups_value_dictionary", "grouped_value_dictionary"),
        columns("groups_lists", "lists"),
        again("groups_lists_named", "grouped_lists", named(&[&["id", "numbers"]])),
        columns("groups_class_wise", "grouped_class_wise"),
        columns("groups_condensed", "grouped_condensed"),
        columns("groups_condensed_class", "condensed_class"),
        columns("groups_recomputed", "recomputed_value"),
        columns("groups_scatter", "condensed_scatter"),
        columns("groups_moments", "moments_exact"),
        columns("groups_images", "lists_images"),
        columns("groups_constant", "constant"),
        columns("groups_all_null", "grouped_all_null"),
        columns("groups_empty", "empty"),
        Animal {
            name: "groups_no_lanes",
            table: no_lanes(),
            options: lone.clone().with_groups(StorageGroups::Columns),
        },
        Animal {
            name: "groups_pictures",
            table: pictures(),
            options: lone.with_groups(named(&[&["a", "c"]])),
        },
    ]
}

/// Columns between images, some of them together.
fn pictures() -> Memory {
    let shape = ImageShape::new(1, 3, 4, false).unwrap();
    Builder::new(40)
        .image("first", shape, |i, v| ((i + v) % 7) as u8)
        .number("a", Kind::Unsigned, 8, |i| u128::from(random(761, i) % 5))
        .image("second", shape, |i, v| (random(762, 12 * i + v) % 16) as u8)
        .text("b", |i| format!("b{}", random(763, i) % 99))
        .f64("c", |i| if i == 9 { f64::NAN } else { i as f64 / 4.0 })
        .nullable("d", Kind::Signed, 32, |i| (i % 3 > 0).then_some(u128::from(random(764, i) % 1000)))
        .finish()
}

/// Adds a struct of no children.
fn nothing(table: Builder, name: &str) -> Builder {
    table.column(None, name, Kind::Struct, 0, 0, None, |_, _| 0)
}

/// A column without lanes before, between and after others.
fn no_lanes() -> Memory {
    let mut table = Builder::new(11);
    for name in ["x", "y"] {
        table = nothing(table, &format!("nothing before {name}"));
        table = table.number(name, Kind::Unsigned, 16, |i| u128::from(random(760, i) % 1000));
    }
    nothing(table, "nothing").finish()
}
