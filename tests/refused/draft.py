"""A golden file taken apart, changed as a later version or a faulty writer might, and put together with right checksums."""
import hashlib
import pathlib
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parent / "golden"
sys.path.insert(0, str(HERE.parent.parent / "spec"))
import reader  # noqa: E402


class Part:
    """A section; place 0 is bulk, 2 metadata."""

    def __init__(self, kind, place, data, number=0, stride=0):
        self.kind, self.place, self.data, self.number, self.stride = kind, place, bytearray(data), number, stride
        self.zero, self.crc, self.offset, self.listed_length = 0, None, None, None


def feature(id, required=1, scope=0, table=0, number=0, name="later", version=(1, 7)):
    return bytearray(struct.pack("<HBBHHII24s", id, required, scope, *version, table, number, name.encode()))


class Draft:
    """Parts may be changed before `finish`; what is None is computed there."""

    def __init__(self, name=None, data=None):
        data = data or (GOLDEN / f"{name}.gede").read_bytes()
        file = reader.File(data)
        self.file, self.header, self.footer = file, bytearray(data[:64]), bytearray(data[-64:])
        at, size = file.directory
        self.head = bytearray(data[at : at + 64])
        counts = struct.unpack_from("<3I3H", self.head, 16)
        at, lists = at + 64, []
        for count, stride in zip(counts, counts[3:]):
            lists.append([bytearray(data[at + stride * i : at + stride * (i + 1)]) for i in range(count)])
            at += count * stride
        self.features, self.tables, _ = lists
        self.parts = [Part(s.kind, s.place, file.bytes(s), s.number, s.stride) for s in file.sections if s.kind != 16]
        self.more = b""  # after each section entry
        self.bulk_end = self.levels = self.head_length = self.entries = self.strides = None
        self.gap = 0  # zeros before the directory
        self.is_identified = True  # the identity is computed

    def part(self, kind, number=0):
        return next(p for p in self.parts if (p.kind, p.number) == (kind, number))

    def lengthen(self, kind, more):
        """Makes the entries of the sections of a kind longer."""
        for part in self.parts:
            if part.kind == kind:
                self.lengthen_part(part, more)

    def lengthen_part(self, part, more):
        entries = [part.data[i : i + part.stride] for i in range(0, len(part.data), part.stride)]
        part.data, part.stride = bytearray(b"".join(bytes(e) + more for e in entries)), part.stride + len(more)

    def finish(self):
        data, crc = bytearray(self.header), zlib.crc32
        struct.pack_into("<I", data, 28, crc(data[:28]))
        entries, places = [], {}

        def put(part, sum):
            data.extend(bytes(-len(data) % 64))
            places[part.kind] = len(entries), len(data)
            entry = struct.pack("<HBBIIIQQ", part.kind, part.place, part.zero, part.number, part.stride,
                                sum if part.crc is None else part.crc, len(data) if part.offset is None else part.offset,
                                len(part.data) if part.listed_length is None else part.listed_length)
            entries.append(entry + self.more)
            data.extend(part.data)

        for part in (p for p in self.parts if p.place not in (1, 2)):
            put(part, 0)
        end = len(data)
        level = b"".join(struct.pack("<I", crc(data[max(64, i) : min(end, i + 4096)])) for i in range(0, end, 4096))
        while True:
            last = len(level) <= 4096
            if self.levels is not False:
                put(Part(16, 1, level, 0, 4), crc(level) if last else 0)
            if last:
                break
            level = b"".join(struct.pack("<I", crc(level[i : i + 4096])) for i in range(0, len(level), 4096))
        for part in (p for p in self.parts if p.place == 2):
            put(part, crc(part.data))
        data.extend(bytes(-len(data) % 64 + self.gap))
        head = bytearray(self.head)
        lists = [self.features, self.tables, self.entries(entries) if self.entries else entries]
        struct.pack_into("<I", head, 0, len(head) if self.head_length is None else self.head_length)
        struct.pack_into("<Q", head, 8, end if self.bulk_end is None else self.bulk_end)
        struct.pack_into("<3I", head, 16, *map(len, lists))
        struct.pack_into("<3H", head, 28, *(self.strides or [len(own[0]) if own else 64 for own in lists]))
        if 37 in places and self.is_identified:
            number, at = places[37]
            own = [bytes(head), *map(bytes, self.features), *map(bytes, self.tables), *map(bytes, lists[2][:number])]
            identity = hashlib.sha256(named(data, self.file.previous, at) + b"".join(own)).digest()
            data[at : at + 32] = identity
            entry = bytearray(lists[2][number])
            struct.pack_into("<I", entry, 12, crc(identity))
            lists[2][number] = entry
        directory = bytes(head) + b"".join(bytes(entry) for own in lists for entry in own)
        at = len(data)
        data.extend(directory)
        data.extend(bytes(-len(data) % 64))
        footer = bytearray(self.footer)
        struct.pack_into("<QQQ", footer, 0, len(data) + 64, at, len(directory))
        struct.pack_into("<I", footer, 32, crc(directory))
        for number, end in enumerate(self.file.places):
            if end == self.file.end and data[32:64] == self.file.header[32:64]:
                data[32 + 16 * number : 48 + 16 * number] = place(len(data) + 64)
        return data + sealed(footer)


