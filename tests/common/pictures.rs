//! A small class-wise file of images whose every byte tells its row.

use arrow::array::{Array, ArrayRef, FixedSizeListArray, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use gede::Writer;
use gede::arrow::ArrowTable;
use gede::write::{CellLimit, Options};
use std::sync::Arc;

pub const CHANNELS: usize = 3;
pub const HEIGHT: usize = 2;
pub const WIDTH: usize = 4;
pub const BYTES: usize = CHANNELS * HEIGHT * WIDTH;

/// A pixel's value in a channel of a row's image.
pub fn pixel(row: u64, channel: usize, at: usize) -> u8 {
    (row * 31 + channel as u64 * 101 + at as u64 * 7) as u8
}

/// The class of a row; they are called 3, 4, 5 and so on in the file.
pub fn class(row: u64) -> u32 {
    (row % 7 % 4) as u32
}

/// An image as a loader hands it out.
pub fn planar(row: u64) -> Vec<u8> {
    (0..CHANNELS).flat_map(|c| (0..HEIGHT * WIDTH).map(move |at| pixel(row, c, at))).collect()
}

/// The bytes of a file of so many rows, stored by class or not, its images interleaved or not.
pub fn file(rows: u64, by_class: bool, interleaved: bool) -> Vec<u8> {
    let image = |row: u64| -> Vec<u8> {
        if !interleaved {
            return planar(row);
        }
        (0..HEIGHT * WIDTH).flat_map(|at| (0..CHANNELS).map(move |c| pixel(row, c, at))).collect()
    };
    let item = Arc::new(Field::new("item", DataType::UInt8, false));
    let bytes = UInt8Array::from_iter_values((0..rows).flat_map(image));
    let images = FixedSizeListArray::new(item, BYTES as i32, Arc::new(bytes), None);
    let labels = UInt8Array::from_iter_values((0..rows).map(|row| class(row) as u8 + 3));
    let tensor = if interleaved {
        format!(r#"{{"shape":[{HEIGHT},{WIDTH},{CHANNELS}],"dim_names":["H","W","C"]}}"#)
    } else {
        format!(r#"{{"shape":[{CHANNELS},{HEIGHT},{WIDTH}],"dim_names":["C","H","W"]}}"#)
    };
    let extension = [("name", "arrow.fixed_shape_tensor".to_owned()), ("metadata", tensor)];
    let extension = extension.map(|(key, value)| (format!("ARROW:extension:{key}"), value)).into();
    let columns: [(Field, ArrayRef); 2] = [
        (Field::new("label", DataType::UInt8, false), Arc::new(labels)),
        (Field::new("image", images.data_type().clone(), false).with_metadata(extension), Arc::new(images)),
    ];
    let (fields, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let table = ArrowTable::from_batches(batch.schema(), vec![batch]).unwrap();
    let mut options = Options::default().with_segment_rows(64).with_cells(CellLimit::None);
    options.layout.class = by_class.then(|| "label".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pictures.gede");
    Writer::new(options.clone()).write(&path, &table).unwrap();
    std::fs::read(path).unwrap()
}
