//! Which columns of a table go into the files of images.

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, Schema, UInt8Type};
use arrow::record_batch::RecordBatch;

use super::format::{ImageFormat, Images};
use crate::arrow::class_names::class_names;
#[cfg(feature = "images")]
use crate::arrow::images::holds_pictures;
use crate::arrow::images::image_shape;
use crate::arrow::wrap;
use crate::error::{Error, ErrorKind, Result};
use crate::format::image_shape::ImageShape;

/// The columns of the images and of their labels.
pub struct Columns {
    pub content: Content,
    /// In the order in which files have them.
    pub labels: Vec<Label>,
}

/// The column of the images.
#[derive(Clone, Copy)]
pub enum Content {
    /// Pixels of a shape.
    Pixels(usize, ImageShape),
    /// Pictures that are kept as files.
    #[cfg(feature = "images")]
    Files(usize),
}

/// A column of classes.
pub struct Label {
    /// The names of the classes, if they have any.
    pub names: Vec<String>,
    column: usize,
    name: String,
    /// How many classes there may be.
    classes: usize,
}

impl Columns {
    /// Finds the columns, and refuses those that do not fit.
    pub fn find(schema: &Schema, format: ImageFormat, class: Option<&str>) -> Result<Self> {
        let content = content(schema, format)?;
        let image = match content {
            Content::Pixels(image, shape) => {
                check_shape(schema.field(image).name(), shape, format)?;
                image
            }
            #[cfg(feature = "images")]
            Content::Files(image) => image,
        };
        let mut others: Vec<usize> = (0..schema.fields().len()).filter(|&column| column != image).collect();
        let mut labels = Vec::new();
        if format == ImageFormat::Cifar100 {
            let coarse = schema.column_with_name("coarse_label").map(|(column, _)| column);
            let coarse = coarse.ok_or_else(|| {
                Error::argument("there is no column \"coarse_label\", which CIFAR-100 files hold")
            })?;
            others.retain(|&column| column != coarse);
            labels.push(Label::new(schema, coarse, 20, format)?);
        }
        let classes = match format {
            ImageFormat::Cifar10 => 10,
            ImageFormat::Cifar100 => 100,
            ImageFormat::Idx => 1 << 8,
            #[cfg(feature = "images")]
            ImageFormat::Png | ImageFormat::Files => 1 << 16,
        };
        let label = label(schema, &others, class)?;
        others.retain(|column| Some(*column) != label);
        match label {
            Some(label) => labels.push(Label::new(schema, label, classes, format)?),
            None if matches!(format, ImageFormat::Cifar10 | ImageFormat::Cifar100) => {
                return Err(Error::argument(format!(
                    "there are no labels, which {} files hold",
                    format.name()
                )));
            }
            None => {}
        }
        if let (Some(&other), None) = (others.first(), class) {
            let (other, format) = (schema.field(other).name(), format.name());
            return Err(Error::argument(format!(
                "column \"{other}\" has no place in {format} files; name the column of the class to leave others out"
            )));
        }
        Ok(Self { content, labels })
    }

    /// The shape of images that are pixels.
    pub fn shape(&self) -> Result<ImageShape> {
        match self.content {
            Content::Pixels(_, shape) => Ok(shape),
            #[cfg(feature = "images")]
            Content::Files(_) => Err(Error::argument("pictures that are kept as files have no one shape")),
        }
    }

    /// The images of a batch, whose first is that of a row.
    pub fn images<'b>(&self, batch: &'b RecordBatch, first_row: u64) -> Result<Images<'b>> {
        let labels = self.labels.iter().map(|label| label.of(batch, first_row)).collect::<Result<_>>()?;
        let (column, shape) = match self.content {
            Content::Pixels(column, shape) => (column, shape),
            #[cfg(feature = "images")]
            Content::Files(_) => return Ok(Images { pixels: &[], labels }),
        };
        let list = batch.column(column).as_fixed_size_list();
        let start = list.value_offset(0) as usize;
        let pixels = list.values().as_primitive::<UInt8Type>().values();
        let pixels = pixels.get(start..start + list.len() * shape.values());
        let pixels = pixels.ok_or_else(|| Error::argument("a batch has fewer pixels than its rows"))?;
        Ok(Images { pixels, labels })
    }
}

impl Label {
    fn new(schema: &Schema, column: usize, classes: usize, format: ImageFormat) -> Result<Self> {
        let field = schema.field(column);
        let name = field.name().clone();
        if !field.data_type().is_integer() {
            let why = format!("column \"{name}\" of type {} holds no numbers of classes", field.data_type());
            return Err(Error::new(ErrorKind::Type, why));
        }
        let names = class_names(schema).remove(&name).unwrap_or_default();
        if names.len() > classes {
            let (format, named) = (format.name(), names.len());
            let why = format!("column \"{name}\" has {named} classes; {format} files hold {classes}");
            return Err(Error::new(ErrorKind::Type, why));
        }
        let classes = if names.is_empty() { classes } else { names.len() };
        Ok(Self { names, column, name, classes })
    }

