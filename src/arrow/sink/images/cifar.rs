//! CIFAR's binary files: records of the labels, then three planes.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::columns::Columns;
use super::folder::Folder;
use super::{ImageFormat, Images};
use crate::arrow::class_names::lines;
use crate::error::Result;
use crate::format::image_shape::ImageShape;

/// Records of a file of CIFAR-10.
const RECORDS: u64 = 10_000;

/// The file being written, and how many there are.
pub struct Cifar {
    shape: ImageShape,
    hundred: bool,
    file: BufWriter<File>,
    files: u64,
    records: u64,
}

impl Cifar {
    pub fn create(folder: &Folder, columns: &Columns, format: ImageFormat) -> Result<Self> {
        let hundred = format == ImageFormat::Cifar100;
        let names: &[&str] = match hundred {
            true => &["coarse_label_names.txt", "fine_label_names.txt"],
            false => &["batches.meta.txt"],
        };
        for (name, label) in names.iter().zip(&columns.labels).filter(|(_, label)| !label.names.is_empty()) {
            folder.text(name, &lines(&label.names)?)?;
        }
        let first = if hundred { "train.bin" } else { "data_batch_1.bin" };
        let file = folder.file(first).map_err(|e| folder.cannot_write(e))?;
        Ok(Self { shape: columns.shape()?, hundred, file, files: 1, records: 0 })
    }

    pub fn write(&mut self, folder: &Folder, images: &Images) -> io::Result<()> {
        let shape = self.shape;
        for (i, image) in images.pixels.chunks_exact(shape.values()).enumerate() {
            if self.records == RECORDS && !self.hundred {
                self.file.flush()?;
                self.files += 1;
                self.file = folder.file(&format!("data_batch_{}.bin", self.files))?;
                self.records = 0;
            }
            // They are less than 100.
            let labels = images.labels.iter().filter_map(|labels| labels.get(i));
            self.file.write_all(&labels.map(|&label| label as u8).collect::<Vec<_>>())?;
            match shape.interleaved {
                false => self.file.write_all(image)?,
                true => {
                    let plane = |channel| image.iter().skip(channel).step_by(shape.planes()).copied();
                    self.file.write_all(&(0..shape.planes()).flat_map(plane).collect::<Vec<_>>())?;
                }
            }
            self.records += 1;
        }
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()
    }
}
