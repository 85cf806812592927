//! Thrift's compact protocol, as far as Parquet's footers and page headers need it.

/// Most levels of structs and lists; footers have fewer than ten.
const MAX_DEPTH: usize = 32;

/// The types of fields and items that are read.
pub(crate) const LIST: u8 = 9;
pub(crate) const STRUCT: u8 = 12;

/// Bytes that are read from their start. What is damaged reads as `None`.
#[derive(Clone, Copy)]
pub(crate) struct Thrift<'a>(pub &'a [u8]);

impl Thrift<'_> {
    /// The type and the number of the next field; none inside at the end of a struct.
    pub fn field(&mut self, last: i64) -> Option<Option<(u8, i64)>> {
        let header = self.byte()?;
        if header == 0 {
            return Some(None);
        }
        let id = match header >> 4 {
            0 => self.integer()?,
            step => last.checked_add(i64::from(step))?,
        };
        Some(Some((header & 15, id)))
    }

    /// Goes through the fields of a struct. `with` reads a field's value, or leaves it by returning false.
    pub fn fields(&mut self, mut with: impl FnMut(&mut Self, u8, i64) -> Option<bool>) -> Option<()> {
        let mut last = 0;
        while let Some((kind, id)) = self.field(last)? {
            last = id;
            if !with(self, kind, id)? {
                self.skip(kind)?;
            }
        }
        Some(())
    }

    /// The type of a list's items, and how many there are: no more than bytes follow.
    pub fn list(&mut self) -> Option<(u8, usize)> {
        let header = self.byte()?;
        let count = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        let count = usize::try_from(count).ok().filter(|&count| count <= self.0.len())?;
        Some((header & 15, count))
    }

    /// A signed integer of any size.
    pub fn integer(&mut self) -> Option<i64> {
        let zigzag = self.varint()?;
        Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// Passes over the value of a field.
    pub fn skip(&mut self, kind: u8) -> Option<()> {
        self.skip_within(kind, MAX_DEPTH)
    }

    fn skip_within(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // A bool is its type.
            1 | 2 => Some(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(drop),
            7 => self.advance(8),
            8 => {
                let length = self.varint()?;
                self.advance(length)
            }
            LIST | 10 => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_item(kind, depth))
            }
            11 => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                (0..count).try_for_each(|_| {
                    self.skip_item(kinds >> 4, depth)?;
                    self.skip_item(kinds & 15, depth)
                })
            }
            STRUCT => {
                let mut last = 0;
                while let Some((kind, id)) = self.field(last)? {
                    last = id;
                    self.skip_within(kind, depth)?;
                }
                Some(())
            }
            13 => self.advance(16),
            _ => None,
        }
    }

    /// Passes over an item of a list or a map, where bools are bytes.
    fn skip_item(&mut self, kind: u8, depth: usize) -> Option<()> {
        self.skip_within(if kind <= 2 { 3 } else { kind }, depth)
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn advance(&mut self, bytes: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    pub fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(value);
            }
        }
        None
    }
}
