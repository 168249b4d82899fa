"""The fuzz targets at work for a moment, and every input that fuzzing ever found."""

import random
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from fuzz.targets import TARGETS, seeds
from tests.processes import ROOT

FOUND = Path(__file__).parent / "found"

pytestmark = pytest.mark.filterwarnings("ignore")
"""Pillow warns of odd metadata."""


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Some bytes with a few changes of the kinds that break readers."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        place = rng.randrange(len(changed) + 1)
        match rng.randrange(4):
            case 0:
                changed[place : place + 1] = bytes([rng.choice((0, 0x7F, 0x80, 0xFF, rng.randrange(256)))])
            case 1:
                del changed[place : place + rng.randint(1, 64)]
            case 2:
                changed[place:place] = rng.randbytes(rng.randint(1, 16))
            case 3:
                changed[place:place] = changed[place : place + rng.randint(1, 64)]
    return bytes(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_broken_bytes_raise_nothing_but_errors_of_the_domain(name: str) -> None:
    rng = random.Random(zlib.crc32(name.encode()))
    for seed in seeds(name):
        TARGETS[name](seed)
        for _ in range(300):
            TARGETS[name](mutated(seed, rng))


@pytest.mark.parametrize("path", sorted(FOUND.rglob("*-*")), ids=lambda path: path.name[:20])
def test_what_fuzzing_found_is_mended(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris comes with the extra `security`")
def test_the_fuzzer_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fuzz", "bodies", "-runs=300", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "stat::number_of_executed_units" in done.stderr
