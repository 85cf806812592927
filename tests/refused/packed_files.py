"""Files with packed heads (gede.md, chapter 4) that break one rule."""
from chunk_files import block, piece
from frames import changed

PACKED, PARTED = "packed_head", "packed_parted_head"
NONE = "the head of a block is no frame of its transforms and its layout"


def layout(at, form, change):
    return piece(0, "layout", at, form, change)


REFUSED = {
    "head_frame": ("rows", NONE, changed(PACKED, layout(0, "I", lambda n: n ^ 1))),
    "head_of_parts": ("rows", NONE, changed(PARTED, layout(0, "I", lambda n: n ^ 1))),
    "head_short": ("rows", NONE, changed(PACKED, block(0, 100, "I", lambda n: n - 8))),
    "head_long": ("rows", NONE, changed(PACKED, block(0, 100, "I", lambda n: n + 8))),
}
