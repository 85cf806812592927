"""Parted records (gede.md, 4.8)."""
import struct

import grouped
from rules import require

MAX_PARTS, PART, CELL = 64, 176, 512
WRONG = "a row map does not fit its tuples"


def fields(file, block, widths, pieces):
    """The field of every lane in every row."""
    layout, records = pieces[1], pieces[3]
    require(len(layout) >= 24, "parted records: the layout is cut short")
    count, zero = struct.unpack_from("<II", layout)
    require(1 <= count <= MAX_PARTS and zero == 0, "parted records: there are none of them, or more than 64")
    require(len(layout) >= 24 + PART * count, "parted records: the layout is cut short")
    parts = [struct.unpack_from("<IIQQQ", layout, 8 + PART * i) for i in range(count)]
    require(all(1 <= part[1] <= len(widths) + count for part in parts), "parted records: a part has no lanes, or more than the block")
    widths_of = dict(enumerate(widths))
    lanes = [lane for lane, in struct.iter_unpack("<I", layout[8 + PART * count : -16])]
    out, used, bases, owned, indexes = {}, [], 0, [], []
    for number, part in enumerate(parts):
        indexes += [len(widths) + number] * (part[0] == 3)
        tuples = struct.unpack_from("<Q", layout, 48 + PART * number)[0]
        widths_of[len(widths) + number] = (tuples - 1).bit_length() if tuples else 0
    for part in parts:
        own, lanes = lanes[: part[1]], lanes[part[1] :]
        known = [*range(len(widths)), *(indexes if part[0] == 0 else [])]
        is_there = own == sorted(set(own)) and all(lane in known and all(lane not in other for other in owned) for lane in own)
        require(is_there, "parted records: a lane is not there, or in two places")
        require(len(own) == part[1], "parted records: the layout is cut short")
        owned.append(own)
    require(not lanes and sum(map(len, owned)) == len(widths) + len(indexes), "parted records: the layout does not have every lane, or more")
    # Parts of rows first: they have the indexes of others.
    for i in sorted(range(count), key=lambda i: parts[i][0] > 0):
        own, (kind, _, place, length, phase) = owned[i], parts[i]
        tuples = type(block)(*struct.unpack_from("<11Q4I4BI4Q", layout, 40 + PART * i))
        numbers, own_map = row_map(block, kind, place, length, phase, tuples.rows, records, out.get(len(widths) + i))
        values, places = part_fields(file, block, tuples, [widths_of[lane] for lane in own])
        require(max(numbers) < tuples.rows, "a row names a tuple that does not exist")
        used += places + own_map
        bases += tuples.n_b
        for lane, column in zip(own, values):
            out[lane] = [column[number] for number in numbers]
    require(not any(layout[-16:]) and not any(records[-16:]), "a bit stream does not end in zeros")
    require(bases == block.n_b, "the parts do not have as many bases as the block")
    end = 8
    require(not any(records[:8]), "bytes between their pieces are not zero")
    for start, length in sorted(used):
        require(start == -(-end // 8) * 8, "their pieces do not follow each other")
        require(not any(records[end:start]), "bytes between their pieces are not zero")
        end = start + length
    require(-(-end // 8) * 8 + 16 == len(records), "their pieces do not fill them")
    require(not any(records[end:]), "bytes between their pieces are not zero")
    return [out[lane] for lane in range(len(widths))]


def part_fields(file, block, tuples, widths):
    """The fields of a part's tuples, and the places of their pieces in the records."""
    unused = (tuples.first, tuples.transforms, tuples.exceptions, tuples.exceptions_length, tuples.heap, tuples.heap_length,
              tuples.lists, tuples.lists_length, tuples.transform)
    require(tuples.kind == 3 and tuples.rows > 0 and tuples.n_b > 0 and not any(unused), "a part has tuples that are no grouped records")
    moved = {name: at and at + block.records for name, at in tuples._asdict().items() if name in ("layout", "bases", "records", "offsets")}
    placed = tuples._replace(**moved)
    end = block.records + block.records_length
    require(placed.layout + 24 <= end, "a piece of a part lies outside the records")
    places = file.pieces(placed, 0)
    pieces = [file.data[at : at + length] for at, length in places]
    require(all(bool(at) == bool(length) for at, length in places), "offsets of pieces")
    require(tuples.constant == 8 * (len(pieces[1]) - 16), "constant bits")
    require(sum(widths) == tuples.l_t, "the lanes of a part do not fit its bit counts")
    inside = all(at > block.records and at + length <= end for at, length in places if length)
    require(inside, "a piece of a part lies outside the records")
    return grouped.fields(placed, widths, pieces), [(at - block.records, length) for at, length in places if length]


def row_map(block, kind, place, length, phase, tuples, records, index):
    """The tuple of each row, and the place of the map if it has one."""
    rows = block.rows
    require(1 <= tuples <= rows and (kind == 0) == (tuples == rows), WRONG)
    if kind == 0:
        require(not any((place, length, phase)), WRONG)
        return range(rows), []
    if kind == 2:
        require(place == 0 and length > 0 and phase < length * tuples < 2**64 and phase + rows - 1 < 2**64 and rows <= 2**20, WRONG)
        return [(row + phase) // length % tuples for row in range(rows)], []
    if kind == 3:
        require(place == length == phase == 0 and tuples > 1, WRONG)
        return index, []
    require(kind == 1 and place > 0 and length == phase == 0, WRONG)
    size = -(-rows // CELL) * 68 + 16
    require(rows < 2**32 and place + size <= len(records), "a piece of a part lies outside the records")
    numbers, runs = [], 0
    for at in range(place, place + size - 16, 68):
        rank, = struct.unpack_from("<I", records, at)
        require(rank == runs, "runs are not counted right")
        word = int.from_bytes(records[at + 4 : at + 68], "little")
        here = min(CELL, rows - len(numbers))
        require(runs or word & 1, "a row names a tuple that does not exist")
        require(word >> here == 0, "a run begins after the last row")
        for bit in range(here):
            runs += word >> bit & 1
            numbers.append(runs - 1)
    require(runs == tuples, "there are not as many runs as tuples")
    require(not any(records[place + size - 16 : place + size]), "bytes after a row map that are not zero")
    return numbers, [(place, size)]
