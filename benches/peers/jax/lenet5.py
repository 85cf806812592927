#!/usr/bin/env python3
"""A step of LeNet5 in JAX: forward, backward, SGD with momentum and weight decay, jitted as one. Prints milliseconds.

    pip install "jax[cpu]"
    python3 benches/peers/jax/lenet5.py [BATCH [STEPS]]
"""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

RATE, MOMENTUM, DECAY = 0.05, 0.9, 5e-4
LAYERS = [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]


def start():
    keys = jax.random.split(jax.random.PRNGKey(0), len(LAYERS))
    bounds = [1 / np.sqrt(np.prod(shape[:-1])) for shape in LAYERS]
    weights = [jax.random.uniform(k, s, minval=-b, maxval=b) for k, s, b in zip(keys, LAYERS, bounds)]
    return [(w, jnp.zeros(w.shape[-1])) for w in weights]


def forward(layers, x):
    for (w, b), padding in zip(layers[:2], ["SAME", "VALID"]):
        x = jax.lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + b)
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = x.reshape(x.shape[0], -1)
    for w, b in layers[2:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


def loss(layers, x, y):
    return -jnp.mean(jax.nn.log_softmax(forward(layers, x))[jnp.arange(len(y)), y])


@jax.jit
def step(layers, velocity, x, y):
    value, gradient = jax.value_and_grad(loss)(layers, x, y)
    move = lambda v, g, w: MOMENTUM * v + g + DECAY * w
    velocity = jax.tree_util.tree_map(move, velocity, gradient, layers)
    return jax.tree_util.tree_map(lambda w, v: w - RATE * v, layers, velocity), velocity, value


def main():
    batch, steps = [int(v) for v in sys.argv[1:3]] + [128, 300][len(sys.argv) - 1 :]
    random = np.random.default_rng(0)
    x = jnp.array(random.random((batch, 28, 28, 1)), jnp.float32)
    y = jnp.array(random.integers(0, 10, batch))
    layers = start()
    velocity = jax.tree_util.tree_map(jnp.zeros_like, layers)
    times = []
    for _ in range(steps):
        begun = time.perf_counter()
        layers, velocity, value = step(layers, velocity, x, y)
        value.block_until_ready()
        times.append(time.perf_counter() - begun)
    print(json.dumps({"jax": jax.__version__, "step_ms": 1e3 * float(np.median(times))}))


if __name__ == "__main__":
    main()
