"""A collection of Milvus behind an alias, over pymilvus: on Milvus Lite, Standalone, Distributed and Zilliz alike."""

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import grpc
import pymilvus
from pymilvus import DataType, MilvusClient
from pymilvus.exceptions import MilvusException

from gallery.limits import MAX_COLLECTION
from gallery.milvus.rows import COMPOSED, FLOATS, MOST_FACTS, NUMBERS, STATE, VECTORS, State, state_row
from model.attributes import Vector
from model.errors import Unavailable

MOST = 16_384
"""Rows that Milvus gives at a time at most."""
_SECONDS = 10.0
"""How long it may take to answer."""
_WORK_SECONDS = 120.0
"""How long to write, or to have an index made ready."""
_LITE_OPTIONS = {"grpc.keepalive_time_ms": 300_000}
"""pymilvus asks an idle server every 10 s whether it is there; Milvus Lite hangs up on whom asks more often than gRPC's
default of 5 minutes allows, and a search may meet that moment."""
_STRONG = "Strong"
"""Every search sees every write that was acknowledged before it, whoever wrote it."""
_BUILD = {"M": 16, "efConstruction": 200}
_NOTE = 4096

logger = logging.getLogger("facet.process.gallery")
# What it logs at an error is what it raises, which is told in our words.
logging.getLogger(pymilvus.__name__).setLevel(logging.CRITICAL)


