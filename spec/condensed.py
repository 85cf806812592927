"""Condensed samples (gede.md, chapter 5), rebuilt from the rows where they are not stored, and moments (6), as CSV.

- The condensed table's fields are named by their columns alone: features, target, weights.
- Moments: `exact,rows,left out,has target`, a line with these values; `node,exponent` and a line a column;
  `i,j,sum` and a line for each number of the upper triangle, an integer or the raw bits of the f64.
"""
import fractions
import math
import struct
from collections import namedtuple

import reader
import rules

Cells = namedtuple("Cells", "target target_kind features bits labels")


def dump(file):
    read_cells(file.section(10))
    schema, is_stored = file.read_schema(file.samples), file.section(10)[13]
    stored = [file.segment_values(blocks, schema) for blocks in file.segments_of(file.samples)]
    values = reader.join(stored, schema) if is_stored else rebuild(file)
    return reader.dump(file, schema, values, len(values[0][0]), kinds=False)


def dump_moments(file):
    data = file.section(5)
    k, exact, target, rows, out = struct.unpack_from("<IBBxxQQ", data)
    yield "exact,rows,left out,has target"
    yield f"{exact},{rows},{out},{target}"
    yield "node,exponent"
    yield from ("%d,%d" % struct.unpack_from("<II", data, 64 + 8 * i) for i in range(k))
    yield "i,j,sum"
    places = [(i, j) for i in range(k + 1) for j in range(i, k + 1)]
    for (i, j), at in zip(places, range(64 + 8 * k, len(data), 16)):
        number = int.from_bytes(data[at : at + 16], "little", signed=True)
        yield f"{i},{j},{number if exact else f'{number:016x}'}"


def rebuild(file):
    """values[column][0][cell] of the condensed table, summed segment by segment in stored order."""
    cells = read_cells(file.section(10))
    nodes = [f[0] for f in cells.features] + [cells.target] * (cells.target_kind == 1)
    k = len(nodes)
    empty = [0.0] * k + [0] * (k + max(1, len(cells.labels)))  # sums, counts, weights
    total = {}
    for blocks in file.segments_of(0):
        values = file.segment_values(blocks, file.schema)
        columns = [[as_f64(file.schema.nodes[n], raw) for raw in values[n][0]] for n in nodes]
        part = {}
        for row in range(blocks[0].rows):
            numbers = [column[row] for column in columns]
            keys = [grid_key(x, lo, hi) for x, (_, lo, hi) in zip(numbers, cells.features)]
            cell = part.setdefault(tuple(keys[feature] >> bit & 1 for feature, bit in cells.bits), empty.copy())
            for i, x in enumerate(numbers):
                if x is not None and math.isfinite(x):
                    cell[i] += x
                    cell[k + i] += 1
            label = 0
            if cells.target_kind == 2:
                label = cells.labels.index(label_bytes(file.schema.nodes[cells.target], values[cells.target][0][row]))
            cell[2 * k + label] += 1
        for key, cell in part.items():
            total[key] = [a + b for a, b in zip(total.get(key, empty), cell)]
    rows = [total[key] for key in sorted(total)]
    means = [[[mean(row[i], row[k + i]) for row in rows]] for i in range(k)]
    return means + [[[row[i] for row in rows]] for i in range(2 * k, len(empty))]


def read_cells(data):
    """The cells (5)."""
    d, beta, target, kind, stored, low, zero, cells, classes = struct.unpack_from("<III4BQI", data)
    reserved = [data[68 + 24 * i : 72 + 24 * i] for i in range(d)]
    reader.require(stored <= 1 and low <= 1 and zero == 0 and not any(map(any, [data[28:64], *reserved])), "cells: their head")
    reader.require(cells <= 1 << 21 and (kind > 0 or target == reader.NONE), "cells: their number or their target")
    features = [struct.unpack_from("<I4xdd", data, 64 + 24 * i) for i in range(d)]
    bits = [struct.unpack_from("<II", data, 64 + 24 * d + 8 * i) for i in range(beta)]
    at, labels = 64 + 24 * d + 8 * beta, []
    for _ in range(classes):
        length = struct.unpack_from("<I", data, at)[0]
        labels.append(None if length == reader.NONE else data[at + 4 : at + 4 + length])
        at += 4 + (0 if length == reader.NONE else length)
    reader.require(at == len(data) and kind <= 2 and (classes > 0) == (kind == 2), "cells: the length or the target")
    reader.require(beta <= 128 and all(f < d and bit < 33 for f, bit in bits), "cells: a bit that no key has")
    finite = (math.isfinite(x) and (x or math.copysign(1, x) > 0) for _, lo, hi in features for x in (lo, hi))
    reader.require(all(finite) and all(lo <= hi for _, lo, hi in features), "cells: the extent of a feature")
    reader.require(len(set(labels)) == len(labels), "cells: two classes have one label")
    return Cells(target, kind, features, bits, labels)


def covariances(file, cells, pairs):
    """The covariances of each cell, cells in order, about the means of its rows."""
    rows = {}
    for blocks in file.segments_of(0):
        values = file.segment_values(blocks, file.schema)
        columns = [[as_f64(file.schema.nodes[n], raw) for raw in values[n][0]] for n, _, _ in cells.features]
        for row in range(blocks[0].rows):
            numbers = [column[row] for column in columns]
            keys = [grid_key(x, lo, hi) for x, (_, lo, hi) in zip(numbers, cells.features)]
            own = rows.setdefault(tuple(keys[feature] >> bit & 1 for feature, bit in cells.bits), [])
            own += [numbers] * all(x is not None and math.isfinite(x) for x in numbers)
    for key in sorted(rows):
        own = [[fractions.Fraction(row[i]) for row in rows[key]] for i in range(len(cells.features))]
        count = max(1, len(rows[key]))
        means = [sum(column) / count for column in own]
        yield [float(sum((a - means[i]) * (b - means[j]) for a, b in zip(own[i], own[j])) / count) for i, j in pairs]


def as_f64(node, raw):
    """A numeric value as f64, None for a null."""
    if raw is None:
        return None
    if node.kind == reader.FLOAT:
        return float(reader.np.frombuffer(raw.to_bytes(node.bits // 8, "little"), f"<f{node.bits // 8}")[0])
    if node.kind == reader.DECIMAL:
        return float(rules.integer(node, raw)) / float(10**node.scale)
    return float(rules.integer(node, raw) if node.kind == reader.SIGNED else raw)


def grid_key(x, lo, hi):
    """The key of a feature's value."""
    if x is None:
        return 1 << 32
    if not math.isfinite(x):
        return (1 << 32) + (1 if math.isnan(x) else 2 if x > 0 else 3)
    key = (x - lo) / (hi - lo) * 4294967295 if hi > lo else 0
    return 0 if math.isnan(key) else min(math.floor(key), 4294967295)


def mean(total, count):
    """Raw bits of the mean, rounded to 24 significant bits; None of no values."""
    if count == 0:
        return None
    rounded = total / count
    if math.isfinite(rounded):
        fraction, exponent = math.frexp(rounded)
        rounded = math.ldexp(round(fraction * 2**24), exponent - 24)
    return int.from_bytes(struct.pack("<d", rounded), "little")


def label_bytes(node, raw):
    """A class value as a label's bytes."""
    return raw if raw is None or node.v == 2 and node.bits == 0 else raw.to_bytes((node.bits + 7) // 8, "little")


DUMPS = {"--condensed": dump, "--moments": dump_moments}
