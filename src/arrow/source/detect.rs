//! What an input is, by its first bytes or its name.

use std::io::Read;
use std::path::Path;

use super::csv::Csv;
#[cfg(feature = "images")]
use super::images::Folder;
use super::images::{Cifar, Idx, ImageInput, LabelFile, is_cifar, looks_like_idx, with_images};
use super::ipc::Ipc;
use super::libsvm::{Libsvm, looks_like_libsvm};
use super::options::InputOptions;
use super::parquet::Parquet;
use super::{Source, entries, open};
use crate::error::{Error, ErrorKind, Result};

/// Opens a table, or a set of images.
pub(in crate::arrow) fn detect(path: &Path, options: &InputOptions) -> Result<Box<dyn Source>> {
    let images = &options.images;
    let refuse = |what: &str| Err(Error::new(ErrorKind::Input, format!("{}: {what}", path.display())));
    if path.is_dir() {
        no_label_file(path, images)?;
        return match entries(path)?.iter().any(|p| is_cifar(p)) {
            true => Ok(Box::new(Cifar::open(path)?)),
            #[cfg(feature = "images")]
            false => Ok(Box::new(Folder::open(path)?)),
            #[cfg(not(feature = "images"))]
            false => refuse("is a folder without CIFAR files (.bin)"),
        };
    }
    let mut start = Vec::new();
    let read = open(path)?.take(64 << 10).read_to_end(&mut start);
    read.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let table: Box<dyn Source> = match extension.as_str() {
        _ if start.starts_with(b"PAR1") => Box::new(Parquet::open(path)?),
        _ if start.starts_with(b"ARROW1") => Box::new(Ipc::open(path, false)?),
        _ if start.starts_with(&[0xFF; 4]) => Box::new(Ipc::open(path, true)?),
        _ if start.starts_with(&[0x1F, 0x8B]) => return refuse("is compressed by gzip; unpack it first"),
        "parquet" => Box::new(Parquet::open(path)?),
        "arrow" | "feather" | "ipc" => Box::new(Ipc::open(path, false)?),
        "csv" => Box::new(Csv::open(path, b',')?),
        "tsv" => Box::new(Csv::open(path, b'\t')?),
        "libsvm" | "svm" => Box::new(Libsvm::open(path)?),
        "bin" => Box::new(Cifar::open(path)?),
        _ if looks_like_idx(&start) => return Ok(Box::new(Idx::open(path, &images.labels)?)),
        _ if looks_like_libsvm(&String::from_utf8_lossy(&start)) => Box::new(Libsvm::open(path)?),
        _ => {
            return refuse(
                "is none of Parquet, Arrow IPC, CSV (.csv, .tsv), LIBSVM text, IDX and CIFAR (.bin)",
            );
        }
    };
    no_label_file(path, images)?;
    with_images(path, table, &images.column)
}

/// Fails if a file of labels is given, which only IDX files need.
fn no_label_file(path: &Path, images: &ImageInput) -> Result<()> {
    match &images.labels {
        LabelFile::At(labels) => {
            let (path, labels) = (path.display(), labels.display());
            Err(Error::argument(format!("{path}: is no IDX file, so its labels are not in {labels}")))
        }
        _ => Ok(()),
    }
}
