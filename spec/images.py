"""Images of a block (gede.md, section 8): the integer inverse DCT, and tile records."""
import math
import struct

import numpy as np


def table(length):
    """T(k, n): the orthonormal cosines in 14 fractional bits."""
    k, n = np.mgrid[:length, :length]
    norm = np.where(k == 0, math.sqrt(1 / length), math.sqrt(2 / length))
    fine = 16384 * norm * np.cos(math.pi * ((2 * n + 1) * k % (4 * length)) / (2 * length))
    assert np.abs(fine - np.floor(fine) - 0.5).min() > 1e-9, "too near a tie for f64"
    return np.rint(fine).astype(np.int64)


def wrapped(x):
    """Integers as i32, modulo 2^32."""
    return ((x + 2**31) % 2**32 - 2**31).astype(np.int64)


def inverse_dct(coefficients, channels, height, width):
    """Coefficients (channels x height x width, i32) to pixels, as an array [C, H, W]."""
    x = np.asarray(coefficients, np.int64).reshape(channels, height, width)
    down, along = table(height), table(width)
    # Tables stay below 2^15 and lengths below 2^13, so that 64 bits hold the sums.
    v = wrapped(np.einsum("ky,ckl->cyl", down, x) + 32) >> 6
    p = wrapped(np.einsum("lx,cyl->cyx", along, v) + 8192) >> 14
    if channels != 3:
        return np.clip(wrapped(p + 128) >> 8, 0, 255).astype(np.uint8)
    y, b, r = wrapped(p[0] * 16384 + 2097152), p[1], p[2]
    colours = y + 22970 * r, y - 5638 * b - 11700 * r, y + 29032 * b
    return np.stack([np.clip(wrapped(c) >> 22, 0, 255) for c in colours]).astype(np.uint8)


class Bits:
    """A record, read from its front."""

    def __init__(self, record):
        self.bits = int.from_bytes(record, "little")
        self.left = 8 * len(record)

    def take(self, count):
        assert count <= self.left, "the record is cut short"
        field = self.bits & ((1 << count) - 1)
        self.bits >>= count
        self.left -= count
        return field

    def end(self):
        assert self.left < 8 and self.bits == 0, "bytes are left"


def residuals(parameters, record, channels, height, width):
    """The residuals of a record, as an array [C, H, W]."""
    g, q, flagged = parameters[2], parameters[3], parameters[4]
    (count,) = struct.unpack_from("<I", parameters, 12)
    m = 2 * g * q
    bases = [parameters[16 + m * i : 16 + m * (i + 1)] for i in range(count)]
    assert len(parameters) == 16 + m * count and bases[-1] == b"\xff" * m
    groups = [(s, y, x) for s in range(channels // q) for y in range(-(-height // 2)) for x in range(-(-width // g))]
    bits = Bits(record)
    flags = [bits.take(1) for _ in groups] if flagged else [1] * len(groups)
    idbits = (count - flagged - 1).bit_length()
    chosen = [bases[bits.take(idbits) + flagged] if flag else bases[0] for flag in flags]
    out = np.zeros((channels, height, width), np.uint8)
    for (s, y, x), base in zip(groups, chosen):
        for i, mask in enumerate(base):
            place = s * q + i // (2 * g), 2 * y + i // g % 2, g * x + i % g
            if place[1] < height and place[2] < width:
                out[place] = sum(bits.take(1) << b for b in range(8) if mask >> b & 1)
    bits.end()
    return out


def values(predictor, residuals):
    """Residuals to the values of each channel."""
    z = residuals.astype(np.int64)
    d = np.where(z % 2 == 0, z // 2, 255 - z // 2)
    if predictor == 0:
        return d.astype(np.uint8)
    channels, height, width = d.shape
    v = np.full((channels, height + 1, width + 1), 128, np.int64)  # 128 outside
    for y in range(1, height + 1):
        for x in range(1, width + 1):
            l, a, c = v[:, y, x - 1], v[:, y - 1, x], v[:, y - 1, x - 1]
            prediction = l + a - np.minimum(np.maximum(c, np.minimum(l, a)), np.maximum(l, a))
            v[:, y, x] = (d[:, y - 1, x - 1] + prediction) % 256
    return v[:, 1:, 1:].astype(np.uint8)


def half(v):
    return (v.astype(np.uint8).view(np.int8) >> 1).astype(np.int64)


def pixels(colour, values):
    """Values to pixels."""
    if colour == 0:
        return values
    x, y, z = values[0].astype(np.int64), values[1] ^ 128, values[2] ^ 128
    if colour == 1:
        red, green, blue = y + x, x, z + x
    else:
        t = x - half(z)
        blue = t - half(y)
        red, green = blue + y, t + z
    return np.stack([red % 256, green % 256, blue % 256]).astype(np.uint8)


def decode_tiles(parameters, record, shape):
    """The pixels, [C, H, W], of a record; `shape` is (channels, height, width)."""
    colour, predictor, zeros = parameters[0], parameters[1], parameters[5:12]
    assert colour < 3 and predictor < 2 and zeros == bytes(7)
    return pixels(colour, values(predictor, residuals(parameters, record, *shape)))


def block_images(node, block, pieces, transforms, fields):
    """The images of a block as bytes, in the layout of the node's column (8)."""
    height = node.length // (node.precision * node.image_width)
    shape = node.precision, height, node.image_width
    if block.kind == 2:
        offsets = int.from_bytes(pieces[6], "little")
        width = block.records_length.bit_length()
        at = [offsets >> i * width & (1 << width) - 1 for i in range(block.rows + 1)]
        parameters = pieces[1][:-16]
        planes = (decode_tiles(parameters, pieces[3][a:b], shape) for a, b in zip(at, at[1:]))
        return [(np.moveaxis(p, 0, 2) if node.unit else p).tobytes() for p in planes]
    rows = [[u + t[5] & 0xFFFFFFFF for u, t in zip(row, transforms)] for row in zip(*fields)]
    if block.transform == 0:
        return [bytes(x & 0xFF for x in row) for row in rows]
    planes = (inverse_dct([x - (x >> 31 << 32) for x in row], *shape) for row in rows)
    return [(np.moveaxis(p, 0, 2) if node.unit else p).tobytes() for p in planes]
