"""Files with strings in frames (gede.md, 4.3, dictionary kind 6) that break one rule."""
from chunk_files import entry, frames
from frames import changed

# The strings of STRINGS are 47671 bytes in 7 frames, without a trained dictionary, separated by bytes 0; those of TRAINED have a
# dictionary of 4128 bytes; those of LONG have one of 2838, and lengths, and some go on in several frames.
STRINGS, TRAINED, LONG = "framed_strings", "framed_trained", "framed_long"
SIZES, OUTSIDE, HOLDS = "their lengths do not fit each other", "a frame lies outside", "a frame does not hold its strings"
OPEN, LAST = "a string does not end", "something follows the last string"
ENTRIES = 24
REFUSED = {
    "framed_more_bytes": ("whole", LAST, changed(STRINGS, frames(0, "Q", lambda n: n + 4096))),
    "framed_2_32_bytes": ("rows", SIZES, changed(STRINGS, frames(0, "Q", lambda n: 2**32))),
    "framed_trained_long": ("rows", SIZES, changed(STRINGS, frames(8, "I", lambda n: 131073))),
    "framed_trained_magic": ("rows", "none of Zstandard's", changed(TRAINED, frames(24, "I", lambda n: n ^ 1))),
    "framed_many": ("rows", SIZES, changed(STRINGS, frames(12, "I", lambda n: 2**20))),
    "framed_separator": ("rows", SIZES, changed(STRINGS, frames(16, "I", lambda n: 257))),
    "framed_other_separator": ("rows", HOLDS, changed(STRINGS, frames(16, "I", lambda n: 1))),
    "framed_zero": ("rows", SIZES, changed(STRINGS, frames(20, "I", lambda n: 1))),
    "framed_end": ("rows", OUTSIDE, changed(STRINGS, frames(ENTRIES, "I", lambda n: 0))),
    "framed_ends_descend": ("rows", OUTSIDE, changed(STRINGS, frames(ENTRIES + 8, "I", lambda n: 1))),
    "framed_end_beyond": ("rows", OUTSIDE, changed(STRINGS, frames(ENTRIES + 48, "I", lambda n: n + 1))),
    "framed_frame": ("rows", HOLDS, changed(STRINGS, frames(ENTRIES, "I", lambda n: n - 1))),
    "framed_fewer_begin": ("rows", HOLDS, changed(STRINGS, frames(ENTRIES + 4, "I", lambda n: n - 1))),
    "framed_more_than_there_are": ("rows", SIZES, changed(STRINGS, frames(ENTRIES + 52, "I", lambda n: n + 1))),
    "framed_length": ("rows", HOLDS, changed(LONG, frames(ENTRIES + 2838 + 4, "I", lambda n: n + 1))),
    "framed_count": ("rows", SIZES, changed(STRINGS, entry(16, "Q", lambda n: 2**62))),
    "framed_width": ("rows", "a dictionary's count", changed(STRINGS, entry(28, "I", lambda n: 1))),
}
