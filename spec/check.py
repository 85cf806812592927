#!/usr/bin/env python3
"""check.py [FILE or DIR ...]: reads gede files with reader.py and checks what a reader need not know. Where the
committed dumps lie beside a file (X.csv, X.condensed.csv, X.moments.csv, ...), its own are compared with them.
Without an argument, the golden files; those of ../tests/refused, each of which must be refused for the reason that
reasons.txt there gives; and those of ../tests/later, of a later version, of which expected.txt says what a reader of 1.0
does; and the file in hex on the page. Exits 1 if anything differs."""
import hashlib
import pathlib
import struct
import sys

import condensed
import example
import features
import lists
import reader
import statistics_table
import summaries
from frame import SAMPLES, STATISTICS, Frame
from reader import require


def dump_covariances(file):
    """A line a cell (gede.md, chapter 5): the raw bits of its numbers."""
    d, data = struct.unpack_from("<I", file.section(10))[0], file.section(8)
    count = d * (d + 1) // 2
    yield from (",".join("%08x" % v for v in row) for row in struct.iter_unpack(f"<{count}I", data))


def dump_coreset(file):
    """The nodes (gede.md, chapter 6), then a line a row: the raw bits of its values and its weight."""
    data = file.section(9)
    k, = struct.unpack_from("<I", data)
    yield ",".join(map(str, struct.unpack_from(f"<{k}I", data, 64)))
    start = (64 + 4 * k + 7) // 8 * 8
    yield from (",".join("%016x" % v for v in row) for row in struct.iter_unpack(f"<{k + 1}Q", data[start:]))


def dump_key_values(file):
    """A line a pair (gede.md, 2.6), both quoted."""
    for pair in file.key_values().items():
        yield ",".join('"' + text.replace('"', '""') + '"' for text in pair)


REFUSALS = ValueError, struct.error, IndexError, OverflowError  # what reads beyond the file is refused
DUMPS = {".csv": reader.dump_table, ".statistics.csv": statistics_table.dump, ".condensed.csv": condensed.dump, ".moments.csv": condensed.dump_moments,
         ".covariances.csv": dump_covariances, ".coreset.csv": dump_coreset, ".key_values.csv": dump_key_values}


def check(file):
    """What the checksums do not say: coverage, disjointness, zero bytes wherever nothing is, and every record."""
    spans = [(0, 64), file.directory, (len(file.data) - 64, 64)] + [(s.offset, s.length) for s in file.sections]
    check_cover(file, spans, 0, len(file.data))
    file.key_values()
    check_ends(file)
    check_identity(file)
    dictionaries = [struct.unpack_from("<QQ", entry) for entry in file.entries(3)]
    pieces, sets = [], set()  # blocks may share sets, and nothing else
    known = [(n, t) for n, t in enumerate(file.tables) if file.is_readable(n)]
    for number, table in known:
        schema = file.schemas[number] if number in file.schemas else file.read_schema(number)
        require(len(schema.groups) == table.groups, "the schema does not have the directory's storage groups")
        segments, done = file.segments_of(number), 0
        for blocks in segments:
            require(all((b.first, b.rows) == (done, blocks[0].rows) for b in blocks), "its storage groups do not have the same rows")
            regular = table.segment_rows == 0 or done % table.segment_rows == 0 and blocks[0].rows <= table.segment_rows
            require(regular, "rows of a segment that is not the last")
            done += blocks[0].rows
            regular = table.segment_rows in (0, blocks[0].rows) or done == table.rows and blocks[0].rows < table.segment_rows
            require(regular, "rows of a segment")
            own = [(b, lanes) for group, (b, lanes) in enumerate(zip(blocks, schema.groups))
                   if (number, group) not in file.unknown_groups]
            for block, lanes in own:
                transforms, *others = file.pieces(block, lanes)
                section = number if table.kind in (SAMPLES, STATISTICS) else 0
                sets.add((section, transforms))
                pieces += [(section, piece) for piece in others]
        found = []
        values = [(blocks, file.segment_values(blocks, schema, found)) for blocks in segments]
        lists.check_tiling(file, schema, found)
        require((len(segments), done) == (table.segments, table.rows), "number of segments or of rows")
        if table.kind == 1:
            summaries.check_classes(file, values)
            summaries.check_moments(file, values)
            summaries.check_coreset(file, values)
            summaries.check_forms(file)
            statistics_table.check(file, values)
    if not file.is_part:  # condensed samples may be of columns that cannot be read
        summaries.check_condensed(file)
    summaries.check_image_errors(file)
    for node in (n for schema in file.schemas.values() for n in schema.nodes if n.dictionary != reader.NONE):
        words = file.dictionary(node.dictionary)
        require(isinstance(words[0], bytes), "the kind of a dictionary")
        any(reader.utf8(word) is None for word in words if node.kind == reader.TEXT)
    for index in range(len(file.entries(3))):
        file.dictionary(index)
    check_blocks(file, [*pieces, *sets], dictionaries)
    features.check_features(file)


