#!/usr/bin/env python3
"""tools/arrows.py [--list]: which file of src uses which, and whether an arrow runs up or in a circle.

A file uses another if it names something defined there (`use` lines and paths, followed through re-exports), or calls
a method that an `impl` block of that file adds to a type of another file. Rooms may use the rooms before them in
ROOMS; files of one room may use each other, but not in circles. Tests are left out. Exits with 1 if it finds any.
--list prints every arrow between files.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src"
# From the lowest room to the highest; rooms in one tuple may not use each other.
ROOMS = [
    ("error", "processor"), ("earned", "bits"), ("files",), ("format",), ("column",), ("codec",), ("summary",), ("read",),
    ("write", "sample"), ("arrow",), ("train", "verify"), ("lib",),
]
ITEM = re.compile(
    r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:default\s+|unsafe\s+|const\s+|async\s+|extern\s+\"C\"\s+)*"
    r"(?:fn|struct|enum|trait|type|const|static|union|macro_rules!)\s+(\w+)", re.M)
IMPL = re.compile(r"^impl\b(?:\s*<[^{;]*?>)?\s+(?:(?:[\w:]+(?:<[^{]*?>)?)\s+for\s+)?&?(?:'\w+\s+)?([\w:]+)", re.M)


def plain(text):
    """The code without comments, string contents and test modules."""
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S), flags=re.S)
    return re.sub(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod \w+ \{.*?^\}", "", text, flags=re.S | re.M)


def module_of(path):
    parts = list(path.relative_to(SRC).with_suffix("").parts)
    if parts[-1] in ("mod", "lib"):
        parts.pop()
    return tuple(parts)


def expand(tree):
    """`a::{b, c as d}` -> [(("a", "b"), "b"), (("a", "c"), "d")]."""
    tree = tree.strip()
    brace = tree.find("{")
    if brace < 0:
        path, _, name = tree.partition(" as ")
        parts = tuple(part.strip() for part in path.split("::"))
        return [(parts, name.strip() or parts[-1])]
    head = tuple(part for part in tree[:brace].strip().split("::") if part)
    out, depth, start = [], 0, brace + 1
    for at in range(brace + 1, len(tree)):
        if tree[at] == "{":
            depth += 1
        elif tree[at] == "}" and depth:
            depth -= 1
        elif (tree[at] == "," or tree[at] == "}") and depth == 0:
            if tree[start:at].strip():
                for path, name in expand(tree[start:at]):
                    out.append((head, head[-1]) if path == ("self",) else (head + path, name))
            start = at + 1
    return out


class File:
    def __init__(self, path):
        self.path, self.module = path, module_of(path)
        self.text = plain(path.read_text())
        self.items = set(ITEM.findall(self.text))
        self.uses, self.exports = [], []
        rest = self.text
        for match in re.finditer(r"^\s*(?:#\[[^\n]*\]\s*)?(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", self.text, re.M):
            for entry in expand(match[2]):
                (self.exports if match[1] else self.uses).append(entry)
            rest = rest.replace(match[0], "", 1)
        self.body = rest
        self.paths = [tuple(found.split("::")) for found in re.findall(r"\b(?:crate|super|self)(?:::\w+)+", rest)]


def main():
    files = {}
    for path in sorted(SRC.rglob("*.rs")):
        if path.stem == "tests" or "tests" in path.relative_to(SRC).parts[:-1]:
            continue
        file = File(path)
        files[file.module] = file

    def resolve(module, path, seen=()):
        """The file that defines `path` as it is written in `module`, or None if it is not of this crate."""
        if path[0] == "crate":
            here, rest = (), path[1:]
        elif path[0] == "self":
            here, rest = module, path[1:]
        elif path[0] == "super":
            here, rest = module, path
            while rest and rest[0] == "super":
                here, rest = here[:-1], rest[1:]
        elif module + path[:1] in files:
            here, rest = module, path
        else:
            return None
        while rest and here + rest[:1] in files:
            here, rest = here + rest[:1], rest[1:]
        if not rest or rest[0] in files[here].items:
            return here
        for target, name in files[here].exports + files[here].uses:
            if name in (rest[0], "*") and (here, target) not in seen:
                tail = rest if name == "*" else rest[1:]
                found = resolve(here, target + (rest[:1] if name == "*" else tail[:1]), seen + ((here, target),))
                if found is not None:
                    return found
        return here

    arrows = defaultdict(set)
    for module, file in files.items():
        for path in [path for path, _ in file.uses] + file.paths:
            target = resolve(module, path)
            if target is not None and target != module:
                arrows[module, target].add(path[-1])

    # Methods that a file adds to a type of another file, by name, if no other file defines one of that name.
    owners, defined = defaultdict(set), defaultdict(set)
    for module, file in files.items():
        for name in re.findall(r"\bfn (\w+)", file.text):
            defined[name].add(module)
        names = {name: target for path, name in file.uses if (target := resolve(module, path)) is not None}
        for part in re.split(r"(?m)^(?=impl\b)", file.text):
            methods = re.findall(r"^\s+(?:pub(?:\([^)]*\))?\s+)(?:const\s+|unsafe\s+)*fn (\w+)", part, re.M)
            head = IMPL.match(part)
            for method in methods:
                if head and head[1] in names and names[head[1]] != module:
                    owners[method].add(module)
    for method, modules in owners.items():
        if len(defined[method]) == 1:
            (owner,) = modules
            for module, file in files.items():
                if module != owner and re.search(rf"(?:\.|::){method}\(", file.body):
                    arrows[module, owner].add(f".{method}()")

    name = lambda module: "::".join(module) or "lib"
    if "--list" in sys.argv:
        for (start, end), why in sorted(arrows.items()):
            print(f"{name(start)} -> {name(end)}: {', '.join(sorted(why))}")
        return 0

    rank = {room: at for at, rooms in enumerate(ROOMS) for room in rooms}
    room = lambda module: module[0] if module else "lib"
    up = [
        f"{name(start)} -> {name(end)}: {', '.join(sorted(why))}"
        for (start, end), why in sorted(arrows.items())
        if room(start) != room(end) and rank.get(room(end), 99) >= rank.get(room(start), -1)
    ]

    # Circles: strongly connected components (Tarjan), by an explicit stack.
    graph = defaultdict(list)
    for start, end in arrows:
        graph[start].append(end)
    index, low, stack, on, circles = {}, {}, [], set(), []
    for root in files:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            node, rest = work[-1]
            for target in rest:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on.add(target)
                    work.append((target, iter(graph[target])))
                    break
                if target in on:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    circle = []
                    while not circle or circle[-1] != node:
                        circle.append(stack.pop())
                        on.discard(circle[-1])
                    if len(circle) > 1:
                        circles.append(sorted(circle))

    print(f"{len(files)} files, {len(arrows)} arrows")
    print(f"arrows that run up: {len(up)}")
    for line in up:
        print("  " + line)
    print(f"circles of files: {len(circles)}")
    for circle in circles:
        print("  " + ", ".join(name(module) for module in circle))
        for start in circle:
            for end in circle:
                if (start, end) in arrows:
                    print(f"    {name(start)} -> {name(end)}: {', '.join(sorted(arrows[start, end]))}")
    return 1 if up or circles else 0


if __name__ == "__main__":
    sys.exit(main())
