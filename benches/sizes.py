#!/usr/bin/env python3
"""Sizes of tables as gede files and as Parquet files, and whether they come back equal.

    python3 benches/sizes.py GEDE --data DIR    a line a table, and results/bench/sizes.csv

Every Parquet file of DIR is a table. It is compared with the smaller of two Parquet files that pyarrow writes of it with zstd-9: plain, and with
floats split into streams of bytes. GEDE is the tool, in any build. Needs Python with pyarrow and numpy.
"""

import argparse
import csv
import pathlib
import statistics
import subprocess
import tempfile

import numpy
import pyarrow
import pyarrow.parquet

from compare import ROOT, machine


def parquet_bytes(table, folder):
    """The smaller of two Parquet files."""
    path = folder / "control.parquet"

    def write(**encodings):
        pyarrow.parquet.write_table(table, path, compression="zstd", compression_level=9, **encodings)
        return path.stat().st_size

    size = write()
    leaves = pyarrow.parquet.ParquetFile(path).schema
    leaves = [leaves.column(i) for i in range(len(leaves))]
    floats = [leaf.path for leaf in leaves if leaf.physical_type in ("FLOAT", "DOUBLE")]
    others = [leaf.path for leaf in leaves if leaf.path not in floats]
    return min(size, write(use_byte_stream_split=floats, use_dictionary=others) if floats else size)


def plain(column):
    """A column as one array of values."""
    array = column.combine_chunks()
    array = array.storage if isinstance(array.type, pyarrow.BaseExtensionType) else array
    return array.dictionary_decode() if pyarrow.types.is_dictionary(array.type) else array


def is_same(one, other):
    """Equal, floats by their bits."""
    one, other = plain(one), plain(other)
    if one.type != other.type:
        other = other.cast(one.type)
    if not pyarrow.types.is_floating(one.type):
        return one.equals(other)
    bits = {16: numpy.uint16, 32: numpy.uint32, 64: numpy.uint64}[one.type.bit_width]
    values = [numpy.ascontiguousarray(array.fill_null(0).to_numpy(zero_copy_only=False)).view(bits) for array in (one, other)]
    return one.is_valid().equals(other.is_valid()) and numpy.array_equal(*values)


def measure(gede, path, folder):
    """A row of the results."""
    table = pyarrow.parquet.read_table(path)
    file, back = folder / "table.gede", folder / "back.parquet"
    subprocess.run([gede, "convert", path, file, "--overwrite"], check=True, capture_output=True)
    subprocess.run([gede, "verify", file], check=True, capture_output=True)
    subprocess.run([gede, "convert", file, back, "--overwrite"], check=True, capture_output=True)
    found = pyarrow.parquet.read_table(back)
    equal = found.column_names == table.column_names and all(map(is_same, table.columns, found.columns))
    own, control = file.stat().st_size, parquet_bytes(table, folder)
    return {"table": path.stem, "rows": table.num_rows, "columns": table.num_columns, "gede_bytes": own, "parquet_bytes": control,
            "ratio": f"{own / control:.3f}", "equal": equal}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("gede")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for path in sorted(options.data.glob("*.parquet")):
            rows.append(measure(options.gede, path, pathlib.Path(folder)))
            print("{table:24} {gede_bytes:11,} {parquet_bytes:11,} {ratio}".format(**rows[-1]), "" if rows[-1]["equal"] else "NOT EQUAL")
    ratios = [float(row["ratio"]) for row in rows]
    total = sum(row["gede_bytes"] for row in rows) / sum(row["parquet_bytes"] for row in rows)
    print(f"median {statistics.median(ratios):.3f}, together {total:.3f}, worst {max(ratios):.3f}, smaller {sum(r < 1 for r in ratios)} of {len(ratios)}")
    with open(ROOT / "results/bench/sizes.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "machine"])
        writer.writeheader()
        writer.writerows({**row, "machine": machine()} for row in rows)


if __name__ == "__main__":
    main()
