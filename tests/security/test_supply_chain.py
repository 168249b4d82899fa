"""What is installed, and what the code calls: pinned by hash, and without what Bandit finds dangerous."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.processes import ROOT

PROJECTS = ("pyproject.toml", "clients/python/pyproject.toml")
EXTRAS = ("cpu", "test", "train", "distributed", "postgres", "tracing")


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


def test_the_lock_without_cuda_is_the_rest_of_it(tmp_path: Path) -> None:
    """What SECURITY.md tells operators without a GPU to do."""
    [command] = re.findall(r"`(sed -E .*? requirements\.lock) > cpu\.lock`", (ROOT / "SECURITY.md").read_text(), re.S)
    done = subprocess.run(["sh", "-c", command], check=True, cwd=ROOT, capture_output=True, text=True)
    (tmp_path / "cpu.lock").write_text(done.stdout)
    everything, left = pins("requirements.lock"), pins(str(tmp_path / "cpu.lock"))
    gone = set(everything) - set(left)
    assert {"torch", "triton"} <= gone
    assert {name for name in gone if not re.match("torch$|triton$|cuda-|nvidia-", name)} == set()
    for entry in re.split(r"\n(?=[A-Za-z0-9])", done.stdout.strip()):
        assert re.match(r"[A-Za-z0-9._-]+==[^\n]*\\\n(    --hash=sha256:[0-9a-f]{64}[ \\]*\n?)+$", entry), entry[:200]


def test_one_faiss_is_chosen_and_never_both() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = {"": project["project"]["dependencies"], **project["project"]["optional-dependencies"]}
    found = {extra: [Requirement(text).name for text in asked] for extra, asked in extras.items()}
    faiss = {extra: [name for name in names if "faiss" in name] for extra, names in found.items()}
    assert {extra: names for extra, names in faiss.items() if names} == {"cpu": ["faiss-cpu"], "gpu": ["faiss-cuda"]}
    assert project["tool"]["uv"]["conflicts"] == [[{"extra": "cpu"}, {"extra": "gpu"}]]
    installs = re.findall(r"-e '(\.\[.*?\])'", (ROOT / "Makefile").read_text())
    assert [each for each in installs if "$(FAISS)" in each] == [
        ".[$(FAISS)]",
        ".[$(FAISS),test,docs,train,distributed,postgres,tracing]",
    ]


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
