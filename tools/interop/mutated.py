"""Damaged and lying files of other formats through `gede convert`.

Small Parquet, Arrow IPC, CSV, LIBSVM, IDX, CIFAR and picture files are made, mutated and converted, each in a process of its
own under a limit of 1 GB of memory and 20 seconds of processor time. An input may be refused or read, but no process may end
by a signal, print the text of a panic, or say why it refuses in more than one line. Faults are kept in a folder, and the figures
of each kind are printed and, with --record, written to results/interop/mutated.csv. The same seed makes the same inputs.

Run in the repository's root: target/interop/bin/python tools/interop/mutated.py GEDE [--count N] [--seed S] [--record]
"""

import argparse
import csv
import gzip
import io
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from PIL import Image

RESULTS = Path("results/interop/mutated.csv")
MEMORY = 1 << 30
SECONDS = 20
# A file that grows beyond it ends the process by a signal.
WRITTEN = 1 << 30

# Numbers that lengths, counts and places are replaced by.
CLAIMS = [0, 1, 2, 127, 128, 255, 1 << 15, 1 << 16, (1 << 20) - 1, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40]
CLAIMS += [(1 << 62), (1 << 63) - 1, 1 << 63, (1 << 64) - 1]


STRUCTS = pa.list_(pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))]))


