#!/usr/bin/env python3
"""A second reader of .gede files, written from gede.md alone; section numbers refer to that page.

    reader.py FILE              every row as CSV, in the order of the table
    reader.py --condensed FILE  the condensed table as CSV, rebuilt from the rows where it is not stored
    reader.py --moments FILE    the moments as CSV

This file, with the rules of schemas and transforms in rules.py, reads tables of fixed records, the layout of the paper. grouped.py is for grouped records,
images.py for images, condensed.py for the last two commands; check.py checks what a reader need not know.

The dump is exact. Its lines end in a line feed; the first names the fields, then one line a row.

- A field is one instance of a node. A column's nodes come parents first, a node's instances in order.
  A struct or a list has a field only if it may be null: 1 if it is there, 0 if it is null.
- A field is named "PATH:KIND", always quoted, quotes doubled. PATH is the column's name, then `.child` for
  a struct's child and `[i]` for a list's item. KIND is the kind's name and bits (fixed bytes and images: the length);
  then `/u` for unit u, `/p.s` for a decimal's precision and scale; then `?` if values may be null.
- bool, unsigned, signed and decimal (without its scale) are integers. float and interval are their raw bits
  in hexadecimal, most significant digit first. bytes, fixed bytes and images are 0x and two digits a byte. text is
  always quoted, quotes doubled. A null, and everything under a null, is an empty field.
"""
import struct
import sys
import zlib
from collections import namedtuple

import numpy as np

import rules
from rules import (BOOL, BYTES, DECIMAL, FIXED, FLOAT, IMAGE, INTERVAL, KINDS, LIST, NONE, SIGNED, STRUCT, TEXT, UNSIGNED,
                   require)

MAGIC, PROVISIONAL = b"\x89GEDE\r\n\x1a", b"\x89GEDE\n\r\n"
FEATURES = {0, 1, 2, 16, 17, 18, 19, 20, 21, 22, 23, 32, 33, 34, 35, 36}  # known ones, 2.4
SECTIONS = {1: (0, 0), 2: (0, 128), 3: (0, 32), 16: (1, 4)} | {kind: (0, 0) for kind in range(4, 11)} \
    | {kind: (2, 0) for kind in (32, 34, 35, 36, 37, 38)}  # known ones, their place and the bytes of an entry, 2.3

Feature = namedtuple("Feature", "id required scope major minor table number name")
Table = namedtuple("Table", "kind zero groups rows segment_rows segments")
Section = namedtuple("Section", "kind place zero number stride crc offset length")
Node = namedtuple("Node", "parent name_at name_length kind nullable unit precision scale bits r v lane group "
                  "dictionary length image_width name")
Schema = namedtuple("Schema", "nodes groups")  # groups: the lanes of each storage group
Block = namedtuple("Block", "first rows transforms layout bases records exceptions exceptions_length heap heap_length "
                   "n_b l_t l_b l_d constant kind id_bits transform shift minima offsets records_length")
Transform = namedtuple("Transform", "kind width exponent zero word minimum")


