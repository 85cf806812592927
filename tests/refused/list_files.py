"""Files with lists that break one rule (gede.md, 2.3, 3 and 4.5), and files of a later version with lists."""
import struct

import rules
from draft import Part, feature
from frames import both, changed, later, of_part, put, table

NO_TRANSFORM = "a transform that its type does not take"
ANCHORS = "anchors that do not fit its rows, or are out of order"
OTHERS = "the items of a list reach into those of others"


def schema(number, change):
    """Other nodes in the schema of a table."""
    def change_part(d):
        nodes = change(d.file.read_nodes(number))
        names, entries = b"", b""
        for node in nodes:
            node = node._replace(name_at=len(names), name_length=len(node.name.encode()))
            names += node.name.encode()
            entries += struct.pack("<3I4BhH7I", *node[:-1])
        lanes = sum(n.r * (n.nullable + n.v) for n in nodes)
        d.part(32, number).data[:] = struct.pack("<4I", len(nodes), lanes, len(names), 0) + entries + names
    return change_part


def node(number, **fields):
    """Other fields of a node of the rows."""
    return schema(0, lambda nodes: [n._replace(**fields) if i == number else n for i, n in enumerate(nodes)])


def named(nodes, name):
    return next(i for i, n in enumerate(nodes) if n.name == name)


class Lists:
    """The lists of a block: where they are in the section of pieces."""

    def __init__(self, draft, table=0, segment=0):
        self.data, self.schema = draft.part(1).data, draft.file.schemas[table]
        self.block = draft.file.segments_of(table)[segment][0]
        self.places, at = {}, self.block.lists - 64
        while at < self.block.lists - 64 + self.block.lists_length:
            number, count = struct.unpack_from("<II", self.data, at)
            self.places[number] = at
            at += 24 + (4 * count + 7) // 8 * 8

    def put(self, name, at, form, change):
        """Another number in the entry of a column's lists."""
        place = self.places[named(self.schema.nodes, name)] + at
        value = change(*struct.unpack_from("<" + form, self.data, place)) if callable(change) else change
        struct.pack_into("<" + form, self.data, place, value)

    def lane(self, name, value=1):
        """The place of the transform of a node's length lane, or of its validity."""
        n = self.schema.nodes[named(self.schema.nodes, name)]
        return self.block.transforms - 64 + 16 * (n.lane + value * n.nullable)


def lists(name, at, form, change, segment=0):
    return lambda d: Lists(d, segment=segment).put(name, at, form, change)


def lane(name, at, form, change, value=1):
    """Another number in the transform of a node's lane."""
    def change_lane(d):
        own = Lists(d)
        place = own.lane(name, value) + at
        number = change(*struct.unpack_from("<" + form, own.data, place)) if callable(change) else change
        struct.pack_into("<" + form, own.data, place, number)
    return change_lane


def piece(change, number=0, group=0):
    """Other lists of the first block of a group: the last piece of the file, as those it has are."""
    def change_piece(d):
        block = d.file.segments_of(number)[0][group]
        own = d.part(1, number if d.file.tables[number].kind == 2 else 0)
        data, start = own.data, next(s.offset for s in d.file.sections if (s.kind, s.number) == (1, own.number))
        found = b""
        if block.lists:
            found = bytes(data[block.lists - start :])
            lanes = d.file.schemas[number].groups[group]
            del data[max(at + length for at, length in d.file.pieces(block, lanes)[:-1]) - start :]
        lists = change(found)
        data.extend((bytes(-len(data) % 64) + lists) * bool(lists))
        place = start + len(data) - len(lists) if lists else 0
        struct.pack_into("<QQ", d.part(2, number).data, 144 * group + 128, place, len(lists))
    return change_piece


def without_last_table(d):
    d.tables.pop()
    d.parts = [part for part in d.parts if part.number != len(d.tables)]


def without_feature(d):
    d.features = [f for f in d.features if f[0] != 24]


def items_of_samples(d):
    """A table of items of a list that the condensed samples should have."""
    number = len(d.tables)
    samples = next(i for i, t in enumerate(d.file.tables) if t.kind == 2)
    d.tables.append(bytearray(struct.pack("<HHIQQQII", 3, 0, 1, 0, 0, 0, samples, 0)))
    d.parts.insert(-2, Part(32, 2, d.part(32, 1).data, number))


