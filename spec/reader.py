#!/usr/bin/env python3
"""A second reader of .gede files, written from gede.md alone; section numbers refer to that page.

    reader.py FILE              every row as CSV, in the order of the table
    reader.py --condensed FILE  the condensed table as CSV, rebuilt from the rows where it is not stored
    reader.py --moments FILE    the moments as CSV
    reader.py --check FILE      checksums, coverage and padding; prints "ok"

The dump is exact. Its lines end in a line feed; the first names the fields, then one line a row.

- A field is one instance of a node. A column's nodes come parents first, a node's instances in order.
  A struct or a list has a field only if it may be null: 1 if it is there, 0 if it is null.
- A field is named "PATH:KIND", always quoted, quotes doubled. PATH is the column's name, then `.child` for
  a struct's child and `[i]` for a list's item. KIND is the kind's name and bits (fixed bytes and images: the length);
  then `/u` for unit u, `/p.s` for a decimal's precision and scale; then `?` if values may be null.
- bool, unsigned, signed and decimal (without its scale) are integers. float and interval are their raw bits
  in hexadecimal, most significant digit first. bytes, fixed bytes and images are 0x and two digits a byte. text is
  always quoted, quotes doubled. A null, and everything under a null, is an empty field.
- The condensed table's fields are named by their columns alone: features, target, weights.
- Moments: `exact,rows,left out,has target`, a line with these values; `node,exponent` and a line a column;
  `i,j,sum` and a line for each number of the upper triangle, an integer or the raw bits of the f64.
"""
import struct
import sys
import zlib
from collections import namedtuple

import numpy as np

import images

MAGIC = b"\x89GEDE\n\r\n"
NONE = 0xFFFFFFFF
KNOWN = {0, 1, 16, 17, 18, 19, 20, 21, 23, 32, 33, 34}  # features, 2.4
KINDS = "struct list bool unsigned signed float decimal interval fixed_bytes bytes text image".split()
STRUCT, LIST, BOOL, UNSIGNED, SIGNED, FLOAT, DECIMAL, INTERVAL, FIXED, BYTES, TEXT, IMAGE = range(12)

Section = namedtuple("Section", "kind crc offset length stride zero")
Node = namedtuple("Node", "parent name_at name_length kind nullable unit precision scale bits r v lane group "
                          "dictionary length image_width name")
Schema = namedtuple("Schema", "nodes groups")  # groups: the lanes of each storage group
Block = namedtuple("Block", "first rows transforms layout bases records exceptions exceptions_length heap "
                            "heap_length n_b l_t l_b l_d constant kind idbits transform offsets records_length")


class Damage(Exception):
    """The file breaks a rule of the specification."""


def require(truth, what):
    if not truth:
        raise Damage(what)


def stream_length(bits):
    """Bytes of a stored bit stream (1)."""
    return (bits + 7) // 8 + 16 if bits else 0


