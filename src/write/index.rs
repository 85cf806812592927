//! The sample index: a wavelet matrix over the classes of the rows (spec, chapter 7).

use std::io::{BufReader, BufWriter, Read, Write};

use crate::bits::id_bits;
use crate::error::{Error, Result};
use crate::files::scratch::{Scratch, Stream};
use crate::format::sections::SectionKind;
use crate::summary::sample_index::{GROUP, SAMPLE, level_parts};
use crate::write::classes::CODE;
use crate::write::file::FileWriter;

/// Writes the index section: `codes` holds the class of each of `rows` rows, `CODE` bytes each. Levels
/// are made one at a time, the codes kept in scratch files.
pub(crate) fn write_index(
    out: &mut FileWriter,
    mut codes: Box<dyn Scratch>,
    rows: u64,
    classes: u64,
) -> Result<()> {
    let space = out.scratch_space();
    let failed = |e| Error::io(space.doing("sorting rows by class"), e);
    let levels = id_bits(classes);
    let mut section = out.open_section(SectionKind::SAMPLE_INDEX);
    let mut head = [0u8; 64];
    head[..8].copy_from_slice(&rows.to_le_bytes());
    head[8..12].copy_from_slice(&levels.to_le_bytes());
    out.part(&mut section, &head)?;
    for bit in 0..levels {
        let sorted = space.file().map_err(failed)?;
        let bits = sort(&*codes, &*sorted, rows, bit).map_err(failed)?;
        for part in level(&bits, rows) {
            let bytes: Vec<u8> = part.iter().flat_map(|n| n.to_le_bytes()).collect();
            out.part(&mut section, &bytes)?;
        }
        codes = sorted;
    }
    out.close_section(section);
    Ok(())
}

/// Sorts the codes by one of their bits, zeros first, each half in order, and returns the bits.
fn sort(codes: &dyn Scratch, sorted: &dyn Scratch, rows: u64, bit: u32) -> std::io::Result<Vec<u64>> {
    let reader = || BufReader::with_capacity(1 << 16, Stream::reader(codes, 0..rows * CODE as u64));
    let mut bits = vec![0u64; rows.div_ceil(64) as usize];
    let (mut from, mut code) = (reader(), [0; CODE]);
    for row in 0..rows {
        from.read_exact(&mut code)?;
        bits[(row / 64) as usize] |= u64::from(u32::from_le_bytes(code) >> bit & 1) << (row % 64);
    }
    let ones: u64 = bits.iter().map(|word| u64::from(word.count_ones())).sum();
    let half = |at| BufWriter::with_capacity(1 << 16, Stream::writer(sorted, at));
    let mut halves = [half(0), half((rows - ones) * CODE as u64)];
    let mut from = reader();
    for row in 0..rows {
        from.read_exact(&mut code)?;
        let one = bits[(row / 64) as usize] >> (row % 64) & 1;
        halves[one as usize].write_all(&code)?;
    }
    halves.iter_mut().try_for_each(Write::flush)?;
    Ok(bits)
}

/// The parts of a level: number of zeros, bits, ranks, samples.
fn level(bits: &[u64], rows: u64) -> [Vec<u64>; 4] {
    let mut ranks = Vec::with_capacity(bits.len() / 16 + 1);
    let mut ones = 0u64;
    for (i, word) in bits.iter().enumerate() {
        if (i as u64).is_multiple_of(GROUP / 64) {
            ranks.push(ones);
        }
        ones += u64::from(word.count_ones());
    }
    let mut samples = Vec::new();
    for (total, one) in [(ones, true), (rows - ones, false)] {
        let before = |group: usize| ranks.get(group).map(|&r| if one { r } else { group as u64 * GROUP - r });
        let mut group = 0;
        for sample in (0..total).step_by(SAMPLE as usize) {
            while before(group + 1).is_some_and(|b| b <= sample) {
                group += 1;
            }
            samples.push(group as u64);
        }
    }
    samples.resize((level_parts(rows)[3] / 8) as usize, 0);
    [vec![rows - ones], bits.to_vec(), ranks, samples]
}

/// The class table's bytes: the class column's node, then for each class its rows, its first segment and its label.
pub(crate) fn class_table(
    node: usize,
    rows: &[u64],
    segments: &[u64],
    labels: &[Option<Vec<u8>>],
) -> Vec<u8> {
    let mut bytes = (rows.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(&(node as u32).to_le_bytes());
    bytes.resize(32, 0);
    let mut label_at = 32 + 32 * rows.len() as u64;
    let (mut first_row, mut first_segment) = (0u64, 0u64);
    for ((rows, segments), label) in rows.iter().zip(segments).zip(labels) {
        let length = label.as_ref().map_or(u64::MAX, |l| l.len() as u64);
        let offset = if label.is_some() { label_at } else { 0 };
        for number in [first_row, first_segment, offset, length] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        first_row += rows;
        first_segment += segments;
        label_at += label.as_ref().map_or(0, |l| l.len() as u64);
    }
    labels.iter().flatten().for_each(|l| bytes.extend_from_slice(l));
    bytes
}
