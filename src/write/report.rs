//! The summary of a written file.

/// Summary of a written file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows of the table.
    pub rows: u64,
    /// Segments of the table.
    pub segments: u64,
    /// Length of the file in bytes.
    pub file_length: u64,
    /// Bits that the cells were cut by, `beta`.
    pub beta: usize,
    /// Condensed samples, `m`.
    pub cells: u64,
    /// Classes that rows are stored by; 0 if they are not.
    pub classes: u64,
    /// The part each column plays for a model, if a target was named.
    pub columns: Option<ColumnRoles>,
    /// Parts of merged files that the new one does not have, and why, a line each.
    pub left_out: Vec<String>,
}

/// The columns of a table to a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnRoles {
    /// Names of the features.
    pub features: Vec<String>,
    /// Those of them that have the same value in every row.
    pub constant: Vec<String>,
    /// The other columns but the target, and why each is no feature.
    pub others: Vec<(String, String)>,
    /// The target.
    pub target: TargetColumn,
}

/// The column that a model predicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetColumn {
    /// Its name.
    pub name: String,
    /// Number of its classes, if it is a class.
    pub classes: Option<u64>,
    /// Rows without one: no model is trained on them.
    pub null_rows: u64,
    /// A doubt about the column, such as text that is numbers but for a few values.
    pub doubt: Option<String>,
}
