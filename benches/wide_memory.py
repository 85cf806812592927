#!/usr/bin/env python3
"""Measures the memory and the time of `gede convert` on wide Parquet files, with 1, 2, 4 and 16 threads: 43 columns, most of
them text, of 638,472 rows; 500 and 2,000 columns of floats, integers and nulls.

    python3 benches/wide_memory.py GEDE --save             all of them, and results/bench/wide_memory.csv
    python3 benches/wide_memory.py GEDE --only floats-500 --threads 1 --rows 0.25

The bar is 300 MB of anonymous memory and 100 MB a thread. Anonymous memory (RssAnon in /proc/PID/status) is sampled every
10 ms; the largest sample counts. Files must be the same whatever the threads. Needs Linux, Python 3.10, numpy, pyarrow and 4 GB
of disk.
"""

import argparse
import csv
import filecmp
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from compare import ROOT
from memory import anonymous


def text_columns(rng, rows):
    """43 columns of a register of companies: names, streets, notes, codes, dates, counts, amounts."""
    words = np.array(["".join(rng.choice(list("abcdefghiklmnoprstuvw"), rng.integers(3, 11))) for _ in range(4000)])
    parts = [words[rng.zipf(1.3, rows) % len(words)] for _ in range(6)]
    join = lambda *parts: pa.array([" ".join(words) for words in zip(*parts)])
    columns = {}
    for i in range(8):
        columns[f"name{i}"] = join(*[parts[(i + j) % 6] for j in range(2 + i % 3)])
    for i in range(8):
        columns[f"code{i}"] = pa.array([f"{c:0{4 + i}x}" for c in rng.integers(0, 16 ** (2 + i // 2), rows)])
    for i in range(6):
        columns[f"kind{i}"] = pa.array(words[rng.integers(0, 10 * 4**i % 4000 + 2, rows)])
    for i in range(5):
        columns[f"url{i}"] = pa.array([f"https://www.{a}.example/{b}/{n}" for a, b, n in zip(
            parts[i], parts[i - 1], rng.integers(0, 10**6, rows))])
    for i in range(3):
        missing = rng.random(rows) < 0.7
        columns[f"note{i}"] = pa.array([None if m else f"{a} {b} {c} {d}, {e}" for m, a, b, c, d, e in zip(
            missing, *[parts[(i + j) % 6] for j in range(5)])])
    for i in range(5):
        columns[f"date{i}"] = pa.array(rng.integers(7000 + 500 * i, 20000, rows).astype("int32")).cast(pa.date32())
    for i in range(4):
        columns[f"count{i}"] = pa.array(rng.integers(0, 10 ** (i + 2), rows))
    for i in range(4):
        columns[f"amount{i}"] = pa.array(np.round(rng.lognormal(6, 2, rows), 2))
    assert len(columns) == 43
    return columns


def numbers(count):
    """Columns of floats with few decimals, some with nulls, every tenth of integers, every tenth of random bits."""

    def columns(rng, rows):
        out = {}
        for i in range(count):
            values = rng.normal(100 * (i % 7), 10 + i % 13, rows)
            match i % 10:
                case 3:
                    out[f"x{i}"] = pa.array(values.astype("int64"))
                case 7:
                    out[f"x{i}"] = pa.array(values)
                case 1 | 5:
                    out[f"x{i}"] = pa.array(np.round(values, 3), mask=rng.random(rows) < 0.05)
                case _:
                    out[f"x{i}"] = pa.array(np.round(values, 1 + i % 4))
        return out

    return columns


TABLES = {
    "text-43": (638_472, text_columns),
    "floats-500": (60_000, numbers(500)),
    "floats-2000": (25_000, numbers(2000)),
}


def make(path, rows, columns):
    """Writes a table in row groups of at most a million rows, as pyarrow does by itself."""
    table = pa.table(columns(np.random.default_rng(7), rows))
    pq.write_table(table, path)


def watch(command):
    """Runs a command; its largest anonymous memory in bytes, its seconds and those of its threads together."""
    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start, before, most = time.monotonic(), used(), 0
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        most = max(most, anonymous(process.pid))
        time.sleep(0.01)
    if process.returncode:
        sys.exit(f"{command} failed with {process.returncode}")
    return most, time.monotonic() - start, used() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gede", type=pathlib.Path)
    parser.add_argument("--only", choices=list(TABLES), action="append")
    parser.add_argument("--threads", type=int, action="append", help="1, 2, 4 and 16 by default")
    parser.add_argument("--rows", type=float, default=1.0, help="a share of the rows")
    parser.add_argument("--dir", type=pathlib.Path, default=ROOT / "target" / "bench", help="where the files go")
    parser.add_argument("--save", action="store_true", help="write results/bench/wide_memory.csv")
    options = parser.parse_args()
    options.dir.mkdir(parents=True, exist_ok=True)
    results, failed = [], False
    for name in options.only or TABLES:
        rows, columns = TABLES[name]
        rows = int(rows * options.rows)
        source = options.dir / f"{name}-{rows}.parquet"
        if not source.exists():
            make(source, rows, columns)
        print(f"{name}: {rows:,} rows, {source.stat().st_size / 1e6:.0f} MB of Parquet", flush=True)
        first = None
        for threads in options.threads or [1, 2, 4, 16]:
            out = options.dir / f"{name}-{threads}.gede"
            most, seconds, cpu = watch([options.gede, "convert", source, out, "--overwrite", "--threads", threads])
            bar = 300 + 100 * threads
            same = first is None or filecmp.cmp(first, out, shallow=False)
            failed |= most > bar * 1e6 or not same
            verdict = ("fine" if most <= bar * 1e6 else f"more than {bar} MB") + ("" if same else ", OTHER BYTES")
            print(f"  {threads:2} threads {most / 1e6:8.1f} MB {seconds:8.1f} s {cpu:8.1f} s of CPU   "
                  f"{out.stat().st_size / 1e6:.1f} MB   {verdict}", flush=True)
            results.append({
                "table": name, "rows": rows, "threads": threads, "anonymous_mb": f"{most / 1e6:.1f}",
                "seconds": f"{seconds:.1f}", "cpu_seconds": f"{cpu:.1f}", "output_bytes": out.stat().st_size,
            })
            if first is None:
                first = out
            else:
                out.unlink()
        first.unlink()
    if options.save:
        path = ROOT / "results" / "bench" / "wide_memory.csv"
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, results[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(results)
    sys.exit(failed)


if __name__ == "__main__":
    main()