def bit_rows(data, rows, width):
    """A bit stream of `rows` fields of `width` bits as a matrix of bits."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return bits[: rows * width].reshape(rows, width)


class File:
    """A file, open: every checksum has been checked."""

    def __init__(self, data):
        self.data = data
        require(len(data) >= 128, "too short")
        header, footer = data[:64], data[-64:]
        require(header[:8] == MAGIC and footer[56:] == MAGIC, "not a gede file, or torn")
        require(zlib.crc32(header[:60]) == struct.unpack_from("<I", header, 60)[0], "header checksum")
        require(zlib.crc32(footer[:52]) == struct.unpack_from("<I", footer, 52)[0], "footer checksum")
        length, at, size, _, crc, major, minor = struct.unpack_from("<QQQQIHH", footer)  # 2.2
        require(length == len(data), "the footer names another file length")
        require(major == 0, f"version {major}.{minor}")
        directory = data[at : at + size]
        require(zlib.crc32(directory) == crc, "directory checksum")
        (self.rows, self.segment_rows, self.bulk_end, sections, features, self.groups, page, self.segments,
         self.condensed_rows, self.condensed_segments) = struct.unpack_from("<QQQIIIIQQQ", directory)  # 2.3
        require(page == 4096, "page size")
        self.directory = (at, size)
        self.sections = [Section(*struct.unpack_from("<IIQQII", directory, 64 + 32 * i)) for i in range(sections)]
        self.features = []
        for i in range(features):  # 2.4
            id, needed, _, major, minor, name = struct.unpack_from("<HBBHH24s", directory, 64 + 32 * (sections + i))
            name = name.rstrip(b"\0").decode()
            require(id in KNOWN or not needed, f"needs the feature {name} of version {major}.{minor}")
            self.features.append((id, name))
        for section in self.sections:
            if section.kind >= 32:
                require(zlib.crc32(self.bytes(section)) == section.crc, f"checksum of section {section.kind}")
        self.check_pages()
        self.schema = self.read_schema(32)
        require(len(self.schema.groups) == self.groups, "storage groups")

    def bytes(self, section):
        return self.data[section.offset : section.offset + section.length]

    def section(self, kind):
        return next((self.bytes(s) for s in self.sections if s.kind == kind), b"")

    def check_pages(self):
        """The checksum levels (2.5), lowest first."""
        below = self.data[: self.bulk_end]
        levels = [s for s in self.sections if s.kind == 16]
        for section in levels:
            stored = np.frombuffer(self.bytes(section), "<u4")
            pages = [zlib.crc32(below[i : i + 4096]) for i in range(0, len(below), 4096)]
            wrong = [i for i, (a, b) in enumerate(zip(stored, pages)) if a != b]
            require(len(stored) == len(pages) and not wrong, f"checksums of pages {wrong}")
            below = self.bytes(section)
        require(len(below) <= 4096 and zlib.crc32(below) == levels[-1].crc, "checksum of the last level")

    def read_schema(self, kind):
        """Section 3."""
        data = self.section(kind)
        nodes, lanes, names_length, _ = struct.unpack_from("<4I", data)
        names, out = data[16 + 48 * nodes :], []
        require(len(names) == names_length, "length of the names")
        for i in range(nodes):
            node = struct.unpack_from("<III4BhHIIIIIII", data, 16 + 48 * i)
            out.append(Node(*node, names[node[1] : node[1] + node[2]].decode()))
        groups = [0] * (1 + max([node.group for node in out], default=0))
        for node in out:
            groups[node.group] += node.r * (node.nullable + node.v)
        require(sum(groups) == lanes, "lanes")
        return Schema(out, groups)

    def blocks(self, kind=2):
        """Entries of a block table (4): the table's, or (kind 4) the condensed table's."""
        data = self.section(kind)
        return [Block(*struct.unpack_from("<11Q4I3B5xQQ", data, at)) for at in range(0, len(data), 128)]

    def segments_of(self, kind, schema):
        """The blocks of each segment, one a storage group."""
        blocks = self.blocks(kind)
        return list(zip(*[iter(blocks)] * len(schema.groups)))

    def dictionary(self, index):
        """Values of a dictionary (4.3): raw bits or byte strings."""
        at, length, count, kind, width = struct.unpack_from("<QQQII", self.section(3), 32 * index)
        data = self.data[at : at + length]
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
        """The pieces of a block with their lengths."""
        if block.kind == 2:
            return [(0, 0), (block.layout, 32 + block.n_b * block.l_b // 8), (0, 0),
                    (block.records, block.records_length), (0, 0), (0, 0),
                    (block.offsets, stream_length((block.rows + 1) * block.records_length.bit_length()))]
        return [(block.transforms, 16 * lanes), (block.layout, stream_length(2 * block.l_t)),
                (block.bases, stream_length(block.n_b * block.l_b)),
                (block.records, stream_length(block.rows * (block.idbits + block.l_d))),
                (block.exceptions, block.exceptions_length), (block.heap, block.heap_length)]

    def lane_fields(self, block, widths, pieces):
        """The field of every lane in every row: constant, base and deviation bits put together."""
        a, b = bit_rows(pieces[1], 2, block.l_t)
        bits = np.zeros((block.rows, block.l_t), np.uint8)
        bits[:, (a == 0) & (b == 1)] = 1
        records = bit_rows(pieces[3], block.rows, block.idbits + block.l_d)
        ids = (records[:, : block.idbits].astype(np.uint64) << np.arange(block.idbits, dtype=np.uint64)).sum(1)
        require((ids < block.n_b).all(), "base id out of range")
        bits[:, (a == 1) & (b == 0)] = bit_rows(pieces[2], block.n_b, block.l_b)[ids.astype(np.int64)]
        bits[:, (a == 1) & (b == 1)] = records[:, block.idbits :]
        fields, at = [], 0
        for width in widths:
            lane = bits[:, at : at + width].astype(np.uint64) << np.arange(width, dtype=np.uint64)
            fields.append(lane.sum(1, dtype=np.uint64).tolist())
            at += width
        return fields

    def open_block(self, block, lanes):
        """Pieces, transforms, and the fields of fixed records."""
        pieces = [self.data[at : at + length] for at, length in self.pieces(block, lanes)]
        if block.kind == 2:
            return pieces, [], []
        require(block.kind == 1, f"record kind {block.kind}")
        transforms = [struct.unpack_from("<4BIQ", pieces[0], 16 * lane) for lane in range(lanes)]
        return pieces, transforms, self.lane_fields(block, [t[1] for t in transforms], pieces)

    def segment_values(self, blocks, schema):
        """values[node][instance][row]: raw bits, or bytes; None for a null and for what is under a null."""
        block = blocks[0]
        pieces, transforms, fields = self.open_block(block, schema.groups[0])
        exceptions = read_exceptions(pieces[4])
        values = []
        for node in schema.nodes:
            if node.kind == IMAGE:
                block_, lanes = blocks[node.group], schema.groups[node.group]
                values.append([images.block_images(node, block_, *self.open_block(block_, lanes))])
                continue
            instances = []
            for instance in range(node.r):
                lane = node.lane + node.r * node.nullable + instance * node.v
                if node.v == 0:
                    column = [b""] * block.rows
                else:
                    column = self.column(node, lane, fields, transforms, pieces[5])
                    for row, raw in exceptions.get(lane, []):
                        column[row] = raw
                if node.nullable:
                    valid = node.lane + instance
                    column = [x if (f + transforms[valid][5]) & 1 else None for x, f in zip(column, fields[valid])]
                if node.parent != NONE:
                    above = values[node.parent][instance * schema.nodes[node.parent].r // node.r]
                    column = [x if up is not None else None for x, up in zip(column, above)]
                instances.append(column)
            values.append(instances)
        return values

    def column(self, node, lane, fields, transforms, heap):
        """Values of a node's instance out of its fields (4.1)."""
        kind, _, exponent, _, dictionary, minimum = transforms[lane]
        if kind == 2:
            words = self.dictionary(dictionary)
            return [words[u] for u in fields[lane]]
        if kind == 1:
            low = minimum - (minimum >> 63 << 64)
            return [decimal_bits(low + u, exponent, node.bits) for u in fields[lane]]
        require(kind == 0 or kind == 3 and node.kind in (BYTES, TEXT), f"transform {kind}")
        lanes = range(lane, lane + node.v)
        ordered = [[u + transforms[i][5] & (1 << 64) - 1 for u in fields[i]] for i in lanes]
        if node.kind in (BYTES, TEXT):
            strings = [heap[at : at + length] for at, length in zip(*ordered)]
            symbols = self.dictionary(dictionary) if kind == 3 else None
            return [spell(codes, symbols) for codes in strings] if symbols else strings
        if node.kind == FIXED:
            return [bytes(row) for row in zip(*ordered)]
        if node.bits == 128:
            low, high = fields[lane], fields[lane + 1]
            minimum += transforms[lane + 1][5] << 64
            ordered = [[(a + (b << 64) + minimum) & (1 << 128) - 1 for a, b in zip(low, high)]]
        return [raw_bits(node, x & (1 << node.bits) - 1) for x in ordered[0]]

    def table(self):
        """Values of all rows in the order of the table, as segment_values gives them."""
        segments = [self.segment_values(blocks, self.schema) for blocks in self.segments_of(2, self.schema)]
        return join(segments, self.schema, self.stored_places())

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
        places = np.empty(rows, np.int64)
        places[order] = np.arange(rows)
        return places.tolist()

    def check(self):
        """What the checksums do not say: coverage, disjointness, and zero bytes wherever nothing is (2.3)."""
        spans = [(0, 64), self.directory, (len(self.data) - 64, 64)]
        spans += [(s.offset, s.length) for s in self.sections]
        self.check_cover(spans, 0, len(self.data))
        pieces = [struct.unpack_from("<2Q", self.section(3), i) for i in range(0, len(self.section(3)), 32)]
        for kind, schema in ((2, self.schema), (4, self.section(33) and self.read_schema(33))):
            for blocks in self.segments_of(kind, schema) if schema else []:
                pieces += [p for b, lanes in zip(blocks, schema.groups) for p in self.pieces(b, lanes)]
        for section in self.sections:
            if section.kind == 1:
                self.check_cover(pieces, section.offset, section.offset + section.length)
        require(sum(b.rows for b in self.blocks()) == self.rows * self.groups, "rows of the blocks")
        require(len(self.blocks()) == self.segments * self.groups, "number of segments")
        require(not any(self.data[16:60] + self.data[-24:-12]), "reserved bytes")

    def check_cover(self, spans, start, end):
        at = start
        for offset, length in sorted({s for s in spans if s[1]}):
            require(offset % 64 == 0 and at <= offset < at + 64, f"gap or overlap at byte {offset}")
            require(not any(self.data[at:offset]), f"padding before byte {offset}")
            at = offset + length
        require(at <= end < at + 64 and not any(self.data[at:end]), f"bytes up to {end} are not covered")