def place(end):
    """A place of the header that names an end."""
    data = struct.pack("<QI", end, 0)
    return data + struct.pack("<I", zlib.crc32(data))


def named(data, previous, end):
    """What the identity of a file is of, up to an offset: it begins with the identity before rows were appended."""
    if not previous:
        return bytes(data[64:end])
    directory, size = struct.unpack_from("<QQ", data, previous + 8)
    length, features, tables, count, *strides = struct.unpack_from("<I12x3I3H", data, directory)
    first = directory + length + features * strides[0] + tables * strides[1]
    for entry in range(first, first + count * strides[2], strides[2]):
        if struct.unpack_from("<H", data, entry)[0] == 37:
            at = struct.unpack_from("<Q", data, entry + 16)[0]
            return bytes(data[at : at + 32] + data[previous + 64 : end])
    raise LookupError("there is no identity")


def sealed(footer):
    """A footer with its checksum."""
    struct.pack_into("<I", footer, 52, zlib.crc32(footer[:52]))
    return footer


def repair(data):
    """Makes all checksums and the identity of a file right again, as far as its structure can be followed."""
    def number(at, form):
        return struct.unpack_from("<" + form, data, at)[0]

    def put(at, crc):
        if at + 4 <= len(data):
            struct.pack_into("<I", data, at, crc)

    at, size = number(len(data) - 56, "Q"), number(len(data) - 48, "Q")
    if at + size <= len(data) - 64 and size >= 64:
        length, _, end, features, tables, count, *strides = struct.unpack_from("<IIQ3I3H", data, at)
        below, first, last, identity = bytes(64) + data[64:end], 64, None, None
        start, stride = at + length + features * strides[0] + tables * strides[1], max(strides[2], 32)
        for entry in range(start, min(start + count * stride, at + size - 31), stride):
            place, offset, length = data[entry + 2], number(entry + 16, "Q"), number(entry + 24, "Q")
            if offset + length > at:
                continue
            if place == 1:
                for page in range(0, min(len(below), length * 1024), 4096):
                    put(offset + page // 1024, zlib.crc32(below[max(first, page) : page + 4096]))
                below, first, last = data[offset : offset + length], 0, entry
            elif place == 2:
                if number(entry, "H") == 37 and length == 32:
                    identity = entry, offset
                put(entry + 12, zlib.crc32(data[offset : offset + length]))
        if last is not None:
            put(last + 12, zlib.crc32(below))
        if identity is not None:
            entry, offset = identity
            try:
                own = named(data, number(len(data) - 40, "Q"), offset)
            except (struct.error, ValueError, LookupError, OverflowError):  # there is no footer before
                own = bytes(data[64:offset])
            data[offset : offset + 32] = hashlib.sha256(own + bytes(data[at:entry])).digest()
            put(entry + 12, zlib.crc32(data[offset : offset + 32]))
        put(len(data) - 32, zlib.crc32(data[at : at + size]))
    put(28, zlib.crc32(data[:28]))
    put(len(data) - 12, zlib.crc32(data[-64:-12]))
