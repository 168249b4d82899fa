"""What the images install is what the projects ask for."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from docker.requirements import EXTRAS, requirements
from tests.processes import ROOT

PROJECTS = [ROOT / "pyproject.toml", ROOT / "clients" / "python" / "pyproject.toml"]
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))


def declared(path: Path) -> dict[str, Any]:
    return dict(tomllib.loads(path.read_text())["project"])


def test_it_is_all_that_both_projects_ask_for_but_what_is_left_out() -> None:
    listed = requirements(PROJECTS, EXTRAS, ["torch", "opencv-python-headless"])
    extras = declared(PROJECTS[0])["optional-dependencies"]
    asked = [one for path in PROJECTS for one in declared(path)["dependencies"]]
    wanted = {*asked, *(one for extra in EXTRAS for one in extras.get(extra, []))}
    assert listed == sorted(one for one in wanted if not one.startswith(("torch", "opencv")))
    assert any(one.startswith("httpx-sse") for one in listed)


def test_faiss_comes_in_one_build() -> None:
    with_gpu = requirements(PROJECTS, [*EXTRAS, "gpu"], ["torch", "faiss-cpu"])
    assert [re.split("[=>]", one)[0] for one in with_gpu if "faiss" in one] == ["faiss-cuda"]
    assert [re.split("[=>]", one)[0] for one in requirements(PROJECTS, EXTRAS, []) if "faiss" in one] == ["faiss-cpu"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_leaves_out_what_the_projects_have(dockerfile: Path) -> None:
    names = set(re.findall(r"--without ([\w-]+)", dockerfile.read_text()))
    extras = declared(PROJECTS[0])["optional-dependencies"]
    wanted = [one for path in PROJECTS for one in declared(path)["dependencies"]]
    wanted += [one for extra in EXTRAS for one in extras[extra]]
    asked = [re.split("[^A-Za-z0-9._-]", one)[0] for one in wanted]
    assert names
    assert names <= set(asked)
    ignored = (dockerfile.parent / f"{dockerfile.name}.dockerignore").read_text().splitlines()
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile.read_text(), re.M):
        for name in source.split():
            assert any(f"!{part}" in ignored for part in (name, *map(str, Path(name).parents))), name
