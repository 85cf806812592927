//! A sound file taken apart, changed as a later version might, and put together with right checksums.

use gede::write::{Options, TargetKind};
use sha2::{Digest, Sha256};

use super::frame::{FOOTER, Frame, number};
use super::memory::Builder;

const PAGE: usize = 4096;

/// A section with its bytes; checksum levels are made when the file is put together.
#[derive(Clone)]
pub struct Part {
    pub kind: u16,
    /// 0 bulk, 2 metadata.
    pub place: u8,
    pub number: u32,
    pub stride: u32,
    pub bytes: Vec<u8>,
}

impl Part {
    pub fn new(kind: u16, place: u8, bytes: &[u8]) -> Self {
        Self { kind, place, number: 0, stride: 0, bytes: bytes.to_vec() }
    }
}

/// A file in parts: each may be changed before it is put together.
#[derive(Clone)]
pub struct Draft {
    pub header: Vec<u8>,
    pub footer: Vec<u8>,
    /// The head of the directory; counts, strides and `bulk_end` are set when the file is put together.
    pub head: Vec<u8>,
    pub features: Vec<Vec<u8>>,
    pub tables: Vec<Vec<u8>>,
    /// Bytes that follow each section entry.
    pub longer_sections: Vec<u8>,
    pub sections: Vec<Part>,
}

/// The entry of a feature.
pub fn feature(id: u16, required: bool, scope: (u8, u32, u32), name: &str) -> Vec<u8> {
    let mut entry = id.to_le_bytes().to_vec();
    entry.extend([required.into(), scope.0, 1, 0, 7, 0]);
    entry.extend(scope.1.to_le_bytes());
    entry.extend(scope.2.to_le_bytes());
    entry.extend(name.bytes());
    entry.resize(40, 0);
    entry
}

/// Makes the identity right, if there is one.
fn identify(bytes: &mut [u8], directory: &mut [u8]) {
    let count = number(directory, 24, 4) as usize;
    let stride = number(directory, 32, 2) as usize;
    let first = directory.len() - count * stride;
    let mut entries = (0..count).map(|i| first + i * stride);
    let Some(entry) = entries.find(|&entry| number(directory, entry, 2) == 37) else { return };
    let at = number(directory, entry + 16, 8) as usize;
    let identity = Sha256::new().chain_update(&bytes[64..at]).chain_update(&directory[..entry]).finalize();
    bytes[at..at + 32].copy_from_slice(&identity);
    directory[entry + 12..entry + 16].copy_from_slice(&crc32fast::hash(&identity).to_le_bytes());
}

impl Draft {
    pub fn new(bytes: &[u8]) -> Self {
        let frame = Frame::new(bytes);
        let entry = |at: usize, length: usize| bytes[at..at + length].to_vec();
        let part = |s: &super::frame::Section| Part {
            kind: s.kind as u16,
            place: bytes[s.entry + 2],
            number: s.number as u32,
            stride: number(bytes, s.entry + 8, 4) as u32,
            bytes: bytes[s.bytes.clone()].to_vec(),
        };
        Self {
            header: bytes[..64].to_vec(),
            footer: bytes[bytes.len() - FOOTER..].to_vec(),
            head: entry(frame.directory.start, 64),
            features: frame.features.iter().map(|&at| entry(at, 40)).collect(),
            tables: frame.tables.iter().map(|&at| entry(at, 40)).collect(),
            longer_sections: Vec::new(),
            sections: frame.sections.iter().filter(|s| s.kind != 16).map(part).collect(),
        }
    }

    /// The section of a kind, of the table of the rows.
    pub fn section(&mut self, kind: u16) -> &mut Part {
        self.sections.iter_mut().find(|s| (s.kind, s.number) == (kind, 0)).unwrap()
    }

