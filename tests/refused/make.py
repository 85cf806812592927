#!/usr/bin/env python3
"""Makes files that break one rule each out of golden files, with right checksums, and reasons.txt: the file, whether
reading its rows refuses it or only a check of the whole file, and words of every reader's error. Makes ../later as well:
files of a later version, and expected.txt: the file, and whether a reader of 1.0 reads it ("read", all rows of the named
golden file; "part", those of the columns that it can read) or refuses it, with words of every reader's error."""
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
GOLDEN, LATER = HERE.parent / "golden", HERE.parent / "later"
sys.path.insert(0, str(HERE.parent.parent / "spec"))
import check  # noqa: E402
import reader  # noqa: E402
import rules  # noqa: E402
import grouped  # noqa: E402
import appended_files  # noqa: E402
import chunk_files  # noqa: E402
import framed_files  # noqa: E402
import frames  # noqa: E402
import group_files  # noqa: E402
import list_files  # noqa: E402
import packed_files  # noqa: E402
import parted_files  # noqa: E402
import statistics_files  # noqa: E402
from draft import repair  # noqa: E402

R = rules
MOST = 2**64 - 1


class Golden:
    """A golden file to be changed."""

    def __init__(self, name):
        self.data = bytearray((GOLDEN / f"{name}.gede").read_bytes())
        self.file = reader.File(bytes(self.data))
        self.block = self.file.segments_of(0)[0][0] if self.file.rows else None

    def start(self, kind):
        return next(s.offset for s in self.file.sections if s.kind == kind)

    def node(self, wanted):
        """Number and node of the first that is `wanted`."""
        return next((i, n) for i, n in enumerate(self.file.schema.nodes) if wanted(n))

    def patch(self, at, form, value):
        struct.pack_into("<" + form, self.data, at, value)

    def in_schema(self, node, at, form, value):
        self.patch(self.start(32) + 16 + 48 * node + at, form, value)

    def in_lane(self, lane, at, form, value):
        self.patch(self.block.transforms + 16 * lane + at, form, value)

    def transform(self, lane):
        return reader.Transform(*struct.unpack_from("<4BIQ", self.data, self.block.transforms + 16 * lane))

    def lane(self, kinds, wanted=lambda n, t: True, value=0):
        """The first value lane of a node of these kinds whose transform is `wanted`."""
        for node in self.file.schema.nodes:
            lane = node.lane + node.r * node.nullable + value
            if node.kind in kinds and node.group == 0 and wanted(node, self.transform(lane)):
                return lane
        raise LookupError


def offset(bits, width=0):
    return lambda n, t: n.bits == bits and t.kind == 0 and t.word == 0 and t.width >= width


def minimum(golden, kinds, wanted, value, at=0):
    """A lane with another minimum."""
    def change():
        g = Golden(golden)
        g.in_lane(g.lane(kinds, wanted, at), 8, "Q", value)
        return g
    return change


def validity(golden, value):
    def change():
        g = Golden(golden)
        _, node = g.node(lambda n: n.nullable and g.transform(n.lane).width == (1 if value == 1 else 0))
        g.in_lane(node.lane, 8, "Q", value)
        return g
    return change


def transform(golden, kinds, wanted, at, form, value, lane=0):
    def change():
        g = Golden(golden)
        g.in_lane(g.lane(kinds, wanted, lane), at, form, value)
        return g
    return change


def schema(golden, wanted, at, form, value):
    def change():
        g = Golden(golden)
        g.in_schema(g.node(wanted)[0], at, form, value)
        return g
    return change


def section(golden, kind, at, form, value):
    def change():
        g = Golden(golden)
        g.patch(g.start(kind) + at, form, value)
        return g
    return change


def dictionary_value():
    """A value that a number of fewer bits does not hold."""
    g = Golden("bases")
    lane = g.lane([R.UNSIGNED], lambda n, t: t.kind == 2 and n.bits == 32)
    at, = struct.unpack_from("<Q", g.file.section(3), 32 * g.transform(lane).word)
    g.patch(at, "Q", 2**40)
    return g


