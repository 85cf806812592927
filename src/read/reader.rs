//! An open file.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use crate::codec::context::Context;
use crate::codec::row_selection::RowSelection;
use crate::codec::strings::dictionaries::Dictionaries;
use crate::column::values::{Batch, Values};
use crate::error::{Error, Result};
use crate::files::byte_source as source;
use crate::files::byte_source::{ByteSource, FileSource};
use crate::format::checksum::crc;
use crate::format::created_by;
use crate::format::directory::{Directory, TAIL};
use crate::format::header::{self, FOOTER, Footer, HEADER, Header, Named, PLACES};
use crate::format::identity::Identity;
use crate::format::pages::Pages;
use crate::format::schema::{Kind, Schema};
use crate::format::sections::{Section, SectionKind};
use crate::format::tables::TableKind;
use crate::read::open_tables::{check_dictionaries, open_tables, read_directory};
use crate::read::projection::Projection;
use crate::read::statistics_view::Statistics;
use crate::read::table::TableView;
use crate::summary::kind::Summary;
use crate::summary::sample_index::{Class, SampleIndex};

/// The first bytes of an encapsulated Arrow IPC message.
const ARROW_MESSAGE: [u8; 4] = [0xFF; 4];

/// A gede file open for reading. Opening reads its last 64 KiB and checks its metadata; pages of
/// data are checked when they are first touched.
///
/// It may be used from many threads at once.
///
/// ```no_run
/// use gede::{Reader, read::Projection};
///
/// let reader = Reader::open("t.gede")?;
/// let columns = Projection::columns(reader.schema(), &["age", "name"])?;
/// let batch = reader.take(&[5, 3, 3], &columns)?;
/// assert_eq!((batch.rows, batch.columns.len()), (3, 2));
/// # Ok::<(), gede::Error>(())
/// ```
pub struct Reader<S> {
    pub(crate) pages: Pages<S>,
    pub(crate) directory: Directory,
    pub(crate) footer: Footer,
    pub(crate) table: TableView,
    /// The condensed table, once it was asked for.
    condensed: OnceLock<TableView>,
    /// The table of statistics, likewise.
    pub(crate) statistics: OnceLock<Statistics>,
    pub(crate) dictionaries: Dictionaries,
    pub(crate) index: Option<SampleIndex>,
    arrow_schema: Option<Vec<u8>>,
    identity: Identity,
    created_by: String,
    /// The end of the footer.
    end: u64,
    /// The ends that the header names.
    pub(crate) places: [Named; PLACES],
}

impl<S> std::fmt::Debug for Reader<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Reader");
        shown.field("rows", &self.table.rows).field("segments", &self.table.segments);
        shown.finish_non_exhaustive()
    }
}

impl Reader<FileSource> {
    /// Opens a file and reads it at positions: safe whatever others do to it.
    ///
    /// # Errors
    /// `Io`, `NotGede`, `Corrupt` or `Unsupported`, with the path.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::new(FileSource::open(path)?).map_err(|e| e.at(path.display()))
    }
}

impl Reader<memmap2::Mmap> {
    /// Opens a file through a memory map.
    ///
    /// # Safety
    /// Nobody may truncate the file while the reader lives: reading a page that is gone ends the process (SIGBUS).
    ///
    /// Bytes that others write into it after they were checked come back as wrong values or as errors. They do not
    /// lead out of memory: every number that says where to read or write is copied before it is checked, or is loaded once and
    /// bounded where it is used. Compilers are told that mapped bytes do not change, though, so that this holds of the
    /// code as it is compiled (`tests/map_race.rs`) and is no promise of the language: where others may write, open the
    /// file with [`Reader::open`].
    ///
    /// # Errors
    /// As `open`.
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (file, _) = source::open(path)?;
        // SAFETY: the caller's promise.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|e| Error::io(path.display(), e))?;
        Self::new(map).map_err(|e| e.at(path.display()))
    }
}

