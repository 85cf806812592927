//! PNG files in a folder for each class.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use rayon::prelude::*;

use super::Images;
use super::columns::Columns;
use super::folder::Folder;
use crate::arrow::class_names::lines;
use crate::arrow::source::CLASSES;
use crate::error::Result;
use crate::format::image_shape::ImageShape;

/// PNG files.
pub struct Png {
    shape: ImageShape,
    classes: ClassFolders,
    rows: u64,
}

/// A folder for each class; none without classes.
pub struct ClassFolders {
    /// Their names, by class; none where they are called by their numbers.
    names: Vec<String>,
    made: BTreeSet<u16>,
}

impl ClassFolders {
    /// Writes the list of the classes' names.
    pub fn create(folder: &Folder, columns: &Columns) -> Result<Self> {
        let names = columns.labels.first().map(|label| label.names.clone()).unwrap_or_default();
        if !names.is_empty() {
            folder.text(CLASSES, &lines(&names)?)?;
        }
        // Some file systems take "Cat" and "cat" for the same.
        let distinct: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let fit = distinct.len() == names.len() && names.iter().all(|name| is_folder_name(name));
        let names = if fit { names } else { Vec::new() };
        Ok(Self { names, made: BTreeSet::new() })
    }

    /// The folder of a class, made if it is not there yet.
    pub fn enter(&mut self, folder: &Folder, class: Option<u16>) -> io::Result<PathBuf> {
        let Some(class) = class else { return Ok(folder.path().to_owned()) };
        let path = self.path(folder, class);
        if self.made.insert(class) {
            std::fs::create_dir(&path)?;
        }
        Ok(path)
    }

    fn path(&self, folder: &Folder, class: u16) -> PathBuf {
        let name = self.names.get(usize::from(class)).cloned().unwrap_or_else(|| class.to_string());
        folder.path().join(name)
    }
}

impl Png {
    pub fn create(folder: &Folder, columns: &Columns) -> Result<Self> {
        Ok(Self { shape: columns.shape()?, classes: ClassFolders::create(folder, columns)?, rows: 0 })
    }

    pub fn write(&mut self, folder: &Folder, images: &Images) -> io::Result<()> {
        let labels = images.labels.first();
        for &class in labels.into_iter().flatten() {
            self.classes.enter(folder, Some(class))?;
        }
        let pictures = images.pixels.par_chunks_exact(self.shape.values()).enumerate();
        pictures.try_for_each(|(i, image)| {
            let file = PathBuf::from(format!("{:08}.png", self.rows + i as u64));
            let class = labels.and_then(|labels| labels.get(i));
            let within = class.map_or(folder.path().to_owned(), |&class| self.classes.path(folder, class));
            std::fs::write(within.join(file), self.encode(image).map_err(io::Error::other)?)
        })?;
        self.rows += (images.pixels.len() / self.shape.values()) as u64;
        Ok(())
    }

    fn encode(&self, image: &[u8]) -> image::ImageResult<Vec<u8>> {
        let ImageShape { channels, height, width, .. } = self.shape;
        let colour = match channels {
            1 => ExtendedColorType::L8,
            3 => ExtendedColorType::Rgb8,
            _ => ExtendedColorType::Rgba8,
        };
        let planes = !self.shape.interleaved && channels > 1;
        let pixels = planes.then(|| {
            let pixel = |at| image.iter().skip(at).step_by(self.shape.area()).copied();
            (0..self.shape.area()).flat_map(pixel).collect::<Vec<u8>>()
        });
        let mut file = Vec::new();
        PngEncoder::new(&mut file).write_image(pixels.as_deref().unwrap_or(image), width, height, colour)?;
        Ok(file)
    }
}

/// True if a name can be that of a folder anywhere, and one that is found again: hidden ones are not.
pub fn is_folder_name(name: &str) -> bool {
    let bad = |c: char| c.is_control() || r#"/\:*?"<>|"#.contains(c);
    let ends = !name.starts_with('.') && !name.ends_with(['.', ' ']);
    ends && name.len() <= 255 && !name.contains(bad) && name != CLASSES
}
