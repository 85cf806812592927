#!/usr/bin/env python3
"""A second reader of .gede files, written from gede.md alone; chapter numbers refer to that page.

    reader.py FILE              every row as CSV, in the order of the table
    reader.py --condensed FILE  the condensed table as CSV, rebuilt from the rows where it is not stored
    reader.py --moments FILE    the moments as CSV

This file, with the frame of a file in frame.py and the rules of schemas and transforms in rules.py, reads tables of fixed
records, the layout of the paper. lists.py is for lists, statistics_table.py for the schema of statistics, strings.py for dictionaries and symbols, grouped.py and chunks.py for
other records, images.py for images, condensed.py for the last two commands; check.py checks what a reader need not know.

The dump is that of gede.md, appendix B: dump.py.
"""
import struct
import sys
from collections import namedtuple
from itertools import accumulate

import numpy as np

import chunks
import lists
import packed_head
import rules
from dump import dump
from frame import SAMPLES, STATISTICS, Frame, refusal
from rules import BOOL, BYTES, DECIMAL, FIXED, FLOAT, IMAGE, LIST, NONE, SIGNED, TEXT, UNKNOWN, UNSIGNED, require
from strings import read_dictionary, spell, utf8

Node = namedtuple("Node", "parent name_at name_length kind nullable unit precision scale bits r v lane group "
                  "dictionary length image_width name")
# Number of its table; lanes of each storage group; level of each node; the number of the table of the items of each list,
# by node; nodes of columns that are not read, since items of theirs cannot be.
Schema = namedtuple("Schema", "table nodes groups levels items refused")
Block = namedtuple("Block", "first rows transforms layout bases records exceptions exceptions_length heap heap_length "
                   "n_b l_t l_b l_d constant kind id_bits transform shift minima offsets records_length lists lists_length")
Transform = namedtuple("Transform", "kind width exponent zero word minimum")


