//! Storage groups drawn by chance.

use gede::write::StorageGroups;

/// Storage groups of columns of these names, drawn from a number: all together, each alone, or some of them by name.
pub fn drawn_groups<'n>(names: impl IntoIterator<Item = &'n str>, number: u64) -> StorageGroups {
    match number % 4 {
        0 => StorageGroups::Rows,
        1 => StorageGroups::Columns,
        _ => {
            let mut groups = vec![Vec::new(); 3];
            let mut seen = std::collections::HashSet::new();
            let names = names.into_iter().filter(|name| seen.insert(name.to_owned()));
            for (i, name) in names.enumerate() {
                // One more place is for the columns that are not named.
                if let Some(group) = groups.get_mut((number >> (2 + 2 * (i % 31)) & 3) as usize) {
                    group.push(name.to_owned());
                }
            }
            groups.retain(|group| !group.is_empty());
            StorageGroups::Named(groups)
        }
    }
}
