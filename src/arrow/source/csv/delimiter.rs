//! The character between the fields of CSV text, found from its first lines.

use super::records::{RawRecords, RecordReader};
use super::text::Text;
use std::path::Path;

/// Characters tried, the usual one first.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Records looked at.
const RECORDS: usize = 100;

/// How a character cuts the first records.
struct Cut {
    /// Fields of the first record.
    fields: usize,
    records: usize,
    /// Records of as many fields as the first.
    same: usize,
}

/// The delimiter of text that starts like this: a comma if it cuts all records into as many fields, two
/// at least; else the character that does, into the most; else the one that does so for most records,
/// so that the others are refused, not taken for a table of one column.
pub(crate) fn sniff(path: &Path, start: &[u8]) -> u8 {
    let cuts = CANDIDATES.map(|c| (c, cut(path, start, c)));
    let even = cuts.iter().filter(|(_, cut)| cut.fields > 1 && cut.same == cut.records);
    // `max_by_key` takes the last of several.
    if let Some((found, _)) = even.rev().max_by_key(|(c, cut)| (*c == b',', cut.fields)) {
        return *found;
    }
    let most = cuts.iter().rev().filter(|(_, cut)| cut.fields > 1 && 2 * cut.same > cut.records);
    most.max_by_key(|(c, cut)| (*c == b',', cut.same)).map_or(b',', |(found, _)| *found)
}

fn cut(path: &Path, start: &[u8], delimiter: u8) -> Cut {
    let mut records =
        RecordReader::new(Text::from_bytes(path, start.to_vec()), delimiter, start.len() as u64);
    let mut cut = Cut { fields: 0, records: 0, same: 0 };
    let mut rows = RawRecords::default();
    while cut.records < RECORDS {
        // The text is cut off somewhere, which may leave a quote open; a fault is found again in the file.
        let Ok(Some(fields)) = records.count(&mut rows) else { break };
        if cut.records == 0 {
            cut.fields = fields;
        }
        cut.records += 1;
        cut.same += usize::from(fields == cut.fields);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_that_cuts_all_lines_alike() {
        let sniffed = |text: &str| char::from(sniff(Path::new("t.csv"), text.as_bytes()));
        for (text, expected) in [
            ("a,b\n1,2\n", ','),
            ("a;b\n1;2\n", ';'),
            ("a;b;c\n1,5;2,5;3\n", ';'),
            ("\"a, b\";c\n\"1, 2\";3\n", ';'),
            ("a\tb\n1\t2\n", '\t'),
            ("a|b|c\nx y|;|1\n", '|'),
            ("a,b;c\n1,2;3\n", ','),
            ("a\n1\n2\n", ','),
            ("a\nx;y\nz\n", ','),
            ("", ','),
            ("a;b\n1;2\n3;4\n5;6\n7\n", ';'),
            ("a,b\n1,2\n3,4\n5;6\n", ','),
            ("text\n\"one; two\"\n", ','),
        ] {
            assert_eq!(sniffed(text), expected, "{text:?}");
        }
    }
}
