// Networks: patches of convolutions, batch normalisation, steps of gradient descent.

#include "kernel.h"

// Patches [B * rows * columns, kernel * kernel * channels] of images [B, height, width, channels], or the backward pass. Both
// go over their results, channels innermost: neighbouring threads read and write neighbouring addresses.
typedef struct {
    const float *from;
    float *to;
    u32 count;
    i32 height, width, channels, rows, columns, kernel, stride, padding, zero;
} Patches;

KERNEL patches(const Patches a) {
    EACH(i, a.count) {
        const u32 channel = i % a.channels, of_channel = i / a.channels;
        const i32 across = of_channel % a.kernel, down = of_channel / a.kernel % a.kernel;
        const u32 place = of_channel / a.kernel / a.kernel, image = place / a.columns / a.rows;
        const i32 x = (i32)(place % a.columns) * a.stride + across - a.padding;
        const i32 y = (i32)(place / a.columns % a.rows) * a.stride + down - a.padding;
        const int within = x >= 0 && x < a.width && y >= 0 && y < a.height;
        a.to[i] = within ? a.from[((image * a.height + y) * a.width + x) * a.channels + channel] : 0.0f;
    }
}

// Patches added to the pixels that they were taken from. Each pixel gathers from its patches, always in the same order: to
// scatter would take atomic additions, whose order, and so the rounding, changes from run to run.
KERNEL add_patches(const Patches a) {
    EACH(i, a.count) {
        const u32 channel = i % a.channels, pixel = i / a.channels, image = pixel / a.width / a.height;
        const i32 x = (i32)(pixel % a.width) + a.padding, y = (i32)(pixel / a.width % a.height) + a.padding;
        float sum = 0.0f;
        for (i32 down = y % a.stride; down < a.kernel && down <= y; down += a.stride) {
            const i32 row = (y - down) / a.stride;
            if (row >= a.rows) continue;
            for (i32 across = x % a.stride; across < a.kernel && across <= x; across += a.stride) {
                const i32 column = (x - across) / a.stride;
                if (column >= a.columns) continue;
                const u32 place = (image * a.rows + row) * a.columns + column;
                sum += a.from[((place * a.kernel + down) * a.kernel + across) * a.channels + channel];
            }
        }
        a.to[i] = sum;
    }
}

// Batch normalisation of `rows` pixels of `channels`, with ReLU if `relu`. Sums over the rows are made in `parts` parts, two
// sums of each channel: [parts, channels, 2]; these are added to the first `groups` of them, and those by the kernel that
// needs the whole. Three levels, as each kernel is parallel over its sums only: one level would leave a thread a channel.
// Sums are float64 and in a fixed order, so that a run repeats to the bit. `batch` holds the channels' means, followed by
// their inverse deviations.
typedef struct {
    const float *images, *weights, *bias, *gradient;
    float *batch, *running_mean, *running_variance, *of_weights, *of_bias, *out, *own;
    double *sums;
    u32 rows, channels, parts, groups, relu;
    float epsilon, momentum;
    i32 zero;
} Norm;

INLINE u32 first_row(const Norm *a, u32 part) {
    const u32 row = (a->rows + a->parts - 1) / a->parts * part;
    return row < a->rows ? row : a->rows;
}

// The gradient before the ReLU.
INLINE float kept(const Norm *a, u32 i) {
    return a->relu && a->out[i] <= 0.0f ? 0.0f : a->gradient[i];
}

// Sums of values and of their squares, in one pass over memory: float64 keeps the digits that their difference cancels.
KERNEL norm_sums(const Norm a) {
    EACH(i, a.parts * a.channels) {
        const u32 channel = i % a.channels, part = i / a.channels, end = first_row(&a, part + 1);
        double sum = 0.0, squares = 0.0;
        for (u32 row = first_row(&a, part); row < end; row += 1) {
            const double value = a.images[row * a.channels + channel];
            sum += value;
            squares += value * value;
        }
        a.sums[2 * i] = sum;
        a.sums[2 * i + 1] = squares;
    }
}

// Eight independent sums, added at the end: a float64 addition waits for the last one of its sum, eight are in flight.
enum { APART = 8 };

INLINE void add_up(const Norm *a, u32 first, u32 end, u32 step, double *to) {
    double sums[APART] = {0}, products[APART] = {0};
    u32 at = first;
    for (; at + (APART - 1) * step < end; at += APART * step) {
        UNROLLED for (u32 one = 0; one < APART; one += 1) {
            sums[one] += a->sums[2 * (at + one * step)];
            products[one] += a->sums[2 * (at + one * step) + 1];
        }
    }
    for (; at < end; at += step) {
        sums[0] += a->sums[2 * at];
        products[0] += a->sums[2 * at + 1];
    }
    UNROLLED for (u32 one = 1; one < APART; one += 1) {
        sums[0] += sums[one];
        products[0] += products[one];
    }
    to[0] = sums[0];
    to[1] = products[0];
}

