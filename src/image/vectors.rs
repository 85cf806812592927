//! Vectors for the second decoder, `spec/images.py`.

use std::path::Path;

use super::{Dct, DctScratch, ImageShape, TileCoder, TileScratch};

/// Writes vectors to the folder `GEDE_VECTORS`, of the images in the file `GEDE_IMAGES` (raw bytes of 3 x 32 x 32)
/// if it is named, else of made ones: `images.py FOLDER` decodes them.
#[test]
#[ignore = "writes files for spec/images.py"]
fn write_vectors() {
    let folder = std::env::var("GEDE_VECTORS").unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    for (c, h, w, interleaved) in [
        (3, 32, 32, false),
        (3, 32, 32, true),
        (1, 28, 28, false),
        (1, 7, 9, false),
        (4, 5, 6, true),
        (6, 33, 17, false),
        (2, 12, 31, true),
    ] {
        let shape = ImageShape::new(c, h, w, interleaved).unwrap();
        let images: Vec<Vec<u8>> = (0..6).map(|i| made(&shape, i)).collect();
        write(folder.as_ref(), &format!("made_{c}_{h}_{w}_{interleaved}"), shape, &images);
    }
    if let Ok(file) = std::env::var("GEDE_IMAGES") {
        let shape = ImageShape::new(3, 32, 32, false).unwrap();
        let images: Vec<Vec<u8>> =
            std::fs::read(file).unwrap().chunks_exact(shape.len()).map(<[u8]>::to_vec).collect();
        write(folder.as_ref(), "real", shape, &images);
    }
}

/// A ramp, bent and noisy by degrees.
fn made(shape: &ImageShape, degree: usize) -> Vec<u8> {
    let mut noise = degree as u32 + 1;
    let mut next = |i: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (i * 3 / shape.columns() + (noise >> 24) as usize % (1 << degree) * usize::from(degree > 0)) as u8
    };
    (0..shape.len()).map(&mut next).collect()
}

fn write(folder: &Path, name: &str, shape: ImageShape, images: &[Vec<u8>]) {
    let sample: Vec<&[u8]> = images.iter().map(|image| &image[..]).collect();
    let coder = TileCoder::choose(shape, &sample, 1000).unwrap();
    let dct = Dct::new(shape);
    for (i, image) in images.iter().enumerate() {
        let (mut record, mut scratch) = (Vec::new(), TileScratch::default());
        coder.encode(image, &mut record, &mut scratch).unwrap();
        vector(
            &folder.join(format!("{name}_{i}_lossless.vector")),
            1,
            &shape,
            [&coder.to_bytes(), &record],
            image,
        );
        let (mut coefficients, mut pixels) = (vec![0; shape.len()], vec![0; shape.len()]);
        dct.forward(image, &mut coefficients).unwrap();
        if i == 5 {
            coefficients
                .iter_mut()
                .enumerate()
                .for_each(|(i, c)| *c = (*c + 7).wrapping_mul(i as i32 * 977 + 12345));
        }
        dct.inverse(&coefficients, &mut pixels, &mut DctScratch::default()).unwrap();
        let bytes: Vec<u8> = coefficients.iter().flat_map(|c| c.to_le_bytes()).collect();
        vector(&folder.join(format!("{name}_{i}_dct.vector")), 0, &shape, [&bytes, &[]], &pixels);
    }
}

fn vector(path: &Path, kind: u32, shape: &ImageShape, parts: [&[u8]; 2], pixels: &[u8]) {
    let [a, b] = parts;
    let sides = [shape.channels.into(), shape.height, shape.width, shape.interleaved.into()];
    let head = [kind].into_iter().chain(sides).chain([a.len() as u32, b.len() as u32]);
    let bytes: Vec<u8> = head.flat_map(u32::to_le_bytes).chain([a, b, pixels].concat()).collect();
    std::fs::write(path, bytes).unwrap();
}
