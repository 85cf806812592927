#!/usr/bin/env python3
"""A step of LeNet5 at batch 128, in gede straight from a file of MNIST and in JAX, in turn.

    pip install "jax[cpu]"
    python3 benches/lenet5.py DATA              DATA/mnist has the IDX files

gede's step is its whole training time over its steps, the wait for images and the computing of the loss included; JAX's is
of a batch that lies in memory. Medians over the rounds; results/bench/lenet5.csv.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from compare import ROOT, machine

ROUNDS = 5
EPOCHS = "10"


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    data = pathlib.Path(sys.argv[1]).resolve() / "mnist/train-images-idx3-ubyte"
    run("cargo", "build", "--release", "--workspace", "--bin", "gede")
    gede = str(ROOT / "target/release/gede")
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = folder + "/mnist.gede"
        run(gede, "convert", str(data), file, "--class", "label")
        for _ in range(ROUNDS):
            measured = json.loads(run(gede, "train", "lenet5", file, "--epochs", EPOCHS, "--json"))
            ours.append(1e3 * measured["train_seconds"] / measured["steps"])
            jax = json.loads(run(sys.executable, "benches/peers/jax/lenet5.py"))
            theirs.append(jax["step_ms"])
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    out = ROOT / "results/bench/lenet5.csv"
    out.write_text(
        "what,step_ms,machine\n"
        f'gede,{ours:.2f},"{machine()}"\n'
        f'JAX {jax["jax"]},{theirs:.2f},"{machine()}"\n'
    )
    print(f"gede {ours:.2f} ms, JAX {theirs:.2f} ms a step: {ours / theirs:.2f} times")


if __name__ == "__main__":
    main()
