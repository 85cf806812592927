//! Rows with how many of them are of each class.

use crate::error::Result;
use crate::train::passed_over::PassedOver;

/// Rows that can be gone through again and again, one after the other.
pub trait ClassRows {
    /// Number of features, d.
    fn dimension(&self) -> usize;

    /// Number of classes.
    fn classes(&self) -> usize;

    /// Hands out every row: its d features, and how many rows of each class it stands for. All are finite.
    ///
    /// # Errors
    /// Errors of reading.
    fn each(&self, row: &mut dyn FnMut(&[f64], &[f64])) -> Result<()>;

    /// As [`each`](Self::each), and counts the rows that are not handed out. By default there are none.
    ///
    /// # Errors
    /// As [`each`](Self::each).
    fn each_counted(&self, row: &mut dyn FnMut(&[f64], &[f64])) -> Result<RowsNotHandedOut> {
        self.each(row)?;
        Ok(RowsNotHandedOut::default())
    }
}

/// Rows of a file that [`ClassRows::each_counted`] did not hand out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsNotHandedOut {
    /// By reason.
    pub rows: PassedOver,
    /// Classes that were not named: of the rows of unseen labels.
    pub unseen_classes: u64,
    /// Some of them, as text.
    pub unseen: Vec<String>,
}
