//! The purpose of bytes of a file.

/// Purpose of bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FilePart {
    /// Base ids and deviations.
    Records,
    /// Base tables.
    Bases,
    /// Transform sets and layouts.
    Layouts,
    /// Values that transforms do not hold.
    Exceptions,
    /// Dictionaries and their table.
    Dictionaries,
    /// Where records of their own lengths begin.
    Offsets,
    /// Strings.
    Heaps,
    /// Where the items of lists are.
    Lists,
    /// Condensed samples: all their pieces, their block table and schema, the cells and what rows scatter in them; the
    /// coreset.
    Condensed,
    /// Statistics of the segments: all their pieces and their block table.
    Statistics,
    /// Moments.
    Moments,
    /// The block table.
    BlockTable,
    /// Sample index and class table.
    SampleIndex,
    /// Checksum levels.
    Checksums,
    /// The physical schema.
    Schema,
    /// The Arrow schema.
    ArrowSchema,
    /// Key-value pairs of the user.
    KeyValues,
    /// Identity, and the name of the writer.
    Identity,
    /// Bytes that directories before rows were appended described: block tables, summaries, checksums and the like.
    Former,
    /// Header, directory and footer.
    Frame,
    /// Sections this reader does not know.
    Unknown,
    /// Zeros between pieces.
    Padding,
}
