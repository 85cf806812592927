"""The features that a file uses (gede.md, 2.4)."""
import struct

import packed_head
import reader
from frame import ITEMS, STATISTICS

SECTIONS = {5: 34, 6: 32, 7: 32, 8: 35, 9: 36, 10: 33, 11: 38}
DICTIONARIES = {1: {17}, 2: {18}, 3: {23}, 4: {18, 23}, 5: {3}, 6: {18, 27}}


def check_features(file):
    """Every feature that is used is listed."""
    used = {SECTIONS[s.kind] for s in file.sections if s.kind in SECTIONS}
    for entry in file.entries(3):
        used |= DICTIONARIES[struct.unpack_from("<I", entry, 24)[0]]
    for number, table in enumerate(file.tables):
        if not file.is_readable(number):
            continue
        used |= {ITEMS: {24}, STATISTICS: {37}}.get(table.kind, set())
        schema = file.schemas[number] if number in file.schemas else file.read_schema(number)
        unknown = reader.rules.unknown_lanes(schema)
        for blocks in file.segments_of(number):
            images = {n.group for n in schema.nodes if n.kind == reader.IMAGE}
            for group, (block, lanes) in enumerate(zip(blocks, schema.groups)):
                if (number, group) in file.unknown_groups:
                    continue
                used |= of_block(block, group in images)
                data, start = file.data, block.transforms
                if packed_head.is_packed(block, lanes):
                    used.add(26)
                    data, start = packed_head.unpack(file.data[block.layout : block.layout + block.constant // 8 + 16], lanes)[0], 0
                for lane in range(lanes if block.kind != 2 else 0):
                    if (group, lane) not in unknown:
                        used |= of_transform(*struct.unpack_from("<4BI", data, start + 16 * lane))
    listed = {f.id for f in file.features}
    reader.require(used <= listed, f"the feature {min(used - listed, default=0)} is used and not listed")


def of_block(block, is_image):
    return {block.kind - 1} | ({19} if block.exceptions_length else set()) | ({20} if is_image else set()) \
        | ({21} if block.transform else set())


def of_transform(kind, _width, _exponent, _zero, word):
    """Those of a lane transform; that of a dictionary is its own."""
    return {0: set(), 1: {16}, 2: set(), 3: {23}, 4: {25}}[kind] | ({22} if kind in (0, 1, 4) and word else set())
