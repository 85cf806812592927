"""Parquet that gede writes, read by pyarrow, pandas, DuckDB and Polars.

A table with a column of every type that gede holds goes from Arrow IPC into gede and from there into Parquet. Each reader must
give the values of the original, in the logical type that the table below says; where Parquet cannot say the type, the export
must have said so in a note that names the column.

Run by `run`: parquet_export.py GEDE
"""

import datetime
import decimal
import json
import math
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

# Without it, Polars reads no column of a file with an interval; with it, all the others.
os.environ["POLARS_IMPORT_INTERVAL_AS_STRUCT"] = "1"

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

D = decimal.Decimal
DATE = datetime.date(2024, 2, 29)


def dictionary(values, index, value_type):
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.int8()), pa.array(values, value_type))


def columns():
    """Name, array, type in pyarrow after Parquet (None: the same), type in DuckDB, noted."""
    yield "null", pa.nulls(3), None, '"NULL"', False
    yield "bool", pa.array([True, None, False]), None, "BOOLEAN", False
    for bits in (8, 16, 32, 64):
        names = {8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}
        low, high = -(2 ** (bits - 1)), 2**bits - 1
        yield f"i{bits}", pa.array([low, None, 7], f"int{bits}"), None, names[bits], False
        yield f"u{bits}", pa.array([high, None, 0], f"uint{bits}"), None, "U" + names[bits], False
    yield "f16", pa.array([1.5, None, -0.25], pa.float16()), None, "FLOAT", False
    yield "f32", pa.array([1.5, None, math.inf], pa.float32()), None, "FLOAT", False
    yield "f64", pa.array([0.1, None, -math.inf], pa.float64()), None, "DOUBLE", False
    yield "d32", pa.array([D("-1.25"), None, D("99999.99")], pa.decimal32(7, 2)), None, "DECIMAL(7,2)", False
    yield "d64", pa.array([D("-1.25"), None, D("9999999999.99")], pa.decimal64(15, 2)), None, "DECIMAL(15,2)", False
    wide = D("12345678901234567890123456.789")
    yield "d128", pa.array([wide, None, -wide], pa.decimal128(38, 3)), None, "DECIMAL(38,3)", False
    yield "date32", pa.array([DATE, None, datetime.date(1960, 1, 1)], pa.date32()), None, "DATE", False
    yield "date64", pa.array([DATE, None, datetime.date(1960, 1, 1)], pa.date64()), pa.date32(), "DATE", False
    timed = pa.array([86_400_000, None, 5], pa.int64()).view(pa.date64())
    yield "date64_timed", timed, pa.timestamp("ms"), "TIMESTAMP", False
    for unit, bits, stored in (("s", 32, "ms"), ("ms", 32, "ms"), ("us", 64, "us"), ("ns", 64, "ns")):
        kind = pa.time32 if bits == 32 else pa.time64
        per = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        # Python's times, which pandas makes, have microseconds.
        last = 86_399 * per + (per - (1000 if unit == "ns" else 1))
        values = pa.array([0, None, last], f"int{bits}").view(kind(unit))
        yield f"time_{unit}", values, kind(stored), "TIME_NS" if unit == "ns" else "TIME", False
        value = 1_700_000_000 * per + per // 2 + (1 if unit == "ns" else 0)
        stamps = pa.array([value, None, -per], pa.int64())
        plain = "TIMESTAMP_NS" if unit == "ns" else "TIMESTAMP"
        yield f"ts_{unit}", stamps.view(pa.timestamp(unit)), pa.timestamp(stored), plain, False
        for name, zone, noted in (("utc", "UTC", False), ("paris", "Europe/Paris", True)):
            zoned = "TIMESTAMPTZ_NS" if unit == "ns" else "TIMESTAMP WITH TIME ZONE"
            yield f"ts_{unit}_{name}", stamps.view(pa.timestamp(unit, zone)), pa.timestamp(stored, zone), zoned, noted
        yield f"took_{unit}", stamps.view(pa.duration(unit)), None, "BIGINT", True
    interval = pa.MonthDayNano([14, 3, 5_000_000])
    twelve = pa.binary(12)
    yield "interval", pa.array([interval, None, pa.MonthDayNano([0, 0, 0])], pa.month_day_nano_interval()), twelve, "INTERVAL", True
    text = ["käse", None, "a text that is longer than a view holds"]
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        yield str(kind), pa.array(text, kind), None, "VARCHAR", False
    data = [b"\xff\x00", None, b"bytes that are longer than a view holds"]
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        yield str(kind), pa.array(data, kind), None, "BLOB", False
    yield "fixed", pa.array([b"abc", None, b"xyz"], pa.binary(3)), None, "BLOB", False
    ids = pa.array([uuid.UUID(int=7).bytes, None, uuid.UUID(int=8).bytes], pa.binary(16))
    yield "uuid", pa.ExtensionArray.from_storage(pa.uuid(), ids), None, "UUID", False
    yield "json", pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None, "[]"])), None, "JSON", False
    yield "struct", pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]), None, "STRUCT(a BIGINT, b VARCHAR)", False
    yield "list2", pa.array([[1, 2], None, [3, None]], pa.list_(pa.int16(), 2)), None, "SMALLINT[]", False
    yield "dict_text", dictionary(["x", "y"], [1, None, 0], pa.string()), None, "VARCHAR", False
    yield "dict_view", dictionary(["x", "y"], [1, None, 0], pa.string_view()), pa.dictionary(pa.int8(), pa.string()), "VARCHAR", False
    yield "dict_int", dictionary([5, 6], [1, None, 0], pa.int32()), pa.int32(), "INTEGER", False
    yield "dict_time", dictionary([5, 6], [1, None, 0], pa.timestamp("s")), pa.timestamp("ms"), "TIMESTAMP", False


