#!/usr/bin/env python3
"""Steps of ResNet18 (CIFAR form) at batch 128 in PyTorch eager, on a batch that lies there: images a second.

    python3 benches/peers/torch/resnet18.py cuda|cpu

Forward, backward and momentum SGD in float32, products on a GPU in TF32, channels last; as gede trains. Prints JSON."""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH = 128
# Steps that warm up, and those that are timed.
STEPS = {"cuda": (30, 200), "cpu": (2, 6)}


class Block(nn.Module):
    def __init__(self, channels, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.around = nn.Sequential()
        if stride > 1 or channels != outputs:
            self.around = nn.Sequential(nn.Conv2d(channels, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        through = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(through + self.around(x))


def network():
    layers, before = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()], 64
    for outputs, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        for stride in (stride, 1):
            layers.append(Block(before, outputs, stride))
            before = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def main():
    device = sys.argv[1]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)
    net = network().to(device).to(memory_format=torch.channels_last)
    images = torch.randn(BATCH, 3, 32, 32, device=device).to(memory_format=torch.channels_last)
    labels = torch.randint(10, (BATCH,), device=device)
    sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)

    def steps(count):
        for _ in range(count):
            sgd.zero_grad(set_to_none=True)
            F.cross_entropy(net(images), labels).backward()
            sgd.step()
        if device == "cuda":
            torch.cuda.synchronize()

    warm, timed = STEPS[device]
    steps(warm)
    started = time.perf_counter()
    steps(timed)
    rate = BATCH * timed / (time.perf_counter() - started)
    gpu = torch.cuda.get_device_name() if device == "cuda" else None
    print(json.dumps({"torch": torch.__version__, "gpu": gpu, "images_per_second": rate}))


if __name__ == "__main__":
    main()
