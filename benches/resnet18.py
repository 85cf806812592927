#!/usr/bin/env python3
"""Images a second of ResNet18 at batch 128, in gede straight from a file of CIFAR-10 and in PyTorch, in turn.

    python3 benches/resnet18.py GEDE DATA [cuda|cpu]     DATA/cifar10 has the binary files

On a GPU, unless said otherwise, with a gede built by tools/cuda/cargo. gede's rate is what two more epochs of a run take, so
that the compiling of kernels is not counted; the images are decoded, shifted and mirrored where it trains. PyTorch's is of a
batch that lies there. Medians over the rounds; results/bench/resnet18.csv, resnet18_cpu.csv.
"""

import json
import statistics
import subprocess
import sys
import tempfile

from compare import ROOT, machine

ROUNDS = 3
# Share of the images that an epoch has.
FRACTIONS = {"cuda": "0.5", "cpu": "0.01"}
FILES = {"cuda": "resnet18.csv", "cpu": "resnet18_cpu.csv"}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    gede, data, *device = sys.argv[1:]
    (device,) = device or ["cuda"]
    ours, theirs, waited = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        file = folder + "/cifar10.gede"
        run(gede, "convert", data + "/cifar10", file, "--class", "label")
        train = [gede, "train", "resnet18", file, "--fraction", FRACTIONS[device], "--device", device, "--json", "--epochs"]
        for _ in range(ROUNDS):
            short, long = (json.loads(run(*train, epochs)) for epochs in ["1", "3"])
            seconds = long["train_seconds"] - short["train_seconds"]
            ours.append((long["images"] - short["images"]) / seconds)
            waited.append(long["loader_share"])
            torch = json.loads(run(sys.executable, str(ROOT / "benches/peers/torch/resnet18.py"), device))
            theirs.append(torch["images_per_second"])
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    where = torch["gpu"] or machine()
    out = ROOT / "results/bench" / FILES[device]
    out.write_text(
        "what,images_per_second,machine\n"
        f'gede,{ours:.1f},"{where}"\n'
        f'PyTorch {torch["torch"]},{theirs:.1f},"{where}"\n'
    )
    share = 100 * statistics.median(waited)
    print(f"gede {ours:.1f}, PyTorch {theirs:.1f} images/s: {ours / theirs:.2f} times; {share:.1f} % waited for images")


if __name__ == "__main__":
    main()
