//! Files of images that are not what they should be are refused with their name and record, and never panic.

#![cfg(feature = "images")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/image_sets.rs"]
mod image_sets;
#[path = "common/image_tables.rs"]
mod image_tables;

use gede::arrow::ImageInput;
use image::ImageFormat::{Bmp, Jpeg, Png, WebP};
use image_sets::*;
use image_tables::*;
use proptest::prelude::*;

#[test]
fn bad_files_are_refused_with_file_and_record() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let whole = idx(&[9, 4, 5], &images(9, 20));
    write(at("labels"), idx(&[9], &labels(9, 10)));
    let says = |name: &str, says: &str| {
        let line = refused(at(name), &ImageInput::default());
        assert!(
            line.starts_with(at("").to_str().unwrap()) && line.contains(says),
            "{says:?} is not in {line:?}"
        );
    };
    for (bytes, why) in [
        (&whole[..whole.len() - 1], "images: image 8: the file ends before it does; it says it has 9"),
        (&whole[..60], "image 2: the file ends before it does"),
        (&whole[..12], "is cut short"),
        (&[&whole[..], &[0]].concat(), "1 bytes follow its 9 images"),
        (&idx(&[9, 0, 5], &[]), "from 1 to"),
        (&idx(&[u32::MAX; 3], &[]), "from 1 to"),
        (&idx(&[u32::MAX, 4, 5], &[]), "image 0"),
        (&idx(&[9], &[0; 9]), "name the file of their images"),
        (&idx(&[1, 2, 2, 3], &[0; 12]), "has 4 dimensions"),
        (&[0, 0, 13, 1, 0, 0, 0, 0], "type 0x0d"),
    ] {
        write(at("images"), bytes);
        says("images", why);
    }
    write(at("images"), &whole);
    write(at("labels"), idx(&[8], &labels(8, 10)));
    says("images", "labels: has 8 labels where");
    says("images", "has 9 images: image 8 has none");
    write(at("labels"), &idx(&[9], &labels(9, 10))[..12]);
    says("images", "labels: label 4: the file ends before it does");
    std::fs::remove_file(at("labels")).unwrap();
    says("images", "its labels are not beside it");

    let whole = cifar10(0..5);
    write(at("c.bin"), &whole[..3073 * 4 + 5]);
    says("c.bin", "c.bin: record 4: the file ends before it does; a record of CIFAR-10 has 3073 bytes");
    let mut bad = whole.clone();
    bad[3073 * 3] = 10;
    write(at("c.bin"), bad);
    says("c.bin", "c.bin: record 3: label 10 where classes are 0 to 9");
    let mut bad = cifar100(6);
    bad[3074 * 5 + 1] = 100;
    write(at("c.bin"), &bad);
    says("c.bin", "c.bin: record 5: label 100 where classes are 0 to 99");
    write(at("set/data_batch_1.bin"), &whole);
    write(at("set/data_batch_2.bin"), cifar100(6));
    says("set", "data_batch_2.bin: holds other records");
    write(at("set/data_batch_2.bin"), &whole[..9]);
    says("set", "data_batch_2.bin: record 0");
    std::fs::remove_file(at("set/data_batch_2.bin")).unwrap();
    write(at("set/batches.meta.txt"), "x\n".repeat(11));
    says("set", "batches.meta.txt: has 11 names where there are 10 classes");

    write(at("p/a/1.png"), png(3, 2, &image(1, 6)));
    for (bytes, why) in [
        (png(3, 2, &image(1, 6))[..50].to_vec(), ""),
        (b"text".to_vec(), "is none of PNG"),
        (Vec::new(), "is none of PNG"),
        (b"GIF89a".to_vec(), "GIF is not read; PNG, JPEG, WebP and BMP are"),
    ] {
        write(at("p/b/2.png"), bytes);
        says("p", "2.png: ");
        says("p", why);
    }
    write(at("p/b/2.png"), png(3, 2, &image(1, 6)));
    write(at("p/x.png"), png(3, 2, &image(1, 6)));
    says("p", "x.png: lies beside the folders");
    std::fs::remove_file(at("p/x.png")).unwrap();
    write(at("p/classes.txt"), "a\nc\n");
    says("p", "classes.txt: has other names than the folders");
    std::fs::create_dir(at("empty")).unwrap();
    says("empty", "has no pictures");
    write(at("q/x.txt"), "");
    says(
        "q",
        "has no pictures, neither in folders by class nor itself; passed over 1 file that is no picture: x.txt",
    );
    write(at("q/x.tif"), "");
    says("q", "x.tif: is no picture that ends in");
}

/// What happens to bytes: some are replaced, then some are cut off.
fn mutations() -> impl Strategy<Value = (Vec<(prop::sample::Index, u8)>, Option<prop::sample::Index>)> {
    (
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        any::<Option<prop::sample::Index>>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_bytes_make_an_import_panic((replaced, cut) in mutations(), kind in 0..10usize) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (name, mut bytes) = match kind {
            0 => ("images", idx(&[3, 4, 5], &images(3, 20))),
            1 => ("labels", idx(&[3], &labels(3, 10))),
            2 => ("t.bin", cifar10(0..2)),
            3 => ("t.bin", cifar100(2)),
            4 => ("p/t.png", png(5, 2, &image(1, 10))),
            5 => ("p/t.png", png(5, 2, &image(1, 40))),
            6 => ("p/t.webp", picture(WebP, 5, 2, &image(1, 30))),
            9 => ("p/t.jpg", picture(Jpeg, 5, 2, &image(1, 30))),
            7 => ("p/t.bmp", picture(Bmp, 5, 2, &image(1, 10))),
            _ => ("p/t.png", picture(Png, 9, 9, &image(1, 243))),
        };
        for (place, byte) in replaced {
            let place = place.index(bytes.len().min(80));
            bytes[place] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        write(at("images"), idx(&[3, 4, 5], &images(3, 20)));
        write(at("labels"), idx(&[3], &labels(3, 10)));
        write(at("p/other.png"), png(5, 2, &image(1, 30)));
        write(at(name), bytes);
        let input = match kind { 0 | 1 => "images", 2 | 3 => "t.bin", _ => "p" };
        if let Err(error) = try_read(at(input), &ImageInput::default()) {
            prop_assert!(error.to_string().starts_with(folder.path().to_str().unwrap()), "{}", error);
        }
    }
}
