//! Pictures of any kind and size come in as the files they are, and are decoded when they are read.

#![cfg(feature = "images")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/encoded_pictures.rs"]
mod encoded_pictures;
#[path = "common/image_sets.rs"]
mod image_sets;
#[path = "common/image_tables.rs"]
mod image_tables;

use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use encoded_pictures::*;
use gede::ErrorKind;
use gede::arrow::{ImageFolderWriter, ImageFormat, ImageInput, PictureStorage};
use gede::sample::{
    Amount, Draw, EncodedImages, Epochs, Images, LabelColumn, Loader, LoaderOptions, Pixels, State,
};
use image::ImageFormat::Jpeg;
use image_sets::*;
use image_tables::*;

#[test]
fn a_folder_of_mixed_pictures_keeps_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    let pictures = mixed(&set);
    let batch = read(&set);
    let names = ["a.JPG", "b.png", "c.webp", "d.bmp"].map(str::to_owned);
    let expected: Vec<_> = pictures.iter().cloned().zip(names).collect();
    assert_eq!(files(&batch, "image"), expected);
    assert_eq!(numbers(&batch, "label"), [0, 0, 1, 1]);
    assert_eq!(image_tables::names(&batch), serde_json::json!({ "label": ["ant", "bee"] }));
    let said = notes(&set, &ImageInput::default());
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("1 BMP, 1 JPEG, 1 PNG, 1 WebP, of 8 x 8 to 31 x 40 pixels"), "{said:?}");
    // Asked for in so many words, nothing is to be said.
    assert!(notes(&set, &stored(PictureStorage::Files)).is_empty());
}

#[test]
fn pictures_of_one_size_are_files_only_where_pixels_lose_or_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(at("png/1.png"), png(5, 4, &image(0, 60)));
    write(at("png/2.png"), png(5, 4, &image(1, 60)));
    assert_eq!(shape(&read(at("png"))), (3, 4, 5));
    assert_eq!(files(&try_read(at("png"), &stored(PictureStorage::Files)).unwrap(), "image").len(), 2);
    write(at("jpeg/1.jpeg"), jpeg(5, 4, 0));
    write(at("jpeg/2.png"), png(5, 4, &image(1, 60)));
    assert_eq!(files(&read(at("jpeg")), "image").len(), 2);
    let batch = try_read(at("jpeg"), &stored(PictureStorage::Pixels)).unwrap();
    let decoded = image::load_from_memory(&jpeg(5, 4, 0)).unwrap().into_rgb8().into_raw();
    assert_eq!(pixels(&batch)[..60], planes(&decoded, 3));
    assert_eq!(pixels(&batch)[60..], planes(&image(1, 60), 3));
    // A row of pixels has less than 2^20 values.
    write(at("large/1.png"), png(700, 600, &vec![7; 700 * 600 * 3]));
    assert_eq!(files(&read(at("large")), "image").len(), 1);
    let line = refused(at("large"), &stored(PictureStorage::Pixels));
    assert!(line.contains("700 x 600 pixels in 3 channels") && line.contains("591 x 591"), "{line}");
    let small = stored(PictureStorage::Resized { height: 30, width: 40 });
    let batch = try_read(at("large"), &small).unwrap();
    assert_eq!((shape(&batch), pixels(&batch)), ((3, 30, 40), vec![7; 3600]));
    // More than 8 bits a channel.
    let mut deep = std::io::Cursor::new(Vec::new());
    image::ImageBuffer::<image::Luma<u16>, _>::from_fn(3, 2, |x, _| image::Luma([x as u16 * 1000]))
        .write_to(&mut deep, image::ImageFormat::Png)
        .unwrap();
    write(at("deep/1.png"), deep.into_inner());
    assert_eq!(files(&read(at("deep")), "image").len(), 1);
    let line = refused(at("deep"), &stored(PictureStorage::Pixels));
    assert!(line.contains("1.png: it has more than 8 bits a channel"), "{line}");
}

#[test]
fn sizes_are_made_one_only_when_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    mixed(&set);
    let line = refused(&set, &stored(PictureStorage::Pixels));
    assert!(line.contains("b.png: 9 x 40 pixels where those before have 31 x 20; --resize HxW"), "{line}");
    let resized = stored(PictureStorage::Resized { height: 8, width: 8 });
    let batch = try_read(&set, &resized).unwrap();
    assert_eq!(shape(&batch), (4, 8, 8));
    // One of that size already is unchanged.
    let own = planes(&image(3, 192), 3);
    assert_eq!(pixels(&batch)[3 * 256..3 * 256 + 192], own);
    let said = notes(&set, &resized);
    assert!(said[0].contains("are cut and scaled to 8 x 8"), "{said:?}");
}

