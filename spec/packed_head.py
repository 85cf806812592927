"""Packed heads (gede.md, chapter 4): the transforms and the layout of a block in one frame of Zstandard."""
import chunks
from rules import require


def is_packed(block, lanes):
    return block.kind in (3, 5) and block.transforms == 0 and lanes > 0


def unpack(layout, lanes):
    """The transform set and the layout, with the zero bytes after it."""
    most = 64 * (lanes + 256)
    try:
        head = chunks.decompress(bytes(layout[:-16]), None, is_one=True)
    except Exception:
        head = b""
    require(16 * lanes <= len(head) <= most, "the head of a block is no frame of its transforms and its layout")
    require(not any(layout[-16:]), "a bit stream does not end in zeros")
    return head[: 16 * lanes], head[16 * lanes :] + bytes(16)
