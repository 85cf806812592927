//! Files that rows were appended to (spec, chapter 2.8).

use crate::format::features::Feature;

/// Several sections of blocks of table 0, and sections between them that an earlier directory described.
pub const FEATURE: Feature = Feature::required(38, "appended rows");

/// Most parts of a file: the rows it was written with, and those of each time that rows were appended.
pub const MAX_PARTS: usize = 64;