impl<S: ByteSource> Reader<S> {
    /// Opens a file whose bytes come from `source`: a slice, a vector, a map, a file, a store.
    ///
    /// # Errors
    /// `NotGede`, `Corrupt` or `Unsupported`.
    pub fn new(source: S) -> Result<Self> {
        Self::with_checks(source, true, None)
    }

    /// As `new`, of a file whose table ends at `end`, whatever its header says.
    ///
    /// # Errors
    /// As `new`.
    pub(crate) fn ending_at(source: S, end: u64) -> Result<Self> {
        Self::with_checks(source, true, Some(end))
    }

    /// As `new`, with page checksums left alone: for bytes that something else vouches for.
    ///
    /// # Errors
    /// As `new`.
    pub fn new_unchecked(source: S) -> Result<Self> {
        Self::with_checks(source, false, None)
    }

    fn with_checks(source: S, checked: bool, end: Option<u64>) -> Result<Self> {
        let tail_of =
            |end: u64| -> Result<Vec<u8>> { Ok(source.bytes(end.saturating_sub(TAIL)..end)?.into_owned()) };
        let of_file = source.length();
        let (mut tail, head) = (tail_of(of_file)?, source.bytes(0..of_file.min(HEADER))?.into_owned());
        // Rows that are being appended, or whose append did not end, are behind the table's end.
        let length = end.map_or_else(|| header::end(&head, &tail, of_file), Ok)?;
        if length != of_file {
            tail = tail_of(length)?;
        }
        let tail_start = length.saturating_sub(TAIL);
        let footer = Footer::read(&tail, &head, length)?;
        // What the tail holds is not read again.
        let metadata = |offset: u64, bytes: u64, sum: u32, what: &str| -> Result<Vec<u8>> {
            let end = offset.checked_add(bytes).filter(|&e| e <= length - FOOTER.min(length));
            let end = end.ok_or_else(|| Error::corrupt(format!("{what}: it lies outside the file")))?;
            let found = match offset.checked_sub(tail_start) {
                Some(at) => tail.get(at as usize..(end - tail_start) as usize).map(Cow::Borrowed),
                None => Some(source.bytes(offset..end)?),
            };
            let found = found.ok_or_else(|| Error::corrupt(format!("{what}: it lies outside the file")))?;
            // Copied before it is checked: a map may change meanwhile.
            let found = found.into_owned();
            if crc(&found) != sum {
                return Err(Error::corrupt(format!("{what}: its checksum does not match")));
            }
            Ok(found)
        };
        let offset = footer.directory_offset.get();
        let bytes = metadata(offset, footer.directory_length.get(), footer.directory_crc.get(), "directory")?;
        if offset.checked_add(bytes.len() as u64).map(crate::format::align) != length.checked_sub(FOOTER) {
            return Err(Error::corrupt("directory: it does not end before the footer"));
        }
        let directory = read_directory(&bytes, offset)?;
        Header::check(&head, directory.is_strict())?;
        if directory.is_strict() {
            footer.check_reserved()?;
        }
        directory.check_former(footer.previous_footer.get())?;
        let section = |kind, what: &str| -> Result<Option<Vec<u8>>> {
            directory.section(kind).map(|s| metadata(s.offset, s.length, s.crc, what)).transpose()
        };
        let needed = |kind, what: &str| {
            section(kind, what)?.ok_or_else(|| Error::corrupt(format!("there is no section \"{what}\"")))
        };
        let arrow_schema = section(SectionKind::ARROW_SCHEMA, "Arrow schema")?;
        let identity = Identity::parse(&needed(SectionKind::IDENTITY, "identity")?)?;
        let created_by = created_by::parse(needed(SectionKind::CREATED_BY, "created-by")?)?;
        let place = |kind| directory.section(kind).map(|s| (s.offset, s.length));
        let dictionaries = Dictionaries::new(directory.section(SectionKind::DICTIONARY_TABLE), length);
        let schema = |section: &Section| metadata(section.offset, section.length, section.crc, "schema");
        let table = open_tables(&directory, &dictionaries, schema)?;
        let levels: Vec<_> = directory.levels().copied().collect();
        if let (Some(top), true) = (levels.last(), checked) {
            metadata(top.offset, top.length, top.crc, "list of checksums")?;
        }
        let pages = Pages::new(source, directory.bulk_end, &levels, checked);
        let index = match (place(SectionKind::SAMPLE_INDEX), place(SectionKind::CLASS_TABLE)) {
            (Some(index), Some(classes)) => Some(SampleIndex::open(&pages, table.rows, index, classes)?),
            (None, None) => None,
            _ => return Err(Error::corrupt("a sample index without classes, or classes without an index")),
        };
        let condensed = OnceLock::new();
        Ok(Self {
            pages,
            directory,
            footer,
            table,
            condensed,
            statistics: OnceLock::new(),
            dictionaries,
            index,
            arrow_schema,
            identity,
            created_by,
            end: length,
            places: header::places(&head),
        })
    }

