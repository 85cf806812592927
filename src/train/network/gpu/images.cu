// Decoders of a file's images from their blocks in the GPU's memory, and their way into batches. The coding is that of the
// specification, section 8; the pixels are the same as on the CPU.

#include "kernel.h"

enum { PIXELS, COSINES, TILES };

// A block: places in the data, and how its records are read.
typedef struct {
    u64 records, records_length, bases, offsets;
    u32 rows, coding, record_bits, id_bits, base_bits, base_count, offset_bits, lanes;
    u32 colour, predictor, group_width, group_channels, flagged, zero;
} Block;

// A lane of fixed records.
typedef struct {
    u32 constant, base_mask, deviation_mask, minimum, base_offset, deviation_offset;
} Lane;

// The place of a row of the table.
typedef struct {
    u32 block, row;
} Place;

// A wanted row, and the shift and mirroring of its image.
typedef struct {
    u32 row;
    i32 down, right;
    u32 mirrored;
} Order;

// Images [B, channels, height, width], by orders. `groups` is the room for groups of an image. `tiles` is [value, B], not
// [B, value]: the threads of a warp work on the same value of neighbouring images, so that their loads share cache lines.
typedef struct {
    const u64 *data;
    const Block *blocks;
    const Lane *lanes;
    const Place *places;
    const Order *orders;
    const i32 *down_table, *along_table;
    const float *table, *pad_value;
    i32 *coefficients, *middle;
    u32 *starts, *group_bases;
    u8 *tiles, *pixels;
    float *out;
    u32 *failed;
    u32 batch, rows, groups, interleaved;
    i32 channels, height, width, zero;
} Images;

// The block of an image, if it is of a coding, and the row in it.
INLINE const Block *block_of(const Images *a, u32 image, u32 coding, u32 *row) {
    const u32 wanted = a->orders[image].row;
    if (wanted >= a->rows) return 0;
    const Place place = a->places[wanted];
    const Block *block = &a->blocks[place.block];
    *row = place.row;
    return block->coding == coding ? block : 0;
}

// The 64 bits at a bit of the data. The second shift is in two parts, since a shift of a word by 64 is undefined.
INLINE u64 bits_at(const Images *a, u64 bit) {
    const u64 *word = a->data + bit / 64;
    const u32 shift = (u32)(bit % 64);
    return word[0] >> shift | word[1] << 1 << (63 - shift);
}

// The low bits spread over the ones of a mask. A GPU has no instruction for it. Masks are mostly one run of ones, for which
// a shift does; the loop is for the rest.
INLINE u32 deposit(u64 bits, u32 mask) {
    if (mask == 0) return 0;
    const u32 shift = LOWEST(mask), run = mask >> shift;
    if ((run & (run + 1)) == 0) return (u32)bits << shift & mask;
    u32 out = 0;
    for (; mask; mask &= mask - 1, bits >>= 1) {
        if (bits & 1) out |= mask & (0 - mask);
    }
    return out;
}

// Fixed records: minimum plus field of every lane, as pixels or as coefficients. A thread has one value: neighbours read the
// same record, and write neighbouring values.
INLINE void fixed(const Images *a, u32 coding) {
    const u32 area = a->height * a->width, values = a->channels * area;
    EACH(i, a->batch * values) {
        const u32 image = i / values, value = i % values;
        u32 row;
        const Block *b = block_of(a, image, coding, &row);
        if (!b) continue;
        const u64 record = b->records * 8 + (u64)row * b->record_bits;
        const u64 id = b->id_bits ? bits_at(a, record) & ((1ull << b->id_bits) - 1) : 0;
        if (id >= b->base_count) {
            *a->failed = 1;
            continue;
        }
        const Lane lane = a->lanes[b->lanes + value];
        u32 field = lane.constant;
        if (lane.base_mask) {
            const u64 base = b->bases * 8 + id * b->base_bits + lane.base_offset;
            field |= deposit(bits_at(a, base), lane.base_mask);
        }
        if (lane.deviation_mask) field |= deposit(bits_at(a, record + lane.deviation_offset), lane.deviation_mask);
        field += lane.minimum;
        if (coding == COSINES) {
            a->coefficients[i] = (i32)field;
        } else if (a->interleaved) {
            a->pixels[image * values + value % a->channels * area + value / a->channels] = (u8)field;
        } else {
            a->pixels[i] = (u8)field;
        }
    }
}

KERNEL fixed_pixels(const Images a) {
    fixed(&a, PIXELS);
}

KERNEL fixed_coefficients(const Images a) {
    fixed(&a, COSINES);
}

// The inverse DCT down the columns. Sums are modulo 2^32, unsigned since signed overflow is undefined. Neighbouring threads
// have neighbouring columns, so that each step of their loops reads a row of coefficients together.
KERNEL cosines_down(const Images a) {
    const u32 area = a.height * a.width, values = a.channels * area;
    EACH(i, a.batch * values) {
        u32 row;
        if (!block_of(&a, i / values, COSINES, &row)) continue;
        const u32 y = i % area / a.width;
        const i32 *column = a.coefficients + i / area * area + i % a.width;
        u32 sum = 32;
        for (i32 k = 0; k < a.height; k += 1) {
            sum += (u32)a.down_table[k * a.height + y] * (u32)column[k * a.width];
        }
        a.middle[i] = (i32)sum >> 6;
    }
}