def check_blocks(file, pieces, dictionaries):
    """The pieces of tables, each with the number of the section that it is in, and dictionaries, which are in any."""
    sections = [s for s in file.sections if s.kind == 1]
    numbers = {number for number, (_, length) in pieces if length}
    require(sections or not numbers and not dictionaries, "pieces without a section")
    require(numbers <= {s.number for s in sections}, "a blocks section has pieces of another table")
    for blocks in sections:
        end = blocks.offset + blocks.length
        others = [s for s in sections if s.number == blocks.number and s != blocks]  # of other parts (2.8)
        is_own = lambda at: blocks.offset <= at < end or not any(s.offset <= at < s.offset + s.length for s in others)
        own = [piece for number, piece in pieces if number == blocks.number and piece[1] and is_own(piece[0])]
        own += [piece for piece in dictionaries if blocks.offset <= piece[0] < end or len(sections) == 1]
        inside = all(blocks.offset <= at < end for at, _ in own)
        require(inside or len(sections) == 1, "a blocks section has pieces of another table")
        check_cover(file, own, blocks.offset, end, bool(file.unknown))
        last = max((at + length for at, length in own), default=0)
        require(last == end or file.unknown and last < end, "the blocks section does not end where its last piece does")


def check_ends(file):
    """The places of the header name this end of the table, once rows were appended, and at most the one before (2.8)."""
    require(None not in file.places, "header: a place that may name the end of the table is damaged")
    known = {0, file.end} | ({file.previous + 64} if file.previous else set())
    require(set(file.places) <= known and (not file.previous or file.end in file.places),
            "header: it does not name the end of the table, or another")


def check_identity(file):
    """SHA-256 of the bytes before the section, and of the directory before its entry, one end of the table after the other
    (gede.md, 2.7, 2.8)."""
    frames = [file]
    while frames[-1].previous:
        frames.append(Frame(file.data, frames[-1].previous + 64))
    before = file.data[64:64]
    for frame in reversed(frames):
        at, size = frame.directory
        later = len(frame.sections) - [(s.kind, s.number) for s in frame.sections].index((37, 0))
        stride = struct.unpack_from("<H", file.data, at + 32)[0]
        start = next(s.offset for s in frame.sections if (s.kind, s.number) == (37, 0))
        first = frame.previous + 64
        before = hashlib.sha256(before + file.data[first:start] + file.data[at : at + size - later * stride]).digest()
        require(before == frame.identity, f"identity: the file is {before.hex()} and says {frame.identity.hex()}")


def check_cover(file, spans, start, end, may_have_gaps=False):
    """Spans follow each other with zeros between; where gaps may be, a feature of a later version owns their bytes (9.1)."""
    at = start
    for offset, length in sorted(s for s in spans if s[1]):
        require(offset % 64 == 0 and at <= offset, f"gap or overlap at byte {offset}")
        if may_have_gaps:
            at = offset + length
            continue
        require(offset < at + 64, f"gap or overlap at byte {offset}")
        require(not any(file.data[at:offset]), f"padding before byte {offset}")
        at = offset + length
    covered = at <= end < at + 64 and not any(file.data[at:end])
    require(covered or may_have_gaps and at <= end, f"bytes up to {end} are not covered")


def compare(path):
    file = reader.File(path.read_bytes())
    check(file)
    for suffix, lines in DUMPS.items():
        expected = path.with_suffix(suffix)
        if expected.exists():
            found = "".join(line + "\n" for line in lines(file)).encode()
            require(found == expected.read_bytes(), f"{expected.name} differs")


def check_refused(folder):
    """Files that break a rule are refused for the reason that is given. How many are not."""
    bad = 0
    for line in (folder / "reasons.txt").read_text().splitlines():
        name, when, reason = line.split(" ", 2)
        try:
            file = reader.File((folder / f"{name}.gede").read_bytes())
            if when == "rows":
                any(reader.dump_table(file))
            check(file)
            error = None
        except REFUSALS as refusal:
            error = str(refusal)
        if error is None or reason not in error:
            print(f"{name}: refused for \"{error}\", not \"{reason}\"")
            bad += 1
    return bad


def check_later(folder):
    """Files of a later version are read, read in part or refused as they should be. How many are not."""
    bad = 0
    for line in (folder / "expected.txt").read_text().splitlines():
        name, what, words = line.split(" ", 2)
        try:
            file = reader.File((folder / f"{name}.gede").read_bytes())
            check(file)
            found, original = [], []
            if what == "part":
                require(file.unreadable, "every column can be read")
                original = reader.File((TESTS / "golden" / f"{words}.gede").read_bytes())
                original.unreadable = file.unreadable
                original.schema = original.schema._replace(nodes=original.without_unknown(list(original.schema.nodes)))
                found, original = ([*reader.dump_table(f, partial=True)] for f in (file, original))
            elif what == "read":
                found = "".join(line + "\n" for line in reader.dump_table(file)).encode()
                original = (TESTS / "golden" / f"{words}.csv").read_bytes()
            difference = None if found == original and what != "refused" else "other rows"
        except REFUSALS as refusal:
            difference = None if what == "refused" and words in str(refusal) else str(refusal)
        if difference:
            print(f"{name}: {difference}, not {what} {words}")
            bad += 1
    return bad


def main(paths):
    all_own, paths = not paths, paths or [TESTS / "golden"]
    files = [file for path in paths for file in (sorted(path.glob("*.gede")) if path.is_dir() else [path])]
    bad = 0
    for path in files:
        try:
            compare(path)
        except Exception as error:  # a reader's crash is a difference, too
            print(f"{path.name}: {type(error).__name__}: {error}")
            bad += 1
    print(f"{len(files) - bad} of {len(files)} files read as they should")
    if all_own:
        bad += check_refused(TESTS / "refused") + check_later(TESTS / "later")
        if example.differs():
            print("gede.md: appendix A is not what the file has: example.py --write")
            bad += 1
    return 1 if bad or not files else 0


TESTS = pathlib.Path(__file__).parent.parent / "tests"

if __name__ == "__main__":
    sys.exit(main([pathlib.Path(path) for path in sys.argv[1:]]))
