"""A measurement in parts goes on after what fails, and keeps within its minutes."""

import json
import time
from pathlib import Path

import pytest
import torch

from benchmarks.gpu import parts
from benchmarks.gpu.cuda_tests import files, read
from benchmarks.gpu.page import page, write
from benchmarks.gpu.parts import PARTS, Named, Outcome, function_of, limit, run_apart
from benchmarks.gpu.task import Task
from tests.processes import wait_until

torch.set_num_threads(1)

TOO_LONG = {"tests", "training 256"}
"""Parts that are rehearsed by hand: the first runs the tests, the second is another size of its neighbours."""
FAKES = "tests.benchmarks.gpu.fakes"


def run(name: str, folder: Path, seconds: float = 60.0) -> Outcome:
    return run_apart(name, f"{FAKES}:{name}", Task("cpu", tiny=True, seconds=seconds), folder)


def test_a_part_gives_its_rows(tmp_path: Path) -> None:
    outcome = run("good", tmp_path)
    assert (outcome.problem, outcome.rows) == ("", [{"device": "cpu", "tiny": "True"}, {"seconds": 60.0}])


@pytest.mark.parametrize(
    ("name", "problem"),
    [("bad", "ended with 1: "), ("dead", "ended with 5"), ("needless", "skipped: there")],
)
def test_a_part_that_fails_keeps_its_rows_and_says_why(name: str, problem: str, tmp_path: Path) -> None:
    outcome = run(name, tmp_path)
    assert outcome.problem.startswith(problem)
    assert ("the device is lost" in outcome.problem) is (name == "bad")
    assert outcome.rows == ([] if name == "needless" else [{"device": "cpu"}])


def test_a_part_that_hangs_ends_with_its_time_and_so_does_what_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "GRACE", 0.5)
    begun = time.monotonic()
    outcome = run("endless", tmp_path, 4.0)
    assert time.monotonic() - begun < 8
    assert outcome.problem == "not done after 4 s"
    [row] = outcome.rows
    # The signal was sent; the kernel carries it out when the process next runs.
    state = Path(f"/proc/{row['child']}/stat")
    wait_until(lambda: not state.exists() or ") Z " in state.read_text(), 10)


def test_what_a_part_saves_goes_to_those_behind_it() -> None:
    three = {"a": Named("", 0.2), "b": Named("", 0.2), "c": Named("", 0.6)}
    assert limit("a", 100, three) == pytest.approx(20)
    assert limit("b", 80, three) == pytest.approx(20)
    assert limit("b", 96, three) == pytest.approx(24)
    assert limit("c", 50, three) == pytest.approx(50)


def test_the_shares_are_those_of_a_whole() -> None:
    assert sum(named.share for named in PARTS.values()) == pytest.approx(1.0)


def test_the_report_says_what_is_missing(tmp_path: Path) -> None:
    outcomes = [
        Outcome("encode", [{"batch": 64, "a second": 20123.4}, {"batch": 1, "note": "alone"}], 3.2),
        Outcome("search", [], 0.4, "skipped: FAISS here has no CUDA"),
    ]
    write(tmp_path, {"minutes": 9.0}, outcomes)
    text = (tmp_path / "gpu.md").read_text()
    assert text == page({"minutes": 9.0}, outcomes)
    assert "| 64 | 20,123 |  |" in text
    assert "| 1 |  | alone |" in text
    assert "**skipped: FAISS here has no CUDA**" in text
    report = json.loads((tmp_path / "gpu.json").read_text())
    assert [part["name"] for part in report["parts"]] == ["encode", "search"]
    assert report["parts"][0]["rows"][0]["a second"] == 20123.4


def test_the_tests_for_a_device_are_found_and_their_outcomes_read(tmp_path: Path) -> None:
    assert {"test_graphs.py", "test_gpu.py", "test_waits.py"} <= {path.name for path in files()}
    written = tmp_path / "tests.xml"
    written.write_text(
        "<testsuites><testsuite>"
        '<testcase classname="a" name="b"/><testcase classname="a" name="c"><skipped/></testcase>'
        '<testcase classname="a" name="d"><failure message="1 is not 2"/></testcase>'
        "</testsuite></testsuites>"
    )
    assert list(read(written)) == [
        {"test": "passed", "count": 1},
        {"test": "skipped", "count": 1},
        {"test": "a.d", "count": 1, "why": "1 is not 2"},
    ]


@pytest.mark.parametrize("name", [name for name in PARTS if name not in TOO_LONG])
def test_every_part_is_rehearsed_on_the_processors(name: str) -> None:
    rows = list(function_of(PARTS[name].function)(Task("cpu", tiny=True)))
    numbers = [value for row in rows for value in row.values() if not isinstance(value, str)]
    assert rows
    assert min(numbers) >= 0
    assert max(numbers) > 0