def tables(rng):
    """Tables with columns of many types."""
    rows = rng.choice([0, 1, 7, 60, 400])
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    words = [f"word{i % 9}" * (i % 4) for i in range(rows)]
    some = lambda values: [None if i % 5 == 3 else v for i, v in enumerate(values)]
    columns = {
        "i": pa.array(some(range(rows)), pa.int64()),
        "u": pa.array(numbers.integers(0, 255, rows), pa.uint8()),
        "f": pa.array(numbers.normal(size=rows)),
        "h": pa.array(numbers.normal(size=rows).astype(np.float16)),
        "b": pa.array(some([i % 3 == 0 for i in range(rows)]), pa.bool_()),
        "s": pa.array(some(words)),
        "l": pa.array(words, pa.large_string()),
        "v": pa.array(some(words), pa.string_view()),
        "d": pa.array(some(words)).dictionary_encode(),
        "t": pa.array(some(range(rows)), pa.timestamp("s", "Europe/Berlin")),
        "z": pa.array(some(range(rows)), pa.decimal128(20, 3)),
        "x": pa.array([bytes([i % 256]) * 12 for i in range(rows)], pa.binary(12)),
        "r": pa.array([{"a": i, "b": words[i]} for i in range(rows)], pa.struct([("a", pa.int32()), ("b", pa.string())])),
        "k": pa.array([[i, i + 1, i + 2] for i in range(rows)], pa.list_(pa.int16(), 3)),
        "y": pa.array(some(range(rows)), pa.date32()),
        "n": pa.nulls(rows),
        "L": pa.array(some([words[: i % 4] for i in range(rows)]), pa.list_(pa.string())),
        "G": pa.array(some([[[i], None, [i, 7]][: i % 4] for i in range(rows)]), pa.large_list(pa.list_(pa.int32()))),
        "M": pa.array(some([[(w, i) for w in words[: i % 3]] for i in range(rows)]), pa.map_(pa.string(), pa.int16())),
        "E": pa.array([[float(i)] * 40 for i in range(rows)], pa.list_(pa.float32(), 40)),
        "S": pa.array([[{"a": i, "b": [words[i]] * 2}] * (i % 3) for i in range(rows)], STRUCTS),
        "V": pa.array(some([list(range(i % 5)) for i in range(rows)]), pa.list_view(pa.int16())),
        "D": pa.array(some([words[: i % 3] for i in range(rows)]), pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        "Z": pa.array(some(range(rows)), pa.decimal256(60, 3)),
    }
    names = rng.sample(sorted(columns), rng.randint(1, len(columns)))
    return pa.table({name: columns[name] for name in names})


def parquet(rng):
    table = tables(rng)
    if rng.random() < 0.15 and table.num_rows:
        table = table.append_column("when", pa.array([None if i % 7 == 2 else i * 10**9 for i in range(table.num_rows)], pa.timestamp("ns")))
    out = io.BytesIO()
    pq.write_table(
        table.drop([name for name in ("h",) if name in table.column_names and rng.random() < 0.5]),
        out,
        compression=rng.choice(["none", "snappy", "zstd", "gzip", "lz4", "brotli"]),
        use_dictionary=rng.random() < 0.6,
        data_page_version=rng.choice(["1.0", "2.0"]),
        data_page_size=rng.choice([64, 1 << 20]),
        row_group_size=rng.choice([16, 1 << 20]),
        use_deprecated_int96_timestamps="when" in table.column_names,
        store_schema=rng.random() < 0.7,
        write_page_checksum=rng.random() < 0.1,
    )
    return "t.parquet", out.getvalue(), []


def ipc(rng):
    table, out = tables(rng), io.BytesIO()
    if rng.random() < 0.3:
        runs = pc.run_end_encode(pa.array([i // 7 if i % 3 else None for i in range(table.num_rows)], pa.int64()))
        table = table.append_column("R", runs)
    options = pa.ipc.IpcWriteOptions(compression=rng.choice([None, "lz4", "zstd"]))
    new, name = rng.choice([(pa.ipc.new_file, "t.arrow"), (pa.ipc.new_stream, "t.arrows")])
    with new(out, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=rng.choice([16, 1 << 20]))
    return name, out.getvalue(), []


def packed(rng, name, data):
    which = rng.random()
    if which < 0.1:
        return name + ".gz", gzip.compress(data, mtime=0)
    if which < 0.2:
        return name + ".zst", pa.compress(data, codec="zstd", asbytes=True)
    return name, data


def text(rng):
    names = rng.choice(["a,b,c", 'a,"b ""x""",c', "a;b;c", "a\tb\tc", "a,a,", ","])
    rows = rng.choice([0, 1, 5, 300])
    word = lambda i: rng.choice(["1", "2.5", "NA", "", "2024-02-29", "true", '"x, y"', "é", "1e9", "2024-02-29T01:02:03Z", f"{i}"])
    by = ";" if ";" in names else "\t" if "\t" in names else ","
    columns = names.count(by) + 1
    lines = [names] + [by.join(word(i) for _ in range(columns)) for i in range(rows)]
    data = "\n".join(lines).encode(rng.choice(["utf-8", "utf-8", "utf-8", "utf-16", "latin-1"]), "replace")
    name, data = packed(rng, "t.csv", data)
    return name, data, rng.choice([[], [], ["--no-header"], ["--encoding", "latin-1"], ["--delimiter", ";"]])


def libsvm(rng):
    lines = []
    for row in range(rng.choice([1, 5, 100])):
        indices = sorted(rng.sample(range(1, 40), rng.randint(0, 8)))
        lines.append(" ".join([f"{rng.choice([-1, 1])}"] + [f"{i}:{rng.random():.3f}" for i in indices]))
    name, data = packed(rng, "t.svm", ("\n".join(lines) + "\n").encode())
    return name, data, ["--dense"] if rng.random() < 0.2 else []


def idx(rng):
    rows, height, width = rng.choice([0, 1, 9]), rng.randint(1, 12), rng.randint(1, 12)
    data = struct.pack(">4B3I", 0, 0, 8, 3, rows, height, width) + bytes(rng.randrange(256) for _ in range(rows * height * width))
    name, data = packed(rng, "t-images-idx3-ubyte", data)
    return name, data, ["--labels", "none"]


def cifar(rng):
    labels = rng.choice([1, 2])
    return "t.bin", b"".join(bytes([i % 10] * labels) + rng.randbytes(3072) for i in range(rng.choice([1, 3]))), []


def picture(rng):
    """A folder with one picture."""
    kind = rng.choice(["png", "png", "jpeg", "webp", "bmp"])
    mode = "RGB" if kind in ("jpeg", "webp") else rng.choice(["RGB", "L", "RGBA", "P"] if kind == "png" else ["RGB", "L"])
    pixels = Image.frombytes("RGB", (17, 11), rng.randbytes(17 * 11 * 3)).convert(mode)
    out = io.BytesIO()
    pixels.save(out, kind, **({"lossless": rng.random() < 0.5} if kind == "webp" else {}))
    return f"t.{kind}", out.getvalue(), rng.choice([[], ["--pixels"], ["--encoded"], ["--resize", "8x8"], ["--skip-bad"]])


KINDS = {"Parquet": parquet, "Arrow IPC": ipc, "CSV": text, "LIBSVM": libsvm, "IDX": idx, "CIFAR": cifar, "pictures": picture}
WEIGHTS = {"Parquet": 3, "Arrow IPC": 3, "CSV": 1.5, "LIBSVM": 1, "IDX": 0.75, "CIFAR": 0.25, "pictures": 1.5}


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def place(rng, data):
    """Heads and ends say what is where: they are hit more often."""
    where = rng.random()
    near = min(len(data), 256)
    if where < 0.25:
        return rng.randrange(near)
    if where < 0.6:
        return len(data) - 1 - rng.randrange(min(len(data), 1200))
    return rng.randrange(len(data))


def mutated(rng, data, other):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        if not data:
            return rng.randbytes(rng.randrange(40))
        at, how = place(rng, data), rng.randrange(11)
        if how <= 1:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            data[at] = rng.randrange(256)
        elif how <= 5:
            width = rng.choice([1, 2, 4, 8])
            claim = rng.choice(CLAIMS) & ((1 << 8 * width) - 1)
            at -= at % width if rng.random() < 0.5 else 0
            data[at : at + width] = claim.to_bytes(width, rng.choice(["little", "big"]))
        elif how == 6:
            data[at : at + rng.choice([1, 1, 2, 3])] = varint(rng.choice(CLAIMS))
        elif how == 7:
            del data[at : at + rng.choice([1, 4, 8, 64])]
        elif how == 8:
            start = rng.randrange(len(data))
            data[at:at] = data[start : start + rng.choice([1, 8, 64, 500])] * rng.choice([1, 1, 2, 300])
        elif how == 9:
            del data[at:]
        else:
            start = rng.randrange(len(other)) if other else 0
            part = other[start : start + rng.choice([1, 8, 64])]
            data[at : at + len(part)] = part
    return bytes(data)


def with_checksums(data):
    """A PNG whose chunks' checksums are right again."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunk = data[at + 4 : at + 8 + length]
        if len(chunk) != length + 4 or at + 12 + length > len(data):
            break
        out += data[at : at + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        at += 12 + length
    return bytes(out) + data[at:]


def made(kind, rng):
    """The name, the bytes and the options of an input."""
    name, data, options = KINDS[kind](rng)
    inner = name.endswith((".gz", ".zst")) and rng.random() < 0.6
    if inner:
        raw = gzip.decompress(data) if name.endswith(".gz") else None
        if raw is not None:
            return name, gzip.compress(mutated(rng, raw, raw), mtime=0), options
    data = mutated(rng, data, KINDS[kind](rng)[1])
    if name == "t.png" and rng.random() < 0.8:
        data = with_checksums(data)
    return name, data, options


def limited():
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN, WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def convert(gede, source, target, options):
    """Ends with the code, the messages, the peak in bytes and the processor's seconds."""
    with tempfile.TemporaryFile() as said:
        command = [gede, "convert", str(source), str(target), "--overwrite", "--threads", "2", *options]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, preexec_fn=limited)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read(1 << 16).decode("utf-8", "replace")
    return child.returncode, words, used.ru_maxrss * 1024, used.ru_utime + used.ru_stime


def fault_of(code, words):
    if code < 0:
        return f"ended by signal {-code}"
    if "panicked" in words or "RUST_BACKTRACE" in words:
        return "prints a panic"
    if code != 0 and sum(not line.startswith("note: ") for line in words.splitlines()) != 1:
        return "says why in other than one line"
    return None


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("gede")
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kind", choices=sorted(KINDS))
    options.add_argument("--faults", type=Path, default=Path("target/mutated"), help="the folder for inputs at fault")
    options.add_argument("--record", action="store_true")
    options = options.parse_args()
    kinds = [options.kind] if options.kind else list(KINDS)
    figures = defaultdict(lambda: defaultdict(float))
    started, faults = time.time(), 0
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in", Path(folder) / "t.gede"
        for number in range(options.count):
            rng = random.Random(f"{options.seed} {number}")
            kind = rng.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0]
            name, data, more = made(kind, rng)
            shutil.rmtree(source, ignore_errors=True)
            source.mkdir()
            path = source / name
            path.write_bytes(data)
            code, words, peak, seconds = convert(options.gede, source if kind == "pictures" else path, target, more)
            of = figures[kind]
            of["inputs"] += 1
            of["read" if code == 0 else "refused"] += 1
            of["peak"], of["seconds"] = max(of["peak"], peak), max(of["seconds"], seconds)
            fault = fault_of(code, words)
            if fault:
                faults += 1
                of["faults"] += 1
                options.faults.mkdir(parents=True, exist_ok=True)
                kept = options.faults / f"{options.seed}-{number}-{name}"
                kept.write_bytes(data)
                print(f"{kept} {' '.join(more)}: {fault}: {words.strip()[:300]!r}", flush=True)
    rows = [["kind", "seed", "inputs", "read", "refused", "faults", "peak_mb", "longest_s"]]
    for kind in kinds:
        of = figures[kind]
        counts = [int(of[key]) for key in ("inputs", "read", "refused", "faults")]
        rows.append([kind, options.seed, *counts, round(of["peak"] / 1e6), round(of["seconds"], 1)])
    if options.record:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        with open(RESULTS, "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    for row in rows:
        print(*row, sep=",")
    print(f"{options.count} inputs in {time.time() - started:.0f} s: {faults} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
