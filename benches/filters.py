#!/usr/bin/env python3
"""Filters that keep about 0.1 % of the sensor table, as gede and as Parquet have them.

    python3 benches/filters.py [--rows 1000000]       a table, and results/bench/filters.csv

Needs Rust, and Python. Times are medians on the processor: gede's filter, and its count; a scan of gede that is filtered afterwards by Arrow;
parquet-rs with a row filter and the pages that the page index leaves. `ratio` is the time by that of gede's filter.
"""

import argparse
import csv
import json
import subprocess
import tempfile

from compare import ROOT, machine


def build():
    """The bench binary."""
    command = ["cargo", "bench", "--no-run", "--bench", "filters", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = (json.loads(line) for line in lines if line.startswith("{"))
    return [m["executable"] for m in messages if m.get("target", {}).get("name") == "filters" and m.get("executable")][-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--bench", help="the bench binary, if it is built already")
    arguments = parser.parse_args()
    binary = arguments.bench or build()
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([binary, folder, str(arguments.rows)], check=True, stdout=subprocess.PIPE, text=True)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    own = {row["filter"]: row["ms"] for row in rows if row["format"] == "gede"}
    for row in rows:
        row["ratio"] = round(row["ms"] / own[row["filter"]], 2)
        print(row)
    with open(ROOT / "results" / "bench" / "filters.csv", "w", newline="") as out:
        writer = csv.DictWriter(out, [*rows[0], "machine"])
        writer.writeheader()
        writer.writerows({**row, "machine": machine()} for row in rows)


if __name__ == "__main__":
    main()
