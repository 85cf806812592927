"""Strings of dictionaries, and strings in symbols (gede.md, 4.3)."""
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
