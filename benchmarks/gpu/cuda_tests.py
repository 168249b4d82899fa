"""The tests that only a CUDA device can run."""

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.gpu.task import Rows, Skipped, Task

ROOT = Path(__file__).parents[2]
ASKS = ("cuda.is_available()", "get_num_gpus()")
"""What files of tests say that have some for a device."""


def files(folder: Path = ROOT / "tests") -> list[Path]:
    """The files that have tests for a device."""
    return sorted(path for path in folder.rglob("test_*.py") if any(each in path.read_text() for each in ASKS))


def outcomes(task: Task) -> Rows:
    """What became of the tests of each file: how many passed, how many were left out, and each that failed."""
    asked = files()[:1] if task.tiny else files()
    if not asked:
        raise Skipped("there are no tests for a device")
    problems = []
    for file in asked:  # each by itself: one that breaks the device, or is over the time, leaves what came before
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / "tests.xml"
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", str(written)]
            ended = subprocess.run([*command, str(file)], check=False, cwd=ROOT, capture_output=True, text=True)
            name = str(file.relative_to(ROOT))
            if written.exists():
                yield from ({"file": name} | row for row in read(written))
            else:
                yield {"file": name, "test": "none", "why": (ended.stdout + ended.stderr)[-500:]}
            if ended.returncode:
                problems.append(f"{name} ended with {ended.returncode}")
    if problems:
        raise RuntimeError(", ".join(problems))


def read(written: Path) -> Rows:
    """The counts in a report of JUnit's form, and why each test failed that did."""
    cases = [*ElementTree.parse(written).iter("testcase")]
    failed = [(case, why) for case in cases for kind in ("failure", "error") for why in case.findall(kind)]
    skipped = [case for case in cases if case.find("skipped") is not None]
    yield {"test": "passed", "count": len(cases) - len(failed) - len(skipped)}
    yield {"test": "skipped", "count": len(skipped)}
    for case, why in failed:
        name = f"{case.get('classname', '')}.{case.get('name', '')}"
        yield {"test": name, "count": 1, "why": (why.get("message") or why.text or "")[:500].replace("\n", " ")}
