"""Files whose statistics break one rule (gede.md, 4.7)."""
import struct

from draft import Part, feature
from frames import changed

WRONG = "are not those of the rows"


class Statistics:
    """The table of statistics of a draft."""

    def __init__(self, draft):
        self.number = draft.file.statistics
        self.schema = draft.file.schemas[self.number]
        self.block = draft.file.segments_of(self.number)[0][0]
        self.part = draft.part(1, self.number)
        self.start = next(s.offset for s in draft.file.sections if (s.kind, s.number) == (1, self.number))

    def lane(self, name, value=1):
        """The place of the transform of a column's value lane, or of its validity, in the section of the pieces."""
        node = next(n for n in self.schema.nodes if n.name == name)
        return self.block.transforms - self.start + 16 * (node.lane + value * node.nullable)


def minimum(name, by, value=1):
    """All values of a column are greater, or less."""
    def change(d):
        own = Statistics(d)
        place = own.lane(name, value) + 8
        old, = struct.unpack_from("<Q", own.part.data, place)
        struct.pack_into("<Q", own.part.data, place, (old + by) % 2**64)
    return change


def heap(d):
    """Another byte in the first string."""
    own = Statistics(d)
    own.part.data[own.block.heap - own.start + own.block.heap_length // 2] ^= 1


def one_section(d):
    """The pieces of statistics in the section of the rows."""
    own, rows = Statistics(d), d.part(1)
    rows.data.extend(bytes(own.start - 64 - len(rows.data)) + own.part.data)
    d.parts.remove(own.part)


def schema(d):
    d.parts.insert(-2, Part(32, 2, d.part(32).data, d.file.statistics))


def of_no_rows(d):
    """Statistics of rows that have no columns."""
    d.features.append(feature(37, 0, name="statistics", version=(1, 0)))
    d.tables.append(bytearray(struct.pack("<HHIQQQII", 4, 0, 1, 2, 2, 1, 0, 0)))
    block = struct.pack("<11Q4I4BI4Q", 0, 2, *[0] * 8, 1, *[0] * 4, 1, *[0] * 8)
    d.parts.insert(2, Part(2, 0, block, 1, 144))


def without_feature(d):
    d.features = [f for f in d.features if f[0] != 37]


def fewer_rows(d):
    number = d.file.statistics
    struct.pack_into("<QQ", d.tables[number], 8, 3, 3)


REFUSED = {
    "statistics_least": ("whole", WRONG, changed("statistics", minimum("u16 least", 2**64 - 1))),
    "statistics_greatest": ("whole", WRONG, changed("statistics", minimum("date greatest", 1))),
    "statistics_greatest_float": ("whole", WRONG, changed("statistics", minimum("f16 greatest", 1))),
    "statistics_nulls": ("whole", "statistics", changed("statistics", minimum("i32 nulls", 1))),
    "statistics_nans": ("whole", "statistics", changed("statistics", minimum("f64 nans", 1))),
    "statistics_distinct": ("whole", WRONG, changed("statistics", minimum("flag distinct", 2**64 - 1))),
    "statistics_sum": ("whole", WRONG, changed("statistics", minimum("u16 sum", 1))),
    "statistics_more_nulls_than_rows": ("whole", "statistics", changed("statistics", minimum("none nulls", 1))),
    "statistics_word": ("whole", WRONG, changed("statistics_class_wise", heap)),
    "statistics_class_wise_nulls": ("whole", "statistics", changed("statistics_class_wise", minimum("class nulls", 1))),
    "statistics_row_too_few": ("whole", "a row for each segment", changed("statistics", fewer_rows)),
    "statistics_of_no_columns": ("whole", "the rows have none", changed("only_rows", of_no_rows)),
    "statistics_feature": ("whole", "is used and not listed", changed("statistics", without_feature)),
    "statistics_schema": ("open", "section 32: it is of no table", changed("statistics", schema)),
    "statistics_twice": ("open", "occurs twice", changed("statistics", lambda d: d.tables.append(bytearray(d.tables[-1])))),
    "statistics_in_section_of_rows": ("whole", "pieces of another table", changed("statistics", one_section)),
    "blocks_of_items": ("open", "section 1: it is of no table",
                        changed("statistics", lambda d: setattr(d.part(1, d.file.statistics), "number", 1))),
}
