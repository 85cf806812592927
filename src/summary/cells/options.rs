//! Options of cells.

/// Kind of a target column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A class, if an integer, a bool or a string of at most 1,000 values, or a float of at most 2;
    /// else a value.
    Auto,
    /// A class: condensed samples count the rows of each.
    Class,
    /// A value: condensed samples have its mean.
    Value,
}

/// How many cells the rows are put into.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellLimit {
    /// None without a target, else as `Most(max(100, rows / 100))`.
    Default,
    /// No cells.
    None,
    /// A number of bits.
    Beta(usize),
    /// By as many bits as leave at most so many cells.
    Most(u64),
    /// By as many bits as leave at most this share of the rows.
    Share(f64),
}
