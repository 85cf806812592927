//! EntroGeDe, the mathematics only: bit planes and their entropy, base selection, cells and their
//! condensed samples, moments, and the sizes they lead to. Nothing here knows a file.

mod bases;
mod cost;
mod entropy;
mod planes;

pub use bases::{Bases, Role, id_bits, select_bases};
pub use cost::{paper_bits, plain_bits};
pub use entropy::{binary_entropy, skew};
pub use planes::BitPlanes;
