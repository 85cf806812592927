//! Features: the names of what a file uses, so that a reader knows what it cannot read (spec, chapter 2.4).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, ErrorKind, Result};
use crate::format::VERSION;

/// A feature that a file may use. Each is declared in the room that implements it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    pub id: u16,
    pub required: bool,
    pub since: (u16, u16),
    pub name: &'static str,
}

impl Feature {
    /// A feature without which a file cannot be read.
    pub const fn required(id: u16, name: &'static str) -> Self {
        Self { id, required: true, since: (1, 0), name }
    }

    /// A feature whose absence leaves the rest of a file readable.
    pub const fn optional(id: u16, name: &'static str) -> Self {
        Self { id, required: false, since: (1, 0), name }
    }
}

/// The first identifier of features that anyone may use, with a name of "owner/name".
const PRIVATE: u16 = 1 << 15;

/// The part of a file that a feature is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    File,
    Table(u32),
    StorageGroup { table: u32, group: u32 },
    Column { table: u32, node: u32 },
}

/// A feature of a later version, or of someone else, that a file lists.
#[derive(Clone, Debug)]
pub struct UnknownFeature {
    pub name: String,
    pub since: (u16, u16),
    pub required: bool,
    pub scope: Scope,
}

impl UnknownFeature {
    /// The reason why a read that needs it is refused.
    pub fn reason(&self) -> String {
        let Self { name, since: (major, minor), .. } = self;
        let known = format!("{}.{}", VERSION.0, VERSION.1);
        format!(
            "it uses the feature \"{name}\" of format {major}.{minor}; this reader knows {known}: use a newer gede"
        )
    }

    /// The error of a read that needs it.
    pub fn refusal(&self) -> Error {
        Error::new(ErrorKind::Unsupported, self.reason())
    }
}

/// A feature as the directory lists it.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct FeatureEntry {
    id: U16,
    required: u8,
    scope: u8,
    major: U16,
    minor: U16,
    table: U32,
    number: U32,
    name: [u8; 24],
}

impl FeatureEntry {
    /// The entry of a feature that the whole file uses.
    pub fn new(feature: &Feature) -> Self {
        let mut entry = Self::new_zeroed();
        entry.id = feature.id.into();
        entry.required = feature.required.into();
        (entry.major, entry.minor) = (feature.since.0.into(), feature.since.1.into());
        for (to, from) in entry.name.iter_mut().zip(feature.name.bytes()) {
            *to = from;
        }
        entry
    }

    /// The key that entries ascend by.
    pub fn order(&self) -> (u16, u8, u32, u32) {
        (self.id.get(), self.scope, self.table.get(), self.number.get())
    }

    /// Its identifier.
    pub fn id(&self) -> u16 {
        self.id.get()
    }

    /// The feature as one that this reader does not know.
    ///
    /// # Errors
    /// `Corrupt` for an entry that no version could have.
    pub fn read(&self) -> Result<UnknownFeature> {
        let bad = |what: &str| Err(Error::corrupt(format!("directory: {what}")));
        let (table, number) = (self.table.get(), self.number.get());
        let scope = match (self.scope, table, number) {
            (0, 0, 0) => Scope::File,
            (1, table, 0) => Scope::Table(table),
            (2, table, group) => Scope::StorageGroup { table, group },
            (3, table, node) => Scope::Column { table, node },
            _ => return bad("a feature is of no part of a file"),
        };
        let length = self.name.iter().position(|&b| b == 0).unwrap_or(self.name.len());
        let (name, zeros) = self.name.split_at(length);
        let printable = name.iter().all(|b| (b' '..=b'~').contains(b));
        let is_private = self.id() >= PRIVATE;
        if is_private && !name.contains(&b'/') {
            return bad("a private feature does not name its owner");
        }
        if self.required > 1 || name.is_empty() || !printable || zeros.iter().any(|&b| b != 0) {
            return bad("a feature is neither required nor optional, or has no name");
        }
        let name = name.iter().map(|&b| char::from(b)).collect();
        let since = (self.major.get(), self.minor.get());
        Ok(UnknownFeature { name, since, required: self.required == 1, scope })
    }
}
