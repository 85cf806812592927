//! Columns of images: Arrow's canonical extension type `arrow.fixed_shape_tensor` of unsigned bytes.

use std::collections::HashMap;
use std::sync::Arc;

#[cfg(feature = "images")]
use arrow::datatypes::Fields;
use arrow::datatypes::{DataType, Field};
use serde::Deserialize;

use crate::format::image_shape::ImageShape;

const NAME_KEY: &str = "ARROW:extension:name";
const METADATA_KEY: &str = "ARROW:extension:metadata";
const NAME: &str = "arrow.fixed_shape_tensor";

/// Metadata of the extension.
#[derive(Deserialize)]
struct Tensor {
    shape: Vec<u32>,
    dim_names: Option<Vec<String>>,
    permutation: Option<Vec<usize>>,
}

/// The shape of a field's images, if it holds images: tensors of unsigned bytes that are never null. The names of
/// the dimensions give their order; where there are none, a dimension of 1, 3 or 4 is taken for the channels.
pub fn image_shape(field: &Field) -> Option<ImageShape> {
    let DataType::FixedSizeList(item, length) = field.data_type() else { return None };
    if field.is_nullable() || item.data_type() != &DataType::UInt8 || field.metadata().get(NAME_KEY)? != NAME
    {
        return None;
    }
    let shape = tensor_shape(field.metadata().get(METADATA_KEY)?)?;
    (Some(shape.values()) == usize::try_from(*length).ok()).then_some(shape)
}

fn tensor_shape(json: &str) -> Option<ImageShape> {
    let tensor: Tensor = serde_json::from_str(json).ok()?;
    if tensor.dim_names.is_none() && tensor.permutation.is_some_and(|p| !p.iter().copied().eq(0..p.len())) {
        return None;
    }
    let initial = |name: &String| name.chars().next().map_or('?', |c| c.to_ascii_uppercase());
    let names = tensor.dim_names.map(|names| names.iter().map(initial).collect::<String>());
    let is_channels = |n: u32| matches!(n, 1 | 3 | 4);
    let (channels, height, width, interleaved) = match (tensor.shape.as_slice(), names.as_deref()) {
        (&[h, w], None | Some("HW")) => (1, h, w, false),
        (&[c, h, w], Some("CHW")) => (c, h, w, false),
        (&[h, w, c], Some("HWC")) => (c, h, w, true),
        (&[c, h, w], None) if is_channels(c) && !is_channels(w) => (c, h, w, false),
        (&[h, w, c], None) if is_channels(c) && !is_channels(h) => (c, h, w, true),
        _ => return None,
    };
    ImageShape::new(u8::try_from(channels).ok()?, height, width, interleaved && channels > 1).ok()
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

/// The parts of a picture that is kept as a file: its bytes, and the name it had.
#[cfg(feature = "images")]
pub fn picture_fields() -> Fields {
    Fields::from(vec![
        Field::new("bytes", DataType::Binary, false),
        Field::new("path", DataType::Utf8, false),
    ])
}

/// A field of pictures that are kept as files, as the `datasets` library has them, too.
#[cfg(feature = "images")]
pub fn pictures_field(name: &str) -> Field {
    Field::new(name, DataType::Struct(picture_fields()), false)
}

/// True if a field is a struct of a picture's bytes and its path.
#[cfg(feature = "images")]
pub fn holds_pictures(field: &Field) -> bool {
    let DataType::Struct(parts) = field.data_type() else { return false };
    parts.len() == 2
        && parts.find("bytes").is_some_and(|(_, bytes)| bytes.data_type().is_binary())
        && parts.find("path").is_some_and(|(_, path)| path.data_type().is_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_told_by_their_names_or_their_sizes() {
        let shape = |channels, interleaved| ImageShape::new(channels, 5, 7, interleaved).ok();
        for (json, expected) in [
            (r#"{"shape":[3,5,7],"dim_names":["C","H","W"]}"#, shape(3, false)),
            (
                r#"{"shape":[5,7,3],"dim_names":["height","width","channels"],"permutation":[2,0,1]}"#,
                shape(3, true),
            ),
            (r#"{"shape":[3,5,7]}"#, shape(3, false)),
            (r#"{"shape":[5,7,3]}"#, shape(3, true)),
            (r#"{"shape":[5,7]}"#, shape(1, false)),
            (r#"{"shape":[5,7,1],"dim_names":["H","W","C"]}"#, shape(1, false)),
        ] {
            assert_eq!(tensor_shape(json), expected, "{json}");
        }
        for json in [
            "",
            "{}",
            r#"{"shape":[3,5,3]}"#,
            r#"{"shape":[5]}"#,
            r#"{"shape":[2,3,5,7],"dim_names":["N","C","H","W"]}"#,
            r#"{"shape":[3,5,7],"dim_names":["C","W","H"]}"#,
            r#"{"shape":[3,5,7],"permutation":[2,0,1]}"#,
            r#"{"shape":[3,-5,7]}"#,
        ] {
            assert!(tensor_shape(json).is_none(), "{json}");
        }
    }

    #[test]
    fn a_field_says_the_shape_it_was_made_of() {
        for shape in [
            ImageShape::new(3, 5, 7, true),
            ImageShape::new(1, 28, 28, false),
            ImageShape::new(3, 3, 3, false),
        ] {
            let shape = shape.ok();
            assert!(
                shape.is_some() && shape.map(|s| image_field("x", s)).and_then(|f| image_shape(&f)) == shape
            );
        }
    }
}
