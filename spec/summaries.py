"""What a file says of all its rows together, held against the rows: class labels (gede.md, chapter 7), moments and the
coreset (6), condensed samples (5)."""
import math
import struct
from itertools import accumulate

import numpy as np

import condensed
import reader
import rules
from reader import require


def check_forms(file):
    """What sections say of themselves, whether their columns can be read or not."""
    index, classes = file.section(6), file.section(7)
    require(bool(index) == bool(classes), "a sample index without classes, or classes without an index")
    if index:
        check_index(file, index, classes)
    if file.section(5):
        read_moments(file)
    if file.section(9):
        read_coreset(file)


def check_index(file, index, classes):
    """The sample index is of the classes, and counts right (7)."""
    (rows, levels), (count, node) = struct.unpack_from("<QI", index), struct.unpack_from("<QI", classes)
    size = 8 + 8 * -(-rows // 64) + 8 * -(-rows // 1024) + 8 * (rows // 8192 + 2)
    require(rows == file.rows and count > 0 and levels == (count - 1).bit_length(), "rows or levels of the sample index")
    require(len(index) == 64 + levels * size and not any(index[12:64]), "length or head of the sample index")
    require(len(classes) >= 32 + 32 * count and not any(classes[12:32]), "length or head of the class table")
    for level in range(levels):
        at = 64 + size * level
        words = struct.unpack_from(f"<{-(-rows // 64)}Q", index, at + 8)
        bits = reader.bit_rows(index[at + 8 : at + 8 + 8 * len(words)], 1, rows)[0]
        groups, at = -(-rows // 1024), at + 8 + 8 * len(words)
        sums = [int(bits[:first].sum()) for first in range(0, rows, 1024)]
        require(struct.unpack_from(f"<{groups}Q", index, at) == tuple(sums), "ranks of a level")
        found = [place // 1024 for value in (1, 0) for place in np.flatnonzero(bits == value)[::8192]]
        found += [0] * (rows // 8192 + 2 - len(found))
        require(struct.unpack_from(f"<{rows // 8192 + 2}Q", index, at + 8 * groups) == tuple(found), "samples of a level")
    numbers = class_numbers(index, rows, levels)
    entries = [struct.unpack_from("<QQQQ", classes, 32 + 32 * i) for i in range(count)]
    firsts = np.searchsorted(np.sort(numbers), np.arange(count)) if count <= rows else [sum(numbers < i) for i in range(count)]
    require([entry[0] for entry in entries] == list(firsts) and (numbers < count).all(), "first rows of the classes")
    starts = {blocks[0].first: number for number, blocks in reversed(list(enumerate(file.segments_of(0))))}
    starts[file.rows] = file.segments
    require(all(starts.get(first) == segment for first, segment, *_ in entries), "first segments of the classes")
    require(all(n == 2**64 - 1 or at + n <= len(classes) for _, _, at, n in entries), "labels of the classes")
    file.stored_places()


def class_numbers(index, rows, levels):
    """The class number of each row, in table order."""
    order, numbers, at = np.arange(rows), np.zeros(rows, np.uint64), 64
    for level in range(levels):
        words = -(-rows // 64)
        bits = reader.bit_rows(index[at + 8 : at + 8 + 8 * words], 1, rows)[0]
        numbers[order] |= bits.astype(np.uint64) << np.uint64(level)
        order = np.concatenate([order[bits == 0], order[bits == 1]])
        at += 8 + 8 * words + 8 * -(-rows // 1024) + 8 * (rows // 8192 + 2)
    return numbers


def check_classes(file, segments):
    """Rows are stored by class, and have the label of their class. segments: (blocks, values) in stored order."""
    data = file.section(7)
    if not data:
        return
    count, node = struct.unpack_from("<QI", data)
    require(count > 0 and node < len(file.schema.nodes) and not any(data[12:32]), "head of the class table")
    entries = [struct.unpack_from("<QQQQ", data, 32 + 32 * i) for i in range(count)]
    labels = [None if n == 2**64 - 1 else data[at : at + n] for _, _, at, n in entries]
    require(len(set(labels)) == count, "two classes have one label")
    firsts = [entry[0] for entry in entries] + [file.rows]
    require(firsts[0] == 0 and firsts == sorted(firsts), "first rows of the classes")
    number = 0
    if file.schema.nodes[node].kind == reader.UNKNOWN:
        return
    require(is_single(file.schema.nodes[node]), "a class is no column of single values")
    for blocks, values in segments:
        while firsts[number + 1] <= blocks[0].first:
            number += 1
        require(blocks[0].first + blocks[0].rows <= firsts[number + 1], "a segment has rows of two classes")
        found = {condensed.label_bytes(file.schema.nodes[node], raw) for raw in values[node][0]}
        require(found == {labels[number]}, f"a row of class {number} does not have the label of its class")


def check_numeric(file, nodes, what):
    """Nodes are columns of numbers."""
    kinds = (reader.BOOL, reader.UNSIGNED, reader.SIGNED, reader.FLOAT, reader.DECIMAL, reader.UNKNOWN)
    own = [file.schema.nodes[n] for n in nodes if n < len(file.schema.nodes)]
    numeric = all(n.kind in kinds and n.parent == reader.NONE and (n.unit == 0 or n.kind == reader.UNKNOWN) for n in own)
    require(len(own) == len(nodes) and numeric, f"{what}: a column that is not numeric")


def columns_of(file, nodes, segments):
    """Numbers of columns, and which rows have a finite one in each."""
    own = [file.schema.nodes[n] for n in nodes]
    rows = [[values[n][0] for n in nodes] for _, values in segments]
    rows = [[raw for part in rows for raw in part[i]] for i in range(len(nodes))]
    numbers = [[condensed.as_f64(node, raw) for raw in column] for node, column in zip(own, rows)]
    wanted = [all(x is not None and math.isfinite(x) for x in row) for row in zip(*numbers)]
    return own, rows, numbers, wanted


def read_moments(file):
    """Head and columns of the moments, once all is checked that needs no rows."""
    data = file.section(5)
    k, exact, target, rows, out = struct.unpack_from("<IBBxxQQ", data)
    require(exact <= 1 and target <= 1 and not any(data[6:8] + data[24:64]), "moments: their head")
    require(len(data) == 64 + 8 * k + 8 * (k + 1) * (k + 2), "moments: their length")
    columns = [struct.unpack_from("<II", data, 64 + 8 * i) for i in range(k)]
    check_numeric(file, [n for n, _ in columns], "moments")
    first, *sums = (data[at : at + 16] for at in range(64 + 8 * k, len(data), 16))
    if exact:
        require(all(p <= 38 for _, p in columns), "moments: an exponent is more than 38")
        require(int.from_bytes(first, "little", signed=True) == rows, "moments: the sum of ones is not the number of rows")
        squares = list(accumulate(range(k + 1, 1, -1)))
        require(all(sums[i - 1][15] < 128 for i in squares), "moments: a sum of squares is negative")
    else:
        require(all(p == 0 for _, p in columns) and not any(any(s[8:]) for s in (first, *sums)), "moments: reserved bytes")
        require(struct.unpack_from("<d", first)[0] == float(rows), "moments: the sum of ones is not the number of rows")
    return k, exact, rows, out, columns


def check_moments(file, segments):
    """Sums of integers are exact, others nearly."""
    data = file.section(5)
    if not data or not file.rows:
        return
    k, exact, rows, out, columns = read_moments(file)
    if any(file.schema.nodes[n].kind == reader.UNKNOWN for n, _ in columns):
        return
    places = [(i, j) for i in range(k + 1) for j in range(i, k + 1)]
    own, raws, numbers, wanted = columns_of(file, [n for n, _ in columns], segments)
    require((rows, out) == (sum(wanted), len(wanted) - sum(wanted)), "moments: rows summed and left out")
    exponents, powers, integers = [0] + [p for _, p in columns], [0], [[1] * rows]
    for i, (node, column) in enumerate(zip(own, raws)):
        exponent = decimals_of(file, columns[i][0], segments)
        power, whole = integers_of(node, column, exponent)
        powers.append(power)
        integers.append(whole and [x for x, is_wanted in zip(whole, wanted) if is_wanted])
        if whole and node.kind == reader.FLOAT:
            numbers[i] = [x / 10**power for x in whole]
        elif node.kind == reader.FLOAT:
            numbers[i] = nearest(node, column, numbers[i], exponent)
    with np.errstate(over="ignore", invalid="ignore"):
        z = np.array([[1.0] * len(wanted)] + [[x or 0.0 for x in column] for column in numbers])[:, wanted]
        sums = z @ z.T
    for (i, j), at in zip(places, range(64 + 8 * k, len(data), 16)):
        stored, scale = int.from_bytes(data[at : at + 16], "little", signed=True), exponents[i] + exponents[j]
        if exact and integers[i] is not None and integers[j] is not None:
            q, more = sum(a * b for a, b in zip(integers[i], integers[j])), powers[i] + powers[j] - scale
            same = stored * 10 ** max(more, 0) == q * 10 ** max(-more, 0)
            require(same, f"moments: the sum at ({i}, {j}) is not that of the rows")
            continue
        stored = stored / 10**scale if exact else struct.unpack_from("<d", data, at)[0]
        check_near(stored, sums, i, j, 2**-40, "moments")


def decimals_of(file, number, segments):
    """The exponent of a float column in each row, by its segment's transform; None where it has none, or where a finite
    value of the segment is no such decimal (6)."""
    node, out = file.schema.nodes[number], []
    for blocks, values in segments if node.kind == reader.FLOAT else ():
        block = blocks[node.group]
        lane = node.lane + node.r * node.nullable
        kind, _, exponent, _, word = struct.unpack_from("<4BI", file.data, block.transforms + 16 * lane)
        if kind == 2:
            words = file.dictionary(word)
            exponent = next((p for p in range(23) if all(decimal(node, raw, p) is not None for raw in words)), None)
        known = kind in (1, 2) and exponent is not None and all(
            decimal(node, raw, exponent) is not None for raw in values[number][0]
            if raw is not None and math.isfinite(condensed.as_f64(node, raw)))
        out += [exponent if known else None] * block.rows
    return out


def decimal(node, raw, p):
    """The integer q with q / 10^p equal to a float, if there is one."""
    x = condensed.as_f64(node, raw)
    q = int(x * 10**p + math.copysign(0.5, x)) if math.isfinite(x * 10.0**p) else None
    return q if q is not None and abs(q) <= 1 << 53 and reader.decimal_bits(q, p, node.bits) == raw else None


def integers_of(node, column, exponents):
    """A power of ten and the integers that a column's values are with it; None if one is no such number."""
    if node.kind == reader.FLOAT:
        found = [None if p is None or raw is None else decimal(node, raw, p) for raw, p in zip(column, exponents)]
        power = max((p for p in exponents if p is not None), default=0)
        finite = [raw is not None and math.isfinite(condensed.as_f64(node, raw)) for raw in column]
        if any(q is None and is_finite for q, is_finite in zip(found, finite)):
            return power, None
        return power, [0 if q is None else q * 10 ** (power - p) for q, p in zip(found, exponents)]
    signed = node.kind in (reader.SIGNED, reader.DECIMAL)
    whole = [0 if raw is None else rules.integer(node, raw) if signed else raw for raw in column]
    return node.scale if node.kind == reader.DECIMAL else 0, whole


def nearest(node, column, numbers, exponents):
    """The decimals of a float column, and its other values as they are."""
    found = [None if p is None or raw is None else decimal(node, raw, p) for raw, p in zip(column, exponents)]
    return [x if q is None else q / 10**p for q, p, x in zip(found, exponents, numbers)]


def check_near(stored, sums, i, j, share, what):
    """A sum of products is that of the rows but for rounding; nothing can be said of sums that overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        most = 2**-1022 + share * math.sqrt(sums[i][i] * sums[j][j]) if sums[i][i] >= 0 <= sums[j][j] else math.nan
    if math.isfinite(most) and math.isfinite(sums[i][j]):
        require(abs(stored - sums[i][j]) <= most, f"{what}: the sum at ({i}, {j}) is not that of the rows")


def read_coreset(file):
    """Nodes and rows of the coreset, once all is checked that needs no rows."""
    data = file.section(9)
    k, zero, count = struct.unpack_from("<IIQ", data)
    start = (64 + 4 * k + 7) // 8 * 8
    require(k > 0 and zero == 0 and not any(data[16:64] + data[64 + 4 * k : start]), "head of the coreset")
    require(count <= (k + 1) * (k + 2) // 2 and len(data) == start + 8 * count * (k + 1), "length of the coreset")
    nodes = struct.unpack_from(f"<{k}I", data, 64)
    rows = [struct.unpack_from(f"<{k + 1}d", data, start + 8 * (k + 1) * i) for i in range(count)]
    require(all(math.isfinite(x) for row in rows for x in row) and all(row[k] > 0 for row in rows), "values of the coreset")
    check_numeric(file, nodes, "coreset")
    return k, nodes, rows


def check_coreset(file, segments):
    """Its rows are rows of the table, and their weighted moments those of all rows."""
    if not file.section(9) or not file.rows:
        return
    k, nodes, rows = read_coreset(file)
    if any(file.schema.nodes[n].kind == reader.UNKNOWN for n in nodes):
        return
    _, _, numbers, wanted = columns_of(file, nodes, segments)
    z = np.array([[1.0] * len(wanted)] + [[x or 0.0 for x in column] for column in numbers])[:, wanted]
    known = {tuple(row) for row in z[1:].T.tolist()}
    require(all(row[:k] in known for row in rows), "coreset: a row of it is not in the table")
    sums = z @ z.T
    few = np.array([(1.0,) + row[:k] for row in rows]).T
    weighted = (few * np.array([row[k] for row in rows])) @ few.T
    for i in range(k + 1):
        for j in range(i, k + 1):
            check_near(weighted[i][j], sums, i, j, 2**-20, "coreset")


def check_condensed(file):
    """Stored samples are those of the rows."""
    data = file.section(10)
    require(data or file.samples is None and not file.section(8), "condensed samples without cells")
    if not data:
        return
    cells, (count,) = condensed.read_cells(data), struct.unpack_from("<Q", data, 16)
    nodes = [node for node, _, _ in cells.features] + [cells.target] * (cells.target_kind == 1)
    check_numeric(file, nodes, "cells")
    if cells.target_kind == 2:
        check_labels(file, cells.target, cells.labels)
    schema = file.read_schema(file.samples) if file.samples is not None else None
    shape = [(reader.FLOAT, 64, reader.NONE)] * len(nodes) + [(reader.UNSIGNED, 64, reader.NONE)] * max(1, len(cells.labels))
    require(not schema or [(n.kind, n.bits, n.parent) for n in schema.nodes] == shape and len(schema.groups) == 1
            and not any(n.nullable for n in schema.nodes[len(nodes) :]), "condensed samples: the shape of their table")
    has_rows = schema is not None and file.tables[file.samples].rows > 0
    require(not has_rows or file.tables[file.samples].rows == count, "condensed samples: their number")
    require(not (data[13] and count) or has_rows, "condensed samples are not there")
    require(data[13] or not count or file.rows, "condensed samples of no rows")
    sums = file.section(8)
    extents = [hi - lo for _, lo, hi in cells.features]
    pairs = [(i, j) for i in range(len(extents)) for j in range(i, len(extents))]
    require(not sums or data[13] and len(sums) == 4 * count * len(pairs), "covariances: their number")
    numbers = np.frombuffer(sums, "<f4").astype(float)
    require(np.isfinite(numbers).all(), "covariances: a number is not finite")
    if not file.rows:
        return
    check_extents(file, cells)
    if file.previous and not cells.bits:
        require(data[13] and has_rows, "condensed samples are not there")
        stored = reader.join([file.segment_values(blocks, schema) for blocks in file.segments_of(file.samples)], schema)
        found = condensed.rebuild(file)
        for own, wanted in zip(stored[len(nodes) :], found[len(nodes) :]):
            require(sum(own[0]) == sum(wanted[0]), "condensed samples: they do not stand for as many rows as there are")
        return
    found = condensed.rebuild(file)
    require(len(found[-1][0]) == count, "cells: another number of them")
    if data[13]:
        stored = reader.join([file.segment_values(blocks, schema) for blocks in file.segments_of(file.samples)], schema)
        require(stored == found, "condensed samples are not those of the rows")
    for own, wanted in zip(numbers.reshape(-1, max(1, len(pairs))), condensed.covariances(file, cells, pairs) if sums else ()):
        for a, b, (i, j) in zip(own, wanted, pairs):
            near = 2**-22 * max(abs(a), abs(b)) + 2**-44 * extents[i] * extents[j]
            require(a == b or abs(a - b) <= near, "condensed samples: their covariances are not those of the rows")


def check_extents(file, cells):
    """The least and the greatest finite value of each feature."""
    numbers = [[] for _ in cells.features]
    for blocks in file.segments_of(0):
        values = file.segment_values(blocks, file.schema)
        for own, (node, _, _) in zip(numbers, cells.features):
            column = (condensed.as_f64(file.schema.nodes[node], raw) for raw in values[node][0])
            own += [x for x in column if x is not None and math.isfinite(x)]
    for own, (_, lo, hi) in zip(numbers, cells.features):
        require((lo, hi) == (min(own, default=0), max(own, default=0)), "cells: the extent of a feature is not that of the rows")


def check_labels(file, target, labels):
    """A class is a column of single values, and has labels of these."""
    nodes = file.schema.nodes
    require(target < len(nodes), "cells: the target is not there")
    node = nodes[target]
    require(is_single(node), "a class is no column of single values")
    size = (node.bits + 7) // 8
    require(node.bits == 0 or all(len(label) == size for label in labels if label is not None), "cells: a label is no value")


def is_single(node):
    """True for a column of single values."""
    values = 2 if node.kind in (reader.TEXT, reader.BYTES) else 1 + (node.bits > 64)
    return node.parent == reader.NONE and node.v == values and node.kind not in (reader.FIXED, reader.IMAGE, reader.LIST)


def check_image_errors(file):
    """They are of columns of images, ascending, and possible."""
    last = -1
    for node, largest, values, squared, zero in struct.iter_unpack("<IIQQQ", file.section(35)):
        nodes = file.schema.nodes
        require(last < node < len(nodes) and nodes[node].kind == reader.IMAGE, "errors of images that there are not")
        possible = values <= file.rows * nodes[node].length and largest <= 255 and zero == 0
        require(possible and largest**2 <= squared <= values * largest**2, "errors that images of these rows cannot have")
        last = node
