"""Files whose frame breaks one rule (gede.md, chapter 2), and files of a later version, which a reader of 1.0 opens, reads
in part or refuses by name."""
import struct

from draft import Draft, Part, feature, sealed


def changed(golden, change):
    """A golden file with a change to its parts."""
    def make():
        draft = Draft(golden)
        change(draft)
        return draft.finish()
    return make


def bent(golden, change):
    """A golden file with a change to its bytes."""
    def make():
        data = Draft(golden).finish()
        return change(data) or data
    return make


def put(at, form, value):
    return lambda bytes: struct.pack_into("<" + form, bytes, at, value)


def in_footer(at, form, value):
    """Another number in the footer, with its checksum."""
    def change(data):
        footer = data[-64:]
        struct.pack_into("<" + form, footer, at, value)
        return data[:-64] + sealed(footer)
    return change


def flip(kind, at):
    """A flipped bit of a section."""
    def make():
        draft = Draft("integers")
        section = next(s for s in draft.file.sections if s.kind == kind)
        data = draft.finish()
        data[section.offset + at] ^= 1
        return data
    return make


def swapped(entries):
    return [entries[1], entries[0], *entries[2:]]


def table(at, form, value, number=0):
    return lambda d: struct.pack_into("<" + form, d.tables[number], at, value)


def twice(d):
    d.tables.append(bytearray(d.tables[1]))


def later(*features):
    """Lists features of a later version."""
    return lambda d: d.features.extend(features or [feature(300, 0)])


def both(*changes):
    return lambda d: [change(d) for change in changes][:0]


def attribute(name, value):
    return lambda d: setattr(d, name, value)


def of_part(kind, name, value, number=0):
    return lambda d: setattr(d.part(kind, number), name, value)


def grow(entries, more):
    return lambda d: [entry.extend(more) for entry in getattr(d, entries)][:0]


