"""Parted records (gede.md, 4.8)."""
import struct

import grouped
from rules import require

MAX_PARTS, CELL = 64, 512


def fields(file, block, widths, pieces):
    """The field of every lane in every row."""
    layout, records = pieces[1], pieces[3]
    require(len(layout) >= 24 and not any(layout[-16:]) and len(records) > 16, "the layout of parted records")
    count, zero = struct.unpack_from("<II", layout)
    require(1 <= count <= MAX_PARTS and zero == 0 and len(layout) >= 24 + 176 * count, "number of parts")
    parts = [struct.unpack_from("<IIQQQ", layout, 8 + 176 * i) for i in range(count)]
    lanes = [lane for lane, in struct.iter_unpack("<I", layout[8 + 176 * count : -16])]
    require(sorted(lanes) == list(range(len(widths))) and sum(part[1] for part in parts) == len(lanes), "lanes of the parts")
    out, used, bases = [None] * len(widths), [], 0
    for i, (kind, number, place, length, phase) in enumerate(parts):
        own, lanes = lanes[:number], lanes[number:]
        require(own and own == sorted(own), "lanes of a part")
        tuples = type(block)(*struct.unpack_from("<11Q4I4BI4Q", layout, 40 + 176 * i))
        values, places = part_fields(file, block, tuples, [widths[lane] for lane in own])
        numbers, own_map = row_map(block, kind, place, length, phase, tuples.rows, records)
        require(max(numbers) < tuples.rows, "a row names a tuple that does not exist")
        used += places + own_map
        bases += tuples.n_b
        for lane, column in zip(own, values):
            out[lane] = [column[number] for number in numbers]
    require(bases == block.n_b, "bases of the parts")
    end = 0
    for start, length in [(0, 0), *sorted(used)]:
        require(start >= 8 or length == 0, "a piece of a part")
        require(start == (end and -(-end // 8) * 8), "pieces of the parts")
        gap = end
        end = start + length or 8
        require(not any(records[gap : start or 8]), "bytes between the pieces of parts")
    require(-(-end // 8) * 8 + 16 == len(records) and not any(records[end:]), "the end of parted records")
    return out


def part_fields(file, block, tuples, widths):
    """The fields of a part's tuples, and the places of their pieces in the records."""
    unused = (tuples.first, tuples.transforms, tuples.exceptions, tuples.exceptions_length, tuples.heap, tuples.heap_length,
              tuples.lists, tuples.lists_length, tuples.transform)
    require(tuples.kind == 3 and tuples.rows > 0 and tuples.n_b > 0 and not any(unused), "the entry of a part")
    moved = {name: at and at + block.records for name, at in tuples._asdict().items() if name in ("layout", "bases", "records", "offsets")}
    placed = tuples._replace(**moved)
    places = file.pieces(placed, 0)
    pieces = [file.data[at : at + length] for at, length in places]
    require(all(bool(at) == bool(length) for at, length in places), "offsets of pieces")
    require(tuples.constant == 8 * (len(pieces[1]) - 16), "constant bits")
    require(sum(widths) == tuples.l_t, "total bits of a part")
    inside = all(at > block.records and at + length <= block.records + block.records_length for at, length in places if length)
    require(inside, "a piece of a part lies outside the records")
    return grouped.fields(placed, widths, pieces), [(at - block.records, length) for at, length in places if length]


def row_map(block, kind, place, length, phase, tuples, records):
    """The tuple of each row, and the place of the map if it has one."""
    rows = block.rows
    require(tuples <= rows and (kind == 0) == (tuples == rows), "tuples of a row map")
    if kind == 0:
        require(not any((place, length, phase)), "a row map of no bytes")
        return range(rows), []
    if kind == 2:
        require(place == 0 and length > 0 and phase < length * tuples < 2**64 and phase + rows - 1 < 2**64, "a period")
        return [(row + phase) // length % tuples for row in range(rows)], []
    require(kind in (1, 3) and place > 0 and length == phase == 0, "the kind of a row map")
    if kind == 3:
        require(tuples > 1, "an index of one tuple")
        bits = (tuples - 1).bit_length()
        size = -(-rows * bits // 8) + 16
        require(place + size <= len(records), "a row map lies outside the records")
        stream = grouped.Bits(records[place : place + size])
        numbers = [stream.take(bits) for _ in range(rows)]
        stream.end()
        require(set(numbers) >= set(range(tuples)), "no row has a tuple")
        return numbers, [(place, size)]
    size = -(-rows // CELL) * 68 + 16
    require(rows < 2**32 and place + size <= len(records), "a row map lies outside the records")
    numbers, runs = [], 0
    for at in range(place, place + size - 16, 68):
        rank, = struct.unpack_from("<I", records, at)
        require(rank == runs, "runs are not counted right")
        word = int.from_bytes(records[at + 4 : at + 68], "little")
        here = min(CELL, rows - len(numbers))
        require(word >> here == 0 and (runs or word & 1), "runs begin with the first row and end with the last")
        for bit in range(here):
            runs += word >> bit & 1
            numbers.append(runs - 1)
    require(runs == tuples and not any(records[place + size - 16 : place + size]), "number of runs")
    return numbers, [(place, size)]
