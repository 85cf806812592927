//! Columns of images: Arrow's canonical extension type `arrow.fixed_shape_tensor` of unsigned bytes.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use serde::Deserialize;

use crate::image::ImageShape;

const NAME_KEY: &str = "ARROW:extension:name";
const METADATA_KEY: &str = "ARROW:extension:metadata";
const NAME: &str = "arrow.fixed_shape_tensor";

/// What the extension's metadata say.
#[derive(Deserialize)]
struct Tensor {
    shape: Vec<u32>,
    dim_names: Option<Vec<String>>,
    permutation: Option<Vec<usize>>,
}

/// The shape of a field's images, if it holds images: tensors of unsigned bytes that are never null, of
/// two dimensions (height, width) or three, where the channels are first or last by their name or,
/// without names, by their number of 1, 3 or 4.
pub fn image_shape(field: &Field) -> Option<ImageShape> {
    let DataType::FixedSizeList(item, length) = field.data_type() else { return None };
    if field.is_nullable() || item.data_type() != &DataType::UInt8 || field.metadata().get(NAME_KEY)? != NAME
    {
        return None;
    }
    let tensor: Tensor = serde_json::from_str(field.metadata().get(METADATA_KEY)?).ok()?;
    if tensor.permutation.is_some_and(|p| !p.is_sorted()) {
        return None;
    }
    let names = tensor.dim_names.unwrap_or_default();
    let is_channels = |at: usize, count: u32| match names.get(at) {
        Some(name) => name.to_lowercase().starts_with('c'),
        None => matches!(count, 1 | 3 | 4),
    };
    let (channels, height, width, interleaved) = match tensor.shape[..] {
        [height, width] => (1, height, width, false),
        [height, width, channels] if is_channels(2, channels) => (channels, height, width, true),
        [channels, height, width] if is_channels(0, channels) => (channels, height, width, false),
        _ => return None,
    };
    let shape = ImageShape::new(u8::try_from(channels).ok()?, height, width, interleaved).ok()?;
    (Some(shape.len()) == usize::try_from(*length).ok()).then_some(shape)
}

/// A field of images, never null.
pub fn image_field(name: &str, shape: ImageShape) -> Field {
    let ImageShape { channels, height, width, interleaved } = shape;
    let (shape, names) = match interleaved {
        true => ([height, width, channels.into()], ["H", "W", "C"]),
        false => ([channels.into(), height, width], ["C", "H", "W"]),
    };
    let metadata = serde_json::json!({ "shape": shape, "dim_names": names });
    let length: u32 = shape.iter().product();
    let item = Arc::new(Field::new_list_field(DataType::UInt8, false));
    Field::new(name, DataType::FixedSizeList(item, length as i32), false).with_metadata(HashMap::from([
        (NAME_KEY.to_owned(), NAME.to_owned()),
        (METADATA_KEY.to_owned(), metadata.to_string()),
    ]))
}