def key_values(*lengths, texts):
    """Key-values of these lengths and texts, before the identity."""
    data = struct.pack(f"<I{len(lengths)}I", len(lengths) // 2, *lengths) + texts
    return lambda d: d.parts.insert(-2, Part(36, 2, data))


def swap_last(d):
    d.parts[-2:] = d.parts[:-3:-1]


NO_LAST = "directory: its last sections are not the identity and the name of the writer"
NEITHER = "a feature is neither required nor optional, or has no name"
REFUSED = {
    "footer_length": ("open", "the file should have", bent("integers", in_footer(0, "Q", 77))),
    "footer_checksum": ("open", "footer: its checksum does not match", bent("integers", put(-60, "B", 9))),
    "footer_reserved": ("open", "footer: reserved bytes are not zero", bent("integers", in_footer(45, "B", 1))),
    "footer_previous": ("open", "footer: the footer before it is not where the directory says", bent("integers", in_footer(24, "Q", 64))),
    "directory_checksum": ("open", "directory: its checksum does not match", bent("integers", in_footer(32, "I", 5))),
    "directory_outside": ("open", "directory: it lies outside the file", bent("integers", in_footer(16, "Q", 2**40))),
    "directory_follows": ("open", "directory: it does not follow the last section", changed("integers", attribute("gap", 64))),
    "directory_head": ("open", "directory: its head is too short", changed("integers", attribute("head_length", 60))),
    "directory_entries": ("open", "directory: its entries are too short", changed("integers", attribute("strides", [40, 39, 32]))),
    "directory_counts": ("open", "directory: its length does not fit its counts", changed("integers", attribute("strides", [40, 40, 48]))),
    "directory_reserved": ("open", "directory: reserved bytes are not zero", changed("integers", lambda d: put(40, "B", 1)(d.head))),
    "directory_longer": ("open", "directory: reserved bytes are not zero", changed("integers", lambda d: d.head.extend([1] * 8))),
    "directory_page": ("open", "directory: a page size", changed("integers", lambda d: put(4, "I", 8192)(d.head))),
    "directory_bulk_end": ("open", "directory: the checksummed part ends in the wrong place", changed("integers", attribute("bulk_end", 128))),
    "directory_levels": ("open", "directory: the checksum levels do not fit", changed("integers", attribute("levels", False))),
    "features_order": ("open", "directory: features are out of order", changed("integers", lambda d: d.features.reverse())),
    "features_twice": ("open", "directory: features are out of order", changed("integers", later(feature(300, 0), feature(300, 0)))),
    "feature_of_nothing": ("open", "directory: a feature is of no part of a file", changed("integers", later(feature(300, 0, 4)))),
    "feature_of_file": ("open", "directory: a feature is of no part of a file", changed("integers", later(feature(300, 0, 0, 1)))),
    "feature_neither": ("open", NEITHER, changed("integers", later(feature(300, 2)))),
    "feature_without_name": ("open", NEITHER, changed("integers", later(feature(300, 0, name="")))),
    "feature_name": ("open", NEITHER, changed("integers", later(feature(300, 0, name="la\nter")))),
    "feature_private": ("open", "directory: a private feature does not name its owner", changed("integers", later(feature(40000, 0)))),
    "tables_none": ("open", "directory: the first table is not that of the rows", changed("integers", lambda d: d.tables.clear())),
    "tables_first": ("open", "directory: the first table is not that of the rows", changed("integers", table(0, "H", 2))),
    "tables_twice": ("open", "directory: a kind of table, or a table of the same list, occurs twice", changed("condensed_value", twice)),
    "table_kind": ("open", "is of an unknown kind", changed("condensed_value", table(0, "H", 7, 1))),
    "table_groups": ("open", "directory: a table has no storage groups", changed("integers", table(4, "I", 0))),
    "table_rows": ("open", "directory: the number of rows does not fit", changed("integers", table(8, "Q", 0))),
    "table_segment_rows": ("open", "directory: the number of rows does not fit", changed("integers", table(16, "Q", 3))),
    "table_segments": ("open", "directory: the number of segments does not fit", changed("classes", table(24, "Q", 99))),
    "table_reserved": ("open", "directory: reserved bytes of a table are not zero", changed("integers", table(2, "H", 1))),
    "table_groups_of_schema": ("open", "does not fit the block table", changed("integers", table(4, "I", 2))),
    "schema_missing": ("open", "directory: a table has no schema", changed("integers", lambda d: d.parts.remove(d.part(32)))),
    "schema_checksum": ("open", "schema: its checksum does not match", changed("integers", of_part(32, "crc", 5))),
    "section_place": ("open", "it is in the wrong part of the file", changed("integers", of_part(5, "place", 2))),
    "section_nowhere": ("open", "it is in no part of the file", changed("integers", of_part(5, "place", 3))),
    "section_stride": ("open", "its stride is wrong", changed("integers", of_part(2, "stride", 64))),
    "section_longer": ("open", "its stride is wrong", changed("integers", lambda d: d.lengthen(2, bytes(64)))),
    "section_reserved": ("open", "its stride is wrong", changed("integers", of_part(5, "zero", 1))),
    "section_entries": ("open", "directory: a section is not a whole number of entries", changed("text_dictionary", lambda d: d.part(3).data.extend(b"1234"))),
    "section_unknown": ("open", "its kind is unknown, and no feature names it", changed("integers", lambda d: d.parts.append(Part(300, 2, b"later")))),
    "section_private": ("open", "its kind is unknown, and no feature names it", changed("integers", lambda d: d.parts.append(Part(40000, 0, b"own")))),
    "section_number": ("open", "it is of no table", changed("integers", of_part(5, "number", 1))),
    "section_of_no_table": ("open", "it is of no table", changed("integers", lambda d: d.parts.append(Part(2, 0, bytes(144), 5, 144)))),
    "section_twice": ("open", "directory: a section occurs twice", changed("integers", lambda d: d.parts.append(Part(5, 0, d.part(5).data)))),
    "sections_order": ("open", "directory: sections overlap, leave gaps or lie outside the file", changed("integers", attribute("entries", swapped))),
    "sections_overlap": ("open", "directory: sections overlap, leave gaps or lie outside the file", changed("integers", of_part(2, "offset", 64))),
    "sections_outside": ("open", "directory: sections overlap, leave gaps or lie outside the file", changed("integers", of_part(32, "listed_length", 2**40))),
    "section_empty": ("open", "directory: sections overlap, leave gaps or lie outside the file", changed("integers", lambda d: d.parts.append(Part(10, 0, b"")))),
    "header_magic": ("open", "header: the magic bytes are damaged", bent("integers", put(5, "B", 10))),
    "header_checksum": ("open", "header: its checksum does not match", bent("integers", put(10, "B", 3))),
    "header_page": ("open", "header: it does not agree with the footer", changed("integers", lambda d: put(12, "I", 512)(d.header))),
    "header_reserved": ("open", "header: reserved bytes are not zero", changed("integers", lambda d: put(20, "B", 1)(d.header))),
    "identity_missing": ("open", NO_LAST, changed("integers", lambda d: d.parts.remove(d.part(37)))),
    "identity_not_last": ("open", NO_LAST, changed("integers", swap_last)),
    "identity_short": ("open", "identity: it is not 32 bytes long", changed("integers", both(attribute("is_identified", False), of_part(37, "data", bytes(31))))),
    "identity_checksum": ("open", "identity: its checksum does not match", changed("integers", both(attribute("is_identified", False), of_part(37, "crc", 5)))),
    "identity_other": ("whole", "identity: the file is", changed("integers", both(attribute("is_identified", False), of_part(37, "data", bytes(32))))),
    "created_by_missing": ("open", NO_LAST, changed("integers", lambda d: d.parts.remove(d.part(38)))),
    "created_by_long": ("open", "created-by: it has more than 255 bytes", changed("integers", of_part(38, "data", b"x" * 256))),
    "created_by_not_utf8": ("open", "created-by: it is not UTF-8", changed("integers", of_part(38, "data", b"gede \xff"))),
    "key_values_none": ("whole", "key-values: their lengths do not fit", changed("integers", key_values(texts=b""))),
    "key_values_short": ("whole", "key-values: they are cut short", changed("integers", key_values(1, 2, texts=b"ab"))),
    "key_values_count": ("whole", "key-values: they are cut short", changed("integers", lambda d: d.parts.insert(-2, Part(36, 2, b"\xff" * 4)))),
    "key_values_left": ("whole", "key-values: their lengths do not fit", changed("integers", key_values(1, 2, texts=b"abcd"))),
    "key_values_order": ("whole", "key-values: keys are not in order", changed("integers", key_values(1, 1, 1, 1, texts=b"b1a2"))),
    "key_values_twice": ("whole", "key-values: keys are not in order", changed("integers", key_values(1, 1, 1, 1, texts=b"a1a2"))),
    "key_values_not_utf8": ("whole", "key-values: not UTF-8", changed("integers", key_values(1, 1, texts=b"a\xff"))),
    "levels_checksum": ("open", "list of checksums: its checksum does not match", flip(16, 1)),
    "feature_not_listed": ("whole", "is used and not listed", changed("integers", lambda d: d.features.pop(0))),
    "blocks_end": ("whole", "the blocks section does not end where its last piece does",
                   changed("classes", lambda d: d.part(1).data.extend(bytes(-len(d.part(1).data) % 64)))),
    "page_checksum": ("whole", "their checksum does not match", flip(1, 3)),
}


def unknown_group(d):
    """The column of images is of a later kind, and so are its blocks."""
    node, groups = next((i, n) for i, n in enumerate(d.file.schema.nodes) if n.group == 1), len(d.file.schema.groups)
    put(16 + 48 * node[0] + 12, "B", 77)(d.part(32).data)
    blocks = d.part(2).data
    for at in range(144, len(blocks), 144 * groups):
        blocks[at + 16 : at + 144] = bytes([0xEE]) * 128
    d.features.append(feature(300, 1, 2, 0, 1, "later blocks"))


def unknown_column(d):
    """A column whose node and transforms are of a later kind, with the lanes that it had."""
    number, node = next((i, n) for i, n in enumerate(d.file.schema.nodes) if n.nullable)
    put(16 + 48 * number + 12, "B", 77)(d.part(32).data)
    put(16 + 48 * number + 14, "B", 200)(d.part(32).data)
    for blocks in d.file.segments_of(0):
        for lane in range(node.lane, node.lane + node.r * (1 + node.v)):
            put(blocks[0].transforms - 64 + 16 * lane, "B", 99)(d.part(1).data)
    d.features.append(feature(300, 1, 3, 0, number, "later column"))


def version(major, minor):
    """Another version at both ends."""
    def change(d):
        put(8, "I", minor << 16 | major)(d.header)
        put(36, "I", minor << 16 | major)(d.footer)
    return change


def another_world(d):
    """A required feature, and everything else is different too."""
    later(feature(300, 1, name="another world"))(d)
    d.header[20] = d.header[40] = d.footer[45] = d.head[40] = d.tables[0][0] = 9
    d.head.extend([9] * 64)
    d.more = bytes([9] * 16)
    d.part(2).stride = 100


def pieces_of_later(d):
    blocks = d.part(1).data
    blocks.extend(bytes(-len(blocks) % 64) + b"\xcd" * 1000)


def later_table(d):
    d.tables.append(bytearray(struct.pack("<HHIQQQII", 300, 9, 1, 5, 0, 1, 7, 7)))
    number = len(d.tables) - 1
    d.parts += [Part(2, 0, b"\x09" * 288, number, 144), Part(4, 0, b"\x09" * 100, number)]


# Name: what a reader of 1.0 does, of which golden file's rows, and how it is made.
NOTES = later()
LATER = {
    "optional": ("read", "integers", NOTES),
    "optional_core": ("read", "integers", lambda d: d.features.append(feature(200, 0, name="core of 1.7"))),
    "optional_private": ("read", "integers", later(feature(40000, 0, name="acme/notes"))),
    "optional_scopes": ("read", "integers", later(feature(300, 0, 1, 0), feature(300, 0, 2, 0, 5), feature(300, 0, 3, 0, 1))),
    "minor_version": ("read", "integers", version(1, 77)),
    "major_version": ("refused", "written in format 2.5", version(2, 5)),
    "required": ("refused", '"later" of format 1.7', later(feature(300))),
    "required_core": ("refused", '"core of 1.7" of format 1.7', lambda d: d.features.append(feature(200, 1, name="core of 1.7"))),
    "required_private": ("refused", '"acme/secret" of format 3.1', later(feature(40000, name="acme/secret", version=(3, 1)))),
    "required_of_rows": ("refused", '"later" of format 1.7', later(feature(300, 1, 1, 0))),
    "required_first": ("refused", '"another world" of format 1.7', another_world),
    "group": ("part", "images_pair", unknown_group),
    "column": ("part", "integers", unknown_column),
    "class_column": ("part", "classes_text", later(feature(300, 1, 3, 0, 0, "later column"))),
    "header_bytes": ("read", "integers", both(NOTES, lambda d: put(20, "B", 1)(d.header))),
    "footer_bytes": ("read", "integers", both(NOTES, lambda d: put(45, "B", 1)(d.footer))),
    "appended": ("read", "appended_numbers", NOTES),
    "directory_bytes": ("read", "integers", both(NOTES, lambda d: put(40, "B", 1)(d.head))),
    "table_bytes": ("read", "integers", both(NOTES, table(2, "H", 1))),
    "longer_head": ("read", "condensed_value", both(NOTES, lambda d: d.head.extend([1] * 64))),
    "longer_features": ("read", "condensed_value", both(NOTES, grow("features", b"\1" * 24))),
    "longer_tables": ("read", "condensed_value", both(NOTES, grow("tables", b"\1" * 32))),
    "longer_sections": ("read", "condensed_value", both(NOTES, attribute("more", b"\1" * 16))),
    "longer_blocks": ("read", "condensed_value", both(NOTES, lambda d: d.lengthen(2, b"\1" * 64))),
    "longer_dictionaries": ("read", "text_dictionary", both(NOTES, lambda d: d.lengthen(3, b"\1" * 32))),
    "bulk_section": ("read", "integers", both(NOTES, lambda d: d.parts.append(Part(300, 0, b"\xab" * 100)))),
    "metadata_section": ("read", "integers", both(NOTES, lambda d: d.parts.append(Part(300, 2, b"\xab" * 100)))),
    "section_before_identity": ("read", "integers", both(NOTES, lambda d: d.parts.insert(-2, Part(300, 2, b"\xab" * 100)))),
    "private_section": ("read", "integers", both(later(feature(40000, 0, name="acme/notes")), lambda d: d.parts.append(Part(50000, 2, b"\xab" * 100, 9)))),
    "section_a_column": ("read", "integers", both(NOTES, lambda d: d.parts.extend(Part(301, 0, bytes([n + 1] * 40), n) for n in range(3)))),
    "pieces_among_blocks": ("read", "strings", both(NOTES, pieces_of_later)),
    "table_of_later_kind": ("read", "condensed_value", both(NOTES, later_table)),
}
