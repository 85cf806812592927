//! The targets: each does something with an input's bytes, and panics where a promise is broken.

mod arrow;
mod gede;
mod inputs;

/// A target.
pub struct Target {
    pub name: &'static str,
    /// Inputs are gede files.
    pub is_gede: bool,
    pub run: fn(&[u8]),
}

const TARGETS: [Target; 11] = [
    Target { name: "open", is_gede: true, run: gede::open },
    Target { name: "take", is_gede: true, run: gede::take },
    Target { name: "scan", is_gede: true, run: gede::scan },
    Target { name: "condensed", is_gede: true, run: gede::condensed },
    Target { name: "merge", is_gede: true, run: gede::merge },
    Target { name: "csv", is_gede: false, run: inputs::csv },
    Target { name: "libsvm", is_gede: false, run: inputs::libsvm },
    Target { name: "ipc", is_gede: false, run: inputs::ipc },
    Target { name: "parquet", is_gede: false, run: inputs::parquet },
    Target { name: "pictures", is_gede: false, run: inputs::pictures },
    Target { name: "arrow", is_gede: false, run: arrow::write_then_read },
];

/// The target of a name.
pub fn named(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