    /// The labels of a batch.
    fn of(&self, batch: &RecordBatch, first_row: u64) -> Result<Vec<u16>> {
        let labels =
            cast(batch.column(self.column), &DataType::Int64).map_err(|e| wrap(ErrorKind::Type, e))?;
        let labels = labels.as_primitive::<Int64Type>().iter().enumerate().map(|(i, label)| {
            let class = label.and_then(|label| u16::try_from(label).ok());
            class.filter(|&class| usize::from(class) < self.classes).ok_or_else(|| {
                let label = label.map_or("null".to_owned(), |label| label.to_string());
                let (row, name, most) = (first_row + i as u64, &self.name, self.classes - 1);
                Error::new(
                    ErrorKind::Type,
                    format!("row {row}: {name} {label} where classes are 0 to {most}"),
                )
            })
        });
        labels.collect()
    }
}

/// Fails for images that such files do not hold.
fn check_shape(name: &str, shape: ImageShape, format: ImageFormat) -> Result<()> {
    let (fits, what) = match format {
        ImageFormat::Idx => (shape.channels == 1, "images of 1 channel"),
        ImageFormat::Cifar10 | ImageFormat::Cifar100 => {
            ((shape.channels, shape.height, shape.width) == (3, 32, 32), "images of 3 x 32 x 32")
        }
        #[cfg(feature = "images")]
        ImageFormat::Png | ImageFormat::Files => {
            (matches!(shape.channels, 1 | 3 | 4), "images of 1, 3 or 4 channels")
        }
    };
    if !fits {
        let ImageShape { channels, height, width, .. } = shape;
        let why = format!(
            "column \"{name}\" has images of {channels} x {height} x {width}; {} files hold {what}",
            format.name()
        );
        return Err(Error::new(ErrorKind::Type, why));
    }
    Ok(())
}

/// The column whose images a kind of files holds.
fn content(schema: &Schema, format: ImageFormat) -> Result<Content> {
    #[cfg(feature = "images")]
    if let Some(column) = schema.fields().iter().position(|field| holds_pictures(field)) {
        let name = schema.field(column).name();
        if format == ImageFormat::Files {
            return Ok(Content::Files(column));
        }
        if !schema.fields().iter().any(|field| image_shape(field).is_some()) {
            let format = format.name();
            let why = format!(
                "column \"{name}\" has pictures that are kept as files, which are not turned into {format} files; write them with --format files"
            );
            return Err(Error::argument(why));
        }
    }
    #[cfg(feature = "images")]
    if format == ImageFormat::Files {
        return Err(Error::argument(
            "there is no column of pictures that are kept as files; pixels are written with --format png",
        ));
    }
    #[cfg(not(feature = "images"))]
    let _ = format;
    image(schema).map(|(column, shape)| Content::Pixels(column, shape))
}

/// The one column of images.
fn image(schema: &Schema) -> Result<(usize, ImageShape)> {
    let fields = schema.fields().iter().enumerate();
    let mut images = fields.filter_map(|(column, field)| Some((column, image_shape(field)?)));
    match (images.next(), images.next()) {
        (Some(image), None) => Ok(image),
        (None, _) => Err(Error::argument("there is no column of images")),
        (Some((first, _)), Some((second, _))) => Err(Error::argument(format!(
            "columns \"{}\" and \"{}\" both have images; such files hold one image a row",
            schema.field(first).name(),
            schema.field(second).name()
        ))),
    }
}

/// The column of the label among the others than the images; none if there are none.
fn label(schema: &Schema, others: &[usize], class: Option<&str>) -> Result<Option<usize>> {
    let find = |name: &str| others.iter().copied().find(|&column| schema.field(column).name() == name);
    if let Some(name) = class {
        let missing = || Error::argument(format!("there is no column \"{name}\" of labels"));
        return find(name).map(Some).ok_or_else(missing);
    }
    match (find("label").or_else(|| find("fine_label")), others) {
        (Some(label), _) => Ok(Some(label)),
        (None, []) => Ok(None),
        (None, &[only]) => Ok(Some(only)),
        (None, _) => {
            let names: Vec<_> = others.iter().map(|&column| schema.field(column).name().as_str()).collect();
            Err(Error::argument(format!("which column is the class? There are {}", names.join(", "))))
        }
    }
}
