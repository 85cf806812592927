"""The files of apache/parquet-testing through gede, against pyarrow.

Each file is converted to gede and from there to Arrow IPC, whose values must be those that pyarrow reads. Says for each file
whether it was read or refused and why, as results/interop/parquet_testing.csv; fails on a wrong value, on a panic or a
message of more than one line, and on a type that is refused without its name.

Run in the repository's root: target/interop/bin/python tools/interop/parquet_testing.py GEDE PARQUET_TESTING
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from parquet_export import expected

RESULTS = Path("results/interop/parquet_testing.csv")


def convert(gede, source, target):
    return subprocess.run([gede, "convert", str(source), str(target)], capture_output=True, text=True, timeout=300)


def reason(done, folders):
    """The message without the place of the file."""
    line = done.stderr.strip().removeprefix("gede: ")
    for folder in folders:
        line = line.replace(f"{folder}/", "")
    return line


def faults_of(done):
    if done.returncode < 0 or "panicked" in done.stderr or len(done.stderr.splitlines()) != 1:
        return [f"says {done.stderr!r} and ends with {done.returncode}"]
    return []


def compared(path, held):
    """What pyarrow says of the file, and what differs from it."""
    units = {f.type.unit for f in held.schema if pa.types.is_timestamp(f.type)}
    int96 = next(iter(units)) if len(units) == 1 else None
    try:
        theirs = pq.read_table(path, coerce_int96_timestamp_unit=int96, partitioning=None)
    except Exception as error:
        return f"cannot read it: {' '.join(str(error).split())[:100]}", []
    if theirs.num_rows != held.num_rows or theirs.column_names != held.column_names:
        return "", [f"{held.num_rows} rows of {held.column_names}, not {theirs.num_rows} of {theirs.column_names}"]
    wrong = []
    for number, name in enumerate(held.column_names):
        ours, other = (table.column(number).combine_chunks() for table in (held, theirs))
        # Values, not their objects: a NaN is no NaN's equal.
        if [repr(v) for v in expected(ours)] != [repr(v) for v in expected(other)]:
            wrong.append(f"column {name} of {ours.type} against {other.type}")
    return "equal" if not wrong else "", wrong


def main():
    gede, root = sys.argv[1], Path(sys.argv[2])
    files = [p for p in sorted(root.rglob("*")) if ".parquet" in p.name and not p.name.endswith(".json")]
    rows, faults = [], []
    for path in files:
        name = str(path.relative_to(root))
        with tempfile.TemporaryDirectory() as folder:
            held, back = Path(folder) / "t.gede", Path(folder) / "t.arrow"
            done = convert(gede, path, held)
            if done.returncode != 0:
                rows.append([name, "refused", "", "", reason(done, [path.parent]), ""])
                faults += [f"{name}: {fault}" for fault in faults_of(done)]
                continue
            done = convert(gede, held, back)
            if done.returncode != 0:
                faults.append(f"{name}: is not given back: {done.stderr}")
                continue
            table = pa.ipc.open_file(back).read_all()
            pyarrow, wrong = compared(path, table)
            rows.append([name, "read", table.num_rows, table.num_columns, "", pyarrow])
            faults += [f"{name}: {fault}" for fault in wrong]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with open(RESULTS, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["file", "outcome", "rows", "columns", "why", "pyarrow"])
        out.writerows(rows)
    read = sum(row[1] == "read" for row in rows)
    for fault in faults:
        print(fault)
    print(f"{len(rows)} files: {read} read, {len(rows) - read} refused, {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
