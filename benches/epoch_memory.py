#!/usr/bin/env python3
"""Measures the memory of an epoch of random images out of .gede files.

    python3 benches/epoch_memory.py mnist.gede cifar10.gede     a table, and results/bench/epoch_memory.csv
    python3 benches/epoch_memory.py mnist.gede --fraction 0.5 --how rs2

`gede sample` reads the epoch batch by batch from a memory map. What counts is anonymous memory (RssAnon in
/proc/PID/status: heap and stacks), looked at by the tool itself after every batch and from outside every
millisecond. Beside it: mapped pages (RssFile), which the system takes back when it needs them; both also for an
epoch of one image, which is what the tool and its threads take by themselves. The bar is 12 % of the raw
images and the batches that are under way. Needs Linux, Rust and Python 3.9.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

from compare import ROOT, save
from memory import anonymous

SHARE = 0.12
# Batches at once: two ready, one in the making, one in use.
BATCHES = 4


def epoch(gede, file, *arguments):
    """What the tool says of an epoch, its anonymous memory as large as it was ever seen."""
    with tempfile.TemporaryFile() as out:
        command = [gede, "sample", file, "--json", *arguments]
        process = subprocess.Popen([str(part) for part in command], stdout=out)
        most = 0
        while process.poll() is None:
            most = max(most, anonymous(process.pid))
            time.sleep(0.001)
        if process.returncode:
            raise SystemExit(f"{command} failed with {process.returncode}")
        out.seek(0)
        found = json.load(out)
    found["peak_memory"]["anonymous"] = max(most, found["peak_memory"]["anonymous"])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=pathlib.Path, nargs="+", metavar="FILE.gede")
    parser.add_argument("--fraction", type=float, default=0.1)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--how", choices=["uniform", "replacement", "balanced", "rs2"], default="uniform")
    options = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "--bin", "gede"], cwd=ROOT, check=True)
    gede = ROOT / "target" / "release" / "gede"

    results = []
    for file in options.files:
        same = ["--how", options.how, "--batch", options.batch]
        one = epoch(gede, file, "--count", 1, *same)["peak_memory"]
        found = epoch(gede, file, "--fraction", options.fraction, *same)
        channels, height, width = found["shape"]
        image = channels * height * width
        raw, under_way = found["of"] * image, BATCHES * options.batch * image
        peak, bar = found["peak_memory"], SHARE * raw + under_way
        verdict = "fine" if peak["anonymous"] <= bar else "too much"
        print(
            f"{file.name}: {found['images']:,} of {found['of']:,} images, raw {raw / 1e6:.1f} MB\n"
            f"  anonymous {peak['anonymous'] / 1e6:.1f} MB ({100 * peak['anonymous'] / raw:.1f} % of raw; "
            f"one image {one['anonymous'] / 1e6:.1f} MB; bar {bar / 1e6:.1f} MB: {verdict})\n"
            f"  mapped {peak['mapped'] / 1e6:.1f} MB (one image {one['mapped'] / 1e6:.1f} MB; "
            f"file {file.stat().st_size / 1e6:.1f} MB)\n"
            f"  {found['seconds']:.2f} s, {found['images'] / found['seconds']:,.0f} images a second"
        )
        results.append({
            "file": file.name, "rows": found["of"], "raw_bytes": raw, "file_bytes": file.stat().st_size,
            "how": options.how, "fraction": options.fraction, "images": found["images"], "batch": options.batch,
            "anonymous_bytes": peak["anonymous"], "mapped_bytes": peak["mapped"],
            "anonymous_bytes_one_image": one["anonymous"], "mapped_bytes_one_image": one["mapped"],
            "bar_bytes": round(bar), "seconds": f"{found['seconds']:.3f}",
        })
    save("epoch_memory.csv", results)


if __name__ == "__main__":
    main()
