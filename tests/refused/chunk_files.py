"""Files with chunked records (gede.md, 4.6) or lanes of transform single (4.1) that break one rule."""
import struct

from frames import changed
from list_files import lane

CHUNKS, TRAINED = "grouped_lists_chunks", "trained_chunks"


def block(number, at, form, change):
    """Another number in the entry of the first block of a table."""
    def change_entry(d):
        data = d.part(2, number).data
        struct.pack_into("<" + form, data, at, change(*struct.unpack_from("<" + form, data, at)))
    return change_entry


def piece(number, name, at, form, change):
    """Another number in a piece of the first block of a table, at a place from its start or, below 0, from its end."""
    def change_piece(d):
        own = d.file.segments_of(number)[0][0]
        place = getattr(own, name) - 64 + at
        if at < 0:
            place += own.records_length
        struct.pack_into("<" + form, d.part(1).data, place, change(*struct.unpack_from("<" + form, d.part(1).data, place)))
    return change_piece


def entry(at, form, change):
    """Another number in the first entry of the dictionary table."""
    def change_entry(d):
        data = d.part(3).data
        struct.pack_into("<" + form, data, at, change(*struct.unpack_from("<" + form, data, at)))
    return change_entry


def frames(at, form, change):
    """Another number in the bytes of the first dictionary."""
    def change_bytes(d):
        place = struct.unpack_from("<Q", d.part(3).data)[0] - 64 + at
        data = d.part(1).data
        struct.pack_into("<" + form, data, place, change(*struct.unpack_from("<" + form, data, place)))
    return change_bytes


COUNT, ZSTANDARD = "a dictionary's count", "a dictionary of frames is none of Zstandard's"
FITS, OUTSIDE = "that do not fit its record kind", "chunk lies outside"
REFUSED = {
    "chunk_bases": ("rows", FITS, changed(CHUNKS, block(1, 80, "Q", lambda n: 2))),
    "chunk_row": ("rows", FITS, changed(CHUNKS, block(1, 96, "I", lambda n: n + 1))),
    "chunk_row_of_other_bytes": ("rows", "a block's lanes do not fit its bit counts", changed(CHUNKS, block(2, 96, "I", lambda n: n - 8))),
    "chunk_rows": ("rows", FITS, changed(CHUNKS, block(1, 107, "B", lambda n: n + 1))),
    "chunk_id_bits": ("rows", FITS, changed(CHUNKS, block(1, 105, "B", lambda n: 1))),
    "chunk_layout": ("rows", FITS, changed(CHUNKS, block(1, 24, "Q", lambda n: 64))),
    "chunk_without_end": ("rows", OUTSIDE, changed(CHUNKS, piece(2, "offsets", 0, "I", lambda n: 0))),
    "chunk_ends_descend": ("rows", OUTSIDE, changed(CHUNKS, piece(2, "offsets", 4, "I", lambda n: 1))),
    "chunk_ends_beyond": ("rows", OUTSIDE, changed(CHUNKS, piece(2, "offsets", 4, "I", lambda n: n + 1))),
    "chunk_long": ("rows", OUTSIDE, changed(CHUNKS, piece(2, "offsets", 0, "I", lambda n: 4000))),
    "chunk_frame": ("rows", "a chunk does not hold its rows", changed(CHUNKS, piece(1, "records", 0, "I", lambda n: n ^ 1))),
    "chunk_zeros": ("whole", "does not end in zeros", changed(CHUNKS, piece(1, "records", -1, "B", lambda n: 1))),
    "chunk_dictionary_not_there": ("rows", "there is no dictionary 1", changed(TRAINED, block(1, 100, "I", lambda n: n + 1))),
    "chunk_without_dictionary": ("rows", "a chunk does not hold its rows", changed(TRAINED, block(1, 100, "I", lambda n: 0))),
    "frames_count": ("rows", COUNT, changed(TRAINED, entry(16, "Q", lambda n: 2))),
    "frames_width": ("rows", COUNT, changed(TRAINED, entry(28, "I", lambda n: 1))),
    "frames_magic": ("rows", ZSTANDARD, changed(TRAINED, frames(0, "B", lambda n: n ^ 1))),
    "frames_tables": ("rows", ZSTANDARD, changed(TRAINED, frames(8, "B", lambda n: 0xFF))),
    "single_minimum": ("rows", "outside of its type", changed("singles", lane("single", 8, "Q", 2**32))),
    "single_beyond": ("rows", "outside of its type", changed("singles", lane("single", 8, "Q", 2**32 - 1))),
    "single_of_nan": ("rows", "a float32 that is not a number", changed("singles", lane("special", 8, "Q", lambda n: n - 1))),
    "single_of_integers": ("rows", "a transform that its type does not take", changed("lists", lane("id", 0, "B", 4))),
}
