"""Other engines that find the nearest identities among the same faces, each in this process."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search.workload import BATCH, BUCKET, BUCKETS, K, batches
from model.attributes import SPACES, Attribute, Vector, part

SIZE = SPACES[Attribute.IDENTITY].size


def identities(faces: int) -> Iterator[Vector]:
    """The identities `(n, 32)` of all faces, in batches."""
    for new in batches(faces):
        yield np.stack([part(face.embedding, Attribute.IDENTITY) for face in new])


class Neighbour(ABC):
    """An engine with all faces, under the numbers of their places from 0, and an approximate index of its own kind."""

    name: str
    efforts: tuple[int, ...]
    """What its approximate search may take, in its own terms, from the least."""

    @abstractmethod
    def exact(self, wanted: Vector, filtered: bool = False) -> list[int]:
        """The K nearest by comparing all, of one face in a hundred where that is asked for."""

    @abstractmethod
    def approximate(self, wanted: Vector, effort: int) -> list[int]:
        """The K that its index finds."""


class Qdrant(Neighbour):
    """Qdrant's engine, with HNSW and an index of the payload."""

    name, efforts = "Qdrant", (16, 32, 64, 128, 256, 512, 1024)

    def __init__(self, folder: Path, faces: int) -> None:
        import qdrant_edge as edge

        self._edge = edge
        folder.mkdir()
        # All in one segment, whose index is made once everything is there.
        optimizers = edge.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=1)
        config = edge.EdgeConfig(
            edge.EdgeVectorParams(SIZE, edge.Distance.Dot),
            hnsw_config=edge.HnswIndexConfig(16, 200, 10),
            optimizers=optimizers,
        )
        self._shard = edge.EdgeShard.create(str(folder), config)
        self._shard.update(edge.UpdateOperation.create_field_index("bucket", edge.PayloadSchemaType.Integer))
        for number, vectors in enumerate(identities(faces)):
            points = [
                edge.Point(place, vector.tolist(), {"bucket": place % BUCKETS})
                for place, vector in enumerate(vectors, number * BATCH)
            ]
            self._shard.update(edge.UpdateOperation.upsert_points(points))
        while self._shard.optimize():
            pass
        match = edge.FieldCondition("bucket", match=edge.MatchValue(BUCKET))
        self._filter = edge.Filter(must=[match])

    def exact(self, wanted: Vector, filtered: bool = False) -> list[int]:
        return self._search(wanted, self._filter if filtered else None, self._edge.SearchParams(exact=True))

    def approximate(self, wanted: Vector, effort: int) -> list[int]:
        return self._search(wanted, None, self._edge.SearchParams(hnsw_ef=effort))

    def _search(self, wanted: Vector, kept: Any, params: Any) -> list[int]:
        query = self._edge.Query.Nearest(wanted.tolist())
        found = self._shard.search(self._edge.SearchRequest(query, K, filter=kept, params=params))
        return [int(point.id) for point in found]


class LanceDb(Neighbour):
    """LanceDB, with its inverted file of graphs (IVF_HNSW_SQ), whose candidates are compared again exactly."""

    name, efforts = "LanceDB", (32, 64, 128, 256, 512, 1024)

    def __init__(self, folder: Path, faces: int) -> None:
        import lancedb
        import pyarrow as pa
        from lancedb.index import Bitmap, HnswSq

        def table(vectors: Vector, first: int) -> Any:
            numbers = np.arange(first, first + len(vectors))
            flat = pa.array(vectors.reshape(-1))
            columns = [pa.array(numbers), pa.array(numbers % BUCKETS), pa.FixedSizeListArray.from_arrays(flat, SIZE)]
            return pa.table(columns, ["number", "bucket", "vector"])

        parts = [table(vectors, number * BATCH) for number, vectors in enumerate(identities(faces))]
        self._table = lancedb.connect(str(folder)).create_table("faces", pa.concat_tables(parts))
        self._table.create_index("bucket", config=Bitmap())
        config = HnswSq(distance_type="dot", m=16, ef_construction=200, num_partitions=1)
        self._table.create_index("vector", config=config, wait_timeout=timedelta(hours=1))

    def exact(self, wanted: Vector, filtered: bool = False) -> list[int]:
        asked = self._asked(wanted).bypass_vector_index()
        return self._numbers(asked.where(f"bucket = {BUCKET}") if filtered else asked)

    def approximate(self, wanted: Vector, effort: int) -> list[int]:
        return self._numbers(self._asked(wanted).ef(effort).refine_factor(3))

    def _asked(self, wanted: Vector) -> Any:
        return self._table.search(wanted).distance_type("dot").select(["number", "_distance"]).limit(K)

    @staticmethod
    def _numbers(asked: Any) -> list[int]:
        numbers: list[int] = asked.to_arrow()["number"].to_pylist()
        return numbers


class MilvusLite(Neighbour):
    """Milvus Lite over its own protocol, with a collection for each kind of index."""

    name, efforts = "Milvus Lite", (16, 32, 64, 128, 256, 512, 1024)

    def __init__(self, folder: Path, faces: int) -> None:
        from pymilvus import DataType, MilvusClient

        # Asked every ten seconds whether it lives, as is the default, Milvus Lite hangs up.
        options = {"grpc.keepalive_time_ms": 300_000}
        self._client = MilvusClient(str(folder.with_suffix(".db")), grpc_options=options)
        for kind, build in (("FLAT", {}), ("HNSW", {"M": 16, "efConstruction": 200})):
            schema = MilvusClient.create_schema(auto_id=False)
            schema.add_field("number", DataType.INT64, is_primary=True)
            schema.add_field("bucket", DataType.INT64)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=SIZE)
            indexes = MilvusClient.prepare_index_params()
            indexes.add_index("vector", index_type=kind, metric_type="IP", params=build)
            indexes.add_index("bucket", index_type="INVERTED")
            self._client.create_collection(kind, schema=schema, index_params=indexes)
            for number, vectors in enumerate(identities(faces)):
                rows = [
                    {"number": place, "bucket": place % BUCKETS, "vector": vector}
                    for place, vector in enumerate(vectors, number * BATCH)
                ]
                self._client.insert(kind, rows)
            self._client.flush(kind)

    def exact(self, wanted: Vector, filtered: bool = False) -> list[int]:
        return self._search("FLAT", wanted, f"bucket == {BUCKET}" if filtered else "", {})

    def approximate(self, wanted: Vector, effort: int) -> list[int]:
        return self._search("HNSW", wanted, "", {"ef": effort})

    def _search(self, kind: str, wanted: Vector, kept: str, params: dict[str, int]) -> list[int]:
        how = {"metric_type": "IP", "params": params}
        [hits] = self._client.search(kind, [wanted], kept, K, search_params=how, anns_field="vector")
        return [int(hit["number"]) for hit in hits]


KINDS: dict[str, type[Neighbour]] = {"qdrant_edge": Qdrant, "lancedb": LanceDb, "milvus_lite": MilvusLite}
"""Each engine, by the module that it needs."""


def opened(folder: Path, faces: int, without: str = "") -> Iterator[Neighbour]:
    """Those that are installed and not left out, with all faces, one after another."""
    for module, kind in KINDS.items():
        if find_spec(module) is not None and module not in without.split(","):
            yield kind(folder / module, faces)  # type: ignore[call-arg]
