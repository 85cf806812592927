"""Statistics (gede.md, 4.7): the schema of their table, which follows from that of the rows, and what check.py checks of
them."""
import math
from collections import namedtuple

import reader
from condensed import as_f64
from frame import STATISTICS
from rules import BOOL, BYTES, DECIMAL, FLOAT, MAX_LANES, NONE, SIGNED, STRUCT, TEXT, UNSIGNED, integer, require

MOST_BYTES, MOST_DISTINCT = 32, 1024
# The node of the rows, and what its columns say: "least", "greatest", "least cut", "greatest cut", "nulls", "nans",
# "distinct", "sum".
Measured = namedtuple("Measured", "number node columns")


def measured(schema):
    """The nodes of the rows that have statistics, in order."""
    out = []
    for number, node in enumerate(schema.nodes):
        up = above(schema, number)
        if node.kind not in (BOOL, UNSIGNED, SIGNED, FLOAT, DECIMAL, BYTES, TEXT) or any(n.kind != STRUCT for n in up):
            continue
        columns = ["least", "greatest"]
        columns += ["least cut", "greatest cut"] * (node.kind in (BYTES, TEXT))
        columns += ["nulls"] * any(n.nullable for n in [node, *up]) + ["nans"] * (node.kind == FLOAT) + ["distinct"]
        whole = node.kind in (BOOL, UNSIGNED, SIGNED) and node.unit == 0 or node.kind == DECIMAL and node.bits <= 64
        out.append(Measured(number, node, columns + ["sum"] * whole))
    return out


def above(schema, number):
    """The nodes above a node."""
    out, up = [], schema.nodes[number].parent
    while up != NONE:
        out.append(schema.nodes[up])
        up = schema.nodes[up].parent
    return out


def read_schema(file):
    """The schema of the table of statistics, if there is one and all columns are known."""
    number = next((n for n, t in enumerate(file.tables) if t.kind == STATISTICS), None)
    if number is None or file.unreadable or number in file.unreadable_tables:
        return
    kinds = {"least cut": (BOOL, 1), "greatest cut": (BOOL, 1), "nulls": (UNSIGNED, 64), "nans": (UNSIGNED, 64),
             "distinct": (UNSIGNED, 32), "sum": (DECIMAL, 128)}
    nodes, lane = [], 0
    for at, node, columns in measured(file.schema):
        path = ".".join([n.name for n in reversed(above(file.schema, at))] + [node.name])
        for column in columns:
            kind, bits = kinds.get(column, (node.kind, node.bits))
            is_own, nullable = column in ("least", "greatest"), int(column in ("least", "greatest", "distinct", "sum"))
            unit, precision, scale = (node.unit, node.precision, node.scale) if is_own else (0, 0, node.scale * (column == "sum"))
            v = 2 if kind in (BYTES, TEXT) or bits == 128 else 1
            nodes.append(reader.Node(NONE, 0, 0, kind, nullable, unit, precision, scale, bits, 1, v, lane, 0, NONE, 0, 0, f"{path} {column}"))
            lane += nullable + v
    rows, table = file.tables[0], file.tables[number]
    require(nodes and lane <= MAX_LANES, "statistics: the rows have none")
    fits = rows.rows > 0 and table.rows == rows.segments + 1 and table.groups == 1
    require(fits, "statistics: they do not have a row for each segment and one for the file")
    file.schemas[number] = reader.Schema(number, nodes, [lane], [1] * len(nodes), {}, set())
    file.statistics = number


def dump(file):
    """The table as CSV, with the names of its columns alone."""
    values = file.table_values(file.statistics)
    return reader.dump(file, file.schemas[file.statistics], values, file.tables[file.statistics].rows, kinds=False)


def check(file, segments):
    """The statistics are those of the rows. `segments`: blocks and values of each segment of the rows."""
    if file.statistics is None:
        return
    stored = file.table_values(file.statistics)
    parts = [values for _, values in segments]
    parts.append(reader.join(parts, file.schema))
    for row, values in enumerate(parts):
        column = 0
        for number, node, columns in measured(file.schema):
            place = "the file" if row == len(parts) - 1 else f"segment {row}"
            found = of_column(node, values[number][0])
            own = {name: stored[column + i][0][row] for i, name in enumerate(columns)}
            less = says_less(node, own, found) if row == len(parts) - 1 and file.previous else set()
            wrong = [name for name in columns if own[name] != found[name] and name not in less]
            require(not wrong, f"statistics of {place}: those of \"{node.name}\" are not those of the rows: {wrong}")
            column += len(columns)


def says_less(node, own, found):
    """The statistics of a file that rows were appended to that say less of its rows than they could, as they may (4.7)."""
    less = {name for name in ("distinct", "sum") if own.get(name) is None}
    if node.kind in (BYTES, TEXT) and found["least"] is not None:
        low, high = own["least"], own["greatest"]
        less |= {"least", "least cut"} if own["least cut"] and low is not None and low <= found["least"] else set()
        is_above = high is None or found["greatest"] is not None and high >= found["greatest"]
        less |= {"greatest", "greatest cut"} if own["greatest cut"] and is_above else set()
    return less


def of_column(node, raw):
    """The statistics of a node's raw bits or strings; nulls are None."""
    values = [x for x in raw if x is not None]
    nulls, nans = len(raw) - len(values), 0
    out = dict.fromkeys(["least cut", "greatest cut"], 0) | {"nulls": nulls, "nans": 0, "sum": None}
    if node.kind in (BYTES, TEXT):
        least, greatest = min(values, default=None), max(values, default=None)
        long = [x is not None and len(x) > MOST_BYTES for x in (least, greatest)]
        out |= {"least cut": int(long[0]), "greatest cut": int(long[1])}
        out["least"] = whole(least, node) if long[0] else least
        out["greatest"] = following(whole(greatest, node), node) if long[1] else greatest
        is_long = any(len(x) > MOST_BYTES for x in values)
        out["distinct"] = None if is_long or len(set(values)) > MOST_DISTINCT else len(set(values))
        return out
    if node.kind == FLOAT:
        zero = 1 << node.bits - 1
        out["nans"] = sum(math.isnan(as_f64(node, x)) for x in values)
        values = [x * (x != zero) for x in values if not math.isnan(as_f64(node, x))]
        key = lambda x: as_f64(node, x)
    else:
        key = (lambda x: integer(node, x)) if node.kind in (SIGNED, DECIMAL) else (lambda x: x)
    out["least"], out["greatest"] = min(values, key=key, default=None), max(values, key=key, default=None)
    distinct = len(set(values))
    out["distinct"] = distinct if distinct <= MOST_DISTINCT else None
    if node.kind != FLOAT:
        total = sum(map(key, values))
        out["sum"] = total % 2**128 if -(2**127) <= total < 2**127 else None
    return out


def whole(string, node):
    """The first 32 bytes of a string; of text, without a character of which some are missing."""
    string = string[:MOST_BYTES]
    return string.decode(errors="ignore").encode() if node.kind == TEXT else string


def following(string, node):
    """The least string that is greater than all that begin so, of at most 32 bytes, as 4.7 makes it; None if there is none."""
    if node.kind == BYTES:
        string = string.rstrip(b"\xff")
        return string[:-1] + bytes([string[-1] + 1]) if string else None
    text = string.decode()
    while text:
        last = ord(text[-1]) + 1
        last = 0xE000 if last == 0xD800 else last
        text = text[:-1]
        if last <= 0x10FFFF and len((text + chr(last)).encode()) <= MOST_BYTES:
            return (text + chr(last)).encode()
    return None