def plain(value):
    """A value in one form, whoever read it."""
    if value is None or value is pd.NaT or value is pd.NA or isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, pa.MonthDayNano):
        months, days, nanos = value
        return b"".join(part.to_bytes(4, "little") for part in (months, days, nanos // 1_000_000))
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0:
        return [plain(part) for part in value]
    if isinstance(value, pd.Timestamp) or isinstance(value, datetime.datetime):
        return nanos_of(value)
    if isinstance(value, (pd.Timedelta, datetime.timedelta)):
        return pd.Timedelta(value).value
    if isinstance(value, datetime.date):
        return nanos_of(datetime.datetime(value.year, value.month, value.day))
    if isinstance(value, (datetime.time)):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 10**9 + value.microsecond * 1000
    if isinstance(value, uuid.UUID):
        return value.bytes
    if isinstance(value, pl.Series):
        return [plain(part) for part in value]
    if hasattr(value, "item"):
        return plain(value.item())
    return value


def nanos_of(moment):
    stamp = pd.Timestamp(moment)
    stamp = stamp if stamp.tzinfo else stamp.tz_localize("UTC")
    return stamp.as_unit("ns").value


def expected(array):
    """The values of the original in plain form; times and timestamps in nanoseconds, exactly."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        array, kind = array.storage, array.type.storage_type
    if pa.types.is_dictionary(kind):
        return expected(array.dictionary_decode() if kind.value_type != pa.string_view() else decoded(array))
    per = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time(kind):
        bits = pa.int32() if pa.types.is_time32(kind) else pa.int64()
        return [v if v is None else v * per[kind.unit] for v in array.view(bits).to_pylist()]
    if kind == pa.date64():
        return [v if v is None else v * 10**6 for v in array.view(pa.int64()).to_pylist()]
    if pa.types.is_struct(kind):
        names = [field.name for field in kind]
        parts = [expected(array.field(i)) for i in range(len(names))]
        valid = array.is_valid().to_pylist()
        return [dict(zip(names, values)) if there else None for there, *values in zip(valid, *parts)]
    return [plain(value) for value in array.to_pylist()]


def decoded(array):
    values = array.dictionary.to_pylist()
    return pa.array([None if i is None else values[i] for i in array.indices.to_pylist()])


def run(gede, *arguments):
    done = subprocess.run([gede, "convert", *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"gede {arguments}: {done.stderr}")
    return json.loads(done.stdout)


def by_pyarrow(path, name):
    column = pq.read_table(path, columns=[name]).column(0).combine_chunks()
    return column.type, expected(column)


def by_pandas(path, name):
    column = pd.read_parquet(path, columns=[name], dtype_backend="numpy_nullable")[name]
    return str(column.dtype), [plain(value) for value in column]


def by_duckdb(path, name):
    relation = duckdb.sql(f"select \"{name}\" as c from '{path}'")
    kind = str(relation.types[0])
    # Python has no nanoseconds, and intervals of days: DuckDB says the parts.
    if kind == "INTERVAL":
        parts = [[f"date_part('{part}', c)::bigint" for part in ("year", "month", "day", "microsecond", "second", "minute", "hour")]]
        rows = duckdb.sql(f"select {', '.join(parts[0])} from relation").fetchall()
        whole = lambda y, mo, d, us, s, mi, h: (12 * y + mo, d, us // 1000 + 1000 * (60 * mi + 3600 * h))
        return kind, [None if r[0] is None else b"".join(p.to_bytes(4, "little") for p in whole(*r)) for r in rows]
    if kind.startswith(("TIME", "DATE")):
        relation = duckdb.sql("select epoch_ns(c) from relation")
    return kind, [plain(row[0]) for row in relation.fetchall()]


def by_polars(path, name):
    column = pl.read_parquet(path, columns=[name])[name]
    kind = column.dtype
    if isinstance(kind, (pl.Datetime, pl.Duration)):
        per = {"ms": 10**6, "us": 10**3, "ns": 1}[kind.time_unit]
        return kind, [v if v is None else v * per for v in column.to_physical()]
    if kind == pl.Time:
        return kind, list(column.to_physical())
    return kind, [plain(value) for value in column]


def storage(kind):
    return kind.ext_storage() if isinstance(kind, pl.BaseExtension) else kind


def geo_faults(gede, folder):
    """A GeoParquet file stays one."""
    point = bytes.fromhex("0101000000000000000000f03f0000000000000040")
    columns = {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}}
    geo = json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": columns})
    table = pa.table({"geometry": pa.array([point, None], pa.binary())}).replace_schema_metadata({"geo": geo})
    source, held, out = folder / "geo.parquet", folder / "geo.gede", folder / "geo_out.parquet"
    pq.write_table(table, source)
    run(gede, source, held)
    run(gede, held, out)
    kinds = [str(duckdb.sql(f"select geometry from '{path}'").types[0]) for path in (source, out)]
    return [] if kinds[0] == kinds[1] else [f"geometry: DuckDB reads {kinds[1]}, not {kinds[0]}"]


POLARS = {"UUID": pl.Binary, "JSON": pl.String, "VARCHAR": pl.String, "BLOB": pl.Binary, "BOOLEAN": pl.Boolean}


def main():
    gede = sys.argv[1]
    wrong, checks = [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        table = list(columns())
        whole = pa.table({name: array for name, array, *_ in table})
        whole = whole.replace_schema_metadata({"author": "somebody"})
        source, held, out = folder / "t.arrow", folder / "t.gede", folder / "t.parquet"
        with pa.ipc.new_file(source, whole.schema) as file:
            file.write_table(whole)
        run(gede, source, held)
        notes = run(gede, held, out)["notes"]
        if pq.read_metadata(out).metadata.get(b"author") != b"somebody":
            wrong.append("a key-value is gone")
        wrong += geo_faults(gede, folder)
        again, back = folder / "again.gede", folder / "back.arrow"
        run(gede, out, again)
        run(gede, again, back)
        restored = pa.ipc.open_file(back).read_all()
        for name, array, arrow_type, duck_type, noted in table:
            values = expected(array)
            says = any(f'"{name}"' in note for note in notes)
            if says != noted:
                wrong.append(f"{name}: {'a note' if says else 'no note'} at export")
            if not (pa.types.is_dictionary(array.type) and array.type.value_type == pa.timestamp("s")):
                if restored.schema.field(name).type != array.type:
                    wrong.append(f"{name}: comes back as {restored.schema.field(name).type}")
            for reader in (by_pyarrow, by_pandas, by_duckdb, by_polars):
                checks += 1
                who = reader.__name__[3:]
                try:
                    kind, got = reader(out, name)
                except Exception as error:
                    if not (who == "polars" and name == "interval" and noted):
                        wrong.append(f"{name}: {who} fails: {error}")
                    continue
                wanted = values
                if who == "duckdb" and noted and duck_type == "BIGINT":
                    wanted = array.view(pa.int64()).to_pylist()
                if got != wanted:
                    wrong.append(f"{name}: {who} reads {got} as {kind}, not {wanted}")
                if who == "pyarrow" and kind != (arrow_type or array.type):
                    wrong.append(f"{name}: pyarrow reads it as {kind}, not {arrow_type or array.type}")
                if who == "duckdb" and kind != duck_type:
                    wrong.append(f"{name}: DuckDB reads it as {kind}, not {duck_type}")
                if who == "polars" and duck_type in POLARS and "dict" not in name and storage(kind) != POLARS[duck_type]:
                    wrong.append(f"{name}: Polars reads it as {kind}")
                if who == "polars" and duck_type.startswith("TIMESTAMP") and not isinstance(kind, pl.Datetime):
                    wrong.append(f"{name}: Polars reads it as {kind}")
    for line in wrong:
        print(line)
    print(f"{checks} columns read by four readers, {len(wrong)} faults")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
