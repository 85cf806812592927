#!/usr/bin/env python3
"""Compares gede with the peers in benches/peers on the sensor table, each format in its own process.

    python3 benches/compare.py                  take, scan: a table, and results/bench/compare.csv
    python3 benches/compare.py --rounds 3 --rows 100000
    python3 benches/compare.py encode           encoding speed on one core, and results/bench/encode.csv

Needs Rust and Python 3.9, nothing else. Formats run in turn, in a new order each round, each on one core.
What is printed is time on the processor, so that other work on the machine hardly counts: the median over
the rounds of the median in each. The CSV also has time on the clock, which is the same on an idle machine.
Formats that return different values stop the comparison.
"""

import argparse
import csv
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW_BYTES = 60
ONE_THREAD = {"RAYON_NUM_THREADS": "1"}
# name: layout
GEDE = {"gede": "compact", "gede paper": "paper"}
# name: compression, rows of a page if not the default, and whether pages come from memory or a cached file
PARQUET = {
    "plain 1024": ("plain", ["1024"], "memory"),
    "plain": ("plain", [], "memory"),
    "snappy 1024": ("snappy", ["1024"], "memory"),
    "snappy": ("snappy", [], "memory"),
    "zstd-1 1024": ("zstd-1", ["1024"], "memory"),
    "zstd-1": ("zstd-1", [], "memory"),
    "plain 1024, file": ("plain", ["1024"], "file"),
}


def machine():
    """The processor, its cores and the system."""
    model = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = models[0] if models else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def build_gede():
    """The bench binary of gede."""
    command = ["cargo", "bench", "--workspace", "--no-run", "--bench", "table", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = (json.loads(line) for line in lines if line.startswith("{"))
    return [m["executable"] for m in messages if m.get("target", {}).get("name") == "table" and m.get("executable")][-1]


def build_peer(name):
    """The binary of a peer."""
    folder = ROOT / "benches" / "peers" / name
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=folder, check=True)
    return folder / "target" / "release" / f"gede-peer-{name}"


def run(*command):
    """The JSON objects a program prints, a line each."""
    command = [str(part) for part in command]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD)
    return [json.loads(line) for line in result.stdout.splitlines()]


def save(name, rows):
    """Writes result rows, with the machine in each, to results/bench."""
    folder = ROOT / "results" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "machine"])
        writer.writeheader()
        writer.writerows(row | {"machine": machine()} for row in rows)
    print(f"\nwritten to results/bench/{name}; {machine()}")


def compare(options):
    gede, parquet = build_gede(), build_peer("parquet")
    options.dir.mkdir(parents=True, exist_ok=True)
    sizes, measures = {}, {}
    for name, layout in GEDE.items():
        file = options.dir / f"sensor-{layout}.gede"
        sizes[name] = run(gede, "write", file, options.rows, layout)[0]["bytes"]
        measures[name] = (gede, "measure", file, options.seconds)
    for name, (compression, page_rows, source) in PARQUET.items():
        file = options.dir / f"sensor-{'-'.join([compression, *page_rows])}.parquet"
        sizes[name] = run(parquet, "write", file, options.rows, compression, *page_rows)[0]["bytes"]
        measures[name] = (parquet, "measure", file, source, options.seconds)

    found = {name: {} for name in measures}
    for round_ in range(options.rounds):
        for name in random.sample(list(measures), len(measures)):
            print(f"round {round_ + 1} of {options.rounds}: {name}", file=sys.stderr, flush=True)
            for line in run(*measures[name]):
                found[name].setdefault(line["what"], []).append(line)

    for what, lines in found["gede"].items():
        hashes = {name: {line["hash"] for line in found[name][what]} for name in found}
        if any(other != hashes["gede"] for other in hashes.values()):
            sys.exit(f"`{what}` returns different values: {hashes}")

    results = [summary(name, what, lines) for name, whats in found.items() for what, lines in whats.items()]
    show({(row["format"], row["what"]): row["processor_ms"] for row in results}, sizes, options.rows)
    save("compare.csv", [row | {"rows": options.rows, "file_bytes": sizes[row["format"]]} for row in results])


def summary(name, what, lines):
    """One measure of one format: medians over the rounds, in milliseconds."""
    medians = {key: round(statistics.median(line[key] for line in lines), 5) for key in ("processor_ms", "ms")}
    return {"format": name, "what": what} | medians


def show(ms, sizes, rows):
    """Prints milliseconds of each format, and how gede stands against the best Parquet and zstd-1."""
    def line(what, cells):
        print(what.ljust(20) + "".join(cell.rjust(max(len(name), 8) + 2) for name, cell in zip(heads, cells)))

    heads = [*sizes, *(f"{peer} / {name}" for name in GEDE for peer in ("best Parquet", "zstd-1"))]
    line("processor ms", heads)
    line("share of raw", [f"{size / rows / ROW_BYTES:.3f}" for size in sizes.values()])
    for what in dict.fromkeys(what for _, what in ms):
        best = min(ms[name, what] for name in PARQUET)
        zstd = min(ms[name, what] for name in PARQUET if name.startswith("zstd-1"))
        ratios = [f"{peer / ms[name, what]:.2f}" for name in GEDE for peer in (best, zstd)]
        line(what, [f"{ms[name, what]:.3f}" for name in sizes] + ratios)


def encode(options):
    gede = build_gede()
    options.dir.mkdir(parents=True, exist_ok=True)
    sizes = [100_000, 1_000_000, 10_000_000]
    seconds = {(layout, rows): [] for layout in GEDE.values() for rows in sizes}
    for _ in range(options.rounds):
        for layout, rows in seconds:
            lines = run(gede, "encode", options.dir / "encode.gede", rows, layout)
            seconds[layout, rows] += [line["seconds"] for line in lines]
    (options.dir / "encode.gede").unlink()
    results = []
    for (layout, rows), times in seconds.items():
        median, best = statistics.median(times), min(times)
        speed = lambda time: f"{rows * ROW_BYTES / time / 1e6:.1f}"
        results.append({"layout": layout, "rows": rows, "median_mb_s": speed(median), "best_mb_s": speed(best), "median_s": f"{median:.4f}"})
        print(f"{layout:8} {rows:>12,} rows: {speed(median):>8} MB/s (best {speed(best)})")
    save("encode.csv", results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["compare", "encode"], default="compare")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the table compared (default 1,000,000)")
    parser.add_argument("--rounds", type=int, default=5, help="times each format runs (default 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="least time for each measure in a round (default 0.5)")
    parser.add_argument("--dir", type=pathlib.Path, default=ROOT / "target" / "bench", help="where the files go")
    options = parser.parse_args()
    {"compare": compare, "encode": encode}[options.what](options)


if __name__ == "__main__":
    main()
