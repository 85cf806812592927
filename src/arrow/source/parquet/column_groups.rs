//! Row groups of Parquet files that are too wide to be read at once: a reader keeps a page and a dictionary of each of its
//! columns in memory, which are gigabytes for thousands of columns. A few columns are read at a time instead. Each batch
//! seeks its rows again; pages before them are skipped, and a page that several batches share is decoded for each.

use crate::arrow::guard::quietly;
use arrow::array::ArrayRef;
use arrow::datatypes::{Fields, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::file::metadata::RowGroupMetaData;
use rayon::prelude::*;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Most bytes that a reader of all columns may keep.
const READER_BYTES: u64 = 96 << 20;
/// Most bytes that the readers of a few columns keep.
const GROUP_BYTES: u64 = 16 << 20;
/// A page and a dictionary; writers begin a new page at 1 MiB.
const COLUMN_BYTES: u64 = 2 << 20;
/// Bytes of a batch, about. Fewer batches decode fewer pages twice.
const BATCH_BYTES: usize = 32 << 20;
/// Rows of the first batch, before the length of strings is known.
const FIRST_ROWS: usize = 1024;
const MOST_ROWS: usize = 65_536;

/// The batches of a file, some columns at a time.
pub(crate) struct ColumnGroups {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    /// Top-level columns that are read together.
    groups: Vec<Vec<usize>>,
    row_group: usize,
    /// Rows of the row group that are done.
    done: usize,
    rows: usize,
    /// Most rows of a batch.
    most: usize,
}

impl ColumnGroups {
    /// Groups columns, in ascending order, for batches of `most` rows; none if all may be read at once.
    pub fn new(path: &Path, metadata: &ArrowReaderMetadata, columns: &[usize], most: usize) -> Option<Self> {
        let kept: Vec<u64> = kept_bytes(metadata, columns);
        if kept.iter().sum::<u64>() <= READER_BYTES {
            return None;
        }
        let (mut groups, mut group, mut bytes) = (Vec::new(), Vec::new(), 0);
        for (&column, kept) in columns.iter().zip(kept) {
            if bytes + kept > GROUP_BYTES && bytes > 0 {
                groups.push(std::mem::take(&mut group));
                bytes = 0;
            }
            bytes += kept;
            group.push(column);
        }
        groups.push(group);
        let (path, metadata) = (path.to_owned(), metadata.clone());
        Some(Self { path, metadata, groups, row_group: 0, done: 0, rows: FIRST_ROWS.min(most), most })
    }

    /// Rows `rows` of a row group.
    fn read(&self, rows: Range<usize>) -> Result<RecordBatch, ArrowError> {
        let read = |group: &Vec<usize>| -> Result<RecordBatch, ArrowError> {
            // Opened anew: clones of a file share the place that they read from.
            let file = File::open(&self.path)?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let mask = ProjectionMask::roots(builder.parquet_schema(), group.iter().copied());
            let selected = vec![RowSelector::skip(rows.start), RowSelector::select(rows.len())];
            let mut reader = builder
                .with_row_groups(vec![self.row_group])
                .with_row_selection(RowSelection::from(selected))
                .with_projection(mask)
                .with_batch_size(rows.len())
                .build()?;
            match reader.next().transpose()? {
                Some(batch) if batch.num_rows() == rows.len() => Ok(batch),
                _ => Err(ArrowError::ParquetError("a row group has fewer rows than it says".into())),
            }
        };
        // Each on a thread of its own, where a panic of the library has to be caught.
        let quiet = |group| quietly(|| read(group)).unwrap_or_else(|e| Err(ArrowError::ParquetError(e)));
        let parts: Vec<_> = self.groups.par_iter().map(quiet).collect();
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
        let fields: Fields =
            parts.iter().flat_map(|part| part.schema_ref().fields().iter().cloned()).collect();
        let columns: Vec<ArrayRef> = parts.iter().flat_map(|part| part.columns().iter().cloned()).collect();
        let schema = Schema::new_with_metadata(fields, self.metadata.schema().metadata().clone());
        RecordBatch::try_new(schema.into(), columns)
    }
}

impl Iterator for ColumnGroups {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = loop {
            let group = self.metadata.metadata().row_groups().get(self.row_group)?;
            let Ok(rows) = usize::try_from(group.num_rows()) else {
                let what = "a row group has a negative number of rows".to_owned();
                return Some(Err(ArrowError::ParquetError(what)));
            };
            if self.done < rows {
                break rows - self.done;
            }
            (self.row_group, self.done) = (self.row_group + 1, 0);
        };
        let rows = self.rows.min(left);
        let batch = self.read(self.done..self.done + rows);
        self.done += rows;
        if let Ok(batch) = &batch {
            let row_bytes = batch.get_array_memory_size() / rows;
            self.rows = (BATCH_BYTES / row_bytes.max(1)).clamp(1, MOST_ROWS.min(4 * rows).min(self.most));
        }
        Some(batch)
    }
}

/// Bytes that the readers of columns keep, in the row group in which they keep most.
fn kept_bytes(metadata: &ArrowReaderMetadata, columns: &[usize]) -> Vec<u64> {
    let schema = metadata.parquet_schema();
    let kept = |group: &RowGroupMetaData| -> Vec<u64> {
        let mut kept = vec![0; schema.root_schema().get_fields().len()];
        for (leaf, chunk) in group.columns().iter().enumerate() {
            // A negative size, of a damaged file, counts as the most.
            let bytes = u64::try_from(chunk.uncompressed_size()).unwrap_or(COLUMN_BYTES);
            kept[schema.get_column_root_idx(leaf)] += bytes.min(COLUMN_BYTES);
        }
        columns.iter().map(|&column| kept[column]).collect()
    };
    let all = metadata.metadata().row_groups().iter().map(kept);
    all.max_by_key(|kept| kept.iter().sum::<u64>()).unwrap_or_default()
}
