"""What a file says of all its rows together, held against the rows: moments and the coreset (gede.md, chapter 6),
condensed samples and covariances (5), image errors (8)."""
import math
import struct

import numpy as np

import condensed
import reader
from classes import is_single
from reader import require

# How far sums may be off, of float columns by their bits: those of decimals are not sums of the floats themselves.
ROUNDING = {16: 2**-9, 32: 2**-21, 64: 2**-40}


def check_numeric(file, nodes, what):
    """Nodes are columns of numbers."""
    kinds = (reader.BOOL, reader.UNSIGNED, reader.SIGNED, reader.FLOAT, reader.DECIMAL)
    own = [file.schema.nodes[n] for n in nodes if n < len(file.schema.nodes)]
    numeric = all(n.kind in kinds and n.parent == reader.NONE and n.unit == 0 for n in own)
    require(len(own) == len(nodes) and numeric, f"{what}: a column that is not numeric")


def columns_of(file, nodes, segments):
    """Numbers of columns, and which rows have a finite one in each."""
    own = [file.schema.nodes[n] for n in nodes]
    rows = [[values[n][0] for n in nodes] for _, values in segments]
    rows = [[raw for part in rows for raw in part[i]] for i in range(len(nodes))]
    numbers = [[condensed.as_f64(node, raw) for raw in column] for node, column in zip(own, rows)]
    wanted = [all(x is not None and math.isfinite(x) for x in row) for row in zip(*numbers)]
    return own, rows, numbers, wanted


def check_moments(file, segments):
    """Sums of integers are exact, others nearly."""
    data = file.section(5)
    if not data or not file.rows:
        return
    k, exact, target, rows, out = struct.unpack_from("<IBBxxQQ", data)
    require(exact <= 1 and target <= 1 and not any(data[6:8] + data[24:64]), "head of the moments")
    columns = [struct.unpack_from("<II", data, 64 + 8 * i) for i in range(k)]
    places = [(i, j) for i in range(k + 1) for j in range(i, k + 1)]
    require(len(data) == 64 + 8 * k + 16 * len(places), "length of the moments")
    require(all(p <= 38 * exact for _, p in columns), "moments: a decimal exponent")
    check_numeric(file, [n for n, _ in columns], "moments")
    own, raws, numbers, wanted = columns_of(file, [n for n, _ in columns], segments)
    require((rows, out) == (sum(wanted), len(wanted) - sum(wanted)), "moments: rows summed and left out")
    exponents = [0] + [p for _, p in columns]
    with np.errstate(over="ignore", invalid="ignore"):
        z = np.array([[1.0] * len(wanted)] + [[x or 0.0 for x in column] for column in numbers])[:, wanted]
        sums = z @ z.T
    whole = [node.kind in (reader.BOOL, reader.UNSIGNED, reader.SIGNED, reader.DECIMAL) for node in own]
    integers = [[1] * rows] + [[reader.integer(node, raw) if node.kind in (reader.SIGNED, reader.DECIMAL) else raw
                                for raw, is_wanted in zip(column, wanted) if is_wanted] if is_whole else None
                               for node, column, is_whole in zip(own, raws, whole)]
    for (i, j), at in zip(places, range(64 + 8 * k, len(data), 16)):
        stored, scale = int.from_bytes(data[at : at + 16], "little", signed=True), 10 ** (exponents[i] + exponents[j])
        if exact and integers[i] and integers[j]:
            q = sum(a * b for a, b in zip(integers[i], integers[j]))
            p = sum(own[n - 1].scale if own[n - 1].kind == reader.DECIMAL else 0 for n in (i, j) if n)
            require(stored * 10**p == q * scale, f"moments: the sum at ({i}, {j}) is not that of the rows")
            continue
        stored = stored / scale if exact else struct.unpack_from("<d", data, at)[0]
        share = max([2**-40] + [ROUNDING[own[n - 1].bits] for n in (i, j) if n and own[n - 1].kind == reader.FLOAT])
        check_near(stored, sums, i, j, share, "moments")


