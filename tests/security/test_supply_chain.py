"""What is installed, and what the code calls: pinned by hash, and without what Bandit finds dangerous."""

import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.processes import ROOT

PROJECTS = ("pyproject.toml", "clients/python/pyproject.toml")
EXTRAS = ("test", "train", "distributed", "postgres", "tracing")


def pins(file: str) -> dict[str, str]:
    """The version of each package that a file names."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / file).read_text(), re.M)
    return {canonicalize_name(name): version for name, version in found}


def test_the_lock_has_the_versions_that_the_tests_run_with() -> None:
    locked, tested = pins("requirements.lock"), pins("constraints.txt")
    assert {name: version for name, version in locked.items() if tested.get(name, version) != version} == {}


def test_the_lock_has_every_package_that_is_asked_for() -> None:
    project, client = (tomllib.loads((ROOT / file).read_text())["project"] for file in PROJECTS)
    asked = project["dependencies"] + client["dependencies"]
    asked += [text for extra in EXTRAS for text in project["optional-dependencies"][extra]]
    names = {canonicalize_name(Requirement(text).name) for text in asked}
    assert names <= set(pins("requirements.lock")), "run `make lock`"


def test_every_locked_package_has_its_hashes() -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text().strip())
    assert len(entries) > 100
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+==", entry), entry[:80]
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


def test_bandit_finds_nothing_dangerous() -> None:
    command = [
        sys.executable,
        "-m",
        "bandit",
        "-q",
        "-ll",
        "-r",
        *("facet", "clients/python", "service", "worker", "gallery", "model", "training"),
    ]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
