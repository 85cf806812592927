//! Fixed records (EntroGeDe): a base a row, and deviations of one width (spec, chapter 4).

pub(crate) mod bases;
pub(crate) mod block;
pub(crate) mod cost;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod entropy;
pub(crate) mod head;
pub(crate) mod kernel;
pub(crate) mod lane;
pub(crate) mod pixel_rows;
pub(crate) mod planes;
pub(crate) mod records;
pub(crate) mod table;
#[cfg(test)]
mod tests;