    /// Makes the entries of a section longer, each by these bytes.
    pub fn lengthen(&mut self, kind: u16, more: &[u8]) {
        let section = self.section(kind);
        let entries = section.bytes.chunks(section.stride as usize);
        section.bytes = entries.flat_map(|entry| [entry, more].concat()).collect();
        section.stride += more.len() as u32;
    }

    /// The file. Metadata follows bulk sections, whatever their order here.
    pub fn finish(&self) -> Vec<u8> {
        let crc = crc32fast::hash;
        let mut bytes = self.header.clone();
        let sum = crc(&bytes[..28]);
        bytes[28..32].copy_from_slice(&sum.to_le_bytes());
        let mut entries = Vec::new();
        let mut put = |bytes: &mut Vec<u8>, part: &Part, sum: u32| {
            bytes.resize(bytes.len().next_multiple_of(64), 0);
            let mut entry = part.kind.to_le_bytes().to_vec();
            entry.extend([part.place, 0]);
            entry.extend([part.number, part.stride, sum].iter().flat_map(|n| n.to_le_bytes()));
            entry.extend([bytes.len() as u64, part.bytes.len() as u64].iter().flat_map(|n| n.to_le_bytes()));
            entries.push([&entry, &self.longer_sections[..]].concat());
            bytes.extend(&part.bytes);
        };
        for part in self.sections.iter().filter(|part| part.place == 0) {
            put(&mut bytes, part, 0);
        }
        let bulk_end = bytes.len();
        let pages =
            (0..bulk_end).step_by(PAGE).map(|page| crc(&bytes[page.max(64)..bulk_end.min(page + PAGE)]));
        let mut level: Vec<u8> = pages.flat_map(u32::to_le_bytes).collect();
        loop {
            let above: Vec<u8> = level.chunks(PAGE).flat_map(|page| crc(page).to_le_bytes()).collect();
            let last = level.len() <= PAGE;
            let sum = if last { crc(&level) } else { 0 };
            put(&mut bytes, &Part { stride: 4, ..Part::new(16, 1, &level) }, sum);
            if last {
                break;
            }
            level = above;
        }
        for part in self.sections.iter().filter(|part| part.place == 2) {
            put(&mut bytes, part, crc(&part.bytes));
        }
        bytes.resize(bytes.len().next_multiple_of(64), 0);
        let mut head = self.head.clone();
        let length = head.len() as u32;
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[8..16].copy_from_slice(&(bulk_end as u64).to_le_bytes());
        let lists = [&self.features, &self.tables, &entries];
        for (i, list) in lists.iter().enumerate() {
            head[16 + 4 * i..20 + 4 * i].copy_from_slice(&(list.len() as u32).to_le_bytes());
            let stride = list.first().map_or(64, Vec::len) as u16;
            head[28 + 2 * i..30 + 2 * i].copy_from_slice(&stride.to_le_bytes());
        }
        let mut directory = [head, lists.iter().flat_map(|list| list.concat()).collect()].concat();
        identify(&mut bytes, &mut directory);
        let at = bytes.len() as u64;
        bytes.extend(&directory);
        bytes.resize(bytes.len().next_multiple_of(64), 0);
        let mut footer = self.footer.clone();
        let length = (bytes.len() + footer.len()) as u64;
        for (i, n) in [length, at, directory.len() as u64].iter().enumerate() {
            footer[8 * i..8 * i + 8].copy_from_slice(&n.to_le_bytes());
        }
        footer[32..36].copy_from_slice(&crc(&directory).to_le_bytes());
        let sum = crc(&footer[..52]);
        footer[52..56].copy_from_slice(&sum.to_le_bytes());
        bytes.extend(footer);
        bytes
    }
}

/// A file with dictionaries, condensed samples and moments.
pub fn rich() -> Draft {
    let table = Builder::new(3000)
        .f64("a", |i| (i % 100) as f64 / 4.0)
        .text("t", |i| format!("name {}", i % 50))
        .f64("y", |i| (i % 7) as f64)
        .finish();
    Draft::new(&table.file(&Options::default().with_target("y", TargetKind::Value)))
}
