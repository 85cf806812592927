"""Files with strings in frames (gede.md, 4.3, dictionary kind 6) that break one rule."""
from chunk_files import entry, frames
from frames import changed

# The strings of STRINGS are 47671 bytes in 12 frames, without a trained dictionary; those of TRAINED have one of 5446 bytes.
STRINGS, TRAINED = "framed_strings", "framed_trained"
SIZES, OUTSIDE = "their lengths do not fit each other", "a frame lies outside"
ENDS = 16
REFUSED = {
    "framed_more_bytes": ("rows", "strings in frames", changed(STRINGS, frames(0, "Q", lambda n: n + 4096))),
    "framed_2_32_bytes": ("rows", SIZES, changed(STRINGS, frames(0, "Q", lambda n: 2**32))),
    "framed_trained_long": ("rows", SIZES, changed(STRINGS, frames(8, "I", lambda n: 65537))),
    "framed_trained_magic": ("rows", "none of Zstandard's", changed(TRAINED, frames(16, "I", lambda n: n ^ 1))),
    "framed_zero": ("rows", SIZES, changed(STRINGS, frames(12, "I", lambda n: 1))),
    "framed_end": ("rows", OUTSIDE, changed(STRINGS, frames(ENDS, "I", lambda n: 0))),
    "framed_ends_descend": ("rows", OUTSIDE, changed(STRINGS, frames(ENDS + 4, "I", lambda n: 1))),
    "framed_end_beyond": ("rows", OUTSIDE, changed(STRINGS, frames(ENDS + 44, "I", lambda n: n + 1))),
    "framed_frame": ("rows", "a frame does not hold its strings", changed(STRINGS, frames(ENDS, "I", lambda n: n - 1))),
    "framed_width": ("rows", "a dictionary's count", changed(STRINGS, entry(28, "I", lambda n: 3))),
    "framed_no_lengths": ("rows", "strings in frames", changed(STRINGS, entry(16, "Q", lambda n: n + 64))),
}
