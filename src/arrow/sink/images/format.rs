//! The kinds of image files, and the images of a batch on their way to them.

/// The kinds of files that images are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageFormat {
    /// `images-idx3-ubyte`, and `labels-idx1-ubyte` if there are labels: images of 1 channel, labels from 0 to 255.
    Idx,
    /// `data_batch_1.bin` and so on, of 10,000 images of 3 x 32 x 32 each; `batches.meta.txt` if classes have names.
    Cifar10,
    /// `train.bin` of images of 3 x 32 x 32 with a `coarse_label` and a fine one, and files of the classes' names.
    Cifar100,
    /// A folder for each class (of its name, or else its number) of PNG files that are named by their row; `classes.txt`
    /// has the names in order. Without labels, the PNG files alone.
    #[cfg(feature = "images")]
    Png,
    /// Pictures that are kept as files: these, under the names they had, in a folder for each class.
    #[cfg(feature = "images")]
    Files,
}

impl ImageFormat {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idx => "IDX",
            Self::Cifar10 => "CIFAR-10",
            Self::Cifar100 => "CIFAR-100",
            #[cfg(feature = "images")]
            Self::Png => "PNG",
            #[cfg(feature = "images")]
            Self::Files => "the original",
        }
    }
}

/// The images of a batch, one after the other in the order of their shape, and the labels of each.
pub(super) struct Images<'b> {
    pub pixels: &'b [u8],
    pub labels: Vec<Vec<u16>>,
}
