"""Strings in frames (gede.md, 4.3, dictionary kind 6)."""
import struct

import chunks
from rules import require

FRAME, MAGIC = 8192, b"\x28\xb5\x2f\xfd"
ENDS, HOLDS = "strings in frames: a string does not end", "strings in frames: a frame does not hold its strings"
FITS = "strings in frames: their lengths do not fit each other"


def strings(data, count):
    """The strings of a dictionary."""
    require(len(data) >= 24, FITS)
    size, trained, frames, separator, zero = struct.unpack_from("<QIIII", data)
    start = 24 + trained + 8 * frames
    require(size < 2**32 and trained <= 131072 and separator <= 256 and zero == 0 and start <= len(data), FITS)
    require(frames and struct.unpack_from("<I", data, start - 4)[0] == count, FITS)
    dictionary = chunks.Dictionary(data[24 : 24 + trained]) if trained else None
    out, first, before, left = [], 0, 0, None  # left: bytes that the last string still has, None if it is whole
    for last, begun in struct.iter_unpack("<II", data[24 + trained : start]):
        fits = 0 < last - first <= 2 * FRAME and start + last <= len(data) and before <= begun <= count
        require(fits, "strings in frames: a frame lies outside")
        contents = inflate(data[start + first : start + last], dictionary)
        require((left is not None) == (begun == before), ENDS)
        if begun == before:
            whole = contents[-1] == separator if separator < 256 else len(contents) == left
            part = contents[:-1] if whole and separator < 256 else contents
            require(separator not in part if separator < 256 else len(contents) <= left, HOLDS)
            out[-1] += part
            left = None if whole else (left or 0) - len(part) if separator == 256 else 0
        else:
            own, left = cut(contents, begun - before, separator)
            out += own
        first, before = last, begun
    require((sum(map(len, out)), first, before, left) == (size, len(data) - start, count, None),
            "strings in frames: something follows the last string")
    return out


def inflate(frame, dictionary):
    """The contents of a frame."""
    try:
        contents = chunks.decompress(MAGIC + bytes(frame), dictionary)
    except Exception:
        contents = b""
    require(0 < len(contents) <= FRAME, HOLDS)
    return contents


def cut(contents, count, separator):
    """The strings that begin in a frame, and the bytes that the last has in the next ones, or None."""
    if separator < 256:
        own = contents.split(bytes([separator]))
        require(len(own) == count + 1 and not own[-1] or len(own) == count == 1, HOLDS)
        return (own[:-1], None) if len(own) > count else (own, 0)
    out, at = [], 0
    for _ in range(count):
        length = shift = 0
        while True:
            require(at < len(contents) and shift <= 28, HOLDS)
            byte, at = contents[at], at + 1
            length, shift = length | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        require((byte > 0 or shift == 7) and length < 2**32, HOLDS)
        out.append(contents[at : at + length])
        at += length
    left = at - len(contents)
    require(left == 0 or left > 0 and count == 1, HOLDS)
    return out, left or None
