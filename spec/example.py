#!/usr/bin/env python3
"""Prints the file of gede.md, appendix A, with a name for every range of its bytes; check.py compares it with the page.

    example.py          the lines of the appendix
    example.py --write  puts them there
"""
import pathlib
import sys

import reader

HERE = pathlib.Path(__file__).parent
FILE, PAGE = HERE.parent / "tests/golden/kept_dictionary.gede", HERE / "gede.md"
MARK = "```text\n"

# Fields by their bytes; a name that begins with "=" is not a number.
HEADER = "8 =magic|2 major version|2 minor version|4 page size|12 =zero|4 =CRC-32 of bytes 0 to 27|32 =places of ends"
TRANSFORM = "1 transform|1 width|1 exponent|1 =zero|4 dictionary or step|8 minimum"
BLOCK = ("8 first stored row|8 rows|8 offset of the transform set|8 offset of the layout|8 offset of the base table|"
         "8 offset of the records|32 =exceptions and heap: there are none|8 bases n_b|4 total bits l_t|4 base bits l_b|"
         "4 deviation bits l_d|4 constant bits|1 record kind|1 id bits|1 image transform|1 frame shift|"
         "20 =frames: there are none|16 =lists: there are none")
DICTIONARY = "8 offset|8 length|8 values|4 kind|4 bytes of a length"
SCHEMA = "4 nodes|4 lanes|4 bytes of names|4 =zero"
NODE = ("4 parent|4 offset of the name|4 length of the name|1 kind|1 nullable|1 unit|1 precision|2 scale|2 bits|4 instances|"
        "4 value lanes|4 first lane|4 storage group|4 dictionary|4 length|4 width of an image")
HEAD = ("4 length of the head|4 page size|8 bulk_end|4 features|4 tables|4 sections|2 bytes of a feature entry|"
        "2 bytes of a table entry|2 bytes of a section entry|30 =zero")
FEATURE = "2 feature|1 required|1 scope|2 major version|2 minor version|4 table|4 number|24 ~name"
TABLE = "2 kind of table|2 =zero|4 storage groups|8 rows|8 rows per segment|8 segments|8 =list of the items: there is none"
SECTION = "2 kind of section|1 place|1 =zero|4 number|4 bytes of an entry|4 =CRC-32|8 offset|8 length"
FOOTER = ("8 length of the file|8 offset of the directory|8 length of the directory|8 previous footer|"
          "4 =CRC-32 of the directory|2 major version|2 minor version|12 =zero|4 =CRC-32 of the footer|8 =magic")


class Dump:
    """Lines of up to 16 bytes, every range of which has a name, without gaps."""

    def __init__(self, data):
        self.data, self.at, self.lines = data, 0, []
        self.line, self.parts, self.names = 0, [], []

    def take(self, size, name):
        """The next bytes, in the line at hand if they fit."""
        part = self.data[self.at : self.at + size]
        reader.require(len(part) == size, "the example ends before its last field")
        if self.at + size > self.line + 16:
            self.end_line()
        long = part[:16].hex(" ").upper() + " .." if any(part) else "00 .."
        self.parts.append(part.hex(" ").upper() if size <= (24 if any(part) else 8) else long)
        if name[0] == "~":
            name = f'{name[1:]} "{part.rstrip(bytes(1)).decode()}"'
        elif name[0] != "=":
            number = int.from_bytes(part, "little")
            name += " none" if size == 4 and number == reader.NONE else f" {number}"
        self.names.append(name.removeprefix("="))
        self.at += size

    def end_line(self):
        if self.parts:
            self.lines.append(f"{self.line:5}  {'  '.join(self.parts):<54}  {', '.join(self.names)}")
        self.line, self.parts, self.names = self.at, [], []

    def title(self, text):
        self.end_line()
        self.lines.append(text)

    def fields(self, title, form):
        """A head or an entry."""
        self.title(f"{title} ({form.chapter})")
        for field in form.split("|"):
            size, name = field.split(" ", 1)
            self.take(int(size), name)

    def piece(self, title, offset):
        """Zeros up to a piece, and its title."""
        if offset > self.at:
            self.take(offset - self.at, "=padding")
        reader.require(self.at == offset, "the example has a piece in another place")
        self.end_line()
        if title:
            self.lines.append(title)


class Form(str):
    """Fields, and the chapter that has them."""

    def __new__(cls, text, chapter):
        form = super().__new__(cls, text)
        form.chapter = chapter
        return form


def lines():
    """The lines of the appendix."""
    file = reader.File(FILE.read_bytes())
    dump = Dump(file.data)
    (block,), ((at, length, count, _, width),) = file.segments_of(0)[0], [reader.struct.unpack("<QQQII", file.entries(3)[0])]
    dump.fields("header", Form(HEADER, "2.1"))
    dump.piece("dictionary 0, in the section of kind 1 (4.3)", at)
    dump.take(count * width, "=lengths of its strings")
    dump.take(length - count * width, "=low, middle, high, never")
    dump.piece("", block.transforms)
    for lane, what in enumerate(("place of the string: an index into dictionary 0", "length of the string: no bits")):
        dump.fields(f"transform set of block 0: lane {lane}, {what}", Form(TRANSFORM, "4"))
    dump.piece("layout of block 0 (4)", block.layout)
    dump.take(1, "=strings A and B: both bits are deviation")
    dump.take(16, "=zeros after a bit stream")
    dump.piece("records of block 0 (4): 2 bits a row", block.records)
    dump.take(8, "=0, 1, 2, 0, 1, 2, ... and 4 spare bits")
    dump.take(16, "=zeros after a bit stream")
    for section in file.sections[1:]:
        dump.piece("", section.offset)
        forms = {2: ("block table, its only entry", Form(BLOCK, "4")), 3: ("dictionary table, its only entry", Form(DICTIONARY, "4.3")),
                 32: ("head of the schema", Form(SCHEMA, "3"))}
        title, form = forms.get(section.kind, (None, None))
        if form:
            dump.fields(f"section of kind {section.kind}: {title}", form)
        else:
            dump.title(f"section of kind {section.kind}")
            level = f"=CRC-32 of bytes 64 to {file.bulk_end - 1}"
            dump.take(section.length, level if section.kind == 16 else "=its bytes")
        if section.kind == 32:
            dump.fields("node 0", Form(NODE, "3"))
            dump.take(5, "~its name")
    dump.piece("", file.directory[0])
    dump.fields("directory: its head", Form(HEAD, "2.3"))
    for title, form, chapter, entries in (("feature", FEATURE, "2.4", file.features), ("table", TABLE, "2.3", file.tables),
                                          ("section", SECTION, "2.3", file.sections)):
        for number in range(len(entries)):
            dump.fields(f"{title} entry {number}", Form(form, chapter))
    dump.piece("", len(file.data) - 64)
    dump.fields("footer", Form(FOOTER, "2.2"))
    dump.end_line()
    reader.require(dump.at == len(file.data), "the example does not name all bytes")
    return dump.lines


def on_page():
    """The page before, within and after the example."""
    before, rest = PAGE.read_text().split("## Appendix A", 1)
    head, rest = rest.split(MARK, 1)
    example, after = rest.split("```\n", 1)
    return before + "## Appendix A" + head + MARK, example, "```\n" + after


def differs():
    """True if the page does not have the lines of the file."""
    return on_page()[1] != "".join(line + "\n" for line in lines())


if __name__ == "__main__":
    text = "".join(line + "\n" for line in lines())
    if sys.argv[1:] == ["--write"]:
        before, _, after = on_page()
        PAGE.write_text(before + text + after)
    else:
        sys.stdout.write(text)
