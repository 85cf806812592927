"""Files with several storage groups of a table that break one rule (gede.md, 2.3, 3 and 4), and files of a later version
with such groups."""
import struct

from draft import feature
from frames import both, changed, later, put, table
from list_files import named, piece, schema

IMAGE = 11


def regrouped(nodes, groups):
    """Nodes in other storage groups, one for each, with the lanes that they have there."""
    out, lanes = [], {}
    for node, group in zip(nodes, groups):
        out.append(node._replace(group=group, lane=lanes.get(group, 0)))
        lanes[group] = out[-1].lane + node.r * (node.nullable + node.v)
    return out


def groups(change):
    """Other storage groups of the nodes of the rows: `change` is of a node."""
    return schema(0, lambda nodes: regrouped(nodes, map(change, nodes)))


def moved(name, to):
    """A column, and what is below it, in another storage group."""
    def change(nodes):
        first = named(nodes, name)
        own = {first}
        for i, n in enumerate(nodes):
            own |= {i} if n.parent in own else set()
        return regrouped(nodes, [to(nodes) if i in own else n.group for i, n in enumerate(nodes)])
    return schema(0, change)


def child_moved(nodes):
    """The first node below another is in the last storage group."""
    last = max(n.group for n in nodes)
    child = next(i for i, n in enumerate(nodes) if n.parent < len(nodes) and n.group < last)
    return regrouped(nodes, [last if i == child else n.group for i, n in enumerate(nodes)])


def image_joins(nodes):
    """Images in the storage group of the column before them."""
    image = next(i for i, n in enumerate(nodes) if n.kind == IMAGE and i > 0)
    return regrouped(nodes, [nodes[image - 1].group if i == image else n.group for i, n in enumerate(nodes)])


def joins_images(nodes):
    """The column after images in their storage group."""
    image = next(i for i, n in enumerate(nodes) if n.kind == IMAGE)
    return regrouped(nodes, [nodes[image].group if i == image + 1 else n.group for i, n in enumerate(nodes)])


def entry(group, at, form, change):
    """Another number in the entry of a block of the first segment."""
    def change_entry(d):
        data, place = d.part(2).data, 144 * group + at
        struct.pack_into("<" + form, data, place, change(*struct.unpack_from("<" + form, data, place)))
    return change_entry


def swapped_lists(d):
    """The lists of two storage groups, each in the other's block."""
    data, (a, b) = d.part(2).data, [g for g, b in enumerate(d.file.segments_of(0)[0]) if b.lists][:2]
    own, other = (slice(144 * g + 128, 144 * g + 144) for g in (a, b))
    data[own], data[other] = data[other], data[own]


def exception_lane(d):
    """Exceptions of a lane that another storage group has."""
    block = next(b for b in d.file.segments_of(0)[0] if b.exceptions)
    struct.pack_into("<I", d.part(1).data, block.exceptions - 64 + 8, 1)


def samples_in_two(d):
    """The last column of the condensed samples has a storage group of its own."""
    number = next(i for i, t in enumerate(d.file.tables) if t.kind == 2)
    data = d.part(4, number).data
    last = struct.unpack_from("<I", data)[0] - 1
    struct.pack_into("<II", data, 16 + 48 * last + 28, 0, 1)
    table(4, "I", 2, number)(d)


def without_images(d):
    d.features = [f for f in d.features if f[0] != 20]


FOLLOW, SEVERAL = "its storage group does not follow the others", "its nodes are in several storage groups"
OWN, ROWS = "images have a storage group of their own, the next one", "its storage groups do not have the same rows"
LISTS = "lists of a block: they are not those of the schema"
REFUSED = {
    "group_of_a_child": ("open", SEVERAL, changed("groups_nested", schema(0, child_moved))),
    "group_beyond": ("open", FOLLOW, changed("groups_columns", groups(lambda n: n.group + (n.group > 4)))),
    "group_order": ("open", FOLLOW, changed("groups_columns", groups(lambda n: {1: 2, 2: 1}.get(n.group, n.group)))),
    "group_without_nodes": ("open", FOLLOW, changed("groups_columns", moved("walk", lambda nodes: 1))),
    "group_first_empty": ("open", "the first storage group has none of the columns before it", changed("groups_columns", groups(lambda n: n.group + 1))),
    "group_of_images": ("open", "its storage group is of images", changed("groups_pictures", schema(0, joins_images))),
    "images_in_a_group": ("open", OWN, changed("groups_pictures", schema(0, image_joins))),
    "group_lane": ("open", "lane", changed("groups_named", schema(0, lambda nodes: [n._replace(lane=n.lane + (n.group == 1)) for n in nodes]))),
    "groups_of_schema": ("open", "the schema does not have the directory's storage groups", changed("groups_empty", table(4, "I", 99))),
    "groups_of_samples": ("whole", "condensed samples", changed("groups_recomputed", samples_in_two)),
    "group_rows": ("whole", ROWS, changed("groups_constant", entry(1, 0, "Q", lambda n: n + 1))),
    "group_rows_fewer": ("whole", ROWS, changed("groups_constant", entry(1, 8, "Q", lambda n: n - 1))),
    "group_lists_swapped": ("rows", LISTS, changed("groups_lists", swapped_lists)),
    "group_lists_unused": ("rows", LISTS, changed("groups_columns", piece(lambda lists: bytes(24), 0, 1))),
    "group_exceptions": ("rows", "exceptions", changed("groups_exceptions", exception_lane)),
    "group_feature": ("whole", "is used and not listed", changed("groups_pictures", without_images)),
}


def garbage(group):
    """Blocks of a storage group that no reader of 1.0 understands, with the rows that they had."""
    def change(d):
        blocks, count = d.part(2).data, d.file.groups
        for at in range(144 * group, len(blocks), 144 * count):
            blocks[at + 16 : at + 144] = b"\xee" * 128
    return change


def of_group(group):
    return both(garbage(group), later(feature(300, 1, 2, 0, group, "later blocks")))


def of_column(name):
    """A column of a later kind, alone in its storage group."""
    def change(d):
        number = named(d.file.schema.nodes, name)
        node = d.file.schema.nodes[number]
        put(16 + 48 * number + 12, "B", 77)(d.part(32).data)
        for blocks in d.file.segments_of(0):
            put(blocks[node.group].transforms - 64, "B", 99)(d.part(1).data)
        d.features.append(feature(300, 1, 3, 0, number, "later columns"))
    return change


LATER = {
    "group_first": ("part", "groups_columns", of_group(0)),
    "group_other": ("part", "groups_columns", of_group(3)),
    "group_of_several": ("part", "groups_named", of_group(1)),
    "group_of_lists": ("part", "groups_lists", of_group(1)),
    "group_between_images": ("part", "groups_pictures", of_group(3)),
    "group_image": ("part", "groups_pictures", of_group(2)),
    "group_column": ("part", "groups_columns", of_column("amount")),
    "group_optional": ("read", "groups_columns", later(feature(300, 0, 2, 0, 3))),
    "group_not_there": ("read", "groups_columns", later(feature(300, 1, 2, 0, 99))),
}
