"""How many machines some faces and requests a second take, from what one of each was measured to take.

    python -m benchmarks.tools.plan --faces 100000000 --requests 1000

Prints Markdown. Every constant names its source; change those that you have measured on your own machines. With
`--postgresql` it measures what a row takes.
"""

import argparse
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Constant:
    """A number, and where it is from."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Constants:
    """What one face or one request takes."""

    photograph: Constant = Constant(
        3.4, "ms of a core at most, to find and read a face", "python -m benchmarks.queue.throughput, 200 pixels, Zen 5"
    )
    api: Constant = Constant(2.3, "ms of a core for a request in the API, at most", "python -m benchmarks.http, /embed")
    redis: Constant = Constant(15.4, "kB of a picture through Redis", "python -m benchmarks.queue.throughput")
    wait: Constant = Constant(30.0, "s that calls may wait at most", "FACET_MAX_WAIT")
    row: Constant = Constant(
        730.0, "bytes of a face in PostgreSQL with its indexes", "python -m benchmarks.tools.plan --postgresql"
    )
    picture: Constant = Constant(
        15_000.0, "bytes of a kept picture, where they are kept", "an assumption: yours are known"
    )
    statements: Constant = Constant(5.0, "statements of a search", "gallery/milvus/gallery.py")
    reading: Constant = Constant(
        13_600.0, "faces read from the database in a second", "a start without a snapshot, one busy core"
    )
    memory: Constant = Constant(260.0, "bytes of a face in memory", "docs/running/performance.md, benchmarks.search")
    exact: Constant = Constant(
        10.4, "ms of a core at most, one attribute of a million faces", "python -m benchmarks.search, 5.2 ms of two"
    )
    composed: Constant = Constant(
        12.8, "ms of a core, composed, of a million faces in float32", "benchmarks/NOTES.md, the index before"
    )
    approximate: Constant = Constant(
        2.5, "ms of a core, approximate, of a million faces, recall 0.98", "python -m benchmarks.search"
    )
    vectors: Constant = Constant(784.0, "bytes of a face's vectors in Milvus", "3 x 32 and 100 numbers of 4 bytes")
    scalars: Constant = Constant(70.0, "bytes of its other fields, two keys of metadata", "gallery/milvus/rows.py")
    links: Constant = Constant(
        151.0, "bytes of HNSW's links of a vector, M = 16", "4 M (2 + 1 / ln M): Malkov and Yashunin, 2016, 4.2.3"
    )
    loaded: Constant = Constant(0.9, "of the memory of its query nodes may be loaded", "milvus.io/docs/limitations.md")
    core: Constant = Constant(
        0.0408, "dollars an hour for a core with 4 GB", "m7g.large, us-east-1, June 2026: factualminds.com/blog"
    )


BUSY = 0.6
"""The share of a core's time that is planned for."""
REPLICAS = 2
COMPOSED_SHARE = 0.01
"""Of all searches: they compare every face."""
ENROLLED_SHARE = 0.01
"""Of all requests; the others search with one photograph."""
MEMORY_OF_CORE = 4e9
HOURS = 730


def cores(rate: float, milliseconds: float) -> int:
    """Cores for so many things a second that take so long each."""
    return math.ceil(rate * milliseconds / 1000 / BUSY)


def plan(faces: float, requests: float, of: Constants) -> dict[str, tuple[int, str]]:
    """The cores of each part, with what else there is to say of it."""
    millions = faces / 1e6
    # An inverted file with 4 sqrt(n) lists looks at so many vectors as grow with the root of n.
    searching = of.approximate.value * math.sqrt(millions) * (1 - COMPOSED_SHARE)
    searching += of.composed.value * millions * COMPOSED_SHARE
    held = faces * (of.vectors.value + of.scalars.value + 3 * of.links.value)
    needed = held / of.loaded.value
    by_memory, by_time = math.ceil(needed / MEMORY_OF_CORE), math.ceil(cores(requests, searching) / REPLICAS)
    through = requests * of.redis.value * 1e3
    stored = faces * of.row.value
    return {
        "API": (cores(requests, of.api.value), f"{requests:,.0f} requests a second"),
        "workers of `inference`": (cores(requests, of.photograph.value), "on CPUs"),
        "Redis": (
            2,
            f"{through / 1e6:.0f} MB a second, {through * of.wait.value / 1e6:.0f} MB if all wait the longest",
        ),
        "PostgreSQL": (
            8,
            f"{stored / 1e9:.0f} GB, {requests * of.statements.value:,.0f} statements and "
            f"{requests * ENROLLED_SHARE:.0f} enrolments a second; "
            f"kept pictures take {faces * of.picture.value / 1e12:.1f} TB more",
        ),
        f"Milvus, query nodes, {REPLICAS} replicas": (
            REPLICAS * max(by_memory, by_time),
            f"{held / 1e9:.0f} GB held, {needed / 1e9:.0f} GB of memory for each replica; "
            f"{searching:.0f} ms of a core a search, {of.composed.value * millions * COMPOSED_SHARE:.0f} of them "
            f"because {COMPOSED_SHARE:.0%} are composed",
        ),
        "Milvus, the rest": (16, "coordinators, proxies, data nodes, etcd, object storage"),
    }


def report(faces: float, requests: float, of: Constants | None = None) -> Iterator[str]:
    """The lines of the page."""
    of = of or Constants()
    parts = plan(faces, requests, of)
    total = sum(count for count, _ in parts.values())
    yield "| part | cores | |\n|---|---|---|"
    yield from (f"| {name} | {count} | {said} |" for name, (count, said) in parts.items())
    price = total * of.core.value * HOURS
    yield f"| all | {total} | {price:,.0f} dollars a month on demand, without storage and traffic |"
    yield ""
    millions = faces / 1e6
    yield "| instead of Milvus | |\n|---|---|"
    yield f"| memory of each search worker | {faces * of.memory.value / 1e9:.0f} GB |"
    exact = cores(requests, of.exact.value * millions)
    yield f"| cores, if every search compares every face | {exact:,} |"
    yield f"| a first start from the database | {faces / of.reading.value / 3600:.1f} hours |"
    yield ""
    yield "| constant | of what | from |\n|---|---|---|"
    for field in fields(of):
        constant: Constant = getattr(of, field.name)
        yield f"| {constant.value:g} | {constant.unit} | {constant.source} |"


def bytes_of_a_row(faces: int) -> float:
    """What a face takes in the tables and indexes of a new PostgreSQL with so many."""
    from benchmarks.search.workload import batches
    from gallery.store.store import Store
    from tests.gallery import postgres

    programs = postgres.binaries()
    if programs is None:
        raise SystemExit(postgres.MISSING)
    with postgres.server(programs) as folder, closing(Store(postgres.database(folder))) as store:
        for new in batches(faces):
            store.add_many(new)
        with store.database.transaction() as connection:
            size = connection.exec_driver_sql("SELECT pg_total_relation_size('faces')").scalar_one()
    return float(size) / faces


def main() -> None:
    """Print the plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=float, default=1e8)
    parser.add_argument("--requests", type=float, default=1000, help="a second")
    parser.add_argument("--postgresql", action="store_true", help="measure the bytes of a row with 20,000 faces")
    given = parser.parse_args()
    if given.postgresql:
        print(f"{bytes_of_a_row(20_000):.0f} bytes a face")
        return
    print("\n".join(report(given.faces, given.requests)))


if __name__ == "__main__":
    main()
