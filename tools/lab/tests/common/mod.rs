//! Runs the lab in a temporary folder.
#![allow(clippy::unwrap_used, dead_code)]

#[path = "../../../gede/tests/common/folder.rs"]
mod folder;

pub use folder::Folder;

/// The program that `folder` runs.
const NAME: &str = "gede-lab";
const BINARY: &str = env!("CARGO_BIN_EXE_gede-lab");
