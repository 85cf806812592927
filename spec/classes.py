"""The sample index and the class table (gede.md, chapter 7), held against each other and against the rows."""
import struct

import numpy as np

import condensed
import reader
from reader import require


def is_single(file, node):
    """True for a column of single values, which may be a class (5)."""
    own = file.schema.nodes[node] if node < len(file.schema.nodes) else None
    kinds = (reader.STRUCT, reader.LIST, reader.FIXED, reader.IMAGE)
    return own is not None and own.parent == reader.NONE and own.kind not in kinds


def check_classes(file, segments):
    """Rows are stored by class, and have the label of their class. segments: (blocks, values) in stored order."""
    data = file.section(7)
    require(bool(data) == bool(file.section(6)), "a sample index without classes, or classes without an index")
    if not data:
        return
    count, node = struct.unpack_from("<QI", data)
    require(count > 0 and is_single(file, node) and not any(data[12:32]), "head of the class table")
    require(32 + 32 * count <= len(data), "length of the class table")
    entries = [struct.unpack_from("<QQQQ", data, 32 + 32 * i) for i in range(count)]
    lengths = [0 if n == 2**64 - 1 else n for *_, n in entries]
    fits = all(at + n <= len(data) for (_, _, at, _), n in zip(entries, lengths) if n)
    require(fits and sum(lengths) <= len(data), "labels lie outside the class table, or in the place of others")
    labels = [None if n == 2**64 - 1 else data[at : at + n] for _, _, at, n in entries]
    require(len(set(labels)) == count, "two classes have one label")
    firsts = [entry[0] for entry in entries] + [file.rows]
    require(firsts[0] == 0 and firsts == sorted(firsts), "first rows of the classes")
    starts = [blocks[0].first for blocks, _ in segments] + [file.rows]
    begins = all(starts[min(segment, len(segments))] == first for first, segment, *_ in entries)
    require(begins and entries == sorted(entries, key=lambda e: e[1]), "a class does not begin where a segment does")
    check_index(file, firsts)
    number = 0
    for blocks, values in segments:
        while firsts[number + 1] <= blocks[0].first:
            number += 1
        require(blocks[0].first + blocks[0].rows <= firsts[number + 1], "a segment has rows of two classes")
        found = {condensed.label_bytes(file.schema.nodes[node], raw) for raw in values[node][0]}
        require(found == {labels[number]}, f"a row of class {number} does not have the label of its class")


def check_index(file, firsts):
    """Zeros, ranks and samples of each level are those of its bits, and classes have the rows that the bits give them."""
    data, classes = file.section(6), len(firsts) - 1
    rows, levels = struct.unpack_from("<QI", data)
    words, groups, samples = -(-rows // 64), -(-rows // 1024), rows // 8192 + 2
    fits = (rows, levels) == (file.rows, (classes - 1).bit_length()) and not any(data[12:64])
    require(fits and len(data) == 64 + levels * 8 * (1 + words + groups + samples), "head or length of the sample index")
    numbers, order, at = np.zeros(rows, np.uint64), np.arange(rows), 64
    for level in range(levels):
        zeros, = struct.unpack_from("<Q", data, at)
        bits = reader.bit_rows(data[at + 8 : at + 8 + 8 * words], 1, rows)[0]
        rest = struct.unpack_from(f"<{groups + samples}Q", data, at + 8 + 8 * words)
        before = np.concatenate([[0], np.cumsum(bits, dtype=np.int64)])[: rows or 1 : 1024].tolist()
        places = [(np.flatnonzero(bits == one)[::8192] // 1024).tolist() for one in (1, 0)]
        wanted = before[:groups] + (places[0] + places[1] + [0] * samples)[:samples]
        require(zeros == (bits == 0).sum() and list(rest) == wanted, f"level {level} of the sample index does not fit its bits")
        numbers[order] |= bits.astype(np.uint64) << np.uint64(level)
        order = np.concatenate([order[bits == 0], order[bits == 1]])
        at += 8 * (1 + words + groups + samples)
    found = np.bincount(numbers.astype(np.int64), minlength=classes).tolist()
    require(found == [end - start for start, end in zip(firsts, firsts[1:])], "the index gives classes other rows")
