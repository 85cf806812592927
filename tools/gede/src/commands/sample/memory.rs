//! Memory held by the process.

use serde::Serialize;

/// Bytes of memory, as Linux counts them.
#[derive(Clone, Copy, Default, Serialize)]
pub struct Memory {
    /// Heap and stacks.
    pub anonymous: u64,
    /// Pages of mapped files, those of the program among them.
    pub mapped: u64,
}

impl Memory {
    /// The memory held now; `None` if the system does not report it.
    pub fn now() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let bytes = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field))?;
            line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
        };
        Some(Self { anonymous: bytes("RssAnon:")?, mapped: bytes("RssFile:")? })
    }

    /// The larger of each.
    pub fn most(self, other: Self) -> Self {
        Self { anonymous: self.anonymous.max(other.anonymous), mapped: self.mapped.max(other.mapped) }
    }
}