def cut(data, count, width):
    """`count` strings, after the lengths of all of them, `width` bytes each; and what follows (4.3)."""
    at, strings = count * width, []
    for i in range(0, at, width):
        length = int.from_bytes(data[i : i + width], "little")
        strings.append(data[at : at + length])
        at += length
    require(at <= len(data), "strings of a dictionary")
    return strings, data[at:]


def spell(codes, symbols):
    """A string in symbols (4.3)."""
    codes, out = iter(codes), b""
    for code in codes:
        require(code == 255 or code < len(symbols), "a code without a symbol")
        out += bytes([next(codes)]) if code == 255 else symbols[code]
    return out


def join(blocks, schema, places=None):
    """The values of blocks one after the other, picked in the order of `places` if there is one."""
    table = []
    for n, node in enumerate(schema.nodes):
        columns = [[x for block in blocks for x in block[n][i]] for i in range(node.r)]
        table.append(columns if places is None else [[c[p] for p in places] for c in columns])
    return table


def read_exceptions(data):
    """Exceptions of a block (4.2): lane -> [(row, raw bits)]."""
    if not data:
        return {}
    lanes, at, out = struct.unpack_from("<I", data)[0], 8, {}
    at += 8 * lanes
    for i in range(lanes):
        lane, count = struct.unpack_from("<II", data, 8 + 8 * i)
        rows = struct.unpack_from(f"<{count}I", data, at)
        at += (4 * count + 7) // 8 * 8
        out[lane] = list(zip(rows, struct.unpack_from(f"<{count}Q", data, at)))
        at += 8 * count
    require(at == len(data), "length of the exceptions")
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
        value = np.array(float(q) / float(10**exponent)).astype(f"<f{bits // 8}")
    return int.from_bytes(value.tobytes(), "little")


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
        return quoted(raw.decode())
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
    return dump(file.schema, file.table(), file.rows)


def main(option, name):
    with open(name, "rb") as f:
        file = File(f.read())
    import condensed
    dumps = {"": dump_table, "--condensed": condensed.dump, "--moments": condensed.dump_moments, "--check": File.check}
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.writelines(line + "\n" for line in dumps[option](file) or ["ok"])


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(*([""] + sys.argv[1:])[-2:])
    except Damage as error:
        sys.exit(f"{sys.argv[-1]}: {error}")
