//! The kind of an input, by its first bytes or its name.

use std::io::Read;
use std::path::Path;

use super::compressed::{content_name, failed, is_compressed, open_decompressed};
#[cfg(feature = "images")]
use super::images::Folder;
use super::images::{
    Cifar, Idx, ImageInput, LabelFile, PictureStorage, is_cifar, looks_like_idx, looks_like_pickle, pickle,
    with_images,
};
use super::kinds::{InputKind, Opened, TABLE_KINDS, TableKind, Takes};
use super::libsvm::LibsvmInput;
use super::options::InputOptions;
use super::{BatchSource, entries, open};
use crate::error::{Error, ErrorKind, Result};

/// Why a pickle is refused.
const PICKLE: &str = "is a pickle of Python, a program that is not run; of CIFAR take the binary version \
                      (cifar-10-binary.tar.gz or cifar-100-binary.tar.gz: files that end in .bin)";

/// Opens a table, or a set of images.
pub(crate) fn detect(path: &Path, options: &InputOptions) -> Result<Box<dyn BatchSource>> {
    let images = &options.images;
    let refuse = |what: &str| Err(Error::new(ErrorKind::Input, format!("{}: {what}", path.display())));
    if path.is_dir() {
        no_text_options(path, options, Kind::Unknown)?;
        no_label_file(path, images)?;
        let entries = entries(path)?;
        if let Some(file) = pickle(&entries) {
            return Err(Error::new(ErrorKind::Input, format!("{}: {PICKLE}", file.display())));
        }
        return match entries.iter().any(|p| is_cifar(p)) {
            true => no_pictures(path, images)
                .and_then(|()| Ok(Box::new(Cifar::open(path)?) as Box<dyn BatchSource>)),
            #[cfg(feature = "images")]
            false => Ok(Box::new(Folder::open(path, images)?)),
            #[cfg(not(feature = "images"))]
            false => refuse("is a folder without CIFAR files (.bin)"),
        };
    }
    let mut start = Vec::new();
    let read = open(path)?.take(START).read_to_end(&mut start);
    read.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
    let compressed = is_compressed(&start);
    if compressed {
        start.clear();
        let read = open_decompressed(path)?.take(START).read_to_end(&mut start);
        read.map_err(|e| failed(path, e))?;
    }
    if start.starts_with(b"PARE") {
        return refuse("is encrypted Parquet; decrypt it first");
    }
    if start.starts_with(b"FEA1") {
        return refuse(
            "is Feather version 1; rewrite it as version 2 (pyarrow.feather reads and writes both)",
        );
    }
    if let Some(by) = packed(&start) {
        return refuse(&format!("is compressed by {by}; unpack it first"));
    }
    let name = content_name(path);
    let extension = match options.kind {
        Some(kind) => kind.name().to_owned(),
        None => name.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase(),
    };
    let kind = kind(&start, &extension, options);
    no_text_options(path, options, kind)?;
    let table: Box<dyn BatchSource> = match kind {
        Kind::Pickle => return refuse(PICKLE),
        Kind::Unknown => {
            let tables: Vec<&str> = TABLE_KINDS.iter().map(|kind| kind.described).collect();
            return refuse(&format!(
                "is none of {}, IDX and CIFAR (.bin); --from reads a file of another name as what it is",
                tables.join(", ")
            ));
        }
        Kind::Idx => {
            no_pictures(path, images)?;
            return Ok(Box::new(Idx::open(path, &images.labels)?));
        }
        Kind::Table(kind) if kind.is_text || !compressed => {
            let (csv, libsvm) = (&options.csv, &options.libsvm);
            (kind.open)(&Opened { path, start: &start, extension: &extension, csv, libsvm })?
        }
        Kind::Cifar if !compressed => {
            no_pictures(path, images)?;
            Box::new(Cifar::open(path)?)
        }
        Kind::Table(_) | Kind::Cifar => {
            return refuse("is compressed; only text is read so, unpack it first");
        }
    };
    no_label_file(path, images)?;
    with_images(path, table, images)
}

/// The kind of a file, by its first bytes, then its name, then the looks of its text.
fn kind(start: &[u8], extension: &str, options: &InputOptions) -> Kind {
    let table = TableKind::by_signature(start).or_else(|| TableKind::by_extension(extension));
    let text = || TableKind::by_text(&String::from_utf8_lossy(start));
    match table {
        Some(table) => Kind::Table(table),
        None if extension == "bin" => Kind::Cifar,
        None if looks_like_idx(start) => Kind::Idx,
        None if looks_like_pickle(start) => Kind::Pickle,
        // Options on CSV text say what text of another name is.
        None if !options.csv.is_default() => {
            TableKind::by_extension(InputKind::Csv.name()).map_or(Kind::Unknown, Kind::Table)
        }
        None => text().map_or(Kind::Unknown, Kind::Table),
    }
}

/// Fails if options on pictures are given to a set of pixels.
fn no_pictures(path: &Path, images: &ImageInput) -> Result<()> {
    if images.storage == PictureStorage::Auto && !images.skip_bad {
        return Ok(());
    }
    let path = path.display();
    Err(Error::argument(format!(
        "{path}: holds pixels, not pictures, which --pixels, --encoded, --resize and --skip-bad are for"
    )))
}

/// Bytes from which the kind of a file is found.
const START: u64 = 64 << 10;

/// The kind of a file.
#[derive(Clone, Copy)]
enum Kind {
    Table(&'static TableKind),
    Cifar,
    Idx,
    Pickle,
    Unknown,
}

/// The program that packed a file in a way that is not read, if one did.
fn packed(start: &[u8]) -> Option<&'static str> {
    if start.get(4..10) == Some(&b"1AY&SY"[..]) && start.starts_with(b"BZh") {
        return Some("bzip2");
    }
    let kinds: [(&[u8], _); 4] = [
        (b"PK\x03\x04", "zip (as .xlsx files are)"),
        (b"\xFD7zXZ\0", "xz"),
        (b"7z\xBC\xAF\x27\x1C", "7-Zip"),
        (b"\x1F\x8B", "gzip twice"),
    ];
    kinds.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
}

/// Fails if options on text are given for an input of another kind.
fn no_text_options(path: &Path, options: &InputOptions, kind: Kind) -> Result<()> {
    let refuse = |what| Err(Error::argument(format!("{}: {what}", path.display())));
    let takes = if let Kind::Table(kind) = kind { kind.takes } else { Takes::Nothing };
    if takes != Takes::Csv && !options.csv.is_default() {
        return refuse("is not CSV, so options on CSV text (--delimiter, --type and the like) do not fit it");
    }
    if takes != Takes::Libsvm && options.libsvm != LibsvmInput::default() {
        return refuse("is not LIBSVM text, so --dense does not fit it");
    }
    Ok(())
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
