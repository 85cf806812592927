//! The public names of every module are as many as the table in `src/lib.rs` says.

#![allow(clippy::unwrap_used)]

use std::path::Path;

/// The names that a source file makes public by `pub use`, those of hidden modules left out.
fn names(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let shown = text.split("#[doc(hidden)]").next().unwrap();
    let uses = shown.split("\npub use ").skip(1).map(|rest| rest.split(';').next().unwrap());
    let names = uses.flat_map(|path| match path.split_once('{') {
        Some((_, list)) => list.trim_end_matches('}').split(',').collect::<Vec<_>>(),
        None => path.rsplit("::").take(1).collect(),
    });
    names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[test]
fn modules_have_as_many_public_names_as_their_budget() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let page = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    let mut modules = 0;
    for row in rows {
        let module = row.split('`').next().unwrap().trim_start_matches("mod@");
        let budget = row.trim_end_matches(" |").rsplit(' ').next().unwrap().parse::<usize>();
        let file = source.join(module).join("mod.rs");
        if let (Ok(budget), true) = (budget, file.exists()) {
            let names = names(&file);
            assert!(names.len() <= budget, "{module} has {} names for {budget}: {names:?}", names.len());
            assert!(names.len() + 2 >= budget, "{module} needs no {budget} names: {}", names.len());
            modules += 1;
        }
    }
    assert_eq!(modules, 5);
    assert_eq!(names(&source.join("lib.rs")).len(), 6);
}