class File:
    """A file, open: every checksum has been checked."""

    def __init__(self, data):
        self.data = data
        require(len(data) >= 128, "too short")
        header, footer = data[:64], data[-64:]
        require(header[:8] != PROVISIONAL, "from before 1.0")
        require(footer[56:] == MAGIC, "not a gede file, or torn")
        require(zlib.crc32(footer[:52]) == struct.unpack_from("<I", footer, 52)[0], "footer checksum")
        length, at, size, previous, crc, major, minor = struct.unpack_from("<QQQQIHH", footer)  # 2.2
        require(major == 1, f"version {major}.{minor}")
        require(length == len(data), "the footer names another file length")
        require(at + size <= length - 64, "the directory lies outside the file")
        directory = data[at : at + size]
        require(zlib.crc32(directory) == crc, "directory checksum")
        self.directory = (at, size)
        self.read_directory(directory)
        require(header[:8] == MAGIC, "magic of the header")
        require(zlib.crc32(header[:28]) == struct.unpack_from("<I", header, 28)[0], "header checksum")
        require(struct.unpack_from("<HxxI", header, 8) == (1, 4096), "the header's version or page size")
        if not self.unknown:
            require(not any(header[16:28] + header[32:] + footer[40:52]) and previous == 0, "reserved bytes")
        for section in (s for s in self.sections if s.place == 2):
            require(zlib.crc32(self.bytes(section)) == section.crc, f"checksum of section {section.kind}")
        self.check_pages()
        self.identity, self.created_by = self.section(37), utf8(self.section(38))  # 2.8
        require(len(self.identity) == 32 and len(self.section(38)) <= 255, "identity or created-by")
        self.unreadable = self.unreadable_columns()
        self.schema = self.read_schema(0)
        require(len(self.schema.groups) == self.groups, "storage groups")

    def read_directory(self, data):
        """Features, tables and sections (2.3, 2.4)."""
        length, page, self.bulk_end, *counts = struct.unpack_from("<IIQ3I3H", data)
        require(64 <= length <= len(data), "length of the directory's head")
        at, parts, longer = length, [], [data[34:length]]
        for count, stride, kind, form in zip(counts, counts[3:], (Feature, Table, Section), ("<HBBHHII24s", "<HHIQQQ", "<HBBIIIQQ")):
            known = struct.calcsize(form)
            require(stride >= known and at + count * stride <= len(data), "the directory's entries")
            entries = [data[at + stride * i : at + stride * (i + 1)] for i in range(count)]
            parts.append([kind(*struct.unpack(form, entry[:known])) for entry in entries])
            longer += [entry[known:] for entry in entries]
            at += count * stride
        require(at == len(data), "the directory's length")
        self.features, self.tables, self.sections = parts
        self.unknown = [f for f in self.features if f.id not in FEATURES]
        require(all(a[:1] + a[2:3] + a[5:7] < b[:1] + b[2:3] + b[5:7] for a, b in zip(self.features, self.features[1:])), "order of features")
        for f in self.features:
            name = f.name.rstrip(b"\0")
            require(name and all(32 <= c <= 126 for c in name) and (f.id < 32768 or b"/" in name), "a feature's name")
            possible = f.scope <= 3 and not any((f.table, f.number)[f.scope :])
            require(f.required <= 1 and possible, "a feature that is neither required nor optional, or of nothing")
        for f in self.unknown:
            whole = f.scope == 0 or (f.scope, f.table) == (1, 0)
            require(not (f.required and whole), f"needs the feature {f.name.rstrip(bytes(1)).decode()} of version {f.major}.{f.minor}")
        require(page == 4096, "page size")
        require(self.tables and self.tables[0].kind == 1, "the first table is not that of the rows")
        known = [t for t in self.tables if t.kind in (1, 2)]
        require(len({t.kind for t in known}) == len(known), "a kind of table twice")
        for t in known:
            require(t.groups > 0 and (t.rows == 0) == (t.segments == 0), "rows and segments of a table")
            require(t.segment_rows == 0 or -(-t.rows // t.segment_rows) == t.segments, "rows of segments")
        for s in self.sections:
            place, stride = SECTIONS.get(s.kind, (s.place, 0))
            require(s.place == place <= 2 and s.stride >= stride, f"place or entries of section {s.kind}")
            require(s.stride == 0 or s.length % s.stride == 0, f"entries of section {s.kind}")
        numbers = [(s.kind, s.number) for s in self.sections if s.kind != 16]
        require(len(set(numbers)) == len(numbers), "a section twice")
        require([s.place for s in self.sections] == sorted(s.place for s in self.sections), "order of sections")
        require(self.bulk_end == max([s.offset + s.length for s in self.sections if s.place == 0], default=64), "bulk_end")
        last = [(s.kind, s.number) for s in self.sections if not self.unknown or (s.kind, s.number) in ((37, 0), (38, 0))]
        require(last[-2:] == [(37, 0), (38, 0)], "the last sections are not the identity and the name of the writer")
        if not self.unknown:
            require(not any(any(more) for more in longer) and length == 64 and len(known) == len(self.tables), "reserved bytes of the directory")
            strides = all(s.stride == SECTIONS[s.kind][1] and s.zero == 0 for s in self.sections if s.kind in SECTIONS)
            require(strides and all(s.kind in SECTIONS for s in self.sections), "a section of an unknown kind or form")
            require(not any(t.zero for t in self.tables), "reserved bytes of a table")
        for number, t in enumerate(self.tables):
            if t.kind in (1, 2):
                require(len(self.entries(2, number)) == t.segments * t.groups, "blocks of a table")
                require(self.section(4 if number else 32, number), "a table has no schema")
        rows = self.tables[0]
        self.rows, self.segment_rows, self.segments, self.groups = rows.rows, rows.segment_rows, rows.segments, rows.groups
        self.samples = next((n for n, t in enumerate(self.tables) if t.kind == 2), None)

    def unreadable_columns(self):
        """Unknown required features by their scope (2.6): of a group ("group", g), of a column ("column", node)."""
        scopes = [(f.scope, f.number, f) for f in self.unknown if f.required and f.scope >= 2 and f.table == 0]
        return {("group" if scope == 2 else "column", number): f for scope, number, f in scopes}

    def bytes(self, section):
        return self.data[section.offset : section.offset + section.length]

    def section(self, kind, number=0):
        return next((self.bytes(s) for s in self.sections if (s.kind, s.number) == (kind, number)), b"")

    def key_values(self):
        """Pairs of the user (2.7)."""
        data = self.section(36)
        if not data:
            return {}
        require(len(data) >= 4, "key-values are cut short")
        count = struct.unpack_from("<I", data)[0]
        require(count > 0 and 4 + 8 * count <= len(data), "key-values are cut short")
        lengths, at, texts = struct.unpack_from(f"<{2 * count}I", data, 4), 4 + 8 * count, []
        for length in lengths:
            texts.append(data[at : at + length])
            at += length
        require(at == len(data), "lengths of key-values")
        keys = texts[::2]
        require(all(a < b for a, b in zip(keys, keys[1:])), "key-values are out of order")
        return {utf8(key): utf8(value) for key, value in zip(keys, texts[1::2])}

    def entries(self, kind, number=0):
        """The known part of each entry of a section."""
        found = next((s for s in self.sections if (s.kind, s.number) == (kind, number)), None)
        data, known = self.section(kind, number), SECTIONS[kind][1]
        return [data[at : at + known] for at in range(0, len(data), found.stride)] if found else []

    def check_pages(self):
        """The checksum levels (2.5), lowest first."""
        below = bytes(64) + self.data[64 : self.bulk_end]  # the header is in no page
        levels = [s for s in self.sections if s.kind == 16]
        for section in levels:
            first = 0 if section is not levels[0] else 64
            pages = [zlib.crc32(below[max(first, i) : i + 4096]) for i in range(0, len(below), 4096)]
            require(struct.pack(f"<{len(pages)}I", *pages) == self.bytes(section), "checksums of pages")
            below = self.bytes(section)
        require(len(below) <= 4096 and zlib.crc32(below) == levels[-1].crc, "checksum of the last level")

    def read_schema(self, table):
        """The schema of a table (3)."""
        data = self.section(4 if table else 32, table)
        nodes, lanes, names_length, _ = struct.unpack_from("<4I", data)
        names, entries = data[16 + 48 * nodes :], struct.iter_unpack("<3I4BhH7I", data[16 : 16 + 48 * nodes])
        require(len(names) == names_length, "length of the names")
        out = [Node(*entry, utf8(names[entry[1] : entry[1] + entry[2]])) for entry in entries]
        rules.check_schema(out, len(self.entries(3)))
        groups = [0] * (1 + max([node.group for node in out], default=0))
        for node in out:
            groups[node.group] += node.r * (node.nullable + node.v)
        require(sum(groups) == lanes, "lanes")
        return Schema(out, groups)

    def segments_of(self, table):
        """The blocks (4) of each segment of a table, one a storage group."""
        blocks = [Block(*struct.unpack("<11Q4I4BIQQ", entry)) for entry in self.entries(2, table)]
        return list(zip(*[iter(blocks)] * self.tables[table].groups))

    def dictionary(self, index):
        """Values of a dictionary (4.3): raw bits or byte strings."""
        require(index < len(self.entries(3)), f"there is no dictionary {index}")
        at, length, count, kind, width = struct.unpack("<QQQII", self.entries(3)[index])
        data = self.data[at : at + length]
        require(count > 0 and width in ((1, 2, 4) if kind in (2, 4) else (0,)), "a dictionary's count or lengths")
        require(kind != 1 or 8 * count == length, "a dictionary's count and length")
        if kind == 1:
            return list(struct.unpack(f"<{count}Q", data))
        if kind == 3:
            symbols, rest = cut(data, count, 1)
            require(not rest and count <= 255 and all(1 <= len(s) <= 8 for s in symbols), "symbol table")
            return symbols
        symbols, rest = cut(data[1:], data[0], 1) if kind == 4 else (None, data)
        strings, rest = cut(rest, count, width)
        require(kind in (2, 4) and not rest, "length of a dictionary")
        return strings if symbols is None else [spell(codes, symbols) for codes in strings]

    def pieces(self, block, lanes):
        """The pieces of a block as (offset, length): transforms, layout, bases, records, exceptions, heap, offsets."""
        layout, table = stream_length(2 * block.l_t), stream_length(block.n_b * block.l_b)
        records, offsets = block.records_length, 0
        if block.kind == 1:
            records = stream_length(block.rows * (block.id_bits + block.l_d))
        if block.kind == 2:
            lanes, layout, table = 0, 32 + block.n_b * block.l_b // 8, 0
            offsets = stream_length((block.rows + 1) * block.records_length.bit_length())
        if block.kind == 3:
            groups, count = struct.unpack_from("<II", self.data, block.layout)
            layout, table = 24 + 8 * groups + 16 * count + 16, stream_length(block.l_b)
            frame = (block.id_bits << block.shift - 3) + block.minima
            offsets = stream_length(-(-block.rows >> block.shift) * frame)
        return [(block.transforms, 16 * lanes), (block.layout, layout), (block.bases, table),
                (block.records, records), (block.exceptions, block.exceptions_length),
                (block.heap, block.heap_length), (block.offsets, offsets)]

    def open_block(self, block, lanes):
        """Pieces, transforms, and the fields of fixed and grouped records."""
        require(1 <= block.kind <= 3, f"record kind {block.kind}")
        places = self.pieces(block, lanes)
        pieces = [self.data[at : at + length] for at, length in places]
        require(all(bool(at) == bool(length) for at, length in places), "offsets of pieces")
        constant = 8 * (len(pieces[1]) - 16) if block.kind == 3 else block.l_t - block.l_b - block.l_d
        require(block.constant == constant, "constant bits")
        require(block.kind == 1 or block.transform == 0, "image transform")
        require(block.kind == 3 or block.shift == block.minima == 0, "reserved bytes of a block")
        require(block.kind > 1 or block.offsets == block.records_length == 0, "reserved bytes of a block")
        if block.kind == 2:
            return pieces, [], []
        transforms = [Transform(*struct.unpack_from("<4BIQ", pieces[0], 16 * lane)) for lane in range(lanes)]
        widths = [t.width for t in transforms]
        require(block.kind != 1 or block.id_bits == (block.n_b - 1).bit_length(), "bits of a base id")
        require(sum(widths) == block.l_t, "total bits")
        if block.kind == 3:
            import grouped
            return pieces, transforms, grouped.fields(block, widths, pieces)
        return pieces, transforms, fixed_fields(block, widths, pieces)

    def segment_values(self, blocks, schema):
        """values[node][instance][row]: raw bits, or bytes; None for a null and for what is under a null."""
        block = blocks[0]
        require(block.kind != 2 and block.transform == 0, "a block of a table has records of images")
        pieces, transforms, fields = self.open_block(block, schema.groups[0])
        rules.check_transforms(schema, 0, transforms)
        exceptions = read_exceptions(pieces[4], block.rows)
        require(all(transforms[lane].kind == 1 for lane in exceptions), "exceptions of a lane that is not decimal")
        values = []
        for node in schema.nodes:
            if node.kind == IMAGE:
                import images
                group, lanes = blocks[node.group], schema.groups[node.group]
                require(group.kind != 3 and not group.exceptions_length and not group.heap_length, "a block of images")
                pieces_transforms_fields = self.open_block(group, lanes)
                if group.kind == 1:
                    rules.check_transforms(schema, node.group, pieces_transforms_fields[1])
                values.append([images.block_images(node, group, *pieces_transforms_fields)])
                continue
            instances = []
            for instance in range(node.r):
                lane = node.lane + node.r * node.nullable + instance * node.v
                valid = [1] * block.rows
                if node.nullable:
                    own = node.lane + instance
                    valid = [f + transforms[own].minimum for f in fields[own]]
                    require(all(v in (0, 1) for v in valid), f"{node.name}: a validity is neither 0 nor 1")
                if node.v == 0:
                    column = [b""] * block.rows
                else:
                    column = self.column(node, lane, fields, transforms, pieces[5], valid)
                    for row, raw in exceptions.get(lane, []):
                        require(raw >> node.bits == 0, f"{node.name}: an exception is outside of its type")
                        column[row] = raw
                if node.nullable:
                    column = [x if is_valid else None for x, is_valid in zip(column, valid)]
                    # Only the place of a string that is in no dictionary may be anything.
                    zero = lane + (node.kind in (BYTES, TEXT) and transforms[lane].kind != 2)
                    nulls = [u * (1 - v) for fs in fields[zero : lane + node.v] for u, v in zip(fs, valid)]
                    require(not any(nulls), f"{node.name}: fields of a null")
                if node.kind == TEXT:
                    any(utf8(x) is None for x in column if x is not None)
                if node.parent != NONE:
                    above = values[node.parent][instance * schema.nodes[node.parent].r // node.r]
                    column = [x if up is not None else None for x, up in zip(column, above)]
                instances.append(column)
            values.append(instances)
        return values

    def column(self, node, lane, fields, transforms, heap, valid):
        """Values of a node's instance out of its fields (4.1)."""
        kind, _, exponent, _, word, minimum = transforms[lane]
        if kind == 2:
            words = self.dictionary(word)
            require(isinstance(words[0], int) == (node.kind not in (BYTES, TEXT)), "the kind of a dictionary")
            require(node.kind in (BYTES, TEXT) or max(words) >> node.bits == 0, f"{node.name}: a dictionary is outside of its type")
            require(max(fields[lane]) < len(words), f"{node.name}: a value lies outside its dictionary")
            return [words[u] for u in fields[lane]]
        if node.bits == 128:
            low, high = fields[lane], fields[lane + 1]
            minimum += transforms[lane + 1].minimum << 64
            sums = [a + (b << 64) + minimum for a, b in zip(low, high)]
            return self.raw_values(node, sums)
        sums = [[u * (t.word * (t.kind < 2) or 1) + t.minimum for u in fields[i]]
                for i, t in enumerate(transforms[lane : lane + node.v], lane)]
        if kind == 1:
            wrap = (minimum >> 63) << 64  # the minimum is signed
            require(all(abs(q - wrap) <= 1 << 53 for q in sums[0]), f"{node.name}: a decimal of more than 53 bits")
            return [decimal_bits(q - wrap, exponent, node.bits) for q in sums[0]]
        if node.kind in (BYTES, TEXT):
            fits = (at + length <= len(heap) for at, length in zip(*sums))
            require(all(fit or not v for fit, v in zip(fits, valid)), f"{node.name}: a string lies outside the heap")
            strings = [heap[at : at + length] if v else b"" for at, length, v in zip(*sums, valid)]
            symbols = self.dictionary(word) if kind == 3 else None
            return [spell(codes, symbols) for codes in strings] if symbols else strings
        columns = [self.raw_values(node, one) for one in sums]
        return [bytes(row) for row in zip(*columns)] if node.kind == FIXED else columns[0]

    def raw_values(self, node, ordered):
        require(all(x >> node.bits == 0 for x in ordered), f"{node.name}: a stored number is outside of its type")
        return [raw_bits(node, x) for x in ordered]

    def stored_places(self):
        """The stored place of every row, by the sample index (7); None if rows are stored in table order."""
        index = self.section(6)
        if not index:
            return None
        rows, levels = struct.unpack_from("<QI", index)
        order, at = np.arange(rows), 64
        for _ in range(levels):
            words = (rows + 63) // 64
            bits = bit_rows(index[at + 8 : at + 8 + 8 * words], 1, rows)[0]
            require(struct.unpack_from("<Q", index, at)[0] == (bits == 0).sum(), "zeros of a level")
            order = np.concatenate([order[bits == 0], order[bits == 1]])
            at += 8 + 8 * words + 8 * ((rows + 1023) // 1024) + 8 * (rows // 8192 + 2)
        return np.argsort(order).tolist()


def utf8(data):
    """A string that is text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError("a string is not UTF-8") from None


def stream_length(bits):
    """Bytes of a stored bit stream."""
    return (bits + 7) // 8 + 16 if bits else 0


def bit_rows(data, rows, width):
    """A bit stream of `rows` fields of `width` bits as a matrix of bits."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    require(not bits[rows * width :].any(), "a bit stream does not end in zeros")
    return bits[: rows * width].reshape(rows, width)


def fixed_fields(block, widths, pieces):
    """The field of every lane in every row: constant, base and deviation bits put together."""
    powers = 2 ** np.arange(64, dtype=np.uint64)
    a, b = bit_rows(pieces[1], 2, block.l_t)
    bits = np.zeros((block.rows, block.l_t), np.uint8)
    bits[:, (a == 0) & (b == 1)] = 1
    records = bit_rows(pieces[3], block.rows, block.id_bits + block.l_d)
    ids = records[:, : block.id_bits] @ powers[: block.id_bits]
    require((ids < block.n_b).all(), "base id out of range")
    bits[:, (a == 1) & (b == 0)] = bit_rows(pieces[2], block.n_b, block.l_b)[ids.astype(np.int64)]
    bits[:, (a == 1) & (b == 1)] = records[:, block.id_bits :]
    lanes = np.split(bits, np.cumsum(widths[:-1], dtype=np.int64), axis=1)
    return [(lane @ powers[: lane.shape[1]]).tolist() for lane in lanes]


def cut(data, count, width):
    """`count` strings, after the lengths of all of them, `width` bytes each; and what follows (4.3)."""
    at, strings = count * width, []
    for i in range(0, count * width, width):
        start, at = at, at + int.from_bytes(data[i : i + width], "little")
        strings.append(data[start:at])
    require(at <= len(data), "strings of a dictionary")
    return strings, data[at:]


def spell(codes, symbols):
    """A string in symbols (4.3)."""
    at, out = 0, b""
    while at < len(codes):
        code = codes[at]
        require(code < len(symbols) or code == 255 and at + 1 < len(codes), "a code without a symbol")
        out += codes[at + 1 : at + 2] if code == 255 else symbols[code]
        at += 1 + (code == 255)
    return out


def join(blocks, schema, places=None):
    """The values of blocks one after the other, picked in the order of `places` if there is one."""
    nodes = enumerate(schema.nodes)
    table = [[[x for block in blocks for x in block[n][i]] for i in range(node.r)] for n, node in nodes]
    return [[[column[p] for p in places] for column in node] for node in table] if places else table


def read_exceptions(data, block_rows):
    """Exceptions of a block (4.2): lane -> [(row, raw bits)]."""
    if not data:
        return {}
    lanes, zero = struct.unpack_from("<II", data)
    at, out = 8 + 8 * lanes, {}
    for i in range(lanes):
        lane, count = struct.unpack_from("<II", data, 8 + 8 * i)
        require(count > 0 and lane > max(out, default=-1) and at + 12 * count <= len(data), "counts of the exceptions")
        rows = struct.unpack_from(f"<{count}I", data, at)
        require(list(rows) == sorted(set(rows)) and rows[-1] < block_rows, "rows of the exceptions")
        at += (4 * count + 7) // 8 * 8
        out[lane] = list(zip(rows, struct.unpack_from(f"<{count}Q", data, at)))
        at += 8 * count
    require(at == len(data) and zero == 0, "length of the exceptions")
    return out


def raw_bits(node, ordered):
    """The inverse of `ordered` (4.1)."""
    top = 1 << node.bits >> 1
    if node.kind in (SIGNED, DECIMAL):
        return ordered ^ top
    if node.kind == FLOAT:
        return ordered ^ top if ordered & top else ordered ^ (2 * top - 1)
    return ordered


def decimal_bits(q, exponent, bits):
    """Raw bits of q / 10^exponent in a float of `bits` bits."""
    with np.errstate(over="ignore"):
        return int.from_bytes(np.float64(q / 10**exponent).astype(f"<f{bits // 8}").tobytes(), "little")


def integer(node, raw):
    """A two's complement integer of the node's bits."""
    return raw - (1 << node.bits) if raw >> (node.bits - 1) else raw


def field_text(node, raw):
    """A value as the dump writes it."""
    if node.kind in (STRUCT, LIST):
        return "0" if raw is None else "1"
    if raw is None:
        return ""
    if node.kind == TEXT:
        return quoted(utf8(raw))
    if node.kind in (BYTES, FIXED, IMAGE):
        return "0x" + raw.hex()
    if node.kind in (FLOAT, INTERVAL):
        return f"{raw:0{node.bits // 4}x}"
    return str(integer(node, raw) if node.kind in (SIGNED, DECIMAL) else raw)


def quoted(text):
    return '"%s"' % text.replace('"', '""')


def path(schema, node, instance):
    if node.parent == NONE:
        return node.name
    parent = schema.nodes[node.parent]
    if parent.kind == LIST:
        return f"{path(schema, parent, instance // parent.length)}[{instance % parent.length}]"
    return f"{path(schema, parent, instance)}.{node.name}"


def dump(schema, values, rows, kinds=True):
    """The lines of the CSV of a table."""
    names, fields = [], []
    for n, node in enumerate(schema.nodes):
        if node.kind in (STRUCT, LIST) and not node.nullable:
            continue
        kind = KINDS[node.kind] + str(node.length if node.kind in (FIXED, IMAGE) else node.bits or "")
        kind += f"/{node.unit}" if node.unit and node.kind != IMAGE else ""
        kind += f"/{node.precision}.{node.scale}" if node.kind == DECIMAL else ""
        for i in range(node.r):
            names.append(quoted(path(schema, node, i) + f":{kind}{'?' * node.nullable}" * kinds))
            fields.append([field_text(node, raw) for raw in values[n][i]])
    yield ",".join(names)
    yield from (",".join(f[row] for f in fields) for row in range(rows))


def dump_table(file):
    segments = [file.segment_values(blocks, file.schema) for blocks in file.segments_of(0)]
    return dump(file.schema, join(segments, file.schema, file.stored_places()), file.rows)


def main(option, name):
    with open(name, "rb") as f:
        file = File(f.read())
    if option:
        import condensed
    lines = condensed.DUMPS[option](file) if option else dump_table(file)
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.writelines(line + "\n" for line in lines)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(*([""] + sys.argv[1:])[-2:])
    except (ValueError, struct.error, IndexError) as error:
        sys.exit(f"{sys.argv[-1]}: {error}")
