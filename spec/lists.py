"""Lists (gede.md, 4.5): the tables of their items, where the items of each row are, and what check.py checks of them."""
import struct
from collections import namedtuple

from frame import ITEMS, SAMPLES
from rules import LIST, NONE, UNKNOWN, require

ANCHOR_ROWS = 64


class BlockList(namedtuple("BlockList", "node first items anchors one_length")):
    """The lists of a node in a block."""

    def before(self, row):
        """Items of the block before a row that is a multiple of 64; all of them if there is no such row."""
        if self.one_length is not None:
            return row * self.one_length
        anchor = row // ANCHOR_ROWS
        return 0 if anchor == 0 else self.anchors[anchor - 1] if anchor <= len(self.anchors) else self.items

    def places(self, lengths, rows):
        """The items of each list as rows of their table, which has so many; None for a null."""
        out, at = [], 0
        for row, length in enumerate(lengths):
            if row % ANCHOR_ROWS == 0:
                require(at == self.before(row), "lists do not have the items that their anchors say")
                end = self.before(row + ANCHOR_ROWS)
            require(self.one_length is not None or at + (length or 0) <= end, "the items of a list reach into those of others")
            require(self.first + at + (length or 0) <= rows, "items that are not in their table")
            out.append(None if length is None else range(self.first + at, self.first + at + length))
            at += length or 0
        return out


def block_lists(schema, group, block, data, transforms):
    """The lists of a block of a storage group by their node."""
    def rule(truth, what):
        require(truth, f"lists of a block: {what}")

    wanted = {i for i, n in enumerate(schema.nodes) if n.kind == LIST and n.group == group}
    found, at, last = {}, 0, -1
    while at < len(data):
        rule(at + 24 <= len(data), "they are cut short")
        number, count, first, items = struct.unpack_from("<IIQQ", data, at)
        end = at + 24 + (4 * count + 7) // 8 * 8
        rule(end <= len(data), "they are cut short")
        rule(number > last, "they are out of order")
        anchors, padding, at, last = data[at + 24 : at + 24 + 4 * count], data[at + 24 + 4 * count : end], end, number
        if number < len(schema.nodes) and (schema.nodes[number].kind, schema.nodes[number].group) == (UNKNOWN, group):
            continue
        rule(number in wanted, "they are not those of the schema")
        rule(first + items < 1 << 64, "items beyond 2^64")
        length = one_length(schema.nodes[number], transforms)
        anchors = struct.unpack(f"<{count}I", anchors)
        is_right = count == (0 if length is not None else (block.rows - 1) // ANCHOR_ROWS) and list(anchors) == sorted(anchors)
        rule(is_right and (not anchors or anchors[-1] <= items), "anchors that do not fit its rows, or are out of order")
        rule(not any(padding), "the bytes behind the anchors are not zero")
        rule(length is None or length * block.rows == items, "lists of one length do not have the items that the block names")
        found[number] = BlockList(number, first, items, anchors, length)
    rule(wanted == set(found), "they are not those of the schema")
    return found


def one_length(node, transforms):
    """The length of all lists of a block, if their lanes have no bits."""
    own = transforms[node.lane : node.lane + node.nullable + 1]
    if any(t.width for t in own):
        return None
    return 0 if node.nullable and own[0].minimum == 0 else own[-1].minimum


def read_schemas(file):
    """The schemas of the tables of items, but for those of columns and tables that are unknown as a whole (9.1)."""
    message = "schema: a list has one table of items, and that one column"
    for number, table in enumerate(file.tables):
        if table.kind != ITEMS:
            continue
        require(file.tables[table.parent].kind != SAMPLES, "schema: items of a node that is no list")
        lists = file.schemas.get(table.parent)
        if lists is None or table.node < len(lists.nodes) and lists.nodes[table.node].kind == UNKNOWN:
            continue
        is_list = table.node < len(lists.nodes) and lists.nodes[table.node].kind == LIST
        require(is_list, "schema: items of a node that is no list")
        own = file.schemas[number] = file.read_schema(number, lists.levels[table.node])
        require(sum(n.parent == NONE for n in own.nodes) == 1 and len(own.groups) == table.groups == 1, message)
        lists.items[table.node] = number
    for number, schema in reversed(file.schemas.items()):
        known = all(n.kind != LIST or i in schema.items for i, n in enumerate(schema.nodes))
        require(known, "directory: a list has no table of items")
        refuse(file, number, schema)


def refuse(file, number, schema):
    """A column is not read if items of its lists cannot be: those of the tables below have been looked at."""
    for node, table in schema.items.items():
        if table not in file.unreadable_items:
            continue
        column = node
        while schema.nodes[column].parent != NONE:
            column = schema.nodes[column].parent
        end = next((i for i, n in enumerate(schema.nodes) if i > column and n.parent == NONE), len(schema.nodes))
        schema.refused.update(range(column, end))
        if number == 0:
            file.unreadable.setdefault(("column", column), file.unreadable_items[table])
        else:
            file.unreadable_items[number] = file.unreadable_items[table]


def check_tiling(file, schema, found):
    """The items of a table's lists are all rows of their tables, in order. `found`: lists with their columns, block by
    block."""
    ends = {node: 0 for node in schema.items if node not in schema.refused}
    for own, column in found:
        require(own.first == ends[own.node], "its items do not follow those of the segment before")
        count = sum(len(items) for items in column if items is not None)
        require(count == own.items, "the lists of a block do not have all of its items")
        ends[own.node] += own.items
    for node, end in ends.items():
        require(end == file.tables[schema.items[node]].rows, "the table of items has others, or fewer")
