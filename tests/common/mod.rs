//! What the tests of the promises share.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::manual_is_multiple_of)]

pub mod allocation;
pub mod counting;
pub mod draft;
pub mod dump;
pub mod frame;
pub mod groups;
pub mod memory;
pub mod read;
pub mod repair;
pub mod zoo;
pub mod zoo_grouped;
pub mod zoo_groups;
pub mod zoo_images;
pub mod zoo_lists;
pub mod zoo_statistics;
