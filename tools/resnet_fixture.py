#!/usr/bin/env python3
"""Writes what JAX makes of ResNet18's gradients on one small batch, for tests/train_resnet.rs.

    pip install "jax[cpu]"
    python3 tools/resnet_fixture.py tests/data/resnet18.csv

Weights, images and labels follow from the numbers of their places, so that both sides have the same. Of each gradient the
file has its length and its product with a pattern.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np

STAGES = [(64, 1), (128, 2), (256, 2), (512, 2)]
BATCH, SIDE, CLASSES = 4, 16, 10


def noise(shape, seed):
    """Numbers from -1 to 1, each from its place."""
    mask = np.uint64(0xFFFFFFFF)
    x = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(seed * 40503)
    x &= mask
    x ^= x >> np.uint64(15)
    x = x * np.uint64(2246822519) & mask
    x ^= x >> np.uint64(13)
    return (x.astype(np.float64) / 2**31 - 1).reshape(shape)


def parameters():
    """Names and shapes, in the order of the Rust network."""
    names = []

    def conv_batch_norm(conv, norm, kernel, channels, outputs):
        names.append((f"{conv}.weight", (kernel, kernel, channels, outputs)))
        names.append((f"{norm}.weight", (outputs,)))
        names.append((f"{norm}.bias", (outputs,)))

    conv_batch_norm("conv1", "bn1", 3, 3, 64)
    before = 64
    for stage, (outputs, stride) in enumerate(STAGES):
        for block in range(2):
            name = f"layer{stage + 1}.{block}"
            conv_batch_norm(f"{name}.conv1", f"{name}.bn1", 3, before, outputs)
            conv_batch_norm(f"{name}.conv2", f"{name}.bn2", 3, outputs, outputs)
            if block == 0 and (stride > 1 or before != outputs):
                conv_batch_norm(f"{name}.downsample.0", f"{name}.downsample.1", 1, before, outputs)
            before = outputs
    names.append(("fc.weight", (512, CLASSES)))
    names.append(("fc.bias", (CLASSES,)))
    values = {}
    for number, (name, shape) in enumerate(names):
        value = noise(shape, number)
        if len(shape) > 1:
            value = value / np.sqrt(np.prod(shape[:-1]))
        else:
            value = (1.0 if name.endswith("weight") else 0.0) + 0.1 * value
        values[name] = jnp.array(value, jnp.float32)
    return values


def forward(v, x):
    def conv_batch_norm(conv, norm, x, kernel, stride, relu):
        padding = [(kernel // 2, kernel // 2)] * 2
        dims = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, v[f"{conv}.weight"], (stride, stride), padding, dimension_numbers=dims)
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        x = (x - mean) / jnp.sqrt(variance + 1e-5) * v[f"{norm}.weight"] + v[f"{norm}.bias"]
        return jax.nn.relu(x) if relu else x

    x = conv_batch_norm("conv1", "bn1", x, 3, 1, True)
    for stage, (_, stride) in enumerate(STAGES):
        for block in range(2):
            name, stride_here = f"layer{stage + 1}.{block}", stride if block == 0 else 1
            through = conv_batch_norm(f"{name}.conv1", f"{name}.bn1", x, 3, stride_here, True)
            through = conv_batch_norm(f"{name}.conv2", f"{name}.bn2", through, 3, 1, False)
            if f"{name}.downsample.0.weight" in v:
                x = conv_batch_norm(f"{name}.downsample.0", f"{name}.downsample.1", x, 1, stride_here, False)
            x = jax.nn.relu(through + x)
    return x.mean((1, 2)) @ v["fc.weight"] + v["fc.bias"]


def loss(v, x, y):
    return -jnp.mean(jax.nn.log_softmax(forward(v, x))[jnp.arange(len(y)), y])


def main():
    x = jnp.array(noise((BATCH, SIDE, SIDE, 3), 99), jnp.float32)
    y = jnp.arange(BATCH) * 3 % CLASSES
    v = parameters()
    value, gradients = jax.value_and_grad(loss)(v, x, y)
    lines = ["name,length,product", f"loss,{float(value):.8g},0"]
    for name in v:
        g = np.array(gradients[name], np.float64).ravel()
        pattern = np.cos(0.7 * np.arange(1, g.size + 1))
        lines.append(f"{name},{np.sqrt((g * g).sum()):.8g},{(g * pattern).sum():.8g}")
    with open(sys.argv[1], "w") as out:
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