#[test]
fn what_is_no_picture_is_passed_over_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for class in ["x", "y"] {
        write(at("set").join(class).join("1.png"), png(3, 2, &image(1, 18)));
    }
    assert!(notes(at("set"), &ImageInput::default()).is_empty());
    for junk in [
        "x/Thumbs.db",
        "x/.DS_Store",
        "desktop.ini",
        "__MACOSX/x/._1.png",
        "README.md",
        "y/notes.TXT",
        ".git/head",
    ] {
        write(at("set").join(junk), "junk");
    }
    let batch = read(at("set"));
    assert_eq!(numbers(&batch, "label"), [0, 1]);
    let said = notes(at("set"), &ImageInput::default());
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with("passed over 7 files that are no pictures: .git, README.md, __MACOSX, ..."),
        "{said:?}"
    );
    // Other files are not: somebody may have meant them.
    write(at("set/x/2.tiff"), "II");
    let line = refused(at("set"), &ImageInput::default());
    assert!(line.contains("2.tiff: is no picture that ends in"), "{line}");
    write(at("nested/x/deep/1.png"), png(3, 2, &image(1, 18)));
    let line = refused(at("nested"), &skipping());
    assert!(line.contains("deep: is a folder inside that of a class"), "{line}");
    write(at("only/notes.txt"), "x");
    let line = refused(at("only"), &ImageInput::default());
    assert!(line.contains("has no pictures") && line.contains("notes.txt"), "{line}");
}

#[test]
fn bad_pictures_are_errors_or_are_passed_over_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    write(set.join("x/0.png"), png(8, 6, &image(0, 144)));
    write(set.join("x/1.png"), png(8, 6, &image(1, 144)));
    let whole = png(8, 6, &image(2, 144));
    let cut_jpeg = jpeg(64, 64, 1);
    for (name, bytes) in [
        ("head.png", whole[..20].to_vec()),
        ("pixels.png", whole[..whole.len() - 40].to_vec()),
        ("text.jpg", b"text".to_vec()),
        ("cut.jpg", cut_jpeg[..cut_jpeg.len() / 2].to_vec()),
        ("other.gif", b"GIF89a".to_vec()),
        ("gif.png", b"GIF89a...........".to_vec()),
    ] {
        let bad = set.join("y").join(name);
        write(&bad, &bytes);
        let line = refused(&set, &ImageInput::default());
        assert!(line.contains(name), "{line}");
        assert_eq!(pixels(&try_read(&set, &skipping()).unwrap()), {
            let pictures = [image(0, 144), image(1, 144)];
            pictures.iter().flat_map(|p| planes(p, 3)).collect::<Vec<_>>()
        });
        let said = notes(&set, &skipping());
        assert_eq!(said, [format!("passed over 1 picture that cannot be read: y/{name}")]);
        std::fs::remove_file(bad).unwrap();
    }
    for i in 0..5 {
        write(set.join(format!("y/{i}.jpg")), "");
    }
    let said = notes(&set, &skipping());
    assert_eq!(said, ["passed over 5 pictures that cannot be read: y/0.jpg, y/1.jpg, y/2.jpg, ..."]);
}

/// Pictures and labels as the `datasets` library writes them.
fn hugging_face(path: &Path, pictures: &[Option<Vec<u8>>]) {
    let bytes = BinaryArray::from_iter(pictures.iter().map(|p| p.as_deref()));
    let paths = StringArray::from_iter((0..pictures.len()).map(|i| Some(format!("{i}.jpg"))));
    let parts = [
        (Arc::new(Field::new("bytes", DataType::Binary, true)), Arc::new(bytes) as ArrayRef),
        (Arc::new(Field::new("path", DataType::Utf8, true)), Arc::new(paths) as ArrayRef),
    ];
    let images = StructArray::from(parts.to_vec());
    let fields = vec![
        Field::new("picture", images.data_type().clone(), true),
        Field::new("label", DataType::Int64, false),
    ];
    let labels = Int64Array::from_iter_values(0..pictures.len() as i64);
    parquet(path, Schema::new(fields), vec![Arc::new(images), Arc::new(labels)]);
}

