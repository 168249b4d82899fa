"""A short run of `benchmarks.soak`: one of each fault, and nothing that was promised is lost."""

import asyncio

from benchmarks.soak import soak


def test_no_fault_loses_or_revives_a_face() -> None:
    report = asyncio.run(soak(seconds=8, callers=3, seed=1))
    assert report["acknowledged_enrolments_lost"] == 0
    assert report["erased_faces_that_are_there"] == 0
    assert report["unexpected_statuses"] == []
    assert report["recoveries"][0]["fault"] == "kill"
    assert report["statuses"]["201"] > 0
