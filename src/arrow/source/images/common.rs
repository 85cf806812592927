//! The common properties of a set's pictures, which decide how they are stored: as pixels or as files.

use std::collections::BTreeMap;

use super::PictureStorage;
use crate::codec::picture::Head;
use crate::codec::picture::Refusal;
use crate::format::image_shape::ImageShape;
use crate::format::schema_builder::MAX_LANES;

/// How the pictures of a set are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stored {
    /// The bytes of their files.
    Files,
    /// Pixels of one shape; with `fit`, those of another size are cut and scaled to it.
    Pixels { shape: ImageShape, fit: bool },
}

/// The common properties of a set's pictures.
#[derive(Default)]
pub struct Common {
    wanted: PictureStorage,
    size: Option<(u32, u32)>,
    channels: u8,
    /// How many there are of each kind of file.
    kinds: BTreeMap<&'static str, u64>,
    smallest: (u32, u32),
    largest: (u32, u32),
    /// True if some would lose as pixels, or have another size than the first.
    are_mixed: bool,
}

impl Common {
    /// For a way to store them.
    pub fn new(wanted: PictureStorage) -> Self {
        Self { wanted, smallest: (u32::MAX, u32::MAX), ..Self::default() }
    }

    /// Adds a picture.
    ///
    /// # Errors
    /// Why it cannot be stored as wanted.
    pub fn add(&mut self, head: &Head) -> Result<(), Refusal> {
        let size = (head.width, head.height);
        *self.kinds.entry(head.name()).or_default() += 1;
        self.smallest = (self.smallest.0.min(size.0), self.smallest.1.min(size.1));
        self.largest = (self.largest.0.max(size.0), self.largest.1.max(size.1));
        let first = *self.size.get_or_insert(size);
        let deep = head.channels.is_none().then(|| "it has more than 8 bits a channel".to_owned());
        let other = (size != first).then(|| {
            let ((width, height), (first_width, first_height)) = (size, first);
            format!("{width} x {height} pixels where those before have {first_width} x {first_height}")
        });
        match self.wanted {
            PictureStorage::Pixels => {
                if let Some(why) = deep {
                    return Err(format!("{why}; leave --pixels out to keep the files"));
                }
                if let Some(why) = other {
                    return Err(format!("{why}; --resize HxW makes them one size"));
                }
            }
            PictureStorage::Resized { .. } => {
                if let Some(why) = deep {
                    return Err(format!("{why}; leave --resize out to keep the files"));
                }
            }
            PictureStorage::Auto => self.are_mixed |= head.is_lossy() || other.is_some() || deep.is_some(),
            PictureStorage::Files => {}
        }
        if let Some(channels) = head.channels {
            self.channels = self.channels.max(channels);
        }
        Ok(())
    }

    /// How they are stored; none if there are none.
    ///
    /// # Errors
    /// Why they cannot be stored as wanted.
    pub fn stored(&self) -> Result<Option<Stored>, Refusal> {
        let Some((width, height)) = self.size else { return Ok(None) };
        let shape =
            |height, width| ImageShape::new(self.channels, height, width, false).map_err(|e| e.to_string());
        Ok(Some(match self.wanted {
            PictureStorage::Files => Stored::Files,
            PictureStorage::Auto if self.are_mixed => Stored::Files,
            PictureStorage::Auto => {
                let shape = shape(height, width)?;
                if fits(shape).is_ok() { Stored::Pixels { shape, fit: false } } else { Stored::Files }
            }
            PictureStorage::Pixels => Stored::Pixels { shape: fits(shape(height, width)?)?, fit: false },
            PictureStorage::Resized { height, width } => {
                Stored::Pixels { shape: fits(shape(height, width)?)?, fit: true }
            }
        }))
    }

    /// A note on how they are stored, where the user did not ask for it explicitly.
    pub fn note(&self, stored: Stored) -> Option<String> {
        let sizes = match self.smallest == self.largest {
            true => format!("of {} x {} pixels", self.largest.0, self.largest.1),
            false => format!(
                "of {} x {} to {} x {} pixels",
                self.smallest.0, self.smallest.1, self.largest.0, self.largest.1
            ),
        };
        match stored {
            Stored::Files => {
                let kinds = self.kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
                let kinds = kinds.collect::<Vec<_>>().join(", ");
                let why = if self.are_mixed { "" } else { ": they have more pixels than a row holds" };
                Some(format!(
                    "pictures are kept as files ({kinds}, {sizes}){why}; --resize HxW stores pixels"
                ))
            }
            Stored::Pixels { shape, fit: true } => {
                let (width, height) = (shape.width, shape.height);
                Some(format!("pictures {sizes} are cut and scaled to {width} x {height}"))
            }
            Stored::Pixels { .. } => None,
        }
    }
}

/// Fails for pixels that a row does not hold.
fn fits(shape: ImageShape) -> Result<ImageShape, Refusal> {
    // Some lanes are left for labels and the like.
    let most = MAX_LANES - 64;
    if shape.values() as u64 <= most {
        return Ok(shape);
    }
    let ImageShape { channels, height, width, .. } = shape;
    let side = (most / u64::from(channels)).isqrt();
    Err(format!(
        "pictures of {width} x {height} pixels in {channels} channels: as pixels at most {most} values are stored, \
         {side} x {side} in {channels} channels; leave --pixels out to keep the files, or make them smaller with \
         --resize HxW"
    ))
}
