"""Files that rows were appended to and that break a rule of gede.md, 2.8."""
import struct

from draft import GOLDEN, place, repair
from frames import attribute, bent, both, changed, put
import reader

NAMED = "header: it does not name the end of the table, or another"
DAMAGED = "header: a place that may name the end of the table is damaged"
PREVIOUS = "footer: the footer before it is not where the directory says"


def places(*ends):
    """Other places of the header; of an end of None, zeros."""
    return lambda data: data.__setitem__(slice(32, 64), b"".join(bytes(16) if end is None else place(end) for end in ends))


def end(name, back=0):
    """An end of a golden file: the last one, or one before."""
    file = reader.File((GOLDEN / f"{name}.gede").read_bytes())
    ends = [file.end]
    while len(ends) <= back:
        ends.append(struct.unpack_from("<Q", file.data, ends[-1] - 40)[0] + 64)
    return ends[back]


def repaired(name, change):
    """A golden file with a change to its bytes, and right checksums but those that earlier directories describe."""
    def make():
        data = bytearray((GOLDEN / f"{name}.gede").read_bytes())
        change(data)
        repair(data)
        return data
    return make


def in_former(at_footer, form, value, seal=True):
    """A number of the footer before, at a place in it."""
    def change(data):
        import zlib
        start = struct.unpack_from("<Q", data, len(data) - 40)[0]
        struct.pack_into("<" + form, data, start + at_footer, value)
        if seal:
            struct.pack_into("<I", data, start + 52, zlib.crc32(data[start : start + 52]))
    return change


def former_byte(data):
    """Another byte of what the directory before described, and no other."""
    former = next(s for s in reader.File(bytes(data)).sections if s.kind == 11)
    data[former.offset] ^= 1


def parts(count):
    """So many sections of kind 11, of 64 bytes each, before all others."""
    def change(draft):
        own = draft.part(11)
        at = draft.parts.index(own)
        draft.parts[at : at + 1] = [type(own)(11, 0, bytes(64)) for _ in range(count - 2)] + [own]
    return change


REFUSED = {
    "end_beyond": ("open", "cut short: the header says that the table ends", bent("integers", places(None, 2**40))),
    "end_damaged": ("whole", DAMAGED, bent("integers", put(40, "B", 1))),
    "end_damaged_number": ("whole", DAMAGED, bent("integers", lambda data: places(100, None)(data))),
    "end_damaged_both": ("whole", DAMAGED, bent("appended_numbers", lambda data: put(44, "I", 7)(data) or put(60, "I", 7)(data))),
    "end_not_named": ("whole", NAMED, bent("appended_numbers", places(None, None))),
    "end_other": ("whole", NAMED, bent("appended_numbers", lambda data: places(end("appended_numbers"), end("appended_numbers", 2))(data))),
    "end_other_alone": ("whole", NAMED, bent("integers", lambda data: places(128, len(data))(data))),
    "end_no_footer": ("open", "cut short or never finished", bent("integers", lambda data: places(None, len(data) - 64)(data))),
    "former_footer": ("open", PREVIOUS, repaired("appended_numbers", lambda data: put(len(data) - 40, "Q", 0)(data))),
    "former_unlisted": ("open", "directory: a section occurs twice",
                        changed("appended_numbers", lambda d: attribute("features", [f for f in d.features if f[0] != 38])(d))),
    "former_many": ("open", "directory: more than 64 parts", changed("appended_numbers", both(attribute("is_identified", False), parts(65)))),
    "former_footer_checksum": ("whole", "footer: its checksum does not match", repaired("appended_numbers", in_former(24, "Q", 64, False))),
    "former_directory": ("whole", "directory: its checksum does not match", repaired("appended_numbers", in_former(32, "I", 7))),
    "former_length": ("whole", "footer: the file should have", repaired("appended_numbers", in_former(0, "Q", 4096))),
    "former_bytes": ("whole", "identity: the file is", repaired("appended_numbers", former_byte)),
}
