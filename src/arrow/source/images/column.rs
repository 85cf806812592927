//! Tables with a column of pictures, or of pixels.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, FixedSizeBinaryArray, LargeBinaryArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, UInt8Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use super::super::{BatchSource, RecordBatches, unreadable};
use super::{ImageInput, PixelColumn, batch_images, image_array, refuse};
use crate::arrow::class_names::{CLASS_NAMES, FEATURES, class_names};
use crate::arrow::images::{image_field, image_shape};
use crate::error::{Error, Result};
use crate::format::image_shape::ImageShape;

/// The columns that say how large pixels' images are.
const SIZES: [&str; 3] = ["height", "width", "channels"];

/// Content of a column of images.
enum Content {
    /// Files of pictures; with `fit`, those of another size are fitted to the images'.
    #[cfg(feature = "images")]
    Pictures { fit: bool },
    /// Pixels in the order of a shape.
    Pixels(ImageShape),
}

/// A table whose column of pictures or pixels comes as a column of images.
pub struct WithImages {
    path: PathBuf,
    table: Box<dyn BatchSource>,
    column: usize,
    content: Content,
    /// Shape of the images handed out: planes.
    shape: ImageShape,
    /// The columns of the images' sizes, which are left out: they are all the same.
    sizes: Option<[usize; 3]>,
    /// How many classes columns have, where they are named.
    classes: BTreeMap<usize, usize>,
    schema: SchemaRef,
    notes: Vec<String>,
}

/// The table with its pixels as a column of images; the table itself if it has none, or if it is empty.
pub fn with_pixels(
    path: &Path,
    table: Box<dyn BatchSource>,
    options: &ImageInput,
) -> Result<Box<dyn BatchSource>> {
    let column = &options.column;
    let found = match column {
        PixelColumn::Of(name, shape) => {
            let (number, field) = table.schema().column_with_name(name).ok_or_else(|| {
                Error::argument(format!("{}: there is no column \"{name}\"", path.display()))
            })?;
            if !holds_bytes(field) {
                let what = format!("column \"{name}\" of type {} holds no pixels", field.data_type());
                return Err(Error::argument(format!("{}: {what}", path.display())));
            }
            Some((number, *shape, None))
        }
        _ if table.schema().fields().iter().any(|f| image_shape(f).is_some()) => None,
        _ => match pixels(table.schema()) {
            Some((column, sizes)) => {
                first_shape(path, table.as_ref(), sizes)?.map(|shape| (column, shape, Some(sizes)))
            }
            None => None,
        },
    };
    Ok(match found {
        Some((column, shape, sizes)) => {
            let planes = ImageShape { interleaved: false, ..shape };
            Box::new(WithImages::new(path, table, column, Content::Pixels(shape), planes, sizes))
        }
        None => table,
    })
}

