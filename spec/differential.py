#!/usr/bin/env python3
"""differential.py [--seconds N] [--seed S] [--only N] [--keep DIR] VERDICTS: holds the Rust reader against reader.py and
check.py, on golden files and files of later versions with a change each and right checksums. VERDICTS is the example
`verdicts` of the crate, built (cargo test builds it): target/debug/examples/verdicts. Both must find a file whole, and then
have the same rows, or both refuse it. Prints each file that they judge differently and keeps it in DIR. Exits 1 if there is
one. --only N: the change of that number alone.

Left out: the Arrow schema, whose flatbuffer reader.py does not read; and files for whose size one of the two has no memory
or not the time, which is a limit of the reader and no rule of the page."""
import argparse
import contextlib
import pathlib
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import zlib

TESTS = pathlib.Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS / "differential"))
import check
import mutations
import reader

LIMIT = 3  # seconds of one file in Python
MEMORY = 4 << 30


class TooLong(BaseException):
    """Not a refusal."""


def alarm(*_):
    raise TooLong


def judge(data):
    """The verdict of check.py: (whole, part, refused, crash or None if it took too long; checksums of dumps or a reason)."""
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        file = reader.File(bytes(data))
        check.check(file)
        if file.is_part:
            return "part", ""
        sums = []
        for suffix, section in ((".csv", 32), (".condensed.csv", 10), (".covariances.csv", 8), (".coreset.csv", 9)):
            lines = [*check.DUMPS[suffix](file)] if file.section(section) else None
            if suffix == ".condensed.csv" and lines:
                # Its names are free, and Rust's dump has no mean for one that is no number.
                lines = ["", *(re.sub(r"\b[7f]ff(?!0{13})[0-9a-f]{13}\b", "", line) for line in lines[1:])]
            sums.append("-" if lines is None else "%08x" % zlib.crc32("".join(f"{line}\n" for line in lines).encode()))
        return "whole", " ".join(sums)
    except check.REFUSALS as refusal:
        return "refused", str(refusal)
    except (TooLong, MemoryError):
        return None, ""
    except Exception as error:
        trace = error.__traceback__
        while trace.tb_next:
            trace = trace.tb_next
        return "crash", f"{type(error).__name__}: {error} ({pathlib.Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Rust:
    """The crate's verdicts."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(self, path):
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()

    def answer(self):
        return self.process.stdout.readline().rstrip("\n") or "Panic"


def difference(own, theirs):
    """Why two verdicts are not the same, or None. Crashes of check.py are differences."""
    word, _, rest = theirs.partition(" ")
    if own[0] is None or word in ("Memory", "Many"):
        return None
    if own[0] == "crash" or word in ("Panic", "Io", "Misuse"):
        return "crash"
    if own[0] == "part":
        return None if word == "Unsupported" else "part"
    if own[0] == "whole" and word == "whole":
        return None if own[1] == rest else "rows"
    return None if own[0] == "refused" and word in ("Corrupt", "Unsupported", "NotGede") else "verdict"


def bases():
    """Golden files and those of later versions that can be read, without an Arrow schema; and their names."""
    for path in sorted([*(TESTS / "golden").glob("*.gede"), *(TESTS / "later").glob("*.gede")]):
        with contextlib.suppress(ValueError):
            draft = mutations.Draft(data=path.read_bytes())
            draft.parts = [part for part in draft.parts if part.kind != 34]
            start = time.monotonic()
            data = draft.finish()
            if judge(data)[0] and time.monotonic() - start < LIMIT / 4:
                yield mutations.Base(path.stem, data)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verdicts")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("target/differential"))
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, alarm)
    files = list(bases())
    rust, counts, bad = Rust(options.verdicts), {}, 0
    end, number = time.monotonic() + options.seconds, options.only or 0
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            own_random = random.Random(f"{options.seed}/{number}")
            base = own_random.choice(files)
            data, words = mutations.mutate(own_random, base)
            path = pathlib.Path(folder, f"{number % 8}.gede")
            path.write_bytes(data)
            rust.ask(path)
            own = judge(data)
            theirs = rust.answer()
            word = theirs.split(" ")[0]
            counts[own[0], word] = counts.get((own[0], word), 0) + 1
            why = difference(own, theirs)
            if why:
                bad += 1
                options.keep.mkdir(parents=True, exist_ok=True)
                kept = options.keep / f"{base.name}-{options.seed}-{number}.gede"
                kept.write_bytes(data)
                print(f"{kept}: {why}: {words}\n    check.py: {own[0]} {own[1]}\n    Rust: {theirs}", flush=True)
            if word == "Panic" and rust.process.poll() is not None:
                rust = Rust(options.verdicts)
            number += 1
            if options.only is not None:
                break
    print(f"{sum(counts.values())} files, seed {options.seed}: " +
          ", ".join(f"{own or 'too long'} and {word} {n}" for (own, word), n in sorted(counts.items(), key=str)))
    print(f"{bad} judged differently")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