def two_columns(nodes):
    return [nodes[0], nodes[0]._replace(lane=nodes[0].nullable + nodes[0].v)]


def one_more(nodes):
    """A struct between the item and what is above it."""
    last = nodes[-1]
    return [*nodes[:-1], nodes[0]._replace(parent=last.parent), last._replace(parent=len(nodes) - 1)]


def image(nodes):
    return [nodes[0]._replace(kind=rules.IMAGE, nullable=0, bits=8, precision=1, v=4, group=1, length=4, image_width=2)]


def in_fixed_list(nodes):
    """The first column, a list, is the item of a fixed-size list of two."""
    lanes = 2 * (nodes[0].nullable + 1)
    fixed = nodes[0]._replace(kind=rules.FIXED_LIST, nullable=0, bits=0, v=0, length=2)
    return [fixed, nodes[0]._replace(parent=0, r=2), *(n._replace(lane=n.lane + lanes // 2) for n in nodes[1:])]


def more_items(d):
    """Five rows in a table of items, and no list that has them."""
    blocks = d.part(1).data
    blocks.extend(bytes(-len(blocks) % 64))
    block = struct.pack("<11Q4I4BI4Q", 0, 5, 64 + len(blocks), *[0] * 7, 1, *[0] * 4, 1, *[0] * 8)
    blocks.extend(struct.pack("<4BIQ", *[0] * 6))
    d.parts.insert(2, Part(2, 0, block, 1, 144))
    struct.pack_into("<QQQ", d.tables[1], 8, 5, 5, 1)


REFUSED = {
    "items_of_themselves": ("open", "a table of items comes before that of their lists", changed("lists", table(32, "I", 1, 1))),
    "items_of_later_table": ("open", "a table of items comes before that of their lists", changed("lists", table(32, "I", 2, 1))),
    "items_of_each_other": ("open", "a table of items comes before that of their lists",
                            changed("lists", both(table(32, "I", 2, 1), table(32, "I", 1, 2)))),
    "items_of_no_table": ("open", "a table of items comes before that of their lists", changed("lists", table(32, "I", 99, 1))),
    "items_of_other_table": ("open", "items of a node that is no list", changed("lists", table(32, "I", 1, 2))),
    "items_of_no_list": ("open", "items of a node that is no list", changed("lists", table(36, "I", 0, 1))),
    "items_of_no_node": ("open", "items of a node that is no list", changed("lists", table(36, "I", 77, 1))),
    "items_of_samples": ("open", "items of a node that is no list", changed("lists_condensed", items_of_samples)),
    "items_twice": ("open", "a kind of table, or a table of the same list, occurs twice", changed("lists", table(36, "I", 1, 2))),
    "items_missing": ("open", "a list has no table of items", changed("lists", without_last_table)),
    "items_without_schema": ("open", "directory: a table has no schema", changed("lists", lambda d: d.parts.remove(d.part(32, 2)))),
    "items_schema_in_bulk": ("open", "section 4: it is of no table", changed("lists", lambda d: d.parts.append(Part(4, 0, d.part(32, 1).data, 1)))),
    "rows_schema_in_bulk": ("open", "section 4: it is of no table", changed("integers", lambda d: d.parts.append(Part(4, 0, d.part(32).data)))),
    "samples_schema_in_metadata": ("open", "section 32: it is of no table",
                                   changed("condensed_value", lambda d: d.parts.insert(-2, Part(32, 2, d.part(4, 1).data, 1)))),
    "items_schema_checksum": ("open", "schema: its checksum does not match", changed("lists", of_part(32, "crc", 5, 2))),
    "items_of_two_columns": ("open", "a list has one table of items, and that one column", changed("lists", schema(1, two_columns))),
    "items_of_no_column": ("open", "a list has one table of items, and that one column", changed("lists", schema(1, lambda nodes: []))),
    "items_of_images": ("open", "a list has one table of items, and that one column",
                        changed("lists_empty", both(schema(1, image), table(4, "I", 2, 1)))),
    "items_dictionary": ("open", "not there", changed("lists", schema(2, lambda nodes: [nodes[0]._replace(dictionary=9)]))),
    "items_unit": ("open", "no unit 3", changed("lists", schema(1, lambda nodes: [nodes[0]._replace(unit=3)]))),
    "rows_of_a_list": ("open", "directory: reserved bytes of a table are not zero", changed("integers", table(36, "I", 1))),
    "list_bits": ("open", "of 32 bits", changed("lists", node(1, bits=32))),
    "list_length": ("open", "no length", changed("lists", node(1, length=3))),
    "list_unit": ("open", "no unit 4", changed("lists", node(1, unit=4))),
    "list_precision": ("open", "no precision 2", changed("lists", node(1, precision=2))),
    "list_with_child": ("open", "its parent", changed("lists", node(2, parent=1))),
    "list_in_fixed_list": ("open", "not in lists of a fixed one", changed("lists_none", schema(0, in_fixed_list))),
    "list_deep": ("open", "it is nested deeper than 64 levels", changed("lists_deep", schema(9, one_more))),
    "lists_missing": ("rows", "lists of a block: they are not those of the schema", changed("lists_none", piece(lambda lists: b""))),
    "lists_short": ("rows", "lists of a block: they are cut short", changed("lists_none", piece(lambda lists: lists[:-8]))),
    "lists_long": ("rows", "lists of a block: they are not those of the schema", changed("lists_none", piece(lambda lists: lists + struct.pack("<IIQQ", 99, 0, 0, 0)))),
    "lists_of_other_node": ("rows", "lists of a block: they are not those of the schema", changed("lists", lists("numbers", 0, "I", 0))),
    "lists_of_no_node": ("rows", "lists of a block: they are not those of the schema", changed("lists", lists("days", 0, "I", 99))),
    "lists_order": ("rows", "lists of a block: they are out of order", changed("lists", lists("tags", 0, "I", 1))),
    "lists_unused": ("rows", "lists of a block: they are not those of the schema", changed("integers", piece(lambda lists: bytes(24)))),
    "lists_of_samples": ("whole", "lists of a block: they are not those of the schema", changed("condensed_value", piece(lambda lists: bytes(24), 1))),
    "lists_of_images": ("rows", "a block of images", changed("lists_images", piece(lambda lists: bytes(24), 0, 1))),
    "lists_of_tiles": ("rows", "a block of images", changed("images_tiles_gray", piece(lambda lists: bytes(24), 0, 1))),
    "lists_anchors_more": ("rows", ANCHORS, changed("lists", lists("numbers", 4, "I", 2))),
    "lists_anchors_fewer": ("rows", "lists of a block", changed("lists", lists("numbers", 4, "I", 0))),
    "lists_anchors_of_one_length": ("rows", "lists of a block", changed("lists_one_length", lists("vectors", 4, "I", 2))),
    "lists_anchors_order": ("rows", ANCHORS, changed("lists_one_length", lists("or null", 24, "I", lambda n: 3 * n))),
    "lists_anchor_beyond": ("rows", ANCHORS, changed("lists", lists("numbers", 24, "I", 2**31))),
    "lists_anchor_padding": ("rows", "anchors are not zero", changed("lists", lists("numbers", 28, "I", 1))),
    "lists_anchor_low": ("rows", OTHERS, changed("lists", lists("words", 24, "I", lambda n: n - 1))),
    "lists_anchor_high": ("rows", "lists do not have the items that their anchors say", changed("lists", lists("words", 24, "I", lambda n: n + 1))),
    "lists_first_beyond": ("rows", "items beyond 2^64", changed("lists", lists("numbers", 8, "Q", 2**64 - 1))),
    "lists_items_of_one_length": ("rows", "lists of one length do not have the items that the block names",
                                  changed("lists_one_length", lists("vectors", 16, "Q", lambda n: n + 1))),
    "lists_minimum_of_one_length": ("rows", "lists of one length do not have the items that the block names",
                                    changed("lists_one_length", lane("vectors", 8, "Q", 2**63))),
    "lists_items_fewer": ("rows", OTHERS, changed("lists", lists("tags", 16, "Q", lambda n: n - 1, 1))),
    "lists_items_more": ("whole", "the lists of a block do not have all of its items",
                         changed("lists", lists("tags", 16, "Q", lambda n: n + 1))),
    "lists_longer": ("rows", OTHERS, changed("lists", lane("tags", 8, "Q", 3))),
    "lists_length_wraps": ("rows", "tags", changed("lists", lane("tags", 8, "Q", 2**64 - 1))),
    "lists_beyond_table": ("rows", "items", changed("lists", lists("tags", 8, "Q", 2**40, 1))),
    "lists_of_each_other": ("whole", "its items do not follow those of the segment before", changed("lists", lists("tags", 8, "Q", 0, 1))),
    "lists_first": ("whole", "its items do not follow those of the segment before", changed("lists", lists("tags", 8, "Q", 1))),
    "lists_left": ("whole", "the table of items has others, or fewer", changed("lists_none", more_items)),
    "list_decimal": ("rows", NO_TRANSFORM, changed("lists", lane("tags", 0, "B", 1))),
    "list_dictionary": ("rows", NO_TRANSFORM, changed("lists", lane("tags", 0, "B", 2))),
    "list_symbols": ("rows", NO_TRANSFORM, changed("lists", lane("tags", 0, "B", 3))),
    "list_step": ("rows", NO_TRANSFORM, changed("lists", lane("tags", 4, "I", 2))),
    "list_validity": ("rows", "a validity is neither 0 nor 1", changed("lists", lane("numbers", 8, "Q", 4, 0))),
    "lists_feature": ("whole", "is used and not listed", changed("lists", without_feature)),
    "lists_feature_empty": ("whole", "is used and not listed",
                            changed("lists_empty", without_feature)),
}


def garbage(number):
    """Blocks of a table that no reader of 1.0 understands, with the rows that they had."""
    def change(d):
        blocks = d.part(2, number).data
        for at in range(0, len(blocks), 144):
            blocks[at + 16 : at + 144] = b"\xee" * 128
    return change


def later_item(d):
    """An item of a later kind, with the lanes that it had."""
    put(16 + 12, "B", 77)(d.part(32, 3).data)
    for blocks in d.file.segments_of(3):
        for i in range(2):
            put(blocks[0].transforms - 64 + 16 * i, "B", 99)(d.part(1).data)
    d.features.append(feature(300, 1, 3, 3, 0, "later items"))


def later_list(d):
    """A column of lists whose lists, items and all, are of a later kind."""
    put(16 + 48 * 1 + 12, "B", 77)(d.part(32).data)
    for segment in range(len(d.file.segments_of(0))):
        own = Lists(d, segment=segment)
        own.put("numbers", 8, "Q", 2**64 - 1)
        own.put("numbers", 16, "Q", 2**64 - 1)
    garbage(1)(d)
    d.part(32, 1).data[:] = b"a later schema"
    d.features.append(feature(300, 1, 3, 0, 1, "later lists"))


def items_of_later_table(d):
    """Items of a table of a later kind."""
    d.tables.append(bytearray(struct.pack("<HHIQQQII", 300, 0, 1, 5, 0, 1, 7, 7)))
    d.tables.append(bytearray(struct.pack("<HHIQQQII", 3, 0, 1, 0, 0, 0, len(d.tables) - 1, 5)))
    d.parts.insert(-2, Part(32, 2, b"later schema", len(d.tables) - 1))


LATER = {
    "items": ("part", "lists", both(garbage(2), later(feature(300, 1, 1, 2, 0, "later items")))),
    "items_group": ("part", "lists", both(garbage(2), later(feature(300, 1, 2, 2, 0, "later blocks")))),
    "items_column": ("part", "lists", later_item),
    "items_of_items": ("part", "lists_nested", both(garbage(6), later(feature(300, 1, 1, 6, 0, "later items")))),
    "lists_column": ("part", "lists", later_list),
    "items_optional": ("read", "lists", later(feature(300, 0, 1, 2), feature(300, 0, 2, 2), feature(300, 0, 3, 2))),
    "items_other_group": ("read", "lists", later(feature(300, 1, 2, 2, 5), feature(300, 1, 3, 2, 5))),
    "items_of_later_kind": ("read", "lists", both(later(), items_of_later_table)),
    "longer_lists": ("read", "lists", both(later(), lambda d: d.lengthen(2, b"\1" * 64), lambda d: [t.extend(b"\1" * 32) for t in d.tables][:0])),
}