class MilvusCollection:
    """The rows of one store, in whichever collection its alias stands for. Any number of threads may use it at a time.

    Nothing is asked of Milvus before the first call. Every method raises Unavailable while Milvus does not answer.
    """

    def __init__(self, uri: str, token: str, alias: str) -> None:
        """`uri` is the address of a server, or for Milvus Lite a path that ends in `.db`."""
        self._uri, self._token, self.alias = uri, token, alias
        self._client: Any = None
        self._loaded = False
        """Whether the collection is ready to be searched, as far as is known: a server may restart without."""
        self._connecting = Lock()

    def close(self) -> None:
        """Close the connection."""
        with self._connecting:
            if self._client is not None:
                self._client.close()
                self._client = None

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        try:
            with self._connecting:
                if self._client is None:
                    options = _LITE_OPTIONS if self._uri.endswith(".db") else {}
                    self._client = MilvusClient(self._uri, token=self._token, timeout=_SECONDS, grpc_options=options)
                client = self._client
            yield client
        except (MilvusException, grpc.RpcError) as error:
            self._loaded = False
            reason = getattr(error, "message", "") or str(error)
            logger.warning("Milvus did not do what it was asked: %s", reason)
            raise Unavailable("Milvus does not answer; try again later", part="search") from error

    def state(self, name: str | None = None) -> State | None:
        """What a collection holds, by default the alias's; None where there is none that is complete."""
        name = name or self.alias
        with self._connected() as client:
            if not client.has_collection(name, timeout=_SECONDS):
                return None
            rows = self._query(client, name, f"number == {STATE}", ["note"], 1)
        return State.unpacked(rows[0]["note"]) if rows else None

    def _load(self, client: Any, name: str) -> None:
        if not self._loaded:
            client.load_collection(name, timeout=_WORK_SECONDS)
            self._loaded = True

    def create(self, approximate: bool) -> str:
        """Make an empty collection that the alias does not stand for yet; gives its name."""
        name = f"{self.alias}_{uuid.uuid4().hex[:8]}"
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("number", DataType.INT64, is_primary=True)
        schema.add_field("collection", DataType.VARCHAR, max_length=MAX_COLLECTION, is_partition_key=True)
        for scalar in NUMBERS:
            schema.add_field(scalar, DataType.INT64)
        schema.add_field("facts", DataType.ARRAY, element_type=DataType.INT64, max_capacity=MOST_FACTS)
        schema.add_field("note", DataType.VARCHAR, max_length=_NOTE)
        for scalar in FLOATS:
            schema.add_field(scalar, DataType.FLOAT)
        indexes = MilvusClient.prepare_index_params()
        for field, size in VECTORS.items():
            schema.add_field(field, DataType.FLOAT_VECTOR, dim=size)
            kind, build = ("HNSW", _BUILD) if approximate and field != COMPOSED else ("FLAT", {})
            indexes.add_index(field, index_type=kind, metric_type="IP", params=build)
        for scalar in NUMBERS:
            indexes.add_index(scalar, index_type="INVERTED")
        with self._connected() as client:
            client.create_collection(
                name, schema=schema, index_params=indexes, consistency_level=_STRONG, timeout=_WORK_SECONDS
            )
        return name

    def adopt(self, name: str) -> None:
        """Have the alias stand for a collection, and drop all that it stood for before or that nobody finished."""
        with self._connected() as client:
            known = client.has_collection(self.alias, timeout=_SECONDS)
            (client.alter_alias if known else client.create_alias)(name, self.alias, timeout=_SECONDS)
            for other in client.list_collections(timeout=_SECONDS):
                if other.startswith(f"{self.alias}_") and other != name:
                    client.drop_collection(other, timeout=_SECONDS)

    def put(self, rows: Sequence[dict[str, Any]], name: str | None = None) -> None:
        """Write rows; one with a number that is there takes its place."""
        if rows:
            with self._connected() as client:
                client.upsert(name or self.alias, list(rows), timeout=_WORK_SECONDS)

    def note(self, state: State, name: str | None = None) -> None:
        """Write what the collection now holds, after all that it says."""
        self.put([state_row(state)], name)

    def remove(self, numbers: Sequence[int], name: str | None = None) -> None:
        """Remove the rows with these numbers, where they are there."""
        if numbers:
            with self._connected() as client:
                client.delete(name or self.alias, ids=list(numbers), timeout=_WORK_SECONDS)

    def count(self, expression: str) -> int:
        """How many faces satisfy an expression; all, where it is empty."""
        with self._connected() as client:
            [row] = self._query(client, self.alias, expression, ["count(*)"], None)
        return int(row["count(*)"]) - (not expression)

    def rows(self, expression: str, fields: Sequence[str], limit: int = MOST) -> list[dict[str, Any]]:
        """Some fields of at most so many rows that satisfy an expression, in no order."""
        with self._connected() as client:
            return self._query(client, self.alias, expression or f"number > {STATE}", fields, limit)

    def nearest(
        self,
        field: str,
        wanted: Vector,
        limit: int,
        expression: str = "",
        effort: int | None = None,
        name: str | None = None,
    ) -> list[tuple[int, float]]:
        """The numbers and inner products of at most so many faces, best first, that satisfy an expression.

        `effort` is HNSW's `ef`; None for a field that is searched exactly.
        """
        # The row of the state may be among them.
        most = min(limit + 1, MOST)
        how = {} if effort is None else {"ef": max(effort, most)}
        with self._connected() as client:
            self._load(client, name or self.alias)
            [hits] = client.search(
                name or self.alias,
                data=[wanted],
                anns_field=field,
                limit=most,
                filter=expression,
                search_params={"metric_type": "IP", "params": how},
                consistency_level=_STRONG,
                timeout=_SECONDS,
            )
            found = [(int(hit["number"]), float(hit["distance"])) for hit in hits]
        return [pair for pair in found if pair[0] != STATE][:limit]

    def compact(self) -> None:
        """Have Milvus write its segments anew without what was deleted, which it does after this has returned."""
        with self._connected() as client:
            client.flush(self.alias, timeout=_WORK_SECONDS)
            client.compact(self.alias, timeout=_WORK_SECONDS)

    def _query(
        self, client: Any, name: str, expression: str, fields: Sequence[str], limit: int | None
    ) -> list[dict[str, Any]]:
        self._load(client, name)
        most = {} if limit is None else {"limit": limit}
        found = client.query(
            name,
            filter=expression,
            output_fields=list(fields),
            consistency_level=_STRONG,
            timeout=_SECONDS,
            **most,
        )
        return [dict(row) for row in found]
