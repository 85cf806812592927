"""The frame of a file (gede.md, chapter 2): header, footer, directory, features and checksums, in the order in which a
reader judges them (9.1)."""
import struct
import zlib
from collections import namedtuple

from rules import MAX_TABLES, require

MAGIC, PROVISIONAL = b"\x89GEDE\r\n\x1a", b"\x89GEDE\n\r\n"
FEATURES = {0, 1, 2, 3, 4, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38}  # known ones, 2.4
SECTIONS = {1: (0, 0), 2: (0, 144), 3: (0, 32), 16: (1, 4)} | {kind: (0, 0) for kind in range(4, 12)} \
    | {kind: (2, 0) for kind in (32, 34, 35, 36, 37, 38)}  # known ones, their place and the bytes of an entry, 2.3

NAMES = {32: "schema", 34: "Arrow schema", 36: "key-values", 37: "identity", 38: "created-by"}
LAST = [(37, 0), (38, 0)]  # kind and number of the last sections
Feature = namedtuple("Feature", "id required scope major minor table number name")
Table = namedtuple("Table", "kind zero groups rows segment_rows segments parent node")
ROWS, SAMPLES, ITEMS, STATISTICS = 1, 2, 3, 4  # kinds of tables
Section = namedtuple("Section", "kind place zero number stride crc offset length")


def refusal(feature):
    """The reason why a reader that does not know a feature refuses it."""
    name = feature.name.rstrip(b"\0").decode()
    return f'it uses the feature "{name}" of format {feature.major}.{feature.minor}'


def place(data):
    """What a place of the header says (2.8): an end of the table, 0 for none, None if it is damaged."""
    end, zero, crc = struct.unpack("<QII", data)
    if not any(data):
        return 0
    return end if end % 64 == 0 and end >= 128 and zero == 0 and crc == zlib.crc32(data[:12]) else None


def table_end(data, places):
    """The end of the table (2.8)."""
    end = max((end for end in places if end), default=0) or len(data)
    require(end <= len(data), "cut short: the header says that the table ends")
    footer = data[-64:]
    is_footer = footer[56:] == MAGIC and zlib.crc32(footer[:52]) == struct.unpack_from("<I", footer, 52)[0] \
        and struct.unpack_from("<Q", footer)[0] == len(data) and struct.unpack_from("<H", footer, 36)[0] == 1
    return len(data) if None in places and is_footer else end


