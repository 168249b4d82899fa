"""What is asked of a copy on the GPU is found as on the CPU; FAISS's own flat index stands in for the device here."""

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Lock, Thread
from typing import Any

import numpy as np
import pytest

from gallery.gallery import Gallery
from gallery.index import faiss_library, gpu
from gallery.index.gpu import GpuIndex
from gallery.index.index import IndexConfig
from gallery.query import Query, Term
from gallery.records import EnrolledFace, NewFace
from model.attributes import Attribute, Vector, part
from model.errors import InvalidRequest

MakeEmbedding = Callable[[int], Vector]


def test_it_proposes_the_best_and_leaves_ties_to_the_cpu() -> None:
    index, below = GpuIndex(2, lambda index: index, Lock()), 1e-4
    assert index.candidates(np.ones(2, np.float32), 1, below) is None
    numbers = np.arange(5, 105)
    vectors = np.stack([np.linspace(0, 1, 100), np.zeros(100)], axis=1, dtype=np.float32)
    index.add(numbers, vectors)
    found = index.candidates(np.array([1, 0], np.float32), 3, below)
    assert found is not None
    assert set(found.tolist()) >= {102, 103, 104}
    # All are equal here.
    assert index.candidates(np.array([0, 1], np.float32), 3, below) is None
    assert set(index.candidates(np.array([1, 0], np.float32), 500, below).tolist()) == set(numbers.tolist())  # type: ignore[union-attr]
    index.copy([(numbers[:40], vectors[:40]), (numbers[40:-2], vectors[40:-2])])
    found = index.candidates(np.array([1, 0], np.float32), 1, below)
    assert found is not None
    assert set(found.tolist()) >= {102}
    assert not {103, 104} & set(found.tolist())


def test_a_gallery_finds_the_same(
    sqlite_url: str,
    embedding: MakeEmbedding,
    brute_force: Callable[[list[EnrolledFace], Query], list[tuple[str, float]]],
) -> None:
    gallery = Gallery(sqlite_url, None, IndexConfig(to_gpu=lambda index: index))
    faces = gallery.enrol_many([NewFace(f"s{n % 7}", embedding(n // 2), "m1") for n in range(120)])
    for round_ in range(2):
        for seed in range(6):
            terms = [Term(a, part(embedding(seed), a), w) for a, w in ((Attribute.IDENTITY, 1), (Attribute.POSE, -0.5))]
            for query in (Query(tuple(terms), 9, model="m1"), Query((terms[round_],), 9, model="m1")):
                for asked in (query, replace(query, subject="s1"), replace(query, group_by="subject")):
                    found = [(match.face.id, match.similarity) for match in gallery.search(asked).matches]
                    assert found == brute_force(faces, asked)
        gallery.delete(faces.pop(3).id)
    gallery.close()


class OneAtATime:
    """An index on a device whose buffers two threads must not use at once."""

    def __init__(self, index: Any, busy: Lock, overlaps: list[str]) -> None:
        self._index, self._busy, self._overlaps = index, busy, overlaps

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._index, name)

        def alone(*arguments: Any) -> Any:
            if not self._busy.acquire(blocking=False):
                self._overlaps.append(name)
                return function(*arguments)
            try:
                time.sleep(0.002)
                return function(*arguments)
            finally:
                self._busy.release()

        return alone


def test_all_indexes_use_the_device_one_at_a_time() -> None:
    busy, overlaps, lock = Lock(), list[str](), Lock()
    indexes = [GpuIndex(2, lambda index: OneAtATime(index, busy, overlaps), lock) for _ in range(2)]
    start = Barrier(2)

    def use(index: GpuIndex) -> None:
        start.wait()
        for number in range(20):
            index.add(np.array([number]), np.array([[number, 1]], np.float32))
            index.candidates(np.array([1, 0], np.float32), 1, 1e-4)

    threads = [Thread(target=use, args=(index,)) for index in indexes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == []


def test_without_a_gpu_it_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_library.faiss, "get_num_gpus", lambda: 0, raising=False)
    with pytest.raises(InvalidRequest, match="needs an NVIDIA GPU and its FAISS: uninstall faiss-cpu"):
        gpu.to_gpu()


def test_an_index_goes_to_the_gpu_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[tuple[object, int, object]] = []
    faiss = faiss_library.faiss
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 2, raising=False)
    monkeypatch.setattr(faiss, "StandardGpuResources", lambda: "resources", raising=False)
    monkeypatch.setattr(faiss, "index_cpu_to_gpu", lambda *given: moved.append(given), raising=False)
    gpu.to_gpu()("index")
    gpu.to_gpu(1)("index")
    assert moved == [("resources", 0, "index"), ("resources", 1, "index")]
    with pytest.raises(InvalidRequest, match="There is no GPU 2: FAISS sees 2 here"):
        gpu.to_gpu(2)


@pytest.mark.skipif(
    not hasattr(faiss_library.faiss, "StandardGpuResources") or not faiss_library.faiss.get_num_gpus(),
    reason="FAISS has no GPU",
)
def test_on_a_gpu_the_nearest_are_found() -> None:
    vectors = np.random.default_rng(0).standard_normal((5000, 32), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = GpuIndex(32, gpu.to_gpu(), Lock())
    index.add(np.arange(5000), vectors)
    for query in vectors[:20]:
        best = set(np.argsort(-(vectors @ query))[:10].tolist())
        found = index.candidates(query, 10, 1e-4)
        assert found is None or best <= set(found.tolist())
    index.copy([(np.arange(5000), vectors)])
    assert index.candidates(vectors[0], 10, 1e-4) is not None
