//! Which columns are images, by their Arrow extension type.

use super::images::{ImageShape, Layout};
use crate::arrow::decode_schema;
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Reader, Source};
use arrow::datatypes::Field;
use serde::Deserialize;

const EXTENSION: &str = "arrow.fixed_shape_tensor";

/// The node and the shape of a column of images: of the wanted one, or of the first there is.
pub(super) fn image_column<S: Source>(
    reader: &Reader<S>,
    wanted: Option<usize>,
) -> Result<(usize, ImageShape)> {
    let arrow = reader.arrow_schema().map(decode_schema).transpose()?;
    let fields = arrow.iter().flat_map(|schema| schema.fields());
    let tensors = reader.schema().columns().zip(fields).filter(|(_, field)| is_tensor(field));
    let tensors: Vec<_> = tensors.filter(|(node, _)| wanted.is_none_or(|wanted| wanted == *node)).collect();
    let first = tensors.iter().find(|(_, field)| shape(field).is_ok()).or(tensors.first());
    let &(node, field) = first.ok_or_else(|| {
        let what = if wanted.is_some() { "the column" } else { "the file" };
        Error::argument(format!(
            "{what} has no images: they are columns of Arrow's extension type {EXTENSION}"
        ))
    })?;
    let shape = shape(field).map_err(|what| {
        Error::new(ErrorKind::Type, format!("column \"{}\": its tensors are no images: {what}", field.name()))
    })?;
    Ok((node, shape))
}

fn is_tensor(field: &Field) -> bool {
    field.metadata().get("ARROW:extension:name").is_some_and(|name| name == EXTENSION)
}

/// The metadata of the extension type, as far as it matters here.
#[derive(Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    dim_names: Option<Vec<String>>,
    permutation: Option<Vec<usize>>,
}

/// The shape of the images of a field, or what is wrong with it. Names of the dimensions tell their order; where
/// there are none, a dimension of 1, 3 or 4 is taken for the channels.
fn shape(field: &Field) -> std::result::Result<ImageShape, String> {
    let json = field.metadata().get("ARROW:extension:metadata").ok_or("they have no shape")?;
    let tensor: Tensor = serde_json::from_str(json).map_err(|e| format!("their metadata is damaged: {e}"))?;
    let names = tensor.dim_names.map(|names| names.iter().map(|name| initial(name)).collect::<String>());
    if names.is_none() && tensor.permutation.is_some_and(|p| !p.iter().copied().eq(0..p.len())) {
        return Err("their dimensions are permuted and have no names".to_owned());
    }
    let is_channels = |n: usize| matches!(n, 1 | 3 | 4);
    let planar = |channels, height, width| ImageShape { channels, height, width, layout: Layout::Planar };
    let interleaved = |height, width, channels| {
        let layout = if channels == 1 { Layout::Planar } else { Layout::Interleaved };
        ImageShape { channels, height, width, layout }
    };
    match (tensor.shape.as_slice(), names.as_deref()) {
        (&[h, w], None | Some("HW")) => Ok(planar(1, h, w)),
        (&[c, h, w], Some("CHW")) => Ok(planar(c, h, w)),
        (&[h, w, c], Some("HWC")) => Ok(interleaved(h, w, c)),
        (&[c, h, w], None) if is_channels(c) && !is_channels(w) => Ok(planar(c, h, w)),
        (&[h, w, c], None) if is_channels(c) && !is_channels(h) => Ok(interleaved(h, w, c)),
        (shape, None) => Err(format!("which dimension of {shape:?} is which? Say so in dim_names")),
        (shape, Some(names)) => {
            Err(format!("their shape is {shape:?} with dimensions {names}, not CHW, HWC or HW"))
        }
    }
}

/// `H` of `height`.
fn initial(name: &str) -> char {
    name.chars().next().map_or('?', |c| c.to_ascii_uppercase())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;

    fn shape_of(json: &str) -> std::result::Result<ImageShape, String> {
        let metadata = [("ARROW:extension:metadata".to_owned(), json.to_owned())].into();
        shape(&Field::new("x", DataType::Null, true).with_metadata(metadata))
    }

    #[test]
    fn dimensions_are_told_by_their_names_or_their_sizes() {
        let planar = ImageShape { channels: 3, height: 5, width: 7, layout: Layout::Planar };
        let interleaved = ImageShape { layout: Layout::Interleaved, ..planar };
        let grey = ImageShape { channels: 1, ..planar };
        for (json, expected) in [
            (r#"{"shape":[3,5,7],"dim_names":["C","H","W"]}"#, planar),
            (
                r#"{"shape":[5,7,3],"dim_names":["height","width","channels"],"permutation":[2,0,1]}"#,
                interleaved,
            ),
            (r#"{"shape":[3,5,7]}"#, planar),
            (r#"{"shape":[5,7,3]}"#, interleaved),
            (r#"{"shape":[5,7]}"#, grey),
            (r#"{"shape":[5,7,1],"dim_names":["H","W","C"]}"#, grey),
        ] {
            assert_eq!(shape_of(json).unwrap(), expected, "{json}");
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
            assert!(shape_of(json).is_err(), "{json}");
        }
    }
}