impl WithImages {
    fn new(
        path: &Path,
        table: Box<dyn BatchSource>,
        column: usize,
        content: Content,
        shape: ImageShape,
        sizes: Option<[usize; 3]>,
    ) -> Self {
        let before = table.schema();
        let names = class_names(before);
        let classes =
            names.iter().filter_map(|(name, names)| Some((before.index_of(name).ok()?, names.len())));
        let classes = classes.collect();
        let mut metadata: HashMap<_, _> = before.metadata().clone();
        if metadata.remove(FEATURES).is_some() && !names.is_empty() {
            metadata.entry(CLASS_NAMES.to_owned()).or_insert_with(|| serde_json::json!(names).to_string());
        }
        let fields =
            before.fields().iter().enumerate().filter(|(i, _)| !sizes.is_some_and(|s| s.contains(i)));
        let fields = fields.map(|(i, field)| match i == column {
            true => Arc::new(image_field(field.name(), shape)),
            false => field.clone(),
        });
        let schema = Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), metadata));
        let (path, notes) = (path.to_owned(), Vec::new());
        Self { path, table, column, content, shape, sizes, classes, schema, notes }
    }

    /// A table whose column of pictures comes as pixels.
    #[cfg(feature = "images")]
    pub fn from_pictures(
        path: &Path,
        table: Box<dyn BatchSource>,
        column: usize,
        shape: ImageShape,
        fit: bool,
        notes: Vec<String>,
    ) -> Self {
        Self { notes, ..Self::new(path, table, column, Content::Pictures { fit }, shape, None) }
    }

    /// A batch whose first row is `row`.
    fn batch(&self, batch: &RecordBatch, row: u64) -> Result<RecordBatch> {
        let in_row = |i: usize, why: String| refuse(&self.path, format!("row {}: {why}", row + i as u64));
        let failed = |e| unreadable(&self.path, e);
        self.check_sizes(batch).map_err(failed)?.map_or(Ok(()), |(i, why)| Err(in_row(i, why)))?;
        for (&column, &classes) in &self.classes {
            let labels = cast(batch.column(column), &DataType::Int64).map_err(failed)?;
            let bad = labels.as_primitive::<Int64Type>().iter().enumerate().find_map(|(i, label)| {
                label.filter(|&l| usize::try_from(l).map_or(true, |l| l >= classes)).map(|label| (i, label))
            });
            if let Some((i, label)) = bad {
                let name = batch.schema_ref().field(column).name();
                return Err(in_row(i, format!("{name} {label} where classes are 0 to {}", classes - 1)));
            }
        }
        let cells = cells(batch.column(self.column).as_ref()).map_err(failed)?;
        let mut out = vec![0; cells.len() * self.shape.values()];
        // The first row that is wrong, whichever thread is the first to find one.
        let bad = out.par_chunks_mut(self.shape.values()).enumerate().find_map_first(|(i, out)| {
            if cells.is_null(i) {
                return Some(in_row(i, "it has no image".to_owned()));
            }
            self.image(cells.value(i), out).err().map(|why| in_row(i, why))
        });
        bad.map_or(Ok(()), Err)?;
        let mut columns = Vec::with_capacity(batch.num_columns());
        let mut images = Some(out);
        for (i, column) in batch.columns().iter().enumerate() {
            match images.take_if(|_| i == self.column) {
                Some(out) => {
                    let field = self.schema.field(columns.len());
                    columns.push(image_array(field, out).map_err(failed)?);
                }
                None if self.sizes.is_some_and(|sizes| sizes.contains(&i)) => {}
                None => columns.push(column.clone()),
            }
        }
        RecordBatch::try_new(self.schema.clone(), columns).map_err(failed)
    }

    /// The planes of a cell, or what is wrong with it.
    fn image(&self, cell: &[u8], out: &mut [u8]) -> std::result::Result<(), String> {
        match &self.content {
            #[cfg(feature = "images")]
            Content::Pictures { fit } => crate::codec::picture::planes(cell, self.shape, *fit, out),
            Content::Pixels(shape) => {
                if cell.len() != shape.values() {
                    let ImageShape { height, width, channels, .. } = shape;
                    let sizes = format!("{height} x {width} x {channels}");
                    return Err(format!(
                        "{} bytes of pixels where an image of {sizes} has {}",
                        cell.len(),
                        shape.values()
                    ));
                }
                for (channel, plane) in out.chunks_exact_mut(shape.area()).enumerate() {
                    let first = if shape.interleaved { channel } else { channel * shape.area() };
                    let from = cell.iter().skip(first).step_by(shape.step());
                    plane.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                }
                Ok(())
            }
        }
    }

    /// The first row whose image is of another size than the first of all.
    fn check_sizes(&self, batch: &RecordBatch) -> std::result::Result<Option<(usize, String)>, ArrowError> {
        let Some(columns) = self.sizes else { return Ok(None) };
        let ImageShape { height, width, channels, .. } = self.shape;
        let wanted = [height.into(), width.into(), channels.into()];
        for ((column, wanted), name) in columns.into_iter().zip(wanted).zip(SIZES) {
            let sizes = cast(batch.column(column), &DataType::Int64)?;
            let mut sizes = sizes.as_primitive::<Int64Type>().iter().enumerate();
            if let Some((i, size)) = sizes.find(|(_, size)| *size != Some(wanted)) {
                let size = size.map_or("null".to_owned(), |size| size.to_string());
                let why = format!(
                    "{name} {size} where the first image has {wanted}; all images of a set are of one size"
                );
                return Ok(Some((i, why)));
            }
        }
        Ok(None)
    }
}