class File(Frame):
    """A file, open: every checksum has been checked."""

    def __init__(self, data):
        super().__init__(data)
        nodes = self.read_nodes(0)
        columns = {key for i, n in enumerate(nodes) if n.parent == NONE for key in (("group", n.group), ("column", i))}
        self.unreadable = {key: feature for key, feature in self.unreadable.items() if key in columns}
        self.schema = self.read_schema(0)
        require(len(self.schema.groups) == self.groups, "the schema does not have the directory's storage groups")
        self.schemas = {0: self.schema}
        lists.read_schemas(self)
        self.statistics = None  # the number of their table
        if any(table.kind == STATISTICS for table in self.tables):
            import statistics_table
            statistics_table.read_schema(self)
        self.is_part = bool(self.unreadable) or any(self.tables[n].rows for n in self.unreadable_tables)
        self.item_lines = {}  # by table, for the dump

    def is_readable(self, table):
        """False for a table of a later version's, or one that needs a feature of it (9.1)."""
        return table in self.schemas or self.tables[table].kind == SAMPLES and table not in self.unreadable_tables

    def read_nodes(self, table):
        """The nodes of a table as they are stored."""
        data = self.section(4 if self.tables[table].kind == SAMPLES else 32, table)
        nodes, self.lanes, names_length, zero = struct.unpack_from("<4I", data)
        names = data[16 + 48 * nodes :]
        require(len(data) == 16 + 48 * nodes + names_length and zero == 0, "schema: its length")
        entries = list(struct.iter_unpack("<3I4BhH7I", data[16 : 16 + 48 * nodes]))
        ends = [0, *accumulate(entry[2] for entry in entries)]
        require([entry[1] for entry in entries] == ends[:-1] and ends[-1] == names_length, "schema: places of the names")
        out = [Node(*entry, utf8(names[entry[1] : entry[1] + entry[2]])) for entry in entries]
        rules.check_parents(out)
        return out

    def read_schema(self, table, above=0):
        """The schema of a table (3), so many levels below the rows."""
        nodes = self.read_nodes(table)
        if table == 0:
            nodes = self.without_unknown(nodes)
        elif table in self.unreadable_items:
            nodes = [node._replace(kind=UNKNOWN, dictionary=NONE) for node in nodes]
        levels = rules.check_schema(nodes, len(self.entries(3)), above)
        groups = [0] * (1 + max([node.group for node in nodes], default=0))
        for node in nodes:
            groups[node.group] += node.r * (node.nullable + node.v)
        require(sum(groups) == self.lanes, "lanes")
        return Schema(table, nodes, groups, levels, {}, set())

    def without_unknown(self, nodes):
        """The nodes, those of columns that cannot be read with their lanes alone (9.1)."""
        for number, node in enumerate(nodes):
            if node.parent == NONE:
                unknown = ("group", node.group) in self.unreadable or ("column", number) in self.unreadable
            if unknown:
                nodes[number] = node._replace(kind=UNKNOWN, dictionary=NONE)
        return nodes

    def segments_of(self, table):
        """The blocks (4) of each segment of a table, one a storage group."""
        blocks = [Block(*struct.unpack("<11Q4I4BI4Q", entry)) for entry in self.entries(2, table)]
        return list(zip(*[iter(blocks)] * self.tables[table].groups))

    def dictionary(self, index):
        """Values of a dictionary (4.3): raw bits or byte strings; the bytes of one of frames."""
        require(index < len(self.entries(3)), f"there is no dictionary {index}")
        at, length, count, kind, width = struct.unpack("<QQQII", self.entries(3)[index])
        return read_dictionary(self.data[at : at + length], count, kind, width)

    def frames(self, index):
        """A dictionary of frames (4.6)."""
        dictionary = self.dictionary(index)
        require(isinstance(dictionary, chunks.Dictionary), "the kind of a dictionary")
        return dictionary

    def pieces(self, block, lanes):
        """The pieces of a block as (offset, length): transforms, layout, bases, records, exceptions, heap, offsets, lists."""
        layout, table = stream_length(2 * block.l_t), stream_length(block.n_b * block.l_b)
        records, offsets = block.records_length, 0
        if block.kind == 1:
            records = stream_length(block.rows * (block.id_bits + block.l_d))
        if block.kind == 2:
            lanes, layout, table = 0, 32 + block.n_b * block.l_b // 8, 0
            offsets = stream_length((block.rows + 1) * block.records_length.bit_length())
        is_packed = packed_head.is_packed(block, lanes)
        if block.kind == 3:
            groups, count = struct.unpack_from("<II", self.data, block.layout) if not is_packed else (0, 0)
            layout, table = 24 + 8 * groups + 16 * count + 16, stream_length(block.l_b)
            frame = (block.id_bits << block.shift - 3) + block.minima
            offsets = stream_length(-(-block.rows >> block.shift) * frame)
        if block.kind == 4:
            layout, offsets = 0, chunks.piece_length(block)
        if block.kind == 5:
            layout, table = block.constant // 8 + 16, 0
        if is_packed:
            lanes, layout = 0, block.constant // 8 + 16
        return [(block.transforms, 16 * lanes), (block.layout, layout), (block.bases, table),
                (block.records, records), (block.exceptions, block.exceptions_length),
                (block.heap, block.heap_length), (block.offsets, offsets), (block.lists, block.lists_length)]

    def open_block(self, block, lanes):
        """Pieces, transforms, and the fields of fixed and grouped records."""
        require(1 <= block.kind <= 5, f"record kind {block.kind}")
        places = self.pieces(block, lanes)
        pieces = [self.data[at : at + length] for at, length in places]
        constant = {1: block.l_t - block.l_b - block.l_d, 2: 0, 3: 8 * (len(pieces[1]) - 16)}.get(block.kind, block.constant)
        require(block.constant == constant, "constant bits")
        require(block.transform <= (block.kind == 1), "image transform")
        require(block.kind == 3 or block.minima == 0 and (block.kind == 4 or block.shift == 0), "reserved bytes of a block")
        unused = {1: (block.offsets, block.records_length), 2: (block.transforms, block.bases, block.id_bits),
                  3: (), 4: (block.layout, block.bases, block.id_bits, block.l_b),
                  5: (block.bases, block.offsets, block.id_bits, block.l_b, block.l_d, block.constant % 8)}
        require(not any(unused[block.kind]), "a block has places or lengths that do not fit its record kind")
        require(all(bool(at) == bool(length) for at, length in places), "offsets of pieces")
        if block.kind == 2:
            return pieces, [], []
        if packed_head.is_packed(block, lanes):
            pieces[0], pieces[1] = packed_head.unpack(pieces[1], lanes)
        transforms = [Transform(*struct.unpack_from("<4BIQ", pieces[0], 16 * lane)) for lane in range(lanes)]
        widths = [t.width for t in transforms]
        require(block.kind != 1 or block.id_bits == (block.n_b - 1).bit_length(), "bits of a base id")
        require(sum(widths) == block.l_t, "total bits")
        if block.kind == 3:
            import grouped
            return pieces, transforms, grouped.fields(block, widths, pieces)
        if block.kind == 5:
            import parted
            return pieces, transforms, parted.fields(self, block, widths, pieces)
        if block.kind == 4:
            return pieces, transforms, chunks.fields(block, widths, pieces, block.constant and self.frames(block.constant - 1))
        return pieces, transforms, fixed_fields(block, widths, pieces)

    def segment_values(self, blocks, schema, found=None):
        """values[node][instance][row]: raw bits, or bytes, or the rows that have the items of a list; None for a null and for
        what is under a null. Lists, and their columns before anything above them is null, are added to `found`."""
        found = [] if found is None else found
        opened = [self.open_group(schema, group, block) for group, block in enumerate(blocks)]
        values = []
        for number, node in enumerate(schema.nodes):
            if node.kind == UNKNOWN or number in schema.refused:
                values.append([[None] * blocks[0].rows for _ in range(node.r)])
                continue
            block = blocks[node.group]
            if node.kind == IMAGE:
                import images
                require(block.kind < 3 and not any((block.exceptions_length, block.heap_length, block.lists_length)), "a block of images")
                pieces_transforms_fields = self.open_block(block, schema.groups[node.group])
                if block.kind == 1:
                    rules.check_transforms(schema, node.group, pieces_transforms_fields[1])
                values.append([images.block_images(node, block, *pieces_transforms_fields)])
                continue
            pieces, transforms, fields, exceptions, own_lists = opened[node.group]
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
                if node.kind == LIST:
                    column = own_lists[number].places(column, self.tables[schema.items[number]].rows)
                    found.append((own_lists[number], column))
                if node.parent != NONE:
                    above = values[node.parent][instance * schema.nodes[node.parent].r // node.r]
                    column = [x if up is not None else None for x, up in zip(column, above)]
                instances.append(column)
            values.append(instances)
        return values

    def open_group(self, schema, group, block):
        """Pieces, transforms, fields, exceptions and lists of a block; None of images, and of groups that are not judged."""
        kinds = {n.kind for n in schema.nodes if n.group == group}
        if (schema.table, group) in self.unknown_groups or IMAGE in kinds or group > 0 and kinds == {UNKNOWN}:
            return None
        require(block.kind != 2 and block.transform == 0, "a block of a table has records of images")
        pieces, transforms, fields = self.open_block(block, schema.groups[group])
        rules.check_transforms(schema, group, transforms)
        exceptions = read_exceptions(pieces[4], block.rows)
        own_lists = lists.block_lists(schema, group, block, pieces[7], transforms)
        unknown = rules.unknown_lanes(schema)
        decimal = (lane < len(transforms) and transforms[lane].kind == 1 or (group, lane) in unknown for lane in exceptions)
        require(all(decimal), "exceptions of a lane that is not decimal")
        return pieces, transforms, fields, exceptions, own_lists

    def table_values(self, table, places=None):
        """The values of a table, picked in the order of `places` if there is one."""
        schema = self.schemas[table]
        return join([self.segment_values(blocks, schema) for blocks in self.segments_of(table)], schema, places)

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
        sums = [[u * (t.word * (t.kind in (0, 1, 4)) or 1) + t.minimum for u in fields[i]]
                for i, t in enumerate(transforms[lane : lane + node.v], lane)]
        if kind == 1:
            wrap = (minimum >> 63) << 64  # the minimum is signed
            require(all(abs(q - wrap) <= 1 << 53 for q in sums[0]), f"{node.name}: a decimal of more than 53 bits")
            return [decimal_bits(q - wrap, exponent, node.bits) for q in sums[0]]
        if kind == 4:
            single = self.raw_values(node._replace(bits=32), sums[0])
            require(all(0x7FFFFF <= x <= 0xFF800000 for x in sums[0]), f"{node.name}: a float32 that is not a number")
            return [single_bits(raw) for raw in single]
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
    counts = [((a == 1) & (b == is_deviation)).sum() for is_deviation in (0, 1)]
    require(counts == [block.l_b, block.l_d], "a block's layout does not fit its bit counts")
    bits = np.zeros((block.rows, block.l_t), np.uint8)
    bits[:, (a == 0) & (b == 1)] = 1
    records = bit_rows(pieces[3], block.rows, block.id_bits + block.l_d)
    ids = records[:, : block.id_bits] @ powers[: block.id_bits]
    require((ids < block.n_b).all(), "base id out of range")
    bits[:, (a == 1) & (b == 0)] = bit_rows(pieces[2], block.n_b, block.l_b)[ids.astype(np.int64)]
    bits[:, (a == 1) & (b == 1)] = records[:, block.id_bits :]
    lanes = np.split(bits, np.cumsum(widths[:-1], dtype=np.int64), axis=1)
    return [(lane @ powers[: lane.shape[1]]).tolist() for lane in lanes]


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
    require(lanes > 0, "counts of the exceptions")
    at, out = 8 + 8 * lanes, {}
    for i in range(lanes):
        lane, count = struct.unpack_from("<II", data, 8 + 8 * i)
        require(count > 0 and lane > max(out, default=-1) and at + 12 * count <= len(data), "counts of the exceptions")
        rows = struct.unpack_from(f"<{count}I", data, at)
        require(list(rows) == sorted(set(rows)) and rows[-1] < block_rows, "rows of the exceptions")
        require(not any(data[at + 4 * count : at + (4 * count + 7) // 8 * 8]), "reserved bytes of the exceptions")
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


def single_bits(raw):
    """Raw bits of the float64 that has the value of a float32, by its raw bits."""
    return struct.unpack("<Q", struct.pack("<d", *struct.unpack("<f", struct.pack("<I", raw))))[0]


def decimal_bits(q, exponent, bits):
    """Raw bits of q / 10^exponent in a float of `bits` bits."""
    with np.errstate(over="ignore"):
        return int.from_bytes(np.float64(q / 10**exponent).astype(f"<f{bits // 8}").tobytes(), "little")


def dump_table(file, partial=False):
    """All rows: refused if a column cannot be read, unless the others are wanted."""
    for feature in () if partial else file.unreadable.values():
        require(False, refusal(feature))
    schema = file.schema._replace(nodes=file.without_unknown(list(file.schema.nodes)))
    return dump(file, schema, file.table_values(0, file.stored_places()), file.rows)


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