def text(data, what):
    """A string that is UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{what} not UTF-8") from None


class Frame:
    """The parts of a file: every checksum has been checked."""

    def __init__(self, data, end=None):
        require(len(data) >= 128, "too short")
        self.header = header = data[:64]
        self.places = [place(header[at : at + 16]) for at in (32, 48)]
        self.end = end or table_end(data, self.places)
        self.data = data = data[: self.end]
        footer = data[-64:]
        require(header[:8] != PROVISIONAL, "a file from before format 1.0")
        require(footer[56:] == MAGIC, "cut short or never finished, or not a gede file")
        require(zlib.crc32(footer[:52]) == struct.unpack_from("<I", footer, 52)[0], "footer: its checksum does not match")
        length, at, size, self.previous, crc, major, minor = struct.unpack_from("<QQQQIHH", footer)  # 2.2
        require(major == 1, f"written in format {major}.{minor}")
        require(length == len(data), f"footer: the file should have {length} bytes and has {len(data)}")
        require(at + size <= length - 64, "directory: it lies outside the file")
        directory = data[at : at + size]
        require(zlib.crc32(directory) == crc, "directory: its checksum does not match")
        require((at + size + 63) // 64 * 64 == length - 64, "directory: it does not end before the footer")
        self.directory = (at, size)
        self.read_directory(directory)
        require(header[:8] == MAGIC, "header: the magic bytes are damaged")
        require(zlib.crc32(header[:28]) == struct.unpack_from("<I", header, 28)[0], "header: its checksum does not match")
        require(struct.unpack_from("<HxxI", header, 8) == (1, 4096), "header: it does not agree with the footer")
        if not self.unknown:
            require(not any(header[16:28]), "header: reserved bytes are not zero")
            require(not any(footer[40:52]), "footer: reserved bytes are not zero")
        former = [s.offset + s.length for s in self.sections if s.kind == 11]  # 2.8
        require(len(former) <= 63, "directory: more than 64 parts")
        require(former[-1:] == [self.previous + 64] * (self.previous > 0), "footer: the footer before it is not where the directory says")
        for section in (s for s in self.sections if s.place == 2):
            require(zlib.crc32(self.bytes(section)) == section.crc, f"{NAMES.get(section.kind, section.kind)}: its checksum does not match")
        self.identity = self.section(37)  # 2.7
        require(len(self.identity) == 32, "identity: it is not 32 bytes long")
        require(len(self.section(38)) <= 255, "created-by: it has more than 255 bytes")
        self.created_by = text(self.section(38), "created-by: it is")
        if end is None:
            self.check_pages()
        self.unreadable = self.unreadable_columns()
        scoped = [f for f in self.unknown if f.required and f.scope > 0 and f.table < len(self.tables)]
        self.unreadable_tables = {f.table for f in scoped if f.table > 0 and self.tables[f.table].kind != ITEMS}
        # Tables of items have one storage group and one column, both of number 0.
        self.unreadable_items = {f.table: f for f in scoped if self.tables[f.table].kind == ITEMS and f.number == 0}
        self.unknown_groups = {(f.table, f.number) for f in scoped if f.scope < 3}

    def read_directory(self, data):
        """Features, tables and sections (2.3, 2.4)."""
        length, page, self.bulk_end, *counts = struct.unpack_from("<IIQ3I3H", data)
        require(64 <= length <= len(data), "directory: its head is too short")
        self.at, longer = length, [data[34:length]]

        def entries(i, kind, form):
            """The known part of each entry of a list."""
            count, stride, known = counts[i], counts[3 + i], struct.calcsize(form)
            require(stride >= known, "directory: its entries are too short")
            require(self.at + count * stride <= len(data), "directory: its length does not fit its counts")
            parts = [data[self.at + stride * n : self.at + stride * (n + 1)] for n in range(count)]
            self.at += count * stride
            longer.extend(part[known:] for part in parts)
            return [kind(*struct.unpack(form, part[:known])) for part in parts]

        self.read_features(entries(0, Feature, "<HBBHHII24s"))
        self.tables = entries(1, Table, "<HHIQQQII")
        self.sections = entries(2, Section, "<HBBIIIQQ")
        require(self.at == len(data), "directory: its length does not fit its counts")
        if not self.unknown:
            require(not any(any(more) for more in longer) and length == 64, "directory: reserved bytes are not zero")
        require(page == 4096, "directory: a page size that this version does not have")
        require(self.tables and self.tables[0].kind == 1, "directory: the first table is not that of the rows")
        require(len(self.tables) <= MAX_TABLES, f"directory: {len(self.tables)} tables are more than {MAX_TABLES}")
        known = [t for t in self.tables if t.kind in (ROWS, SAMPLES, ITEMS, STATISTICS)]
        own = [(t.kind, t.parent, t.node) if t.kind == ITEMS else t.kind for t in known]
        require(len(set(own)) == len(own), "directory: a kind of table, or a table of the same list, occurs twice")
        for number, t in enumerate(self.tables):
            require(t.kind != ITEMS or t.parent < number, "directory: a table of items comes before that of their lists")
        for t in known:
            require(t.groups > 0, "directory: a table has no storage groups")
            regular = t.segment_rows == 0 or -(-t.rows // t.segment_rows) == t.segments
            require((t.rows == 0) == (t.segments == 0) and regular, "directory: the number of rows does not fit the number of segments")
        for s in self.sections:
            place, stride = SECTIONS.get(s.kind, (s.place, 0))
            require(s.place <= 2, f"directory: section {s.kind}: it is in no part of the file")
            require(s.place == place, f"directory: section {s.kind}: it is in the wrong part of the file")
            require(s.stride >= stride, f"directory: section {s.kind}: its stride is wrong")
            require(s.stride == 0 or s.length % s.stride == 0, "directory: a section is not a whole number of entries")
            is_of_table = s.number < len(self.tables) if s.kind in (1, 2, 4, 32) else s.number == 0
            if is_of_table and s.kind in (1, 4, 32) and self.tables[s.number] in known:
                kinds = {1: (ROWS, SAMPLES, STATISTICS), 4: (SAMPLES,), 32: (ROWS, ITEMS)}  # blocks, and schemas
                is_of_table = self.tables[s.number].kind in kinds[s.kind]
            require(is_of_table or s.kind not in SECTIONS, f"directory: section {s.kind}: it is of no table")
        is_of_part = [(1, 0), (11, 0)] if any(f.id == 38 for f in self.features) else []
        numbers = [(s.kind, s.number) for s in self.sections if s.kind != 16 and (s.kind, s.number) not in is_of_part]
        require(len(set(numbers)) == len(numbers), "directory: a section occurs twice")
        end = 64
        for s in self.sections:
            fits = s.offset % 64 == 0 and end <= s.offset < end + 64 and s.length > 0 and s.offset + s.length <= self.directory[0]
            require(fits, "directory: sections overlap, leave gaps or lie outside the file")
            end = s.offset + s.length
        require([s.place for s in self.sections] == sorted(s.place for s in self.sections), "directory: sections are out of order")
        require(end <= self.directory[0] < end + 64 and self.directory[0] % 64 == 0, "directory: it does not follow the last section")
        require(self.bulk_end == max([s.offset + s.length for s in self.sections if s.place == 0], default=64), "directory: the checksummed part ends in the wrong place")
        below, lengths = self.bulk_end, []
        while not lengths or below > 4096:
            below = -(-below // 4096) * 4
            lengths.append(below)
        found = [s.length for s in self.sections if s.kind == 16]
        require(found == lengths, "directory: the checksum levels do not fit the checksummed part")
        if not self.unknown:
            require(len(known) == len(self.tables), "directory: a table is of an unknown kind")
            zero = all(t.zero == 0 and (t.kind == ITEMS or t.parent == t.node == 0) for t in self.tables)
            require(zero, "directory: reserved bytes of a table are not zero")
            for s in self.sections:
                require(s.kind in SECTIONS, f"directory: section {s.kind}: its kind is unknown, and no feature names it")
                require(s.stride == SECTIONS[s.kind][1] and s.zero == 0, f"directory: section {s.kind}: its stride is wrong")
        last = [(s.kind, s.number) for s in self.sections if not self.unknown or (s.kind, s.number) in LAST]
        require(last[-2:] == LAST, "directory: its last sections are not the identity and the name of the writer")
        for number, t in enumerate(self.tables):
            if t in known:
                require(len(self.entries(2, number)) == t.segments * t.groups, "directory: the number of segments does not fit the block table")
                has_schema = t.kind == STATISTICS or self.section(4 if t.kind == SAMPLES else 32, number)
                require(has_schema, "directory: a table has no schema")
        rows = self.tables[0]
        self.rows, self.segment_rows, self.segments, self.groups = rows.rows, rows.segment_rows, rows.segments, rows.groups
        self.samples = next((n for n, t in enumerate(self.tables) if t.kind == SAMPLES), None)

    def read_features(self, features):
        """A required feature that is unknown is refused before anything else is judged (9.1)."""
        self.features, self.unknown = features, [f for f in features if f.id not in FEATURES]
        for f in features:
            name, whole = f.name.rstrip(b"\0"), f.scope == 0 or (f.scope, f.table) == (1, 0)
            require(f.scope <= 3 and not any((f.table, f.number)[f.scope :]), "directory: a feature is of no part of a file")
            require(f.id < 32768 or b"/" in name, "directory: a private feature does not name its owner")
            require(f.required <= 1 and name and all(32 <= c <= 126 for c in name),
                    "directory: a feature is neither required nor optional, or has no name")
            require(f.id in FEATURES or not (f.required and whole), refusal(f))
        keys = [(f.id, f.scope, f.table, f.number) for f in features]
        require(keys == sorted(set(keys)), "directory: features are out of order")

    def unreadable_columns(self):
        """Unknown required features by their scope (9.1): of a group ("group", g), of a column ("column", node)."""
        scopes = [(f.scope, f.number, f) for f in self.unknown if f.required and f.scope >= 2 and f.table == 0]
        return {("group" if scope == 2 else "column", number): f for scope, number, f in scopes}

    def bytes(self, section):
        return self.data[section.offset : section.offset + section.length]

    def section(self, kind, number=0):
        return next((self.bytes(s) for s in self.sections if (s.kind, s.number) == (kind, number)), b"")

    def key_values(self):
        """Pairs of the user (2.6)."""
        data = self.section(36)
        if not data:
            return {}
        require(len(data) >= 4, "key-values: they are cut short")
        count = struct.unpack_from("<I", data)[0]
        at, texts = 4 + 8 * count, []
        require(at <= len(data), "key-values: they are cut short")
        for length in struct.unpack_from(f"<{2 * count}I", data, 4):
            require(at + length <= len(data), "key-values: they are cut short")
            texts.append(text(data[at : at + length], "key-values:"))
            at += length
        keys = texts[::2]
        require(all(a < b for a, b in zip(keys, keys[1:])), "key-values: keys are not in order, or occur twice")
        require(count > 0 and at == len(data), "key-values: their lengths do not fit the section")
        return dict(zip(keys, texts[1::2]))

    def entries(self, kind, number=0):
        """The known part of each entry of a section."""
        found = next((s for s in self.sections if (s.kind, s.number) == (kind, number)), None)
        data, known = self.section(kind, number), SECTIONS[kind][1]
        return [data[at : at + known] for at in range(0, len(data), found.stride)] if found else []

    def check_pages(self):
        """The checksum levels (2.5), lowest first."""
        below = bytes(64) + self.data[64 : self.bulk_end]  # the header is in no page
        levels = [s for s in self.sections if s.kind == 16]
        require(zlib.crc32(self.bytes(levels[-1])) == levels[-1].crc, "list of checksums: its checksum does not match")
        for section in levels:
            first = 0 if section is not levels[0] else 64
            pages = [zlib.crc32(below[max(first, i) : i + 4096]) for i in range(0, len(below), 4096)]
            require(struct.pack(f"<{len(pages)}I", *pages) == self.bytes(section), "bytes are damaged: their checksum does not match")
            below = self.bytes(section)