    /// The condensed table, if it is stored: read when it is first asked for.
    pub(crate) fn stored_condensed(&self) -> Result<Option<&TableView>> {
        if let Some(rows) = self.condensed.get() {
            return Ok(Some(rows));
        }
        let Some((number, table)) = self.directory.table(TableKind::CONDENSED) else { return Ok(None) };
        let blocks = self.directory.section_of(SectionKind::BLOCK_TABLE, number);
        let schema = self.directory.section_of(SectionKind::TABLE_SCHEMA, number);
        let (Some(blocks), Some(schema)) = (blocks, schema) else { return Ok(None) };
        let unreadable = |node, group| self.directory.unreadable(number, node, group);
        let schema = Schema::from_bytes(&self.section_bytes(schema)?, unreadable)?;
        if let Some(refusal) = schema.first_refusal() {
            return Err(refusal);
        }
        if [schema.groups(), table.storage_groups()] != [1, 1] {
            return Err(Error::corrupt("condensed samples: their table has one storage group"));
        }
        check_dictionaries(&schema, &self.dictionaries)?;
        Ok(Some(self.condensed.get_or_init(|| TableView::new(schema, table, Some(blocks)))))
    }

    /// The pages and the dictionaries, for a read.
    pub(crate) fn context(&self) -> Context<'_, S> {
        Context { pages: &self.pages, dictionaries: &self.dictionaries }
    }

    /// Rows of the table.
    pub fn rows(&self) -> u64 {
        self.table.rows
    }

    /// The physical schema.
    pub fn schema(&self) -> &Schema {
        &self.table.schema
    }

    /// The Arrow schema, an encapsulated IPC message, if the file was written from Arrow. A section that does not begin
    /// as such a message is something else, and passed over: the physical schema says all that values need.
    pub fn arrow_schema(&self) -> Option<&[u8]> {
        self.arrow_schema.as_deref().filter(|message| message.starts_with(&ARROW_MESSAGE))
    }

    /// Bytes of the checksummed pages that were touched so far, each counted once: what a mapped file had to be read
    /// for, metadata aside. 0 where checksums are not checked.
    pub fn touched_bytes(&self) -> u64 {
        self.pages.touched()
    }

    /// The version of the format the file was written in.
    pub fn version(&self) -> (u16, u16) {
        self.footer.version()
    }

    /// The identity that the file names; [`Reader::verify`] holds it against the bytes.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The name and version of the writer.
    pub fn created_by(&self) -> &str {
        &self.created_by
    }

    /// Length of the file in bytes, up to the end of its table.
    pub fn file_length(&self) -> u64 {
        self.end
    }

    /// Bytes after the end of the table: rows that are being appended, or that an append left that did not come to its end.
    /// They are not read; the next append removes them.
    pub fn unfinished_bytes(&self) -> u64 {
        self.pages.source().length().saturating_sub(self.end)
    }

    /// Parts of the file: the rows it was written with, and those of each time that rows were appended.
    pub fn parts(&self) -> usize {
        1 + self.directory.former().count()
    }

    /// Segments of the table.
    pub fn segments(&self) -> u64 {
        self.table.segments
    }

    /// Names of the features the file uses.
    pub fn features(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.directory.features.iter().map(|f| f.name)
    }

    /// The strings of a node's file-wide dictionary, if it has one.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn dictionary(&self, node: usize) -> Result<Option<Values>> {
        let number = self.schema().nodes().get(node).and_then(|n| n.dictionary);
        let Some(number) = number else { return Ok(None) };
        let table = self.dictionaries.strings(&self.pages, number)?;
        if self.schema().nodes().get(node).is_some_and(|n| n.kind == Kind::Text) {
            table.check_text()?;
        }
        table.values().map(Some)
    }

    /// Bytes that the strings of a node's file-wide dictionary take, at most; 0 if it has none.
    pub(crate) fn dictionary_bytes(&self, node: usize) -> Result<u64> {
        let number = self.schema().nodes().get(node).and_then(|n| n.dictionary);
        number.map_or(Ok(0), |number| Ok(self.dictionaries.strings(&self.pages, number)?.most_bytes()))
    }

    /// The node and the number of the classes of a class-wise file.
    pub fn classes(&self) -> Option<(usize, u64)> {
        self.index.as_ref().map(|i| (i.node() as usize, i.classes()))
    }

    /// A class of a class-wise file.
    ///
    /// # Errors
    /// `Argument` if there is no such class; `Corrupt`.
    pub fn class(&self, number: u64) -> Result<Class> {
        let index = self.index.as_ref().ok_or_else(|| Error::argument("the file is not class-wise"))?;
        index.class(&self.pages, number)
    }

    /// The classes of a class-wise file, in stored order; none for other files.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn all_classes(&self) -> impl Iterator<Item = Result<Class>> + '_ {
        self.index.iter().flat_map(|index| index.all(&self.pages))
    }

    /// The table row at a stored place: the inverse of the order that a class-wise file is stored in.
    ///
    /// # Errors
    /// `Argument` if there is no such place; `Corrupt`.
    pub fn row_at(&self, stored: u64) -> Result<u64> {
        if stored >= self.rows() {
            return Err(Error::argument(format!("no stored row {stored}")));
        }
        self.index.as_ref().map_or(Ok(stored), |i| i.row(&self.pages, stored))
    }

    /// Stored rows in stored order: a class's rows are adjacent. `row_at` gives their row numbers.
    pub(crate) fn stored_rows(
        &self,
        rows: Range<u64>,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        let rows = RowSelection::Range(rows.start, rows.end.saturating_sub(rows.start) as usize);
        self.table.take(self.context(), rows, None, projection, out)
    }

    /// The stored rows of a segment.
    pub(crate) fn segment_range(&self, segment: u64) -> Result<Range<u64>> {
        self.table.segment(&self.pages, segment, 0)
    }

    /// A summary of the rows, if the file has it.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub(crate) fn summary<T: Summary>(&self) -> Result<Option<T>> {
        self.bulk_section(T::SECTION)?.map(|bytes| T::parse(&bytes, self.schema())).transpose()
    }

    /// A copy of the bytes of a bulk section, if there is one: what is checked in it stays so.
    pub(crate) fn bulk_section(&self, kind: SectionKind) -> Result<Option<Vec<u8>>> {
        self.directory.section(kind).map(|section| self.section_bytes(section)).transpose()
    }

    /// A copy of the bytes of a bulk section.
    pub(crate) fn section_bytes(&self, section: &Section) -> Result<Vec<u8>> {
        Ok(self.pages.piece(section.offset, section.length)?.into_owned())
    }
}