impl BatchSource for WithImages {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        self.table.rows()
    }

    fn notes(&self) -> Vec<String> {
        self.table.notes().into_iter().chain(self.notes.iter().cloned()).collect()
    }

    fn forget(&mut self) {
        self.table.forget();
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let most = batch_images(self.shape);
        let mut batches = self.table.batches()?;
        let (mut rest, mut row): (Option<RecordBatch>, u64) = (None, 0);
        Ok(Box::new(std::iter::from_fn(move || {
            // A table's batches are of rows, whatever the size of an image in them.
            let batch = match rest.take().map(Ok).or_else(|| batches.next())? {
                Ok(batch) => batch,
                error => return Some(error),
            };
            let rows = batch.num_rows().min(most);
            rest = (rows < batch.num_rows()).then(|| batch.slice(rows, batch.num_rows() - rows));
            let first = row;
            row += rows as u64;
            Some(self.batch(&batch.slice(0, rows), first))
        })))
    }
}

/// True if a column may hold pixels.
fn holds_bytes(field: &Field) -> bool {
    match field.data_type() {
        DataType::FixedSizeList(item, _) => item.data_type() == &DataType::UInt8,
        DataType::FixedSizeBinary(_) => true,
        data_type => data_type.is_binary(),
    }
}

/// The one column that may hold pixels, and those of the images' sizes.
fn pixels(schema: &Schema) -> Option<(usize, [usize; 3])> {
    let integer =
        |name| schema.column_with_name(name).filter(|(_, f)| f.data_type().is_integer()).map(|(i, _)| i);
    let [height, width, channels] = SIZES.map(integer);
    let mut bytes = schema.fields().iter().enumerate().filter(|(_, f)| holds_bytes(f));
    let (column, _) = bytes.next()?;
    bytes.next().is_none().then_some((column, [height?, width?, channels?]))
}

/// The shape of the first image; none if there are no rows.
fn first_shape(path: &Path, table: &dyn BatchSource, sizes: [usize; 3]) -> Result<Option<ImageShape>> {
    for batch in table.project(sizes.to_vec())? {
        let batch = batch?;
        if batch.num_rows() == 0 {
            continue;
        }
        let size = |name| -> std::result::Result<u32, ArrowError> {
            let sizes =
                batch.column_by_name(name).map(|column| cast(column, &DataType::Int64)).transpose()?;
            let first =
                sizes.map(|sizes| sizes.as_primitive::<Int64Type>().clone()).filter(|s| s.is_valid(0));
            // `ImageShape::new` refuses a size of 0, which stands for those that are null or out of range.
            Ok(first.and_then(|s| u32::try_from(s.value(0)).ok()).unwrap_or(0))
        };
        let read = || Ok([size("height")?, size("width")?, size("channels")?]);
        let [height, width, channels] = read().map_err(|e| unreadable(path, e))?;
        // As above, 0 for more channels than an image may have.
        let shape = ImageShape::new(u8::try_from(channels).unwrap_or(0), height, width, channels > 1);
        return shape.map(Some).map_err(|e| refuse(path, format!("row 0: {e}")));
    }
    Ok(None)
}

/// The bytes of each cell; null where there is no image.
pub fn cells(column: &dyn Array) -> std::result::Result<LargeBinaryArray, ArrowError> {
    let bytes = match column.data_type() {
        DataType::Struct(_) => {
            let pictures = column.as_struct();
            let bytes = pictures.column_by_name("bytes");
            let bytes = bytes.ok_or_else(|| ArrowError::SchemaError("pictures have no bytes".to_owned()))?;
            let bytes = cast(bytes, &DataType::LargeBinary)?;
            let (offsets, data, nulls) = bytes.as_binary::<i64>().clone().into_parts();
            let nulls = arrow::buffer::NullBuffer::union(nulls.as_ref(), pictures.nulls());
            return LargeBinaryArray::try_new(offsets, data, nulls);
        }
        DataType::FixedSizeList(..) => {
            let list = column.as_fixed_size_list();
            if list.values().null_count() > 0 {
                return Err(ArrowError::InvalidArgumentError("a pixel is null".to_owned()));
            }
            let pixels = list.values().as_primitive::<UInt8Type>().values().inner().clone();
            let start = list.value_offset(0) as usize;
            let pixels = pixels.slice_with_length(start, list.len() * list.value_length() as usize);
            Arc::new(FixedSizeBinaryArray::try_new(list.value_length(), pixels, list.nulls().cloned())?)
        }
        _ => cast(&column.slice(0, column.len()), &DataType::LargeBinary)?,
    };
    Ok(cast(&bytes, &DataType::LargeBinary)?.as_binary::<i64>().clone())
}
