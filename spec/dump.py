"""The dump of a table as CSV (gede.md, appendix B)."""
from rules import (BYTES, DECIMAL, FIXED, FIXED_LIST, FLOAT, IMAGE, INTERVAL, KINDS, LIST, NONE, SIGNED, STRUCT, TEXT, UNKNOWN,
                   integer)
from strings import utf8


def dump(file, schema, values, rows, kinds=True):
    """The lines of the CSV of a table, of the columns that can be read."""
    yield ",".join(quoted(name + f":{kind}" * kinds) for name, kind in names(file, schema))
    yield from lines(file, schema, values, rows)


def names(file, schema):
    """The path and the kind of each field."""
    for number, node, instance in fields(schema):
        if node.kind == LIST:
            below = names(file, file.schemas[schema.items[number]])
            kind = "[" + ",".join(f"{quoted(name)}:{kind}" for name, kind in below) + "]"
        else:
            kind = KINDS[node.kind] + str(node.length if node.kind in (FIXED, IMAGE) else node.bits or "")
        kind += f"/{node.unit}" if node.unit and node.kind != IMAGE else ""
        kind += f"/{node.precision}.{node.scale}" if node.kind == DECIMAL else ""
        yield path(schema, node, instance), kind + "?" * node.nullable


def lines(file, schema, values, rows, in_list=False):
    """A line a row."""
    columns = []
    for number, node, instance in fields(schema):
        items = item_lines(file, schema.items[number]) if node.kind == LIST else None
        texts = [field_text(node, raw, items) for raw in values[number][instance]]
        columns.append([quoted(text) if text and not in_list else text for text in texts] if node.kind == LIST else texts)
    return [",".join(column[row] for column in columns) for row in range(rows)]


def item_lines(file, table):
    """The lines of a table of items."""
    if table not in file.item_lines:
        file.item_lines[table] = lines(file, file.schemas[table], file.table_values(table), file.tables[table].rows, True)
    return file.item_lines[table]


def fields(schema):
    """Number, node and instance of each field."""
    for number, node in enumerate(schema.nodes):
        if node.kind != UNKNOWN and (node.kind not in (STRUCT, FIXED_LIST) or node.nullable):
            yield from ((number, node, instance) for instance in range(node.r))


def field_text(node, raw, items):
    """A value as the dump writes it; `items` are the lines of the table of a list's items."""
    if node.kind in (STRUCT, FIXED_LIST):
        return "0" if raw is None else "1"
    if raw is None:
        return ""
    if node.kind == LIST:
        return "[" + "".join(items[row] + ";" for row in raw) + "]"
    if node.kind == TEXT:
        return quoted(utf8(raw))
    if node.kind in (BYTES, FIXED, IMAGE):
        return "0x" + raw.hex()
    if node.kind in (FLOAT, INTERVAL):
        return f"{raw:0{node.bits // 4}x}"
    return str(integer(node, raw) if node.kind in (SIGNED, DECIMAL) else raw)


def quoted(text):
    return '"%s"' % text.replace('"', '""')


def path(schema, node, instance):
    if node.parent == NONE:
        return node.name
    parent = schema.nodes[node.parent]
    if parent.kind == FIXED_LIST:
        return f"{path(schema, parent, instance // parent.length)}[{instance % parent.length}]"
    return f"{path(schema, parent, instance)}.{node.name}"
