"""Files with parted records (gede.md, 4.8) that break one rule."""
from chunk_files import block, piece
from frames import changed

# The first block of LOG has 1000 rows and four parts: rows, runs, what an index names, and the index; that of PRODUCT two, of rows and a period.
LOG, PRODUCT = "parted_log", "parted_product"
FITS, CUT = "that do not fit its record kind", "the layout is cut short"
MAP, OUTSIDE = "a row map does not fit its tuples", "a piece of a part lies outside the records"


def layout(at, form, change):
    return piece(0, "layout", at, form, change)


def part(number, at, form, change):
    """Another number in the entry of a part."""
    return layout(8 + 176 * number + at, form, change)


def tuples(number, at, form, change):
    """Another number in the block entry of a part's tuples."""
    return part(number, 32 + at, form, change)


def lane(place, change):
    """Another lane of those of the parts of LOG."""
    return layout(8 + 4 * 176 + 4 * place, "I", change)


def records(place, form, change):
    """Another number in the records."""
    return piece(0, "records", place, form, change)


RUNS, INDEX = 1776, 2200
REFUSED = {
    "parts_base_bits": ("rows", FITS, changed(LOG, block(0, 92, "I", lambda n: 8))),
    "parts_id_bits": ("rows", FITS, changed(LOG, block(0, 105, "B", lambda n: 3))),
    "parts_layout_bits": ("rows", FITS, changed(LOG, block(0, 100, "I", lambda n: n - 1))),
    "parts_layout_short": ("rows", CUT, changed(LOG, block(0, 100, "I", lambda n: n - 32))),
    "parts_none": ("rows", "there are none of them", changed(LOG, layout(0, "I", lambda n: 0))),
    "parts_65": ("rows", "there are none of them", changed(LOG, layout(0, "I", lambda n: 65))),
    "part_without_lanes": ("rows", "a part has no lanes", changed(LOG, part(1, 4, "I", lambda n: 0))),
    "part_lanes": ("rows", "a lane is not there", changed(LOG, part(1, 4, "I", lambda n: n + 1))),
    "part_lane_twice": ("rows", "a lane is not there", changed(LOG, lane(0, lambda n: n + 1))),
    "part_lane_not_there": ("rows", "a lane is not there", changed(LOG, lane(8, lambda n: 999))),
    "part_map_kind": ("rows", MAP, changed(LOG, part(1, 0, "I", lambda n: 4))),
    "part_map_same": ("rows", MAP, changed(LOG, part(1, 0, "I", lambda n: 0))),
    "part_map_place": ("rows", MAP, changed(LOG, part(1, 8, "Q", lambda n: 0))),
    "part_map_beyond": ("rows", OUTSIDE, changed(LOG, part(1, 8, "Q", lambda n: 1 << 40))),
    "part_index_place": ("rows", MAP, changed(LOG, part(2, 8, "Q", lambda n: 8))),
    "part_index_not_there": ("rows", "a lane is not there", changed(LOG, lane(9, lambda n: n + 1))),
    "part_index_in_tuples": ("rows", "a lane is not there", changed(LOG, part(3, 0, "I", lambda n: 1))),
    "part_map_length": ("rows", MAP, changed(LOG, part(1, 16, "Q", lambda n: 1))),
    "part_period_length": ("rows", MAP, changed(PRODUCT, part(1, 16, "Q", lambda n: 0))),
    "part_period_phase": ("rows", MAP, changed(PRODUCT, part(1, 24, "Q", lambda n: 210))),
    "part_period_long": ("rows", MAP, changed(PRODUCT, part(1, 16, "Q", lambda n: 1 << 58))),
    "part_period_place": ("rows", MAP, changed(PRODUCT, part(1, 8, "Q", lambda n: 8))),
    "part_tuples_more": ("rows", MAP, changed(LOG, tuples(1, 8, "Q", lambda n: 1001))),
    "part_tuples_none": ("rows", MAP, changed(LOG, tuples(1, 8, "Q", lambda n: 0))),
    "part_tuples_kind": ("rows", "no grouped records", changed(LOG, tuples(1, 104, "B", lambda n: 1))),
    "part_tuples_heap": ("rows", "no grouped records", changed(LOG, tuples(1, 72, "Q", lambda n: 8))),
    "part_tuples_bits": ("rows", "the lanes of a part do not fit its bit counts", changed(LOG, tuples(1, 88, "I", lambda n: n + 1))),
    "part_tuples_bases": ("rows", "as many bases", changed(LOG, block(0, 80, "Q", lambda n: n + 1))),
    "part_tuples_beyond": ("rows", OUTSIDE, changed(LOG, tuples(1, 24, "Q", lambda n: 1 << 40))),
    "part_runs_rank": ("whole", "runs are not counted right", changed(LOG, records(RUNS + 68, "I", lambda n: n + 1))),
    "part_runs_first": ("rows", "a row names a tuple", changed(LOG, records(RUNS + 4, "B", lambda n: n & 254))),
    "part_runs_after": ("whole", "a run begins after the last row", changed(LOG, records(RUNS + 68 + 67, "B", lambda n: 128))),
    "part_runs_zeros": ("whole", "bytes after a row map", changed(LOG, records(RUNS + 2 * 68, "B", lambda n: 1))),
    "part_index": ("rows", "a row names a tuple", changed(LOG, records(INDEX, "Q", lambda n: 2**64 - 1))),
    "part_gap": ("whole", "bytes between their pieces", changed(LOG, records(0, "Q", lambda n: 1))),
    "part_end": ("whole", "does not end in zeros", changed(LOG, records(-1, "B", lambda n: 1))),
}
