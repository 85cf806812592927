//! Sets whose images are the same but keep the coder from using one of its parts.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use gede::arrow::image_field;
use gede::image::ImageShape;
use gede::{Error, ErrorKind, Result};

use super::sets::ImageSet;

/// The part of the coder that is disabled.
#[derive(Clone, Copy, PartialEq)]
pub enum Without {
    /// Colour transforms are for three channels: a fourth, all zeros, follows them. It takes no bits but
    /// a few in tables, and code groups still join the channels.
    Colour,
    /// Channels are stacked vertically in an image of one channel: no colour, and no groups across channels.
    ChannelsTogether,
}

impl Without {
    /// The part that is left out, and the way it is done.
    pub fn name(self) -> &'static str {
        match self {
            Self::Colour => "no colour transform (a 4th channel of zeros keeps it away)",
            Self::ChannelsTogether => "channels apart (below one another in a gray image)",
        }
    }

    /// The set with its images of three channels so dressed. They still begin with the same bytes, if those
    /// were planes.
    pub fn dress(self, set: &ImageSet) -> Result<ImageSet> {
        let ImageShape { height, width, .. } = set.shape;
        let shape = match self {
            Self::Colour => ImageShape::new(4, height, width, false),
            Self::ChannelsTogether => ImageShape::new(1, 3 * height, width, false),
        }?;
        let mut pixels = Vec::with_capacity(set.len() * shape.values());
        for image in set.images() {
            pixels.extend_from_slice(image);
            pixels.resize(pixels.len().next_multiple_of(shape.values()), 0);
        }
        let batch = batch(set, image_field(set.field().name(), shape), pixels);
        let batch = batch.map_err(|e| Error::new(ErrorKind::Type, e.to_string()))?;
        ImageSet::new(set.name.clone(), batch.schema(), vec![batch])
    }
}

/// The images of a field with the labels of the set.
fn batch(set: &ImageSet, field: Field, pixels: Vec<u8>) -> std::result::Result<RecordBatch, ArrowError> {
    let DataType::FixedSizeList(item, length) = field.data_type() else {
        return Err(ArrowError::SchemaError("no field of images".to_owned()));
    };
    let values = Arc::new(UInt8Array::from(pixels));
    let images: ArrayRef = Arc::new(FixedSizeListArray::try_new(item.clone(), *length, values, None)?);
    let fields: Vec<Arc<Field>> =
        [Arc::new(field)].into_iter().chain(set.labels.schema_ref().fields().iter().cloned()).collect();
    let columns = [images].into_iter().chain(set.labels.columns().iter().cloned()).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
