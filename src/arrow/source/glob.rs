//! Patterns of paths: `*`, `?` and `[a-z]` within a name, `**` for any folders. Names need not be UTF-8.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::all_entries;
use crate::error::Result;

/// Most folders deep that `**` looks.
const MAX_DEPTH: usize = 32;

/// True if a path has a pattern in it.
pub(crate) fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// The folder before a pattern, and the paths that match, in order. Hidden names match patterns that start with a dot.
pub(crate) fn matching(pattern: &Path) -> Result<(PathBuf, Vec<PathBuf>)> {
    let components: Vec<Component> = pattern.components().collect();
    let fixed = components.iter().take_while(|c| !is_pattern(Path::new(c))).count();
    let (root, rest) = components.split_at(fixed);
    let root: PathBuf = root.iter().collect();
    let mut found = Vec::new();
    let parts: Vec<&OsStr> = rest.iter().map(|c| c.as_os_str()).collect();
    walk(&root, &parts, 0, &mut found)?;
    found.sort_unstable();
    found.dedup();
    Ok((root, found))
}

fn walk(folder: &Path, parts: &[&OsStr], depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let Some((&part, rest)) = parts.split_first() else { return Ok(()) };
    if !is_pattern(Path::new(part)) {
        let path = folder.join(part);
        return match rest.is_empty() {
            true if path.exists() => {
                found.push(path);
                Ok(())
            }
            false if path.is_dir() => walk(&path, rest, depth, found),
            _ => Ok(()),
        };
    }
    let any_folders = part == "**";
    if any_folders {
        // No folder at all, then one more.
        walk(folder, rest, depth, found)?;
    }
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for path in all_entries(here)? {
        let Some(name) = path.file_name() else { continue };
        let hidden = name.as_encoded_bytes().starts_with(b".");
        let path = folder.join(name);
        if any_folders {
            match (path.is_dir() && !hidden && depth < MAX_DEPTH, rest.is_empty()) {
                (true, _) => walk(&path, parts, depth + 1, found)?,
                (false, true) if !hidden => found.push(path),
                _ => {}
            }
            continue;
        }
        if hidden && !part.as_encoded_bytes().starts_with(b".") || !matches(&units(part), &units(name)) {
            continue;
        }
        match rest.is_empty() {
            true => found.push(path),
            false if path.is_dir() => walk(&path, rest, depth, found)?,
            false => {}
        }
    }
    Ok(())
}

/// The characters of a name, and its bytes where they are not UTF-8.
fn units(name: &OsStr) -> Vec<u32> {
    let bytes = name.as_encoded_bytes();
    let chunks = bytes.utf8_chunks();
    chunks
        .flat_map(|chunk| {
            let bytes = chunk.invalid().iter().map(|&byte| 0x11_0000 + u32::from(byte));
            chunk.valid().chars().map(u32::from).chain(bytes).collect::<Vec<_>>()
        })
        .collect()
}

/// True if a name is what a pattern describes.
fn matches(pattern: &[u32], name: &[u32]) -> bool {
    const STAR: u32 = '*' as u32;
    const ANY: u32 = '?' as u32;
    const OPEN: u32 = '[' as u32;
    let (mut p, mut n) = (0, 0);
    // The last star, and how much of the name it stood for: more if what follows does not match.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(p) {
            Some(&STAR) => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(&ANY) => name.get(n).map(|_| 1),
            Some(&OPEN) => match (class(&pattern[p..]), name.get(n)) {
                (Some((length, holds)), Some(&unit)) => holds(unit).then_some(length),
                (None, Some(&OPEN)) => Some(1),
                _ => None,
            },
            Some(unit) => (name.get(n) == Some(unit)).then_some(1),
            None if n == name.len() => return true,
            None => None,
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((at, stood_for))) if stood_for < name.len() => {
                star = Some((at, stood_for + 1));
                (p, n) = (at + 1, stood_for + 1);
            }
            _ => return false,
        }
    }
}

/// The class at the start of a pattern, as `[a-z]` or `[!a-z]`: its length, and what it holds; none if it has no end.
fn class(pattern: &[u32]) -> Option<(usize, impl Fn(u32) -> bool)> {
    let not = matches!(pattern.get(1).copied().and_then(char::from_u32), Some('!' | '^'));
    let start = 1 + usize::from(not);
    // A bracket that comes first is in the class.
    let end = (start + 1..pattern.len()).find(|&i| pattern[i] == u32::from(']'))?;
    let body = pattern[start..end].to_vec();
    let holds = move |unit: u32| {
        let mut at = 0;
        let mut found = false;
        while at < body.len() {
            let range = at + 2 < body.len() && body[at + 1] == u32::from('-');
            let last = if range { body[at + 2] } else { body[at] };
            found |= (body[at]..=last).contains(&unit);
            at += if range { 3 } else { 1 };
        }
        found != not
    };
    Some((end + 1, holds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "aXbY", false),
            ("?.csv", "é.csv", true),
            ("?.csv", ".csv", false),
            ("[ab]-[0-9]", "b-7", true),
            ("[!ab]-[0-9]", "b-7", false),
            ("[]]", "]", true),
            ("[a", "[a", true),
            ("*", "", true),
            ("**x", "xxx", true),
        ] {
            assert_eq!(
                matches(&units(pattern.as_ref()), &units(name.as_ref())),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
