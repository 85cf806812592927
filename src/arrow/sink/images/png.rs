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
use crate::image::ImageShape;

/// The folders there are.
pub struct Png {
    shape: ImageShape,
    /// Of the folders, by class; none where they are called by their numbers.
    names: Vec<String>,
    classes: BTreeSet<u16>,
    rows: u64,
}

impl Png {
    pub fn create(folder: &Folder, columns: &Columns) -> Result<Self> {
        let names = columns.labels.first().map(|label| label.names.clone()).unwrap_or_default();
        if !names.is_empty() {
            folder.text(CLASSES, &lines(&names)?)?;
        }
        // Some file systems take "Cat" and "cat" for the same.
        let distinct: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let fit = distinct.len() == names.len() && names.iter().all(|name| is_folder_name(name));
        let names = if fit { names } else { Vec::new() };
        Ok(Self { shape: columns.shape, names, classes: BTreeSet::new(), rows: 0 })
    }

    pub fn write(&mut self, folder: &Folder, images: &Images) -> io::Result<()> {
        let labels = images.labels.first();
        for &class in labels.into_iter().flatten() {
            if self.classes.insert(class) {
                std::fs::create_dir(folder.path().join(self.name(class)))?;
            }
        }
        let pictures = images.pixels.par_chunks_exact(self.shape.values()).enumerate();
        pictures.try_for_each(|(i, image)| {
            let file = PathBuf::from(format!("{:08}.png", self.rows + i as u64));
            let class = labels.and_then(|labels| labels.get(i)).map(|&class| self.name(class));
            let path = class.into_iter().fold(folder.path().to_owned(), |path, class| path.join(class));
            std::fs::write(path.join(file), self.encode(image).map_err(io::Error::other)?)
        })?;
        self.rows += (images.pixels.len() / self.shape.values()) as u64;
        Ok(())
    }

    fn name(&self, class: u16) -> String {
        self.names.get(usize::from(class)).cloned().unwrap_or_else(|| class.to_string())
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

/// Whether a name can be that of a folder anywhere, and one that is found again: hidden ones are not.
fn is_folder_name(name: &str) -> bool {
    let bad = |c: char| c.is_control() || r#"/\:*?"<>|"#.contains(c);
    let ends = !name.starts_with('.') && !name.ends_with(['.', ' ']);
    ends && name.len() <= 255 && !name.contains(bad) && name != CLASSES
}