def validity_step():
    g = Golden("integers")
    g.in_lane(g.node(lambda n: n.nullable)[1].lane, 4, "I", 3)
    return g


def wide_wraps():
    g = Golden("decimals")
    lane = g.lane([reader.DECIMAL], lambda n, t: n.bits == 128 and t.width > 0)
    g.in_lane(lane, 8, "Q", MOST)
    g.in_lane(lane + 1, 8, "Q", MOST)
    return g


def exception(at, form, value):
    def change():
        g = Golden("exceptions")
        lanes, _ = struct.unpack_from("<II", g.data, g.block.exceptions)
        rows = g.block.exceptions + 8 + 8 * lanes
        for i in range(lanes):
            lane, count = struct.unpack_from("<II", g.data, g.block.exceptions + 8 + 8 * i)
            bits = {n.lane + n.nullable: n.bits for n in g.file.schema.nodes}[lane]
            if bits < 64 or at == "rows":
                g.patch(rows if at == "rows" else rows + (4 * count + 7) // 8 * 8, form, value)
                return g
            rows += (4 * count + 7) // 8 * 8 + 8 * count
        raise LookupError
    return change


def heap(golden):
    """A byte of text that no UTF-8 has."""
    def change():
        g = Golden(golden)
        lane = g.lane([reader.TEXT], lambda n, t: t.kind == 0)
        g.patch(g.block.heap + g.transform(lane).minimum, "B", 0xFF)
        return g
    return change


def null_field():
    """A bit that is 0 in every row of a nullable lane is 1 in every row."""
    g = Golden("intervals")
    for node in g.file.schema.nodes:
        lane = node.lane + node.nullable
        widths = [g.transform(i).width for i in range(g.file.schema.groups[0])]
        for bit in range(sum(widths[:lane]), sum(widths[: lane + 1])):
            bits = [g.data[g.block.layout + k // 8] >> k % 8 & 1 for k in (bit, bit + g.block.l_t)]
            if node.nullable and bits == [0, 0]:
                at = bit + g.block.l_t
                g.data[g.block.layout + at // 8] |= 1 << at % 8
                return g
    raise LookupError


def wide_low(golden, wanted):
    """The least field of a lane is the largest there is, and deviations are added to it."""
    def change():
        g = Golden(golden)
        lanes = g.file.schema.groups[0]
        widths = [g.transform(lane).width for lane in range(lanes)]
        pieces = g.file.pieces(g.block, lanes)
        at, length = pieces[1]
        _, _, groups = grouped.read_layout(bytes(g.data[at : at + length]), lanes)
        bits, table = 0, pieces[2][0]
        for n, members in groups:
            for base in range(n):
                for lane, framed, *_ in members:
                    width = widths[lane]
                    own = sum((g.data[table + k // 8] >> k % 8 & 1) << i for i, k in enumerate(range(bits + width, bits + width + 7)))
                    if own > 1 and wanted(framed, width):
                        for k in range(bits, bits + width):
                            g.data[table + k // 8] |= 1 << k % 8
                        return g
                    bits += width + 7
        raise LookupError
    return change


def label():
    g = Golden("classes")
    at, length = struct.unpack_from("<QQ", g.data, g.start(7) + 32 + 16)
    place = g.start(7) + at + length - 1
    g.patch(place, "B", g.data[place] ^ 0x50)
    return g


def same_labels():
    g = Golden("classes")
    first, second = (g.start(7) + 32 + 32 * i + 16 for i in (0, 1))
    g.data[second : second + 16] = g.data[first : first + 16]
    return g


def add(golden, kind, at, form, by):
    """A number of a section is another."""
    def change():
        g = Golden(golden)
        place = g.start(kind) + at
        g.patch(place, form, struct.unpack_from("<" + form, g.data, place)[0] + by)
        return g
    return change


def condensed_weight():
    g = Golden("condensed_value")
    schema = g.file.read_schema(g.file.samples)
    block = g.file.segments_of(g.file.samples)[0][0]
    place = block.transforms + 16 * (schema.groups[0] - 1) + 8
    g.patch(place, "Q", struct.unpack_from("<Q", g.data, place)[0] + 1)
    return g


def coreset(column, factor):
    def change():
        g = Golden("condensed_scatter")
        k = struct.unpack_from("<I", g.data, g.start(9))[0]
        place = g.start(9) + (64 + 4 * k + 7) // 8 * 8 + 8 * (k if column else 0)
        g.patch(place, "d", struct.unpack_from("<d", g.data, place)[0] * factor + 1)
        return g
    return change


def moments_sum(golden):
    """The sum of the squares of the last column."""
    def change():
        g = Golden(golden)
        k = struct.unpack_from("<I", g.data, g.start(5))[0]
        place = g.start(5) + 64 + 8 * k + 16 * ((k + 1) * (k + 2) // 2 - 1)
        exact = g.data[g.start(5) + 4]
        value = struct.unpack_from("<Q" if exact else "<d", g.data, place)[0]
        g.patch(place, "Q" if exact else "d", value + 1 if exact else value * 1.001 + 1)
        return g
    return change


def block_place():
    """A place for record offsets, which fixed records do not have."""
    g = Golden("integers")
    g.patch(g.start(2) + 112, "Q", 64)
    return g


def layout_counts():
    """A deviation is a constant."""
    g = Golden("integers")
    at = next(k for k in range(g.block.l_t) if g.data[g.block.layout + k // 8] >> k % 8 & 1)
    g.data[g.block.layout + at // 8] ^= 1 << at % 8
    return g


def left_dictionary():
    g = Golden("text_dictionary")
    node = g.node(lambda n: n.dictionary != reader.NONE)[1]
    g.in_lane(node.lane + node.nullable, 4, "I", node.dictionary + 1)
    return g


TYPE, NO_TRANSFORM = "outside of its type", "a transform that its type does not take"
CASES = {
    "bool_minimum": ("rows", TYPE, minimum("integers", [R.BOOL], offset(1), 3)),
    "bool_field": ("rows", TYPE, minimum("integers", [R.BOOL], offset(1, 1), 1)),
    "validity_minimum": ("rows", "a validity is neither 0 nor 1", validity("one_row", 4)),
    "validity_field": ("rows", "a validity is neither 0 nor 1", validity("integers", 1)),
    "unsigned_minimum": ("rows", TYPE, minimum("integers", [R.UNSIGNED], offset(8), 777)),
    "unsigned_field": ("rows", TYPE, minimum("integers", [R.UNSIGNED], offset(16, 2), 65534)),
    "unsigned_64_wraps": ("rows", TYPE, minimum("integers", [R.UNSIGNED], offset(64, 2), MOST - 1)),
    "signed_field": ("rows", TYPE, minimum("integers", [R.SIGNED], offset(32, 2), 2**32 - 2)),
    "signed_64_wraps": ("rows", TYPE, minimum("integers", [R.SIGNED], offset(64, 2), MOST - 1)),
    "float_field": ("rows", TYPE, minimum("floats", [R.FLOAT], offset(32, 2), 2**32 - 2)),
    "half_minimum": ("rows", TYPE, minimum("floats", [R.FLOAT], offset(16), 2**16)),
    "decimal_type_field": ("rows", TYPE, minimum("decimals", [R.DECIMAL], offset(32, 2), 2**32 - 2)),
    "fixed_bytes_field": ("rows", TYPE, minimum("fixed_bytes", [R.FIXED], offset(8, 2), 254)),
    "interval_wraps": ("rows", TYPE, minimum("intervals", [R.INTERVAL], offset(64, 2), MOST - 1)),
    "wide_wraps": ("rows", TYPE, wide_wraps),
    "step_leaves_type": ("rows", TYPE, transform("integers", [R.UNSIGNED], offset(8, 2), 4, "I", 200)),
    "decimal_minimum": ("rows", "a decimal of more than 53 bits",
                        minimum("floats", [R.FLOAT], lambda n, t: t.kind == 1, 2**53 + 9)),
    "decimal_field": ("rows", "a decimal of more than 53 bits",
                      minimum("floats", [R.FLOAT], lambda n, t: t.kind == 1 and t.width > 1, 2**53 - 1)),
    "decimal_of_integers": ("rows", NO_TRANSFORM, transform("integers", [R.SIGNED], offset(32), 0, "B", 1)),
    "dictionary_of_fixed_bytes": ("rows", NO_TRANSFORM, transform("nested", [R.FIXED], lambda n, t: t.minimum == 0, 0, "B", 2)),
    "symbols_of_numbers": ("rows", NO_TRANSFORM, transform("integers", [R.UNSIGNED], offset(8), 0, "B", 3)),
    "step_of_validity": ("rows", NO_TRANSFORM, validity_step),
    "step_of_fixed_bytes": ("rows", NO_TRANSFORM, transform("fixed_bytes", [R.FIXED], offset(8), 4, "I", 2)),
    "step_of_lengths": ("rows", NO_TRANSFORM, transform("strings", [R.TEXT], lambda n, t: t.kind == 0, 4, "I", 2, 1)),
    "value_dictionary_wide": ("rows", TYPE, dictionary_value),
    "dictionary_not_there": ("rows", "there is no dictionary",
                             transform("value_dictionary", [R.UNSIGNED, R.SIGNED, R.FLOAT], lambda n, t: t.kind == 2, 4, "I", 99)),
    "dictionary_of_node_not_there": ("open", "not there", schema("text_dictionary", lambda n: n.dictionary != R.NONE, 36, "I", 9)),
    "dictionary_left": ("rows", "leaves its dictionary", left_dictionary),
    "dictionary_not_utf8": ("rows", "not UTF-8", None),
    "heap_not_utf8": ("rows", "not UTF-8", heap("strings")),
    "string_outside_heap": ("rows", "a string lies outside the heap",
                            minimum("strings", [R.TEXT], lambda n, t: t.kind == 0, 2**40)),
    "string_place_wraps": ("rows", "a string lies outside the heap",
                           minimum("strings", [R.TEXT], lambda n, t: t.kind == 0 and t.width > 1, MOST)),
    "exception_wide": ("rows", TYPE, exception("raw", "Q", 2**50)),
    "exception_rows": ("rows", "exceptions", exception("rows", "I", 2**31)),
    "fields_of_a_null": ("rows", "fields of a null", null_field),
    "grouped_low": ("rows", "a field is wider than its lane", wide_low("grouped_decimals", lambda f, w: not f and 1 < w < 60)),
    "grouped_framed_low": ("rows", "a field is wider than its lane", wide_low("grouped_log", lambda f, w: f)),
    "grouped_64_bits": ("rows", "a field is wider than its lane", wide_low("grouped_floats", lambda f, w: not f and w == 64)),
    "unit_of_signed": ("open", "no unit 3", schema("units", lambda n: n.unit == 4, 14, "B", 3)),
    "unit_of_other_bits": ("open", "no unit 9", schema("units", lambda n: n.bits == 32, 14, "B", 9)),
    "unit_of_bool": ("open", "no unit 1", schema("integers", lambda n: n.kind == R.BOOL, 14, "B", 1)),
    "decimal_precision": ("open", "digits, not 19", schema("decimals", lambda n: n.bits == 64, 15, "B", 19)),
    "decimal_scale": ("open", "no scale 40", schema("decimals", lambda n: n.bits == 128, 16, "h", 40)),
    "precision_of_float": ("open", "no precision 2", schema("floats", lambda n: n.bits == 64, 15, "B", 2)),
    "length_of_bool": ("open", "no length", schema("integers", lambda n: n.kind == R.BOOL, 40, "I", 2)),
    "class_label": ("whole", "does not have the label of its class", label),
    "class_labels_same": ("whole", "two classes have one label", same_labels),
    "moments_exact": ("whole", "moments", moments_sum("moments_exact")),
    "moments_rounded": ("whole", "moments", moments_sum("floats")),
    "moments_rows": ("whole", "moments", add("moments_exact", 5, 16, "Q", 1)),
    "moments_of_text": ("whole", "moments", section("classes_text", 5, 64, "I", 0)),
    "cells_bit": ("whole", "cells", None),
    "cells_extent": ("whole", "cells", section("condensed_value", 10, 64 + 8, "d", float("-inf"))),
    "condensed_weight": ("whole", "condensed samples", condensed_weight),
    "coreset_row": ("whole", "coreset", coreset(0, 3)),
    "coreset_weight": ("whole", "coreset", coreset(1, 3)),
    "cells_extent_of_rows": ("whole", "the extent of a feature is not that of the rows", add("condensed_value", 10, 64 + 8, "d", -1)),
    "condensed_shape": ("whole", "the shape", section("recomputed_value", 4, 16 + 12, "B", R.UNSIGNED)),
    "covariance": ("whole", "covariances are not those of the rows", add("condensed_scatter", 8, 0, "f", 1)),
    "index_rank": ("whole", "level", section("classes", 6, 64 + 8 + 8 * 2, "Q", 1)),
    "index_head": ("open", "the sample index", section("classes", 6, 12, "B", 1)),
    "moments_bytes": ("whole", "moments", section("floats", 5, 64 + 8 * 9 + 8, "Q", 1)),
    "name_place": ("open", "schema", schema("integers", lambda n: n.name_at > 0, 4, "I", 0)),
    "block_place": ("rows", "that do not fit its record kind", block_place),
    "layout_counts": ("rows", "a block's layout does not fit its bit counts", layout_counts),
    "image_errors": ("whole", "errors", section("images_dct_gray", 35, 8, "Q", MOST)),
}


def cells_bit():
    g = Golden("condensed_class")
    d = struct.unpack_from("<I", g.data, g.start(10))[0]
    g.patch(g.start(10) + 64 + 24 * d + 4, "I", 35)
    return g


def text_of_dictionary():
    g = Golden("text_dictionary")
    for entry in struct.iter_unpack("<QQQII", g.file.section(3)):
        if entry[3] == 2:
            g.patch(entry[0] + entry[1] - 1, "B", 0xC3)
            return g


def main():
    CASES["cells_bit"] = CASES["cells_bit"][:2] + (cells_bit,)
    CASES["dictionary_not_utf8"] = CASES["dictionary_not_utf8"][:2] + (text_of_dictionary,)
    lines, bad = [], 0
    for name, (when, reason, change) in CASES.items():
        try:
            golden = change()
        except (LookupError, StopIteration, IndexError, TypeError) as error:
            print(f"{name}: no golden file for it: {error!r}")
            bad += 1
            continue
        repair(golden.data)
        (HERE / f"{name}.gede").write_bytes(golden.data)
        lines.append(f"{name} {when} {reason}\n")
    for name, (when, reason, make) in (frames.REFUSED | list_files.REFUSED | chunk_files.REFUSED | group_files.REFUSED | statistics_files.REFUSED | parted_files.REFUSED | packed_files.REFUSED | framed_files.REFUSED | appended_files.REFUSED).items():
        (HERE / f"{name}.gede").write_bytes(make())
        lines.append(f"{name} {when} {reason}\n")
    (HERE / "reasons.txt").write_text("".join(lines))
    expected = []
    for name, (what, words, change) in (frames.LATER | list_files.LATER | group_files.LATER).items():
        make = frames.changed("integers" if what == "refused" else words, change)
        (LATER / f"{name}.gede").write_bytes(make())
        expected.append(f"{name} {what} {words}\n")
    (LATER / "expected.txt").write_text("".join(expected))
    return bad or check.check_refused(HERE) + check.check_later(LATER)


if __name__ == "__main__":
    sys.exit(main())
