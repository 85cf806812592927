//! EntroGeDe, the mathematics only: bit planes and their entropy, base selection, cells and their
//! condensed samples, moments, and the sizes they lead to. Nothing here knows a file.

mod bases;
mod bins;
mod cell_bits;
mod cell_covariances;
mod cell_keys;
mod cell_map;
mod cell_runs;
mod cell_sums;
mod code_groups;
mod condensed;
mod coreset;
mod cost;
mod double;
mod entropy;
mod features;
mod frames;
mod grid;
mod moment_sums;
mod moments;
mod planes;
mod sample;

pub use bases::{Bases, Role, id_bits, select_bases};
pub use bins::{Bin, Bins};
pub use cell_bits::{CellBit, CellBits, MAX_CELL_BITS, choose_bits, fit_bits};
pub use cell_covariances::{CellCovariances, CellProducts, covariance_words};
pub use cell_keys::CellKeys;
pub use cell_map::{CellMap, Prefixes};
pub use cell_runs::{SegmentProducts, SegmentSums};
pub use cell_sums::{CellLayout, CellSums, CellTotals};
pub use code_groups::{CodeGroup, Coded, MAX_GROUP_BASES, code_groups, lone_groups};
pub use condensed::{Condensed, round24};
pub use coreset::Coreset;
pub use cost::{paper_bits, plain_bits};
pub use entropy::{binary_entropy, skew};
pub use features::{FeatureColumn, Range};
pub use frames::{Framed, MAX_FRAMED_WIDTH, MINI_BLOCK_SHIFT, SHIFTS, Slope};
pub use grid::{Feature, Grid, KEY_BITS};
pub use moments::{MAX_EXPONENT, MomentColumn, MomentParts, Moments};
pub use planes::BitPlanes;
pub use sample::Sample;
