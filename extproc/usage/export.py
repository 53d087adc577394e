"""Every attempt, one by one, for programs: as lines of JSON, or as Parquet."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
from sqlalchemy import BigInteger, Boolean, Engine, Float, Text, select

from extproc.usage.store import attempts

AT_ONCE = 10_000
"""Rows that are held at a time; a group of rows of Parquet."""

Row = Mapping[str, Any]


def batches(engine: Engine, since: float, until: float) -> Iterator[list[Row]]:
    """All of that time, the first one first."""
    wanted = select(attempts).where(attempts.c.at >= since, attempts.c.at < until)
    wanted = wanted.order_by(attempts.c.at, attempts.c.id)
    with engine.connect() as connection:
        found = connection.execution_options(yield_per=AT_ONCE).execute(wanted).mappings()
        for rows in found.partitions():
            # Names that SQL might take for words of its own are a kind of string no JSON takes.
            yield [{str(name): value for name, value in row.items()} for row in rows]


def as_lines(found: Iterator[list[Row]], out: BinaryIO) -> None:
    """An object for each attempt."""
    for rows in found:
        out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def as_parquet(found: Iterator[list[Row]], out: BinaryIO) -> None:
    """The same columns; `at` is a time in UTC."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {Text: pa.string(), BigInteger: pa.int64(), Float: pa.float64(), Boolean: pa.bool_()}
    columns = {column.name: kinds.get(type(column.type), pa.string()) for column in attempts.c}
    schema = pa.schema({**columns, "at": pa.timestamp("us", tz="UTC")})
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in found:
            dated = [{**row, "at": datetime.fromtimestamp(row["at"], UTC)} for row in rows]
            writer.write_table(pa.Table.from_pylist(dated, schema=schema))


FORMS = {"jsonl": as_lines, "parquet": as_parquet}
