//! Grouped records: a base for each code group of lanes, deviations as wide as the bases say (spec, chapter 4.4).

pub(crate) mod bins;
pub(crate) mod block;
pub(crate) mod code_group;
pub(crate) mod code_groups;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod find;
pub(crate) mod frame_of_reference;
pub(crate) mod head;
pub(crate) mod kernel;
#[cfg(target_arch = "x86_64")]
pub(crate) mod kernel_avx512;
pub(crate) mod kernel_lone;
pub(crate) mod kernel_steady;
#[cfg(target_arch = "x86_64")]
pub(crate) mod lane_table;
pub(crate) mod layout;
pub(crate) mod lone;
pub(crate) mod lone_lane;
pub(crate) mod row_ids;
pub(crate) mod steady;
pub(crate) mod steady_lanes;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod usage;
pub(crate) mod width_sums;
pub(crate) mod within;
