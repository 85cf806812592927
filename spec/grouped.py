"""Grouped records (gede.md, 4.4)."""
import struct

from reader import require


class Bits:
    """A bit stream, read from its front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        start, self.at = self.at, self.at + count
        require(self.at <= 8 * len(self.data), "a bit stream is cut short")
        word = int.from_bytes(self.data[start // 8 : (self.at + 7) // 8], "little")
        return word >> start % 8 & (1 << count) - 1

    def end(self, spare=16):
        """All is read but the last byte's spare bits and `spare` bytes, which are zero."""
        left = 8 * len(self.data) - self.at
        require(left // 8 == (spare if self.data else 0) and self.take(left) == 0, "the end of a bit stream")


def read_layout(data, lanes):
    """The anchors' line (first, slope), and of each group its bases and members (lane, framed, zeros, slope)."""
    groups, count, first, slope = struct.unpack_from("<IIQQ", data)
    sizes = list(struct.iter_unpack("<II", data[24 : 24 + 8 * groups]))
    members = list(struct.iter_unpack("<IB3sq", data[24 + 8 * groups : -16]))
    require(all(n and k for n, k in sizes) and sum(n * k for n, k in sizes) <= 32768, "sizes of the groups")
    require(sorted(m[0] for m in members) == list(range(lanes)) and lanes <= 4096, "lanes of the groups")
    require(all(m[1] < 2 and (m[1] or m[3] == 0) and not any(m[2]) for m in members), "framed lanes")
    require(not any(data[-16:]), "zeros after the layout")
    require(sum(k for _, k in sizes) == lanes == count, "number of lanes")
    return first, slope, [(n, [members.pop(0) for _ in range(k)]) for n, k in sizes]


def wrapped(x):
    """An integer as an i64, modulo 2^64."""
    return (x + 2**63) % 2**64 - 2**63


def fields(block, widths, pieces):
    """The field of every lane in every row; mini-blocks are read one after the other, anchors only compared."""
    first, slope, groups = read_layout(pieces[1], len(widths))
    table, records, frames = Bits(pieces[2]), Bits(pieces[3]), Bits(pieces[6])
    bases = [[[(table.take(widths[lane]), table.take(7), widths[lane]) for lane, *_ in members]
              for _ in range(n)] for n, members in groups]
    framed = [lane for _, members in groups for lane, is_framed, *_ in members if is_framed]
    id_bits = [(n - 1).bit_length() for n, _ in groups]
    require(all(bits <= width for group in bases for base in group for _, bits, width in base), "deviation bits")
    require((block.n_b, block.l_b, block.l_d, block.minima) == (
        sum(n for n, _ in groups), table.at, sum(id_bits), sum(widths[lane] for lane in framed)), "counts of the block")
    require(3 <= block.shift <= 7 and block.id_bits <= 57, "frame shift or anchor bits")
    lengths = [{sum(bits for _, bits, _ in base) for base in group} for group in bases]
    require(block.id_bits or all(len(one) == 1 for one in lengths), "mini-blocks without anchors differ in length")
    out, anchors, frame = [[] for _ in widths], [], 1 << block.shift
    for start in range(0, block.rows, 8):
        if start % frame == 0:
            anchors = [frames.take(block.id_bits) for _ in range(frame // 8)]
            minima = {lane: frames.take(widths[lane]) for lane in framed}
        place = first + (start // 8 * slope % 2**64 >> 16) + anchors.pop(0)
        require(block.id_bits == 0 or records.at == place % 2**64, f"anchor of row {start}")
        rows = range(start, min(start + 8, block.rows))
        ids = [[records.take(bits) for bits in id_bits] for _ in rows]
        for row, chosen in zip(rows, ids):
            for id, group, (n, members) in zip(chosen, bases, groups):
                require(id < n, "base id out of range")
                for (low, bits, width), (lane, is_framed, _, rise) in zip(group[id], members):
                    u = low + records.take(bits)
                    require(u < 1 << width, "a field is wider than its lane")
                    if is_framed:
                        u = (minima[lane] + (wrapped(rise * (row % frame)) >> 16) + u) % (1 << width)
                    out[lane].append(u)
    require(not any(anchors), "unused anchors")
    for stream in (table, records, frames):
        stream.end()
    return out
