#!/usr/bin/env python3
"""Lists, as gede and as Parquet have them: token ids of texts, and embeddings.

    python3 benches/lists.py --data DIR         a table, and results/bench/lists.csv

DIR holds math_text.parquet and log_lines.parquet. Needs Rust, and Python with pyarrow, numpy and tokenizers.
Token ids: a byte-pair vocabulary of 8,192 is trained on the strings of both files; these are encoded one after the other, and the ids cut
into 100,000 rows of 20 to 400, from the start again where they end (list<int32>). Embeddings: 20,000 rows of 384 float32 values, drawn around 50
centres, kept as list<double>. Times are of 1,000 random rows, on the processor.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

import numpy
import pyarrow
import pyarrow.parquet
import tokenizers

from compare import ROOT, machine

ROWS, SHORTEST, LONGEST, VOCABULARY = 100_000, 20, 400, 8192
VECTORS, LENGTH, CENTRES = 20_000, 384, 50


def strings(path):
    """All strings of a Parquet file, column by column."""
    for column in pyarrow.parquet.read_table(path).columns:
        if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
            yield from (text for text in column.to_pylist() if text)


def token_ids(data):
    """The lists of token ids."""
    texts = [text for name in ("math_text", "log_lines") for text in strings(data / f"{name}.parquet")]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    ids = numpy.concatenate([numpy.array(e.ids, "int32") for e in tokenizer.encode_batch(texts)])
    lengths = numpy.random.default_rng(1).integers(SHORTEST, LONGEST + 1, ROWS)
    offsets = numpy.concatenate([[0], numpy.cumsum(lengths)]).astype("int32")
    return pyarrow.ListArray.from_arrays(offsets, numpy.resize(ids, offsets[-1]))


def embeddings():
    """The lists of float32 values as float64."""
    random = numpy.random.default_rng(2)
    centres = random.normal(size=(CENTRES, LENGTH))
    values = centres[random.integers(0, CENTRES, VECTORS)] + 0.3 * random.normal(size=(VECTORS, LENGTH))
    values = (values / numpy.linalg.norm(values, axis=1, keepdims=True)).astype("float32").astype("float64")
    return pyarrow.ListArray.from_arrays(numpy.arange(0, VECTORS * LENGTH + 1, LENGTH, "int32"), values.ravel())


def build():
    """The bench binary."""
    command = ["cargo", "bench", "--no-run", "--bench", "lists", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = (json.loads(line) for line in lines if line.startswith("{"))
    return [m["executable"] for m in messages if m.get("target", {}).get("name") == "lists" and m.get("executable")][-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--bench", help="the bench binary, if it is built already")
    arguments = parser.parse_args()
    binary = arguments.bench or build()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, column in (("token ids", token_ids(arguments.data)), ("embeddings", embeddings())):
            file = pathlib.Path(folder, "lists.parquet")
            pyarrow.parquet.write_table(pyarrow.table({"items": column}), file, compression="none")
            run = subprocess.run([binary, file, folder], check=True, stdout=subprocess.PIPE, text=True)
            for line in run.stdout.splitlines():
                found = {"lists": name, "values": len(column.values), **json.loads(line)}
                rows.append(found)
                print(found)
    with open(ROOT / "results" / "bench" / "lists.csv", "w", newline="") as out:
        writer = csv.DictWriter(out, [*rows[0], "machine"])
        writer.writeheader()
        writer.writerows({**row, "machine": machine()} for row in rows)


if __name__ == "__main__":
    main()
