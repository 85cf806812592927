//! IDX files: a head that counts the images, then their bytes; another file for the labels.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use super::Images;
use super::columns::Columns;
use super::folder::Folder;
use crate::error::Result;

/// The two files; the counts in their heads come last.
pub struct Idx {
    images: BufWriter<File>,
    labels: Option<BufWriter<File>>,
}

impl Idx {
    pub fn create(folder: &Folder, columns: &Columns) -> Result<Self> {
        let start = |name, sizes: &[u32]| {
            let mut file = folder.file(name)?;
            file.write_all(&[0, 0, 8, sizes.len() as u8])?;
            sizes.iter().try_for_each(|size| file.write_all(&size.to_be_bytes()))?;
            Ok(file)
        };
        let failed = |e| folder.cannot_write(e);
        let sizes = [0, columns.shape()?.height, columns.shape()?.width];
        let images = start("images-idx3-ubyte", &sizes).map_err(failed)?;
        let labels = columns.labels.first().map(|_| start("labels-idx1-ubyte", &[0]));
        Ok(Self { images, labels: labels.transpose().map_err(failed)? })
    }

    pub fn write(&mut self, images: &Images) -> io::Result<()> {
        self.images.write_all(images.pixels)?;
        let Some((file, labels)) = self.labels.as_mut().zip(images.labels.first()) else { return Ok(()) };
        // They are at most 255.
        file.write_all(&labels.iter().map(|&label| label as u8).collect::<Vec<_>>())
    }

    /// Counts the images.
    pub fn finish(self, rows: u32) -> io::Result<()> {
        let mut files = std::iter::once(self.images).chain(self.labels);
        files.try_for_each(|mut file| {
            file.seek(SeekFrom::Start(4))?;
            file.write_all(&rows.to_be_bytes())?;
            file.flush()
        })
    }
}
