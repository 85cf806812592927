//! The names of the columns.

use std::collections::{HashMap, HashSet};

/// The key in a field's metadata for the name in the header, where another column has it.
pub const HEADER_NAME: &str = "gede.header_name";

/// Names without a double, and what to say of those that were changed.
pub(crate) struct Names {
    pub names: Vec<String>,
    /// The names in the header of columns that another has, by the new ones.
    pub doubles: HashMap<String, String>,
    pub notes: Vec<String>,
}

impl Names {
    /// `c1`, `c2` and so on.
    pub fn numbered(columns: usize) -> Self {
        Self {
            names: (1..=columns).map(|n| format!("c{n}")).collect(),
            doubles: HashMap::new(),
            notes: Vec::new(),
        }
    }

    /// The names in a header. One that is empty becomes `c` and its number; one that was there before gets a
    /// number appended: other columns are found by name.
    pub fn of_header<'a>(header: impl Iterator<Item = &'a str>) -> Self {
        let header: Vec<&str> = header.collect();
        let mut taken: HashSet<String> = header.iter().map(|&name| name.to_owned()).collect();
        // How often each name came, which is where the search for a new number begins.
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let (mut names, mut empty, mut twice) = (Vec::new(), Vec::new(), Vec::new());
        let mut doubles = HashMap::new();
        for (index, &name) in header.iter().enumerate() {
            let count = seen.entry(name).or_default();
            *count += 1;
            if *count == 1 && !name.is_empty() {
                names.push(name.to_owned());
                continue;
            }
            let mut changed =
                if name.is_empty() { format!("c{}", index + 1) } else { format!("{name}_{count}") };
            while !taken.insert(changed.clone()) {
                *count += 1;
                changed = if name.is_empty() {
                    format!("c{}_{count}", index + 1)
                } else {
                    format!("{name}_{count}")
                };
            }
            if !name.is_empty() {
                doubles.insert(changed.clone(), name.to_owned());
            }
            let list = if name.is_empty() { &mut empty } else { &mut twice };
            list.push(format!("\"{changed}\""));
            names.push(changed);
        }
        let mut notes = Vec::new();
        if !empty.is_empty() {
            notes.push(format!("columns without a name are called {}", some(&empty)));
        }
        if !twice.is_empty() {
            notes.push(format!("columns of a name that another has are called {}", some(&twice)));
        }
        Self { names, doubles, notes }
    }
}

/// The first of a list.
pub(crate) fn some(all: &[String]) -> String {
    const MOST: usize = 5;
    let first = all.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(MOST) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_and_doubles_are_changed_and_said() {
        let names = Names::of_header("a,,a,a_2,c2,,a".split(','));
        assert_eq!(names.names, ["a", "c2_2", "a_3", "a_2", "c2", "c6", "a_4"]);
        assert_eq!(names.notes.len(), 2);
        assert!(names.notes[0].ends_with("\"c2_2\", \"c6\""), "{}", names.notes[0]);
        assert!(names.notes[1].ends_with("\"a_3\", \"a_4\""), "{}", names.notes[1]);
        assert!(Names::of_header(["a", "b"].into_iter()).notes.is_empty());
    }

    #[test]
    fn long_lists_are_cut() {
        let all: Vec<String> = (0..8).map(|n| n.to_string()).collect();
        assert_eq!(some(&all), "0, 1, 2, 3, 4 and 3 more");
    }
}
