"""Strings in frames (gede.md, 4.3, dictionary kind 6)."""
import struct

import chunks
from rules import require

FRAME, GROUP = 4096, 64


def strings(data, count, width):
    """The strings of a dictionary."""
    require(len(data) >= 16, "strings in frames: their lengths do not fit each other")
    size, trained, zero = struct.unpack_from("<QII", data)
    frames, groups = -(-size // FRAME), -(-count // GROUP)
    at = 16 + trained
    start = at + 4 * frames + 4 * groups + count * width
    fits = size < 2**32 and trained <= 65536 and zero == 0 and start <= len(data)
    require(fits, "strings in frames: their lengths do not fit each other")
    dictionary = chunks.Dictionary(data[16:at]) if trained else None
    ends = [0, *struct.unpack_from(f"<{frames}I", data, at)]
    anchors = struct.unpack_from(f"<{groups}I", data, at + 4 * frames)
    lengths = data[start - count * width : start]
    lengths = [int.from_bytes(lengths[i : i + width], "little") for i in range(0, len(lengths), width)]
    found = bytearray()
    for first, last in zip(ends, ends[1:]):
        raw = min(FRAME, size - len(found))
        require(0 < last - first <= raw and last <= len(data) - start, "strings in frames: a frame lies outside")
        frame = bytes(data[start + first : start + last])
        if len(frame) < raw:
            try:
                frame = chunks.decompress(frame, dictionary)
            except Exception:
                frame = b""
        require(len(frame) == raw, "strings in frames: a frame does not hold its strings")
        found += frame
    out, at = [], 0
    for number, length in enumerate(lengths):
        require(number % GROUP or anchors[number // GROUP] == at, "strings in frames: an anchor is not the sum of lengths")
        require(at + length <= size, "strings in frames: a string lies outside")
        out.append(bytes(found[at : at + length]))
        at += length
    require(at == size and ends[-1] == len(data) - start, "strings in frames: something follows the last string")
    return out
