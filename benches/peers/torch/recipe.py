#!/usr/bin/env python3
"""The recipe of gede's ResNet18 runs in PyTorch: what accuracy it has to come to, told by other code.

    python3 benches/peers/torch/recipe.py DATA [--fraction 0.1] [--epochs 200] [--seed 1] [--walk]

DATA/cifar10 has the binary files. Every epoch has a fresh random subset (with --walk the next part of a permutation, RS2)
in batches that are alike, of at most 128; SGD of rate 0.05, momentum 0.9 and weight decay 5e-4, half a cosine over all
steps; images shifted by up to 4 pixels, black coming in, and mirrored. All images lie on the GPU, if there is one.
Prints JSON."""

import argparse
import json
import math
import pathlib
import time

import numpy as np
import torch
from torch.nn import functional as F

from resnet18 import BATCH, network

MEAN, DEVIATION = [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]


def images_of(files, device):
    rows = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, 3073) for file in files])
    values = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).copy()).to(device).float() / 255
    return values, torch.from_numpy(rows[:, 0].astype(np.int64)).to(device)


def moved(images, random):
    """Each image at a place of its own in a black frame, and half of them mirrored."""
    count, framed = len(images), F.pad(images, (4, 4, 4, 4))
    down, right = (torch.randint(9, (count,), generator=random) for _ in range(2))
    mirrored = torch.randint(2, (count, 1), generator=random).bool()
    columns = torch.arange(32).repeat(count, 1)
    columns = torch.where(mirrored, 31 - columns, columns) + right[:, None]
    rows = torch.arange(32) + down[:, None]
    at = [i.to(images.device) for i in (torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :])]
    return framed.permute(0, 2, 3, 1)[at[0], at[1], at[2]].permute(0, 3, 1, 2)


def subsets(count, size, walk, random):
    order = torch.empty(0, dtype=torch.long)
    while True:
        if not walk or len(order) < size:
            order = torch.cat([order, torch.randperm(count, generator=random)]) if walk else torch.randperm(count, generator=random)
        yield order[:size]
        order = order[size:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--fraction", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--walk", action="store_true")
    asked = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(asked.seed)
    random = torch.Generator().manual_seed(asked.seed)
    images, labels = images_of(sorted((asked.data / "cifar10").glob("data_batch_*.bin")), device)
    mean, deviation = (torch.tensor(v, device=device).view(3, 1, 1) for v in (MEAN, DEVIATION))
    shaped = lambda batch: ((batch - mean) / deviation).to(memory_format=torch.channels_last)
    net = network().to(device).to(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    size = round(asked.fraction * len(images))
    steps = math.ceil(size / BATCH)
    epochs = subsets(len(images), size, asked.walk, random)
    started, step, loss = time.perf_counter(), 0, 0.0
    for epoch in range(asked.epochs):
        loss = 0.0
        for rows in next(epochs).split(math.ceil(size / steps)):
            sgd.param_groups[0]["lr"] = 0.05 * 0.5 * (1 + math.cos(math.pi * step / (asked.epochs * steps)))
            rows = rows.to(device)
            own = F.cross_entropy(net(shaped(moved(images[rows], random))), labels[rows])
            sgd.zero_grad(set_to_none=True)
            own.backward()
            sgd.step()
            loss, step = loss + own.detach() * len(rows), step + 1
    seconds = time.perf_counter() - started
    net.eval()
    images, labels = images_of([asked.data / "cifar10" / "test_batch.bin"], device)
    with torch.no_grad():
        right = sum((net(shaped(some)).argmax(1) == own).sum().item() for some, own in zip(images.split(500), labels.split(500)))
    print(json.dumps({
        "torch": torch.__version__, "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "fraction": asked.fraction, "epochs": asked.epochs, "seed": asked.seed, "walk": asked.walk, "steps": step,
        "test_accuracy": right / len(images), "last_loss": float(loss) / size, "train_seconds": seconds,
    }))


if __name__ == "__main__":
    main()
