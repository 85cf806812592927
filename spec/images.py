"""Images of a block (gede.md, chapter 8): the integer inverse DCT, and tile records."""
import math

import numpy as np

from grouped import Bits
from reader import require


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


def check_layout(parameters, channels, block):
    """The rules of the layout of tiles."""
    colour, predictor, g, q, flagged = parameters[:5]
    count, m = int.from_bytes(parameters[12:16], "little"), 2 * g * q
    require(colour <= (2 if channels == 3 else 0) and predictor <= 1 and 2 <= g <= 4, "colour, predictor or group width")
    require(q in (1, channels) and m <= 16 and flagged <= 1, "channels or flags of a group")
    require(1 + flagged <= count <= 4096 + flagged and len(parameters) == 16 + m * count, "number of bases")
    require((block.n_b, block.l_t, block.l_b, block.l_d) == (count, 8 * m, 8 * m, 0), "counts of the block")
    bases = [parameters[16 + m * i : 16 + m * (i + 1)] for i in range(count)]
    ones = [sum(byte.bit_count() for byte in base) for base in bases]
    require(ones == sorted(ones) and ones[-1] == 8 * m and (not flagged or ones[0] == 0), "bases of tiles")


def residuals(parameters, record, channels, height, width):
    """The residuals of a record, as an array [C, H, W]."""
    g, q, flagged = parameters[2], parameters[3], parameters[4]
    count = int.from_bytes(parameters[12:16], "little")
    m = 2 * g * q
    bases = [parameters[16 + m * i : 16 + m * (i + 1)] for i in range(count)]
    require(len(parameters) == 16 + m * count and bases[-1] == b"\xff" * m, "bases of tiles")
    groups = [(s, y, x) for s in range(channels // q) for y in range(-(-height // 2)) for x in range(-(-width // g))]
    bits = Bits(record)
    flags = [bits.take(1) for _ in groups] if flagged else [1] * len(groups)
    idbits = (count - flagged - 1).bit_length()
    ids = [bits.take(idbits) + flagged if flag else 0 for flag in flags]
    require(max(ids) < count, "base id out of range")
    chosen = [bases[id] for id in ids]
    out = np.zeros((channels, height, width), np.uint8)
    for (s, y, x), base in zip(groups, chosen):
        for i, mask in enumerate(base):
            place = s * q + i // (2 * g), 2 * y + i // g % 2, g * x + i % g
            if place[1] < height and place[2] < width:
                out[place] = sum(bits.take(1) << b for b in range(8) if mask >> b & 1)
    bits.end(spare=0)
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


def pixels(colour, values):
    """Values to pixels."""
    if colour == 0:
        return values
    x, y, z = values[0].astype(np.int64), values[1] ^ 128, values[2] ^ 128
    if colour == 1:
        red, green, blue = y + x, x, z + x
    else:
        half_y, half_z = y.view(np.int8) >> 1, z.view(np.int8) >> 1
        t = x - half_z
        blue = t - half_y
        red, green = blue + y, t + z
    return np.stack([red % 256, green % 256, blue % 256]).astype(np.uint8)


def block_images(node, block, pieces, transforms, fields):
    """The images of a block as bytes, in the layout of the node's column (8)."""
    height = node.length // (node.precision * node.image_width)
    shape = node.precision, height, node.image_width
    if block.kind == 2:
        offsets = Bits(pieces[6])
        at = [offsets.take(block.records_length.bit_length()) for _ in range(block.rows + 1)]
        offsets.end()
        require(at[0] == 0 and at == sorted(at) and at[-1] == block.records_length - 16, "record offsets")
        layout, records = pieces[1], pieces[3]
        require(not any(layout[5:12] + layout[-16:] + records[-16:]), "reserved bytes of tiles")
        check_layout(layout[:-16], shape[0], block)
        tiles = [residuals(layout[:-16], records[a:b], *shape) for a, b in zip(at, at[1:])]
        planes = [pixels(layout[0], values(layout[1], z)) for z in tiles]
    else:
        rows = [[u + t.minimum & 0xFFFFFFFF for u, t in zip(row, transforms)] for row in zip(*fields)]
        if block.transform == 0:
            return [bytes(x & 0xFF for x in row) for row in rows]
        require(max(height, node.image_width) <= 1024, "size of images in the cosine transform")
        planes = [inverse_dct([x - (x >> 31 << 32) for x in row], *shape) for row in rows]
    return [(np.moveaxis(p, 0, 2) if node.unit else p).tobytes() for p in planes]
