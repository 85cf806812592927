#!/usr/bin/env python3
"""check_golden.py [DIR]: reads every golden file with reader.py, checks it, and compares its dumps with the
committed X.csv, X.condensed.csv and X.moments.csv. Exits 1 if one differs."""
import pathlib
import sys

import condensed
import reader

DUMPS = {".csv": reader.dump_table, ".condensed.csv": condensed.dump, ".moments.csv": condensed.dump_moments}


def check(path):
    file = reader.File(path.read_bytes())
    file.check()
    for suffix, lines in DUMPS.items():
        expected = path.with_suffix(suffix)
        if expected.exists():
            found = "".join(line + "\n" for line in lines(file)).encode()
            reader.require(found == expected.read_bytes(), f"{expected.name} differs")


def main(folder):
    files, bad = sorted(folder.glob("*.gede")), 0
    for path in files:
        try:
            check(path)
        except Exception as error:  # a reader's crash is a difference, too
            print(f"{path.name}: {type(error).__name__}: {error}")
            bad += 1
    print(f"{len(files) - bad} of {len(files)} golden files read as committed")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "tests" / "golden"))
