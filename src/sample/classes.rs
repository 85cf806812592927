//! The rows of each class.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::reader::Reader;

/// The rows of each class, for draws that are balanced between classes.
pub trait Classes: Sync {
    /// Number of classes; some may have no rows.
    fn classes(&self) -> usize;

    /// Rows of a class; 0 for one that is not there.
    fn rows(&self, class: usize) -> u64;

    /// Row `at` of a class.
    ///
    /// # Errors
    /// `Argument` if there is no such row; what reading it from a file brings.
    fn row(&self, class: usize, at: u64) -> Result<u64>;
}

fn missing(class: usize, at: u64) -> Error {
    Error::argument(format!("class {class} has no row {at}"))
}

/// The classes of a class-wise file: their rows are found through its sample index.
pub struct FileClasses<'a, S> {
    reader: &'a Reader<S>,
    /// The stored places of each class.
    stored: Vec<Range<u64>>,
}

debug_fields!(['a, S] FileClasses { stored });

impl<'a, S: ByteSource> FileClasses<'a, S> {
    /// The classes of a file, numbered as its class table has them.
    ///
    /// # Errors
    /// `Argument` if the file is not class-wise; `Corrupt` or `Io`.
    pub fn new(reader: &'a Reader<S>) -> Result<Self> {
        reader.classes().ok_or_else(|| {
            Error::argument(
                "rows are not stored by class, so classes cannot be drawn from; convert with --class COLUMN",
            )
        })?;
        let stored = reader.all_classes().map(|class| Ok(class?.stored)).collect::<Result<_>>()?;
        Ok(Self { reader, stored })
    }
}

impl<S: ByteSource> Classes for FileClasses<'_, S> {
    fn classes(&self) -> usize {
        self.stored.len()
    }

    fn rows(&self, class: usize) -> u64 {
        self.stored.get(class).map_or(0, |stored| stored.end - stored.start)
    }

    fn row(&self, class: usize, at: u64) -> Result<u64> {
        let stored = self.stored.get(class).filter(|s| at < s.end - s.start);
        self.reader.row_at(stored.ok_or_else(|| missing(class, at))?.start + at)
    }
}

/// Classes in memory: 8 bytes a row.
#[derive(Clone, Debug)]
pub struct ClassList {
    rows: Vec<u64>,
    /// Where each class begins in `rows`, and the end of the last one.
    starts: Vec<usize>,
}

impl ClassList {
    /// The classes of rows whose class numbers are given; there are as many classes as the greatest
    /// number says, and one more.
    ///
    /// # Errors
    /// `Argument` for a class number above 2^24.
    pub fn new(numbers: &[u32]) -> Result<Self> {
        let classes = numbers.iter().max().map_or(0, |&most| most as usize + 1);
        if classes > 1 << 24 {
            return Err(Error::argument(format!("class {} is more than 2^24", classes - 1)));
        }
        let mut starts = vec![0; classes + 2];
        for &class in numbers {
            starts[class as usize + 2] += 1;
        }
        (1..starts.len()).for_each(|i| starts[i] += starts[i - 1]);
        let mut rows = vec![0; numbers.len()];
        for (row, &class) in numbers.iter().enumerate() {
            let next = &mut starts[class as usize + 1];
            rows[*next] = row as u64;
            *next += 1;
        }
        starts.pop();
        Ok(Self { rows, starts })
    }

    /// The rows of a class; none for a number that no class has, as `FileClasses` has it.
    fn of(&self, class: usize) -> Option<&[u64]> {
        let (&start, &end) = self.starts.get(class).zip(self.starts.get(class + 1))?;
        Some(&self.rows[start..end])
    }
}

impl Classes for ClassList {
    fn classes(&self) -> usize {
        self.starts.len() - 1
    }

    fn rows(&self, class: usize) -> u64 {
        self.of(class).map_or(0, |rows| rows.len() as u64)
    }

    fn row(&self, class: usize, at: u64) -> Result<u64> {
        let row = usize::try_from(at).ok().and_then(|at| self.of(class)?.get(at));
        row.copied().ok_or_else(|| missing(class, at))
    }
}