INLINE u8 clamped(i32 value) {
    return (u8)(value < 0 ? 0 : value > 255 ? 255 : value);
}

// Along the rows, then to pixels: red, green and blue of three channels.
KERNEL cosines_along(const Images a) {
    const u32 area = a.height * a.width, values = a.channels * area;
    EACH(i, a.batch * area) {
        u32 row;
        const u32 image = i / area, at = i % area, x = at % a.width;
        if (!block_of(&a, image, COSINES, &row)) continue;
        u32 first[3] = {0, 0, 0};
        for (i32 channel = 0; channel < a.channels; channel += 1) {
            const i32 *line = a.middle + image * values + channel * area + at / a.width * a.width;
            u32 sum = 8192;
            for (i32 l = 0; l < a.width; l += 1) {
                sum += (u32)a.along_table[l * a.width + x] * (u32)line[l];
            }
            const i32 value = (i32)sum >> 14;
            if (a.channels == 3) {
                first[channel] = (u32)value;
            } else {
                a.pixels[image * values + channel * area + at] = clamped((i32)((u32)value + 128) >> 8);
            }
        }
        if (a.channels != 3) continue;
        const u32 luma = (first[0] << 14) + 2097152, blue = first[1], red = first[2];
        u8 *out = a.pixels + image * values + at;
        out[0] = clamped((i32)(luma + 22970 * red) >> 22);
        out[area] = clamped((i32)(luma - 5638 * blue - 11700 * red) >> 22);
        out[2 * area] = clamped((i32)(luma + 29032 * blue) >> 22);
    }
}

// Tiles, first step: the base of every group of an image, and the start of its deviations in the record. One thread an image,
// since a group starts where the last one ends; all that follows is parallel over groups. A group of a damaged record gets
// base 0xFFFFFFFF.
KERNEL tile_groups(const Images a) {
    EACH(image, a.batch) {
        u32 row;
        const Block *b = block_of(&a, image, TILES, &row);
        if (!b) continue;
        const i32 across = (a.width + (i32)b->group_width - 1) / (i32)b->group_width, down = (a.height + 1) / 2;
        const i32 groups = a.channels / (i32)b->group_channels * down * across;
        const u64 offset_mask = b->offset_bits < 64 ? (1ull << b->offset_bits) - 1 : ~0ull;
        const u64 offset = b->offsets * 8 + (u64)row * b->offset_bits;
        const u64 start = bits_at(&a, offset) & offset_mask, end = bits_at(&a, offset + b->offset_bits) & offset_mask;
        int good = start <= end && end <= b->records_length;
        const u64 record = (b->records + start) * 8, bits = good ? (end - start) * 8 : 0;
        const u64 id_mask = (1ull << b->id_bits) - 1;
        u64 id_at = 0, named = groups;
        if (b->flagged) {
            id_at = groups;
            named = 0;
            good = good && id_at <= bits;
            for (i32 at = 0; good && at < groups; at += 64) {
                const u64 flags = bits_at(&a, record + at);
                named += ONES(groups - at < 64 ? flags & ((1ull << (groups - at)) - 1) : flags);
            }
        }
        u64 at = id_at + named * b->id_bits;
        good = good && at <= bits;
        const u64 *bases = a.data + b->bases / 8;
        for (i32 group = 0; group < groups; group += 1) {
            u64 base = 0;
            if (good) {
                const int has_id = !b->flagged || bits_at(&a, record + group) & 1;
                if (has_id) {
                    base = (bits_at(&a, record + id_at) & id_mask) + b->flagged;
                    id_at += b->id_bits;
                }
                good = base < b->base_count && at <= bits;
            }
            const u32 to = group * a.batch + image;
            a.starts[to] = (u32)at;
            a.group_bases[to] = good ? (u32)base : 0xFFFFFFFF;
            if (!good) continue;
            // Values beyond the last row or column have no bits.
            const i32 column = group % across, line = group / across % down;
            const int short_row = line + 1 == down && a.height % 2, short_column = column + 1 == across;
            u64 low = bases[2 * base], high = bases[2 * base + 1];
            if (short_row || (short_column && a.width % (i32)b->group_width)) {
                for (u32 i = 0; i < 2 * b->group_width * b->group_channels; i += 1) {
                    const u32 x = i % b->group_width, y = i / b->group_width % 2;
                    const int within = 2 * line + (i32)y < a.height && column * (i32)b->group_width + (i32)x < a.width;
                    const u64 value = 0xFFull << (i % 8 * 8);
                    if (!within && i < 8) low &= ~value;
                    if (!within && i >= 8) high &= ~value;
                }
            }
            at += ONES(low) + ONES(high);
        }
        good = good && at <= bits && (at + 7) / 8 * 8 == bits;
        if (good && at < bits) good = (bits_at(&a, record + at) & ((1ull << (bits - at)) - 1)) == 0;
        if (!good) *a.failed = 1;
    }
}

