"""What others read in the lake: DuckDB and Polars find the simulator's own sums, in a table that the format's Python library lists.

Usage: lake.py BINARY WORK_FOLDER. It simulates a shop, loads it twice, and compares."""

import json
import pathlib
import subprocess
import sys
from decimal import Decimal

import deltalake
import duckdb
import polars

EVENTS = 50_000


def run(binary, *arguments):
    subprocess.run([binary, *arguments], check=True, stdout=subprocess.DEVNULL)


def load(binary, work):
    """A simulated file in the lake, and its truth."""
    file, truth = work / "events.ndjson", work / "truth.json"
    run(binary, "simulate", "--to", "file", "--out", file, "--truth", truth, "--count", str(EVENTS), "--seed", "3", "--rate", "200")
    for _ in range(2):
        run(binary, "ingest", file, "--data-dir", work / "data")
    return json.loads(truth.read_text())


def by_duckdb(files):
    events = "read_parquet($files, hive_partitioning = true)"
    ask = lambda sql: duckdb.sql(sql, params={"files": files}).fetchall()[0]
    rows, offsets, orders = ask(
        f"select count(*), count(distinct log_offset), count(distinct order_id) filter (type = 'order') from {events}"
    )
    (sold,) = ask(f"select sum(i.unit_price * i.quantity) from (select unnest(items) as i from {events} where type = 'order')")
    (discount,) = ask(f"select coalesce(sum(discount), 0) from {events} where type = 'order'")
    return rows, offsets, orders, Decimal(sold) - Decimal(discount)


def by_polars(table):
    events = polars.read_delta(str(table))
    orders = events.filter(polars.col("type") == "order")
    lines = orders.select("items").explode("items").unnest("items")
    # Ten-thousandths as integers: sums of floats depend on their order.
    whole = lambda name: (polars.col(name) * 10_000).cast(polars.Int64)
    sold = lines.select((whole("unit_price") * whole("quantity")).sum()).item()
    discount = orders.select(whole("discount").sum()).item() or 0
    return (
        events.height,
        events["log_offset"].n_unique(),
        orders["order_id"].n_unique(),
        Decimal(sold) / 10_000**2 - Decimal(discount) / 10_000,
    )


def main(binary, work):
    truth = load(binary, work)
    expected = (EVENTS, EVENTS, truth["orders"], Decimal(truth["revenue"]["USD"]))
    table = work / "data" / "lake" / "events"
    files = deltalake.DeltaTable(str(table)).file_uris()
    for reader, found in [("DuckDB", by_duckdb(files)), ("Polars", by_polars(table))]:
        told = "rows, offsets, orders, revenue"
        assert found == expected, f"{reader}: {told} are {found}, the simulator says {expected}"
        print(f"{reader} reads {told}: {', '.join(map(str, found))}, as the simulator says")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
