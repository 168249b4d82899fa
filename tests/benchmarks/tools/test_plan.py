"""The plan grows as what it is for."""

from benchmarks.tools.plan import Constants, cores, plan, report

_MILVUS = "Milvus, query nodes, 2 replicas"


def test_cores_are_planned_to_be_busy_for_a_part_of_their_time() -> None:
    assert cores(1000, 6.0) == 10
    assert cores(1, 6.0) == 1


def test_memory_grows_with_faces_and_time_with_requests() -> None:
    small, many_faces, many_requests = (plan(f, r, Constants()) for f, r in ((1e8, 1000), (1e9, 1000), (1e8, 10_000)))
    assert small[_MILVUS][0] == 2 * 37
    assert "131 GB held" in small[_MILVUS][1]
    assert "1307 GB held" in many_faces[_MILVUS][1]
    assert many_faces["API"] == small["API"]
    assert many_requests["workers of `inference`"][0] == cores(10_000, Constants().photograph.value)
    assert many_requests[_MILVUS][0] > small[_MILVUS][0]


def test_every_constant_is_in_the_page_with_its_source() -> None:
    text = "\n".join(report(1e8, 1000))
    for constant in vars(Constants()).values():
        assert f"| {constant.value:g} | {constant.unit} | {constant.source} |" in text
