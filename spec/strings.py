"""Strings of dictionaries, and strings in symbols (gede.md, 4.3)."""
import struct

import chunks
import framed
from rules import require


def utf8(data):
    """A string that is text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError("a string is not UTF-8") from None


def cut(data, count, width):
    """`count` strings, after the lengths of all of them, `width` bytes each; and what follows (4.3)."""
    at, strings = count * width, []
    for i in range(0, count * width, width):
        start, at = at, at + int.from_bytes(data[i : i + width], "little")
        strings.append(data[start:at])
    require(at <= len(data), "strings of a dictionary")
    return strings, data[at:]


def spell(codes, symbols):
    """A string in symbols (4.3)."""
    at, out = 0, b""
    while at < len(codes):
        code = codes[at]
        require(code < len(symbols) or code == 255 and at + 1 < len(codes), "a code without a symbol")
        out += codes[at + 1 : at + 2] if code == 255 else symbols[code]
        at += 1 + (code == 255)
    return out


def read_dictionary(data, count, kind, width):
    """Values of a dictionary (4.3): raw bits or byte strings; what decompresses frames, of one of these."""
    require(count > 0 and width in ((1, 2, 4) if kind in (2, 4) else (0,)), "a dictionary's count or lengths")
    require(kind != 1 or 8 * count == len(data), "a dictionary's count and length")
    if kind == 1:
        return list(struct.unpack(f"<{count}Q", data))
    if kind == 3:
        symbols, rest = cut(data, count, 1)
        require(not rest and count <= 255 and all(1 <= len(s) <= 8 for s in symbols), "symbol table")
        return symbols
    if kind == 5:
        require(count == 1 and 8 <= len(data) <= 65536, "a dictionary's count and length")
        return chunks.Dictionary(data)
    if kind == 6:
        return framed.strings(data, count)
    symbols, rest = cut(data[1:], data[0], 1) if kind == 4 else (None, data)
    strings, rest = cut(rest, count, width)
    require(kind in (2, 4) and not rest, "length of a dictionary")
    return strings if symbols is None else [spell(codes, symbols) for codes in strings]
