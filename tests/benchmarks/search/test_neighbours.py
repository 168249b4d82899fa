"""The other engines are asked for the same: exact, they find what comparing every face finds."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.search.neighbours import KINDS, identities
from benchmarks.search.workload import BUCKET, BUCKETS, K, queries
from model.attributes import Attribute, part

FACES = 1200


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("module", KINDS)
def test_an_engine_finds_what_comparing_finds(module: str, tmp_path: Path) -> None:
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed; the extra `bench` has it")
    vectors = np.concatenate(list(identities(FACES)))
    engine = KINDS[module](tmp_path / module, FACES)  # type: ignore[call-arg]
    found = 0
    for a, _ in queries(5):
        wanted = np.ascontiguousarray(part(a, Attribute.IDENTITY))
        order = np.argsort(-(vectors @ wanted))
        assert engine.exact(wanted) == order[:K].tolist()
        assert engine.exact(wanted, filtered=True) == order[order % BUCKETS == BUCKET][:K].tolist()
        found += len(set(engine.approximate(wanted, engine.efforts[-1])) & set(order[:K].tolist()))
    assert found >= 0.9 * 5 * K