// Second step: the residuals of every group, as signed bytes.
KERNEL tile_residuals(const Images a) {
    const u32 area = a.height * a.width;
    EACH(i, a.batch * a.groups) {
        const u32 image = i % a.batch;
        const i32 group = (i32)(i / a.batch);
        u32 row;
        const Block *b = block_of(&a, image, TILES, &row);
        if (!b) continue;
        const i32 wide = (i32)b->group_width, across = (a.width + wide - 1) / wide, down = (a.height + 1) / 2;
        const i32 set = group / across / down, line = 2 * (group / across % down), column = group % across * wide;
        if (set * (i32)b->group_channels >= a.channels) continue;
        const u64 offset = b->offsets * 8 + (u64)row * b->offset_bits;
        const u64 start = bits_at(&a, offset) & (b->offset_bits < 64 ? (1ull << b->offset_bits) - 1 : ~0ull);
        const u32 base = a.group_bases[i];
        u64 at = (b->records + start) * 8 + a.starts[i];
        const u8 *masks = (const u8 *)a.data + b->bases + (u64)base * 16;
        for (i32 value = 0; value < 2 * wide * (i32)b->group_channels; value += 1) {
            const i32 x = column + value % wide, y = line + value / wide % 2;
            const i32 channel = set * (i32)b->group_channels + value / wide / 2;
            if (x >= a.width || y >= a.height) continue;
            u32 z = 0;
            if (base != 0xFFFFFFFF) {
                z = deposit(bits_at(&a, at), masks[value]);
                at += ONES((u64)masks[value]);
            }
            a.tiles[(channel * area + y * a.width + x) * a.batch + image] = (u8)(z >> 1 ^ (0 - (z & 1)));
        }
    }
}

// Third step: residuals to values, from the median of left, above, and left + above - above left. One thread a plane, since a
// value needs those before it; with few images few threads run, which is why many images are decoded at a time.
KERNEL tile_medians(const Images a) {
    const u32 area = a.height * a.width;
    EACH(i, a.batch * a.channels) {
        u32 row;
        const u32 image = i % a.batch;
        const Block *b = block_of(&a, image, TILES, &row);
        if (!b || b->predictor == 0) continue;
        u8 *values = a.tiles + i / a.batch * area * a.batch + image;
        for (i32 y = 0; y < a.height; y += 1) {
            i32 left = 128, corner = 128;
            for (i32 x = 0; x < a.width; x += 1) {
                u8 *value = values + (y * a.width + x) * a.batch;
                const i32 above = y ? *(value - a.width * a.batch) : 128;
                const i32 low = left < above ? left : above, high = left < above ? above : left;
                const i32 middle = corner < low ? low : corner > high ? high : corner;
                left = (u8)(*value + left + above - middle);
                corner = above;
                *value = (u8)left;
            }
        }
    }
}

INLINE u8 half(u8 value) {
    return (u8)((signed char)value >> 1);
}

// Last step: the colours of every pixel.
KERNEL tile_colours(const Images a) {
    const u32 area = a.height * a.width, values = a.channels * area;
    EACH(i, a.batch * area) {
        const u32 image = i / area, at = i % area;
        u32 row;
        const Block *b = block_of(&a, image, TILES, &row);
        if (!b) continue;
        u8 *out = a.pixels + image * values + at;
        const u8 *from = a.tiles + at * a.batch + image;
        if (b->colour == 0) {
            for (i32 channel = 0; channel < a.channels; channel += 1) {
                out[channel * area] = from[channel * area * a.batch];
            }
            continue;
        }
        const u8 x = from[0], y = from[area * a.batch] ^ 128, z = from[2 * area * a.batch] ^ 128;
        if (b->colour == 1) {
            out[0] = (u8)(y + x);
            out[area] = x;
            out[2 * area] = (u8)(z + x);
        } else {
            const u8 t = (u8)(x - half(z)), blue = (u8)(t - half(y));
            out[0] = (u8)(blue + y);
            out[area] = (u8)(t + z);
            out[2 * area] = blue;
        }
    }
}

// Pixels to the batch [B, height, width, channels]: each image shifted and mirrored as ordered, its values from the table
// [channels, 256], and `pad_value` outside of it. A table, as it gives the very floats of the CPU, whatever division rounds to.
KERNEL crop_flip(const Images a) {
    const u32 area = a.height * a.width, values = a.channels * area;
    EACH(i, a.batch * values) {
        const u32 image = i / values;
        const i32 channel = (i32)(i % a.channels), place = (i32)(i % values / a.channels);
        const Order order = a.orders[image];
        const i32 x = place % a.width, y = place / a.width - order.down;
        const i32 column = (order.mirrored ? a.width - 1 - x : x) - order.right;
        const int within = y >= 0 && y < a.height && column >= 0 && column < a.width;
        const u32 at = image * values + channel * area + y * a.width + column;
        a.out[i] = within ? a.table[channel * 256 + a.pixels[at]] : a.pad_value[channel];
    }
}
