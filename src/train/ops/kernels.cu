// What the operations on images [B, H, W, C] do on a GPU. Every kernel is a loop over what it writes, a value at a time;
// its twin on the CPU is named in the module that launches it.

// Patches [B * rows * columns, kernel * kernel * channels] of images.
extern "C" __global__ void patches(
    const float *images, float *out, long long count,
    int height, int width, int channels, int rows, int columns, int kernel, int stride, int padding
) {
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
        const int channel = (int)(i % channels);
        const long long of_channel = i / channels;
        const int across = (int)(of_channel % kernel), down = (int)(of_channel / kernel % kernel);
        const long long place = of_channel / kernel / kernel;
        const int x = (int)(place % columns) * stride + across - padding;
        const int y = (int)(place / columns % rows) * stride + down - padding;
        const long long image = place / columns / rows;
        const bool within = x >= 0 && x < width && y >= 0 && y < height;
        out[i] = within ? images[((image * height + y) * width + x) * channels + channel] : 0.0f;
    }
}

// Patches added up where they lie in the images: each value of an image gathers from those that it is in, always in the
// same order.
extern "C" __global__ void add_patches(
    const float *patches, float *out, long long count,
    int height, int width, int channels, int rows, int columns, int kernel, int stride, int padding
) {
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
        const int channel = (int)(i % channels);
        const long long pixel = i / channels;
        const int x = (int)(pixel % width) + padding, y = (int)(pixel / width % height) + padding;
        const long long image = pixel / width / height;
        float sum = 0.0f;
        for (int down = y % stride; down < kernel && down <= y; down += stride) {
            const int row = (y - down) / stride;
            if (row >= rows) continue;
            for (int across = x % stride; across < kernel && across <= x; across += stride) {
                const int column = (x - across) / stride;
                if (column >= columns) continue;
                const long long place = (image * rows + row) * columns + column;
                sum += patches[((place * kernel + down) * kernel + across) * channels + channel];
            }
        }
        out[i] = sum;
    }
}
