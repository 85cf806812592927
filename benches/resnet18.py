#!/usr/bin/env python3
"""Images a second of ResNet18 at batch 128 on a GPU, in gede straight from a file of CIFAR-10 and in PyTorch, in turn.

    python3 benches/resnet18.py GEDE DATA        a gede built by tools/cuda/cargo; DATA/cifar10 has the binary files

gede's rate is what two more epochs of a run take, so that the compiling of kernels is not counted; the images are
decoded, shifted and mirrored on the GPU. PyTorch's is of a batch that lies there. Medians over the rounds;
results/bench/resnet18.csv.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from compare import ROOT

ROUNDS = 3


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    gede, data = sys.argv[1:]
    ours, theirs, waited = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        file = folder + "/cifar10.gede"
        run(gede, "convert", data + "/cifar10", file, "--class", "label")
        train = [gede, "train", "resnet18", file, "--fraction", "0.5", "--device", "cuda", "--json", "--epochs"]
        for _ in range(ROUNDS):
            short, long = (json.loads(run(*train, epochs)) for epochs in ["1", "3"])
            seconds = long["train_seconds"] - short["train_seconds"]
            ours.append((long["images"] - short["images"]) / seconds)
            waited.append(long["loader_share"])
            torch = json.loads(run(sys.executable, str(ROOT / "benches/peers/torch/resnet18.py")))
            theirs.append(torch["images_per_second"])
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    out = ROOT / "results/bench/resnet18.csv"
    out.write_text(
        "what,images_per_second,machine\n"
        f'gede,{ours:.0f},"{torch["gpu"]}"\n'
        f'PyTorch {torch["torch"]},{theirs:.0f},"{torch["gpu"]}"\n'
    )
    share = 100 * statistics.median(waited)
    print(f"gede {ours:.0f}, PyTorch {theirs:.0f} images/s: {ours / theirs:.2f} times; {share:.1f} % waited for images")


if __name__ == "__main__":
    main()
