"""What a schema (gede.md, chapter 3) and the transforms of its lanes (4 and 4.1) may say."""
NONE = 0xFFFFFFFF
KINDS = "struct list bool unsigned signed float decimal interval fixed_bytes bytes text image".split()  # in dumps
STRUCT, FIXED_LIST, BOOL, UNSIGNED, SIGNED, FLOAT, DECIMAL, INTERVAL, FIXED, BYTES, TEXT, IMAGE, LIST = range(13)
UNKNOWN = -1  # of a column that needs a feature of a later version (9.1)
BITS = [(0,), (0,), (1,), (8, 16, 32, 64), (8, 16, 32, 64), (16, 32, 64), (32, 64, 128), (64, 128), (8,), (0,), (0,), (8,), (64,)]
UNITS = {32: (0, 1, 4, 5, 16), 64: (0, 2, *range(6, 16))}
DIGITS = {32: 9, 64: 18, 128: 38}
MAX_DEPTH, MAX_LANES, MAX_TABLES = 64, 1 << 20, 4096


def require(truth, what):
    """A rule of the specification."""
    if not truth:
        raise ValueError(what)


def integer(node, raw):
    """A two's complement integer of the node's bits."""
    return raw - (1 << node.bits) if raw >> (node.bits - 1) else raw


def check_parents(nodes):
    """Parents are before children, and a node's descendants are together."""
    above = []
    for number, node in enumerate(nodes):
        while above and node.parent != above[-1]:
            above.pop()
        require(above or node.parent == NONE, f"schema: column {node.name}: its parent is not above it")
        above.append(number)


def check_schema(nodes, dictionaries, above=0):
    """The rules of the nodes of a schema, lanes aside, below so many levels of other tables. The level of each node."""
    depths, lanes, images, open_nodes = [], {0: 0}, set(), []  # lanes by storage group, and those of images
    for number, node in enumerate(nodes):
        def rule(truth, what):
            require(truth, f"schema: column {node.name}: {what}")

        while open_nodes and open_nodes[-1] != node.parent:
            open_nodes.pop()
        rule(node.parent == NONE or open_nodes, "its parent is not above it")
        open_nodes.append(number)
        rule(node.nullable <= 1, "nullable")
        if node.parent == NONE:
            rule(node.group <= len(lanes), "its storage group does not follow the others")
            rule(node.kind != IMAGE or node.group == len(lanes), "images have a storage group of their own, the next one")
            rule(node.group not in images, "its storage group is of images")
            is_first = node.group == len(lanes) and node.kind not in (IMAGE, UNKNOWN)
            rule(not is_first or any(n.group == 0 for n in nodes[:number]), "the first storage group has none of the columns before it")
            images |= {node.group} if node.kind == IMAGE else set()
        else:
            rule(node.group == nodes[node.parent].group, "its nodes are in several storage groups")
        rule(node.lane == lanes.get(node.group, 0), "first lane")
        lanes[node.group] = node.lane + node.r * (node.nullable + node.v)
        rule(sum(lanes.values()) <= MAX_LANES and node.r <= MAX_LANES, f"more than {MAX_LANES} lanes")
        if node.kind == UNKNOWN:
            depths.append(above + 1)
            continue
        rule(node.kind <= LIST and node.bits in BITS[node.kind], f"kind {node.kind} of {node.bits} bits")
        parent = nodes[node.parent] if node.parent != NONE else None
        rule(parent is None or node.parent < number and parent.kind in (STRUCT, FIXED_LIST), "its parent")
        depths.append(1 + (depths[node.parent] if parent else above))
        rule(depths[-1] <= MAX_DEPTH, f"it is nested deeper than {MAX_DEPTH} levels")
        instances = parent.r * (parent.length if parent.kind == FIXED_LIST else 1) if parent else 1
        rule(node.r == instances, "instances")
        rule(node.kind not in (BYTES, TEXT, LIST) or node.r == 1, "strings and lists lie in structs and lists of any length, not in lists of a fixed one")
        values = {STRUCT: 0, FIXED_LIST: 0, FIXED: node.length, IMAGE: node.length, BYTES: 2, TEXT: 2}
        rule(node.v == values.get(node.kind, 1 + (node.bits == 128)), "value lanes")
        children = sum(other.parent == number for other in nodes)
        rule(node.kind != FIXED_LIST or children == 1, "a list has one item")
        rule(node.kind in (FIXED_LIST, FIXED, IMAGE) or node.length == 0, "no length")
        rule(node.dictionary == NONE or node.kind in (BYTES, TEXT) and node.dictionary < dictionaries,
             f"its dictionary {node.dictionary} is not there")
        if node.kind == IMAGE:
            row = node.precision * node.image_width
            rule(parent is None and not node.nullable and node.unit <= 1 and node.scale == 0, "an image")
            rule(row and node.length and node.length % row == 0, "the shape of its images")
            continue
        rule(node.image_width == 0, "width of an image")
        rule(node.unit in (UNITS.get(node.bits, (0,)) if node.kind == SIGNED else (0,)), f"no unit {node.unit}")
        if node.kind == DECIMAL:
            rule(node.precision <= DIGITS[node.bits], f"up to {DIGITS[node.bits]} digits, not {node.precision}")
            rule(-128 <= node.scale <= (node.precision or DIGITS[node.bits]), f"no scale {node.scale}")
        else:
            rule(node.precision == node.scale == 0, f"no precision {node.precision} and scale {node.scale}")
    return depths


def unknown_lanes(schema):
    """Storage group and lane of each lane of columns that are unknown (9.1)."""
    unknown = (n for n in schema.nodes if n.kind == UNKNOWN)
    return {(n.group, lane) for n in unknown for lane in range(n.lane, n.lane + n.r * (n.nullable + n.v))}


def check_transforms(schema, group, transforms):
    """The rules of the transforms of a block's lanes."""
    for node in (n for n in schema.nodes if n.group == group and n.kind != UNKNOWN):
        first = node.lane + node.r * node.nullable
        strings = node.kind in (BYTES, TEXT)
        for lane, t in enumerate(transforms[node.lane : first + node.r * node.v], node.lane):
            number = lane >= first and BOOL <= node.kind <= INTERVAL and node.bits <= 64
            string = strings and lane == first
            takes = {0: number or t.word == 0, 1: number and node.kind == FLOAT, 2: number or string, 3: string,
                     4: number and node.kind == FLOAT and node.bits == 64}
            require(takes.get(t.kind, False) and (node.kind != IMAGE or t.width <= 32),
                    f"{node.name}: a transform that its type does not take")
            require(t.width <= 64 and t.zero == 0 and t.exponent <= 22 * (t.kind == 1), f"{node.name}: a lane transform")
            require(t.kind != 2 or t.minimum == 0, f"{node.name}: the minimum of a dictionary")
            require(not string or node.dictionary == NONE or (t.kind, t.word) == (2, node.dictionary),
                    f"{node.name}: a block of it leaves its dictionary")
            if t.kind == 1:
                least = t.minimum - (t.minimum >> 63 << 64)
                require(abs(least) <= 1 << 53, f"{node.name}: a decimal of more than 53 bits")
            require(t.kind != 4 or t.minimum >> 32 == 0, f"{node.name}: a stored number is outside of its type")
            if t.kind == 0 and lane >= first and number:
                require(t.minimum >> node.bits == 0, f"{node.name}: a stored number is outside of its type")
        if strings and transforms[first].kind == 2:
            require(transforms[first + 1].width == 0, f"{node.name}: codes of a dictionary have lengths")