// Adds to each of the first `groups` parts the later ones that are as many from it, twice as many, and so on.
KERNEL norm_groups(const Norm a) {
    EACH(i, a.groups * a.channels) {
        double all[2];
        add_up(&a, i, a.parts * a.channels, a.groups * a.channels, all);
        a.sums[2 * i] = all[0];
        a.sums[2 * i + 1] = all[1];
    }
}

// From the sums, the batch's statistics; the running ones move towards them.
KERNEL norm_statistics(const Norm a) {
    EACH(channel, a.channels) {
        double all[2];
        add_up(&a, channel, a.groups * a.channels, a.channels, all);
        const double mean = all[0] / a.rows;
        const double variance = fmax(all[1] / a.rows - mean * mean, 0.0);
        const double unbiased = variance * a.rows / (a.rows > 1 ? a.rows - 1 : 1);
        a.batch[channel] = (float)mean;
        a.batch[a.channels + channel] = (float)(1.0 / sqrt(variance + a.epsilon));
        a.running_mean[channel] += a.momentum * ((float)mean - a.running_mean[channel]);
        a.running_variance[channel] += a.momentum * ((float)unbiased - a.running_variance[channel]);
    }
}

KERNEL norm_apply(const Norm a) {
    EACH(i, a.rows * a.channels) {
        const u32 channel = i % a.channels;
        const float normal = (a.images[i] - a.batch[channel]) * a.batch[a.channels + channel];
        const float value = normal * a.weights[channel] + a.bias[channel];
        a.out[i] = a.relu && !(value > 0.0f) ? 0.0f : value;
    }
}

// Sums of gradients, and of their products with the normalised values.
KERNEL norm_back_sums(const Norm a) {
    EACH(i, a.parts * a.channels) {
        const u32 channel = i % a.channels, part = i / a.channels, end = first_row(&a, part + 1);
        const float mean = a.batch[channel], scale = a.batch[a.channels + channel];
        double sum = 0.0, products = 0.0;
        for (u32 row = first_row(&a, part); row < end; row += 1) {
            const u32 at = row * a.channels + channel;
            const float gradient = kept(&a, at);
            sum += gradient;
            products += gradient * ((a.images[at] - mean) * scale);
        }
        a.sums[2 * i] = sum;
        a.sums[2 * i + 1] = products;
    }
}

KERNEL norm_back_parameters(const Norm a) {
    EACH(channel, a.channels) {
        double all[2];
        add_up(&a, channel, a.groups * a.channels, a.channels, all);
        a.of_bias[channel] = (float)all[0];
        a.of_weights[channel] = (float)all[1];
    }
}

KERNEL norm_back(const Norm a) {
    EACH(i, a.rows * a.channels) {
        const u32 channel = i % a.channels;
        const float scale = a.batch[a.channels + channel];
        const float normal = (a.images[i] - a.batch[channel]) * scale;
        const float mean = (a.of_bias[channel] + normal * a.of_weights[channel]) / (float)a.rows;
        a.own[i] = a.weights[channel] * scale * (kept(&a, i) - mean);
    }
}

// The sum of two tensors with ReLU, or the backward pass: the gradient where `out` is above 0.
typedef struct {
    const float *a, *b;
    float *out, *own;
    u32 count, zero;
} Join;

KERNEL join(const Join a) {
    EACH(i, a.count) {
        const float sum = a.a[i] + a.b[i];
        a.out[i] = sum > 0.0f ? sum : 0.0f;
    }
}

KERNEL join_back(const Join a) {
    EACH(i, a.count) a.own[i] = a.out[i] > 0.0f ? a.a[i] : 0.0f;
}

// A step of gradient descent with momentum, of up to 64 parameters by one launch: most parameters of a network are so small
// that a launch takes longer than their step.
typedef struct {
    float *values, *velocity;
    const float *gradient;
    u64 count;
} Parameter;

typedef struct {
    Parameter parameters[64];
    i32 count, nesterov;
    float learning_rate, momentum, decay;
    i32 zero;
} Step;

KERNEL step(const Step a) {
    for (i32 v = 0; v < a.count; v += 1) {
        const Parameter p = a.parameters[v];
        EACH(i, p.count) {
            const float at = p.values[i];
            const float gradient = p.gradient[i] + at * a.decay;
            const float velocity = p.velocity[i] * a.momentum + gradient;
            p.velocity[i] = velocity;
            p.values[i] = at - a.learning_rate * (a.nesterov ? gradient + velocity * a.momentum : velocity);
        }
    }
}
