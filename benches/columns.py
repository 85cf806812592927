#!/usr/bin/env python3
"""One column of a table, and whole rows, as gede and as Parquet have them.

    python3 benches/columns.py [--data DIR]     a table, and results/bench/columns.csv

DIR may hold sensor.parquet, the sensor table; it is made otherwise. The wide table has 1,000 columns of float64 of 2 to 4
decimals, 50,000 rows. Needs Rust, and Python with pyarrow and numpy. Times are on the processor, of open and warm files.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import tempfile

import numpy
import pyarrow
import pyarrow.parquet

from compare import ROOT, machine

ROWS, WIDE_ROWS, WIDE_COLUMNS, MEASURED = 1_000_000, 50_000, 1000, 12


def sensor():
    """A table like that of benches/sensor: times, walks, products, skewed integers and labels."""
    random = numpy.random.default_rng(1)
    uniform = lambda: random.random(ROWS)  # noqa: E731
    columns = {"time": pyarrow.array(1_704_067_200_000_000 + numpy.arange(ROWS) * 10_000
                                     + ((uniform() + uniform() - 1) * 1000).astype("int64"), pyarrow.timestamp("us"))}
    for name, mean, step in (("temperature", 21, 0.04), ("humidity", 55, 0.08), ("pressure", 1013, 0.06), ("voltage", 230, 0.12)):
        steps, at, walk = (uniform() * 2 - 1) * step, float(mean), []
        for one in steps.tolist():
            at += (mean - at) / 4096 + one
            walk.append(at)
        columns[name] = pyarrow.array(numpy.round(walk, 2).astype("float32"))
    for name, largest in (("energy", 90), ("cost", 400)):
        columns[name] = pyarrow.array(numpy.round(largest * uniform() * uniform(), 2))
    for name, least in (("state", 8), ("zone", 300), ("device", 50_000), ("errors", 16)):
        columns[name] = pyarrow.array((least * uniform() * uniform() * uniform()).astype("int32"))
    columns["label"] = pyarrow.array(numpy.searchsorted([0.6, 0.85, 0.96], uniform()).astype("int32"))
    columns = {name: pyarrow.array(column) for name, column in columns.items()}
    fields = [pyarrow.field(name, column.type, nullable=False) for name, column in columns.items()]
    return pyarrow.table(columns, schema=pyarrow.schema(fields))


def wide():
    random = numpy.random.default_rng(2)
    return pyarrow.table({f"c{i}": numpy.round(random.normal(50, 20, WIDE_ROWS), 2 + i % 3) for i in range(WIDE_COLUMNS)})


def build():
    """The bench binary."""
    command = ["cargo", "bench", "--no-run", "--bench", "columns", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = (json.loads(line) for line in lines if line.startswith("{"))
    return [m["executable"] for m in messages if m.get("target", {}).get("name") == "columns" and m.get("executable")][-1]


def bars(table, found):
    """What the bars are about: ratios within this run."""
    value = {(row["format"], row["what"]): row["value"] for row in found}
    columns = [what for format, what in value if format == "parquet zstd-1" and what != "size"]
    for groups in ("columns", "auto"):
        slower = {what: value[groups, what] / value["parquet zstd-1", what] for what in columns}
        worst = max(slower, key=slower.get)
        yield f"{table}, {groups}: one column takes {statistics.median(slower.values()):.2f} of Parquet zstd-1's time, {worst} {slower[worst]:.2f}"
        yield f"{table}, {groups}: {value[groups, 'size'] / value['rows', 'size']:.3f} of the bytes of rows, {value[groups, 'share read']:.4f} of them read for one column"
        yield f"{table}, {groups}: random rows {value['parquet plain, pages of 1024', 'take ms'] / value[groups, 'take ms']:.1f} times faster than Parquet plain"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--bench", help="the bench binary, if it is built already")
    arguments = parser.parse_args()
    binary = arguments.bench or build()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, make in (("sensor", sensor), ("wide", wide)):
            file = arguments.data / f"{name}.parquet" if arguments.data else pathlib.Path(folder, f"{name}.parquet")
            if not file.exists():
                file = pathlib.Path(folder, f"{name}.parquet")
                pyarrow.parquet.write_table(make(), file)
            run = subprocess.run([binary, file, folder, str(MEASURED)], check=True, stdout=subprocess.PIPE, text=True)
            found = [{"table": name, **json.loads(line)} for line in run.stdout.splitlines()]
            rows += found
            print(*bars(name, found), sep="\n")
    with open(ROOT / "results" / "bench" / "columns.csv", "w", newline="") as out:
        writer = csv.DictWriter(out, [*rows[0], "machine"])
        writer.writeheader()
        writer.writerows({**row, "machine": machine()} for row in rows)


if __name__ == "__main__":
    main()