#[test]
fn columns_of_files_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let pictures: Vec<_> = (0..5).map(|i| Some(jpeg(20 + i, 16, i as usize))).collect();
    hugging_face(&path, &pictures);
    let batch = read(&path);
    assert_eq!(
        files(&batch, "picture").into_iter().map(|(bytes, _)| Some(bytes)).collect::<Vec<_>>(),
        pictures
    );
    let said = notes(&path, &ImageInput::default());
    assert!(said[0].starts_with("column \"picture\": pictures are kept as files (5 JPEG"), "{said:?}");
    let resized = stored(PictureStorage::Resized { height: 4, width: 4 });
    assert_eq!(shape(&try_read(&path, &resized).unwrap()), (3, 4, 4));
    let line = refused(&path, &stored(PictureStorage::Pixels));
    assert!(line.contains("row 1: 21 x 16 pixels where those before have 20 x 16"), "{line}");
    // Bad rows.
    let mut bad = pictures.clone();
    bad[1] = None;
    bad[3].as_mut().unwrap().truncate(300);
    hugging_face(&path, &bad);
    assert!(refused(&path, &ImageInput::default()).contains("row 1: it has no image"));
    let batch = try_read(&path, &skipping()).unwrap();
    assert_eq!(numbers(&batch, "label"), [0, 2, 4]);
    let said = notes(&path, &skipping());
    assert!(
        said.iter().any(|s| s == "passed over 2 rows whose pictures cannot be read: row 1, row 3"),
        "{said:?}"
    );
    // A table without pictures has none to resize.
    let plain = folder.path().join("t.csv");
    write(&plain, "a\n1\n");
    assert!(refused(&plain, &resized).contains("has no pictures"));
    write(folder.path().join("c.bin"), cifar10(0..1));
    assert!(refused(folder.path().join("c.bin"), &resized).contains("holds pixels, not pictures"));
}

#[test]
fn encoded_pictures_are_decoded_when_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    let pictures = mixed(&set);
    let reader = gede(&set, &ImageInput::default());
    assert!(EncodedImages::is_in(&reader));
    let images = EncodedImages::new(&reader, None, (3, 20, 31)).unwrap();
    assert_eq!((images.rows(), images.shape(), images.name()), (4, (3, 20, 31), "image"));
    let values = 3 * 20 * 31;
    let mut out = vec![0; 3 * values];
    images.decode(&[0, 2, 0], &mut out).unwrap();
    let decoded = image::load_from_memory(&pictures[0]).unwrap().into_rgb8().into_raw();
    assert_eq!(out[..values], planes(&decoded, 3));
    assert_eq!(out[2 * values..], planes(&decoded, 3));
    assert_ne!(out[values..2 * values], out[..values]);
    // Gray, and by name.
    let gray = EncodedImages::new(&reader, Some("image"), (1, 8, 8)).unwrap();
    let mut out = vec![0; 64];
    gray.decode(&[3], &mut out).unwrap();
    assert_eq!(out, image::load_from_memory(&pictures[3]).unwrap().into_luma8().into_raw());
    let kind = |column, shape| EncodedImages::new(&reader, column, shape).err().map(|e| e.kind());
    assert_eq!(kind(None, (2, 8, 8)), Some(ErrorKind::Argument));
    assert_eq!(kind(None, (3, 0, 8)), Some(ErrorKind::Argument));
    assert_eq!(kind(Some("nowhere"), (3, 8, 8)), Some(ErrorKind::Argument));
    assert_eq!(kind(Some("label"), (3, 8, 8)), Some(ErrorKind::Argument));
    assert_eq!(images.decode(&[4], &mut vec![0; values]).unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(images.decode(&[0], &mut [0; 3]).unwrap_err().kind(), ErrorKind::Argument);
    // Pixels are no files.
    write(folder.path().join("p/1.png"), png(3, 2, &image(1, 18)));
    let pixels = gede(&folder.path().join("p"), &ImageInput::default());
    assert!(!EncodedImages::is_in(&pixels) && EncodedImages::new(&pixels, None, (3, 2, 2)).is_err());
}

#[test]
fn a_bad_picture_in_a_file_is_named_by_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    hugging_face(&path, &[Some(jpeg(9, 9, 0)), Some(b"no picture".to_vec()), None]);
    let as_it_is = ImageInput { column: gede::arrow::PixelColumn::None, ..ImageInput::default() };
    let reader = gede(&path, &as_it_is);
    let images = EncodedImages::new(&reader, None, (3, 4, 4)).unwrap();
    let line = |rows: &[u64]| images.decode(rows, &mut vec![0; rows.len() * 48]).unwrap_err().to_string();
    assert!(images.decode(&[0], &mut [0; 48]).is_ok());
    assert!(line(&[0, 2, 1]).contains("column \"picture\": the picture of row 2: is missing"));
    assert!(line(&[0, 1, 2]).contains("row 1: is none of PNG, JPEG, WebP and BMP"));
}

