"""Changes to a file for differential.py: one or a few numbers of its header, footer, directory, tables, blocks, transforms,
layouts, schemas, dictionaries or summaries, or a whole section. The same seed makes the same change."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "refused"))
import reader
from draft import Draft, Part, feature, repair

EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 22, 23, 31, 32, 33, 57, 58, 63, 64, 65, 77, 127, 128, 129, 200, 255, 256,
         257, 300, 1023, 1024, 1025, 4095, 4096, 4097, 32767, 32768, 40000, 65535, 65536, 2**21, 2**31 - 1, 2**31, 2**32 - 2,
         2**32 - 1, 2**32, 2**40, 2**52, 2**53 - 1, 2**53, 2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 2, 2**64 - 1]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 5e-324, 1e-300, 1e300, float("inf"), -float("inf"), float("nan")]
# (struct format, names) of what has fields; numbers are changed one by one.
FRAME = {"header", "footer", "head", "feature", "table", "section"}
HEADER = "8sHHI12sI32s"
FOOTER = "QQQQIHH12sI8s"
HEAD = "IIQIIIHHH30s"
FEATURE = "HBBHHII24s"
TABLE = "HHIQQQII"
SECTION = "HBBIIIQQ"
BLOCK = "11Q4I4BI4Q"
LANE = "4BIQ"
NODE = "3I4BhH7I"
DICTIONARY = "QQQII"
HEADS = {4: "IIII", 5: "IBBHQQ40s", 6: "QI52s", 7: "QI20s", 9: "IIQ48s", 10: "III4BQI36s", 32: "IIII", 35: "IIQQQ"}


class Base:
    """A file to be changed, and where its fields lie: (name, offset, width) by kind."""

    def __init__(self, name, data):
        self.name, self.data = name, bytes(data)
        self.file = reader.File(self.data)
        self.places = {}
        self.find_fields()

    def fields(self, kind, what, at, form):
        for i, (place, width) in enumerate(layout(form)):
            self.places.setdefault(kind, []).append((f"{what} byte {place}", at + place, width))

    def words(self, kind, what, at, length, width):
        for place in range(0, length - width + 1, width):
            self.places.setdefault(kind, []).append((f"{what} byte {place}", at + place, width))

    def find_fields(self):
        file, end = self.file, len(self.data) - 64
        self.fields("header", "header", 0, HEADER)
        self.fields("footer", "footer", end, FOOTER)
        at = file.directory[0]
        self.fields("head", "directory", at, HEAD)
        length, _, _, *counts = struct.unpack_from("<IIQ3I3H", self.data, at)
        at += length
        for kind, form, count, stride in zip(("feature", "table", "section"), (FEATURE, TABLE, SECTION), counts, counts[3:]):
            for i in range(count):
                self.fields(kind, f"{kind} {i}", at + stride * i, form)
            at += count * stride
        for s in file.sections:
            if s.kind in HEADS:
                self.fields(f"section {s.kind}", f"section {s.kind}", s.offset, HEADS[s.kind])
                size = struct.calcsize("<" + HEADS[s.kind])
                self.words(f"section {s.kind}", f"section {s.kind} from {size}", s.offset + size, s.length - size, 4)
                self.words(f"section {s.kind}", f"section {s.kind} from {size}", s.offset + size, s.length - size, 8)
            if s.kind == 8:
                self.words("section 8", "section 8", s.offset, s.length, 4)
            if s.kind == 16:
                continue
            self.words(f"bytes of {s.kind}", f"section {s.kind}", s.offset, s.length, 1)
        for number, table in enumerate(file.tables):
            if not file.is_readable(number):
                continue
            # Statistics have none: it follows from that of the rows.
            for schema in (s for s in file.sections if (s.kind, s.number) == (4 if table.kind == 2 else 32, number)):
                for i in range(struct.unpack_from("<I", self.data, schema.offset)[0]):
                    self.fields("node", f"table {number} node {i}", schema.offset + 16 + 48 * i, NODE)
            blocks = next((s for s in file.sections if (s.kind, s.number) == (2, number)), None)
            if not blocks or file.unreadable:
                continue
            groups = (file.read_schema(number) if table.kind == 2 else file.schemas[number]).groups
            for i, at in enumerate(range(blocks.offset, blocks.offset + blocks.length, blocks.stride)):
                block, lanes = reader.Block(*struct.unpack_from("<" + BLOCK, self.data, at)), groups[i % len(groups)]
                self.fields("block", f"table {number} block {i}", at, BLOCK)
                pieces = file.pieces(block, lanes)
                if block.kind != 2:
                    for lane in range(lanes):
                        self.fields("lane", f"table {number} block {i} lane {lane}", block.transforms + 16 * lane, LANE)
                names = ("transforms", "layout", "bases", "records", "exceptions", "heap", "offsets", "lists")
                for name, (start, length) in zip(names, pieces):
                    self.words(name, f"table {number} block {i} {name}", start, length, 1)
                    if name in ("layout", "exceptions", "lists"):
                        self.words(name + " words", f"table {number} block {i} {name}", start, length, 4)
        for s in (s for s in file.sections if s.kind == 3):
            for i, at in enumerate(range(s.offset, s.offset + s.length, s.stride)):
                self.fields("dictionary", f"dictionary {i}", at, DICTIONARY)
                start, length = struct.unpack_from("<QQ", self.data, at)
                self.words("dictionary bytes", f"dictionary {i} bytes", start, length, 1)
                self.words("dictionary words", f"dictionary {i} bytes", start, length, 8)


def layout(form):
    """Places and widths of the fields of a struct; strings of bytes are changed byte by byte."""
    at, number, out = 0, "", []
    for c in form:
        if c.isdigit():
            number += c
            continue
        width = 1 if c == "s" else struct.calcsize("<" + c)
        for _ in range(int(number or 1)):
            out.append((at, width))
            at += width
        number = ""
    return out


def other(random, base, old, kind, at, width):
    """Another number for one."""
    choice = random.randrange(8)
    if choice == 0:
        return old + random.choice((-64, -16, -8, -2, -1, 1, 2, 8, 16, 64))
    if choice == 1:
        return old ^ 1 << random.randrange(8 * width)
    if choice == 2 and old:
        return random.choice((old * 2, old // 2, old * 3, -old, ~old))
    if choice == 3:  # of another field of this kind
        _, at, own = random.choice(base.places[kind])
        return int.from_bytes(base.data[at : at + own], "little")
    if choice == 4 and width == 8:
        return int.from_bytes(struct.pack("<d", random.choice(FLOATS)), "little")
    if choice == 5:
        return random.getrandbits(8 * width)
    return random.choice([e for e in EDGES if e < 1 << 8 * width])


def change_fields(random, base):
    """One field or a few, mostly of one kind."""
    data, words = bytearray(base.data), []
    kinds = sorted(base.places)
    kinds += 3 * [kind for kind in kinds if kind not in FRAME]
    kind = random.choice(kinds)
    for _ in range(random.choice((1, 1, 1, 1, 2, 3))):
        kind = random.choice(kinds) if random.randrange(4) == 0 else kind
        name, at, width = random.choice(base.places[kind])
        old = int.from_bytes(data[at : at + width], "little")
        new = other(random, base, old, kind, at, width) % (1 << 8 * width)
        data[at : at + width] = new.to_bytes(width, "little")
        words.append(f"{name} ({width}): {old:#x} -> {new:#x}")
    return data, ", ".join(words)


def change_parts(random, base):
    """Sections, tables and features that are missing, twice, of another kind or length."""
    d = Draft(data=base.data)
    part = random.choice(d.parts)
    what = random.choice(("remove", "twice", "kind", "number", "stride", "longer", "shorter", "remove feature", "remove table",
                          "add feature", "feature of all", "unknown part", "longer entries", "gap"))
    words = f"{what}: section {part.kind}"
    if what == "remove":
        d.parts.remove(part)
    elif what == "twice":
        d.parts.append(Part(part.kind, part.place, part.data, part.number + random.randrange(2), part.stride))
        d.parts.sort(key=lambda p: p.place)
    elif what == "kind":
        part.kind = random.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 34, 35, 36, 255, 256, 300, 40000))
        words += f" -> {part.kind}"
    elif what == "number":
        part.number = random.choice((0, 1, 2, 3, 2**32 - 1))
        words += f" -> {part.number}"
    elif what == "stride":
        part.stride = random.choice((0, 1, 8, 32, 64, 128, 144, 256, 2**31))
        words += f" -> {part.stride}"
    elif what in ("longer", "shorter"):
        count = random.choice((1, 4, 8, 16, 32, 64, 128))
        part.data = part.data + bytes(count) if what == "longer" else part.data[:-count]
        words += f" by {count}"
        d.parts = [p for p in d.parts if p.data]
    elif what == "remove feature" and d.features:
        entry = d.features.pop(random.randrange(len(d.features)))
        words = f"{what} {entry[0]}"
    elif what == "remove table":
        d.tables.pop()
        words = what
    elif what in ("add feature", "feature of all"):
        known = [0, 1, 2, 16, 17, 18, 19, 20, 21, 22, 23, 24, 32, 33, 34, 35, 36]
        id = random.choice((*known, 37, 200, 300, 40000))
        scope, table, number = random.choice(((0, 0, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0), (2, 0, 1), (3, 0, 0), (3, 0, 1), (2, 1, 0)))
        required = random.randrange(2)
        d.features.append(feature(id, required, scope, table, number, random.choice(("later", "acme/later"))))
        d.features.sort(key=lambda f: struct.unpack_from("<HxB4xII", f))
        words = f"{what}: {id}, required {required}, scope {scope}, table {table}, number {number}"
        if what == "feature of all":
            d.features[-1:] = [*d.features[-1:], feature(300, 0)] if id < 300 else d.features[-1:]
    elif what == "unknown part":
        kind, place = random.choice(((300, 0), (300, 2), (40000, 0), (77, 2), (11, 0)))
        d.parts.append(Part(kind, place, bytes([7] * random.choice((1, 63, 64, 65))), random.randrange(2)))
        d.parts.sort(key=lambda p: p.place)
        if random.randrange(2):
            d.features.append(feature(300, 0))
        words = f"{what} {kind} at {place}, {len(d.features)} features"
    elif what == "longer entries":
        if part.stride:
            d.lengthen(part.kind, bytes([random.randrange(2)] * random.choice((1, 8, 16, 64)))) if part.number == 0 else None
        for own in (d.features, d.tables):
            if random.randrange(2):
                own[:] = [e + bytes([random.randrange(2)] * 8) for e in own]
        if random.randrange(2):
            d.features.append(bytearray(feature(300, 0).ljust(len(d.features[0]) if d.features else 40, b"\0")))
    elif what == "gap":
        d.gap = random.choice((64, 128))
        words = what
    return bytearray(d.finish()), words


def mutate(random, base):
    """A changed file with right checksums, and words for the change."""
    if random.randrange(6) == 0:
        try:
            data, words = change_parts(random, base)
        except (struct.error, ValueError, IndexError):
            data, words = change_fields(random, base)
        else:
            return data, words  # whose checksums are right
    else:
        data, words = change_fields(random, base)
    repair(data)
    return data, words