def check_near(stored, sums, i, j, share, what):
    """A sum of products is that of the rows but for rounding; nothing can be said of sums that overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        most = 2**-1000 + share * math.sqrt(sums[i][i] * sums[j][j]) if sums[i][i] >= 0 <= sums[j][j] else math.nan
    if math.isfinite(most) and math.isfinite(sums[i][j]):
        require(abs(stored - sums[i][j]) <= most, f"{what}: the sum at ({i}, {j}) is not that of the rows")


def check_coreset(file, segments):
    """Its rows are rows of the table, and their weighted moments those of all rows."""
    data = file.section(9)
    if not data or not file.rows:
        return
    k, zero, count = struct.unpack_from("<IIQ", data)
    nodes, start = struct.unpack_from(f"<{k}I", data, 64), (64 + 4 * k + 7) // 8 * 8
    zeros = zero == 0 and not any(data[16:64] + data[64 + 4 * k : start])
    require(k > 0 and zeros and count <= (k + 1) * (k + 2) // 2 and len(data) == start + 8 * count * (k + 1), "coreset")
    rows = [struct.unpack_from(f"<{k + 1}d", data, start + 8 * (k + 1) * i) for i in range(count)]
    require(all(math.isfinite(x) for row in rows for x in row) and all(row[k] > 0 for row in rows), "values of the coreset")
    check_numeric(file, nodes, "coreset")
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
    if not data:
        return
    cells = condensed.read_cells(data)
    nodes = [node for node, _, _ in cells.features] + [cells.target] * (cells.target_kind == 1)
    check_numeric(file, nodes, "cells")
    require(cells.target_kind != 2 or is_single(file, cells.target), "cells: the target is no column of single values")
    check_condensed_schema(file, cells, struct.unpack_from("<Q", data, 16)[0])
    if not file.rows:
        return
    found = condensed.rebuild(file)
    require(len(found[0][0]) == struct.unpack_from("<Q", data, 16)[0], "cells: another number of them")
    if cells.stored:
        schema = file.read_schema(file.samples)
        stored = reader.join([file.segment_values(blocks, schema) for blocks in file.segments_of(file.samples)], schema)
        require(stored == found, "condensed samples are not those of the rows")
        check_covariances(file, cells)


def check_condensed_schema(file, cells, count):
    """The columns of the condensed table are those of chapter 5, and their labels values of the target."""
    if cells.target_kind == 2:
        own = file.schema.nodes[cells.target]
        length = None if own.kind in (reader.BYTES, reader.TEXT) else (own.bits + 7) // 8
        require(all(label is None or length in (None, len(label)) for label in cells.labels), "cells: a label is not a value of the target")
    d, rows = len(cells.features), file.tables[file.samples].rows if file.samples is not None else 0
    require(rows or count == 0 or not cells.stored, "condensed samples are not there")
    require(cells.stored or rows == 0 and (file.rows or count == 0), "condensed samples that are not stored, or of no rows")
    scatter = file.section(8)
    finite = all(math.isfinite(x) for x, in struct.iter_unpack("<f", scatter[: len(scatter) // 4 * 4]))
    require(not scatter or cells.stored and finite and len(scatter) == 2 * d * (d + 1) * count, "the covariances of cells")
    if rows == 0:
        return
    means, nodes = d + (cells.target_kind == 1), file.read_schema(file.samples).nodes
    shapes = [(n.kind, n.bits, n.nullable * (i >= means), n.parent) for i, n in enumerate(nodes)]
    wanted = [(reader.FLOAT, 64, 0, reader.NONE)] * means + [(reader.UNSIGNED, 64, 0, reader.NONE)] * max(1, len(cells.labels))
    require(shapes == wanted and rows == count, "condensed samples do not have the shape that the cells name")


def check_covariances(file, cells):
    """The covariances of each cell are those of its rows, but for rounding."""
    data, d = file.section(8), len(cells.features)
    if not data:
        return
    by_cell = {}
    for blocks in file.segments_of(0):
        values = file.segment_values(blocks, file.schema)
        columns = [[condensed.as_f64(file.schema.nodes[n], raw) for raw in values[n][0]] for n, _, _ in cells.features]
        for numbers in zip(*columns):
            by_cell.setdefault(condensed.cell_of(cells, numbers), []).append(numbers)
    middles, extents = [[f(lo, hi) for _, lo, hi in cells.features] for f in (lambda a, b: a / 2 + b / 2, lambda a, b: b - a)]
    places = [(i, j) for i in range(d) for j in range(i, d)]
    for stored, (_, rows) in zip(struct.iter_unpack(f"<{len(places)}f", data), sorted(by_cell.items())):
        whole = [[x - m for x, m in zip(row, middles)] for row in rows if all(x is not None and math.isfinite(x) for x in row)]
        for own, (i, j) in zip(stored, places):
            n = len(whole) or 1
            sums = [math.fsum(row[k] for row in whole) for k in (i, j)]
            true = math.fsum(row[i] * row[j] for row in whole) / n - sums[0] * sums[1] / (n * n)
            most = 2**-22 * max(abs(own), abs(true)) + 2**-44 * extents[i] * extents[j]
            require(abs(own - true) <= most or not abs(true) < 2**128, "the covariances of cells are not those of the rows")


def check_image_errors(file):
    """They are of columns of images, ascending, and possible."""
    last = -1
    for node, largest, values, squared, zero in struct.iter_unpack("<IIQQQ", file.section(35)):
        nodes = file.schema.nodes
        require(last < node < len(nodes) and nodes[node].kind == reader.IMAGE, "errors of images that there are not")
        possible = values <= file.rows * nodes[node].length and largest <= 255 and zero == 0
        require(possible and largest**2 <= squared <= values * largest**2, "errors that images of these rows cannot have")
        last = node