#[test]
fn loaders_draw_encoded_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    mixed(&set);
    let reader = gede(&set, &ImageInput::default());
    let images = EncodedImages::new(&reader, None, (3, 10, 10)).unwrap();
    let labels = LabelColumn::new(&reader, "label").unwrap();
    let draw = |threads| {
        let epochs = Epochs::new(Draw::Uniform(4), Amount::Count(4), State::new(5)).unwrap().until(2);
        let options = LoaderOptions { batch: 3, threads, ..LoaderOptions::default() };
        std::thread::scope(|scope| {
            let loader = Loader::start(scope, &images, Some(&labels), epochs, options).unwrap();
            loader
                .map(|batch| {
                    let batch = batch.unwrap();
                    let Pixels::Bytes(bytes) = batch.pixels() else { panic!("bytes") };
                    assert_eq!(bytes.len(), batch.rows().len() * 300);
                    (batch.rows().to_vec(), batch.labels().to_vec(), bytes.clone())
                })
                .collect::<Vec<_>>()
        })
    };
    let batches = draw(1);
    assert_eq!(batches.iter().map(|(rows, ..)| rows.len()).collect::<Vec<_>>(), [3, 1, 3, 1]);
    for (rows, labels, bytes) in &batches {
        for ((&row, &label), own) in rows.iter().zip(labels).zip(bytes.chunks(300)) {
            let mut expected = vec![0; 300];
            images.decode(&[row], &mut expected).unwrap();
            assert_eq!((label, own), (u32::from(row > 1), &expected[..]));
        }
    }
    assert_eq!(draw(3), batches);
}

#[test]
fn files_take_hardly_more_than_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    let mut state = 1u32;
    let mut bytes = 0;
    for i in 0..40 {
        let (width, height) = (150 + i, 140);
        let noise: Vec<u8> = (0..width * height * 3)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let file = picture(if i % 4 == 0 { image::ImageFormat::Png } else { Jpeg }, width, height, &noise);
        bytes += file.len() as u64;
        write(set.join(format!("class{}/{i}.{}", i % 3, if i % 4 == 0 { "png" } else { "jpg" })), file);
    }
    let length = gede(&set, &ImageInput::default()).file_length();
    assert!(length * 100 <= bytes * 102, "{length} bytes of {bytes}");
}

#[test]
fn files_come_out_as_they_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let pictures = mixed(&at("set"));
    let batch = read(at("set"));
    let mut sink = ImageFolderWriter::create(at("out"), &batch.schema(), ImageFormat::Files, None).unwrap();
    // In two batches.
    sink.write(&batch.slice(0, 3)).unwrap();
    sink.write(&batch.slice(3, 1)).unwrap();
    sink.finish().unwrap();
    for (name, bytes) in ["ant/a.JPG", "ant/b.png", "bee/c.webp", "bee/d.bmp"].iter().zip(&pictures) {
        assert_eq!(&std::fs::read(at("out").join(name)).unwrap(), bytes, "{name}");
    }
    assert_eq!(read(at("out")), batch);
    let refused = |format| {
        ImageFolderWriter::create(at("no"), &batch.schema(), format, None).err().unwrap().to_string()
    };
    for format in [ImageFormat::Png, ImageFormat::Idx, ImageFormat::Cifar10] {
        let line = refused(format);
        assert!(line.contains("column \"image\" has pictures that are kept as files"), "{line}");
    }
    assert!(!at("no").exists());
    // Names that are no names of files, or are taken, become numbers of rows.
    let path = at("t.parquet");
    hugging_face(&path, &(0..3).map(|i| Some(jpeg(9, 9, i))).collect::<Vec<_>>());
    let batch = read(&path);
    let pictures = batch.column(0).as_struct();
    let paths = StringArray::from(vec![Some("../../evil/x.jpg"), Some("X.JPG"), Some("..")]);
    let parts = vec![pictures.column(0).clone(), Arc::new(paths) as ArrayRef];
    let renamed = StructArray::new(pictures.fields().clone(), parts, None);
    let schema = Arc::new(Schema::new(vec![batch.schema().field(0).clone()]));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(renamed)]).unwrap();
    let mut sink = ImageFolderWriter::create(at("named"), &batch.schema(), ImageFormat::Files, None).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
    let mut names: Vec<_> = std::fs::read_dir(at("named"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["00000001.jpg", "00000002.jpg", "x.jpg"]);
}

#[test]
fn large_pictures_that_are_pixels_come_back() {
    // Coders are tried on windows of images of this size.
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    let slope = |row: usize| -> Vec<u8> {
        (0..300 * 200 * 3).map(|at| (at / 900 + at % 900 / 3 + row * 40 + at * at % 7) as u8).collect()
    };
    for row in 0..3 {
        write(set.join(format!("{row}.png")), png(300, 200, &slope(row)));
    }
    let reader = gede(&set, &ImageInput::default());
    let images = reader.images(None).unwrap();
    let mut out = vec![0; 3 * 180_000];
    images.decode(&[2, 0, 1], &mut out).unwrap();
    for (row, image) in [2, 0, 1].into_iter().zip(out.chunks(180_000)) {
        assert!(image == planes(&slope(row), 3), "image {row}");
    }
    // They are smooth but for noise of less than 3 bits.
    assert!(reader.file_length() < 3 * 180_000 * 6 / 10, "{} bytes", reader.file_length());
}
