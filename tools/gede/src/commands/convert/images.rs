//! The options of `gede convert` on images.

use gede::arrow::{ImageFormat, ImageInput, LabelFile, PictureStorage, PixelColumn};
use gede::image::ImageShape;
use std::path::PathBuf;
use std::str::FromStr;

/// How images come in, and what they are written to.
#[derive(clap::Args)]
#[command(next_help_heading = "Options for images")]
pub struct Images {
    /// Write the images of a gede file into a new folder OUT, in this format
    #[arg(long)]
    format: Option<Format>,
    /// Labels of an IDX file of images, or none [default: the file of labels next to it, by name]
    #[arg(long, value_name = "FILE|none")]
    labels: Option<PathBuf>,
    /// Column of a table that holds pixels, and the shape of an image: HxW, HxWxC, or CxHxW for channels one after another;
    /// none leaves all columns as they are [default: detected]
    ///
    /// Without this option, columns of pictures are detected, and columns of pixels next to columns named height, width and
    /// channels.
    #[arg(long, value_name = "COL:HxWxC|none")]
    image: Option<Column>,
    /// Store pictures as pixels: all must have one size [default for PNG, WebP and BMP files of one size]
    #[arg(long)]
    pixels: bool,
    /// Store pictures as their original files [default for JPEG files, mixed sizes and large pictures]
    #[arg(long, conflicts_with_all = ["pixels", "resize"])]
    encoded: bool,
    /// Store pictures as pixels of this size: cropped around the centre to its proportions, then scaled
    #[arg(long, value_name = "HxW")]
    resize: Option<Size>,
    /// Leave out pictures that cannot be read, and list them
    #[arg(long)]
    skip_bad: bool,
}

/// The value of `--resize`.
#[derive(Clone, Copy)]
struct Size {
    height: u32,
    width: u32,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes = text.split(['x', 'X']).map(str::parse).collect::<Result<Vec<u32>, _>>();
        match sizes.as_deref() {
            Ok(&[height, width]) if height > 0 && width > 0 => Ok(Self { height, width }),
            _ => Err(format!("\"{text}\" is no size like 224x224")),
        }
    }
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// A file of images and one of labels, as those of MNIST
    Idx,
    /// Files of records, as those of CIFAR-10
    Cifar10,
    /// Files of records, as those of CIFAR-100
    Cifar100,
    /// A file for each image
    Png,
    /// The original files of pictures
    Files,
}

/// The value of `--image`.
#[derive(Clone)]
struct Column(PixelColumn);

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(PixelColumn::None));
        }
        let (name, size) = text.rsplit_once(':').ok_or("neither COL:HxWxC nor none")?;
        let sizes = size.split(['x', 'X']).map(str::parse).collect::<Result<Vec<u32>, _>>();
        let is_channels = |n: u32| matches!(n, 1 | 3 | 4);
        let (channels, height, width, interleaved) = match sizes.as_deref() {
            Ok(&[h, w]) => (1, h, w, false),
            Ok(&[h, w, c]) if is_channels(c) && !is_channels(h) => (c, h, w, c > 1),
            Ok(&[c, h, w]) if is_channels(c) && !is_channels(w) => (c, h, w, false),
            Ok(&[_, _, _]) => {
                return Err("either the first or the last size, and not both, is that of 1, 3 or 4 channels"
                    .to_owned());
            }
            _ => return Err(format!("\"{size}\" is no size like 28x28, 32x32x3 or 3x32x32")),
        };
        let shape = ImageShape::new(channels as u8, height, width, interleaved).map_err(|e| e.to_string())?;
        Ok(Self(PixelColumn::Of(name.to_owned(), shape)))
    }
}

impl Images {
    /// The format of `--format`.
    pub fn format(&self) -> Option<ImageFormat> {
        self.format.map(|format| match format {
            Format::Idx => ImageFormat::Idx,
            Format::Cifar10 => ImageFormat::Cifar10,
            Format::Cifar100 => ImageFormat::Cifar100,
            Format::Png => ImageFormat::Png,
            Format::Files => ImageFormat::Files,
        })
    }

    /// True if an option for images to import is given.
    pub fn is_for_input(&self) -> bool {
        let pictures = self.pixels || self.encoded || self.resize.is_some() || self.skip_bad;
        pictures || self.labels.is_some() || self.image.is_some()
    }

    /// How images come in.
    pub fn input(&self) -> ImageInput {
        ImageInput {
            labels: match &self.labels {
                None => LabelFile::Beside,
                Some(labels) if labels.as_os_str() == "none" => LabelFile::None,
                Some(labels) => LabelFile::At(labels.clone()),
            },
            column: self.image.as_ref().map_or(PixelColumn::Auto, |column| column.0.clone()),
            storage: match (self.resize, self.encoded, self.pixels) {
                (Some(Size { height, width }), ..) => PictureStorage::Resized { height, width },
                (_, true, _) => PictureStorage::Files,
                (_, _, true) => PictureStorage::Pixels,
                _ => PictureStorage::Auto,
            },
            skip_bad: self.skip_bad,
        }
    }
}
