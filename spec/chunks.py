"""Chunked records (4.6). Needs zstandard, or Python 3.14."""

import struct

from rules import require

try:
    from compression import zstd

    def decompress(frame, dictionary, is_one=False):
        """The bytes of a frame; of one alone, if that is asked for."""
        decompressor = zstd.ZstdDecompressor(dictionary and dictionary.own)
        out = decompressor.decompress(frame)
        if is_one and (decompressor.unused_data or not decompressor.eof):
            raise ValueError("not one frame")
        return out

except ImportError:
    import zstandard

    zstd = None

    def decompress(frame, dictionary, is_one=False):
        """The bytes of a frame, which need not say how many they are; of one alone, if that is asked for."""
        own = {"dict_data": dictionary.own} if dictionary else {}
        decompressor = zstandard.ZstdDecompressor(**own).decompressobj()
        out = decompressor.decompress(frame)
        if is_one and (decompressor.unused_data or not decompressor.eof):
            raise ValueError("not one frame")
        return out


class Dictionary:
    """A dictionary of frames: one of Zstandard."""

    def __init__(self, data):
        try:
            require(data[:4] == bytes((0x37, 0xA4, 0x30, 0xEC)), "magic")
            self.own = zstd.ZstdDict(bytes(data)) if zstd else zstandard.ZstdCompressionDict(bytes(data), zstandard.DICT_TYPE_FULLDICT)
            if zstd:
                zstd.ZstdDecompressor(self.own)
            else:
                zstandard.ZstdDecompressor(dict_data=self.own).decompress(b"\x28\xB5\x2F\xFD\x20\x00\x01\x00\x00")
        except Exception:
            require(False, "a dictionary of frames is none of Zstandard's")


def piece_length(block):
    """Bytes of the ends of the chunks."""
    return 4 * -(-block.rows >> block.shift) + 16


def fields(block, widths, pieces, dictionary):
    """The field of every lane in every row."""
    sizes = [-(-width // 8) for width in widths]
    fits = block.n_b == 1 and block.l_d > 0 and block.l_d % 8 == 0 and block.l_t <= block.l_d and block.records_length > 16
    fits = fits and block.shift <= 12 and block.l_d // 8 << block.shift <= 4096
    require(fits, "a block has places or lengths that do not fit its record kind")
    require(block.l_d == 8 * sum(sizes), "a block's lanes do not fit its bit counts")
    records, ends = pieces[3], pieces[6]
    require(not any(records[-16:]) and not any(ends[-16:]), "a bit stream does not end in zeros")
    ends = [0, *struct.unpack(f"<{len(ends) // 4 - 4}I", ends[:-16])]
    lanes = [[] for _ in widths]
    for number, (start, end) in enumerate(zip(ends, ends[1:])):
        rows = min(1 << block.shift, block.rows - (number << block.shift))
        raw = rows * sum(sizes)
        require(0 < end - start <= raw and end <= len(records) - 16, "chunked records: a chunk lies outside")
        chunk = records[start:end]
        if len(chunk) < raw:
            try:
                chunk = decompress(bytes(chunk), dictionary)
            except Exception:
                chunk = b""
            require(len(chunk) == raw, "chunked records: a chunk does not hold its rows")
        at = 0
        for lane, size, width in zip(lanes, sizes, widths):
            own = chunk[at : at + rows * size]
            at += rows * size
            values = [int.from_bytes(own[i * size : (i + 1) * size], "little") for i in range(rows)]
            require(all(value >> width == 0 for value in values), "a field is wider than its lane")
            lane.extend(values)
    require(ends[-1] == len(records) - 16, "chunked records: the last chunk does not end where the records do")
    return lanes
