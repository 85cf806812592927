//! Reading: open, blocks, take, scan.

mod projection;

pub use projection::Projection;
