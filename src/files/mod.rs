//! Files: sources of bytes, new files that appear whole, temporary and scratch files.

pub(crate) mod appended_file;
pub(crate) mod byte_source;
pub(crate) mod file_system;
pub(crate) mod new_file;
pub(crate) mod positioned;
pub(crate) mod scratch;
pub(crate) mod scratch_space;
pub(crate) mod temporary;
