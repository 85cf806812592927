//! Row maps as a writer makes them.

use crate::bits::SLACK;
use crate::codec::parted::layout::PartEntry;
use crate::codec::parted::row_map::CELL_ROWS;

/// A row map that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NewMap {
    Same,
    /// True for the first row of each run.
    Runs(Vec<bool>),
    Period {
        length: u64,
        phase: u64,
    },
    /// The tuple of each row.
    Index(Vec<u32>),
}

impl NewMap {
    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Same | Self::Period { .. } | Self::Index(_) => Vec::new(),
            Self::Runs(starts) => {
                let (mut bytes, mut runs) = (Vec::new(), 0u32);
                for cell in starts.chunks(CELL_ROWS as usize) {
                    bytes.extend_from_slice(&runs.to_le_bytes());
                    let mut words = [0u64; CELL_ROWS as usize / 64];
                    for (row, _) in cell.iter().enumerate().filter(|(_, starts)| **starts) {
                        words[row / 64] |= 1 << (row % 64);
                        runs += 1;
                    }
                    words.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
                }
                bytes.resize(bytes.len() + SLACK as usize, 0);
                bytes
            }
        }
    }

    /// The entry of a part of so many lanes with this map, whose bytes are at `map` in the records.
    pub fn entry(&self, lanes: usize, map: u64) -> PartEntry {
        let (kind, length, phase) = match self {
            Self::Same => (PartEntry::SAME, 0, 0),
            Self::Runs(_) => (PartEntry::RUNS, 0, 0),
            Self::Period { length, phase } => (PartEntry::PERIOD, *length, *phase),
            Self::Index(_) => (PartEntry::INDEX, 0, 0),
        };
        PartEntry {
            kind: kind.into(),
            lanes: (lanes as u32).into(),
            map: map.into(),
            length: length.into(),
            phase: phase.into(),
            ..PartEntry::default()
        }
    }
}
