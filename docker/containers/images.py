"""The project's images: built, and measured."""

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from docker.containers.bases import ROOT, base_images, build
from docker.containers.engine import Engine, Missing
from docker.requirements import EXTRAS, requirements

IMAGES = {
    "facet-api": ["docker/api.Dockerfile"],
    "facet-worker": ["docker/worker.Dockerfile"],
    "facet": ["docker/worker.Dockerfile", "--target", "service"],
}
"""The file that builds each image, and the options for it."""
LIMITS = {"facet-api": 350e6, "facet-worker": 1.2e9, "facet": 1.2e9}
"""Bytes that each may have on a base of `BASE_BYTES`: what Debian adds to its own packages is not ours."""
BASE_BYTES = 128e6
_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def build_images(
    engine: Engine, place: Path, images: Collection[str] = tuple(IMAGES), root: Path = ROOT, tag: str = "latest"
) -> dict[str, int]:
    """Build images from a tree of the project; gives their sizes in bytes.

    Raises Failed, and Missing where no network gives what it takes.
    """
    wheels = ["--build-context", f"wheels={_wheels(place / 'wheels', root)}", "--build-arg", "PIP_NO_INDEX=1"]
    for image in images:
        file, *target = IMAGES[image]
        # Docker finds the file of what is left out by its name; Podman is told.
        ignoring = [] if engine.name == "docker" else ["--ignorefile", str(root / f"{file}.dockerignore")]
        build(engine, *wheels, *ignoring, "-f", str(root / file), *target, "-t", f"{image}:{tag}", str(root))
    return {image: size(engine, f"{image}:{tag}") for image in images}


def size(engine: Engine, image: str) -> int:
    """The bytes of an image, its base included."""
    return int(engine.run("image", "inspect", "--format", "{{.Size}}", image))


def _wheels(place: Path, root: Path) -> Path:
    """A folder with the wheels of every package in the images, from wherever pip has them on this machine."""
    if sys.version_info[:2] != (3, 11):
        raise Missing("Python 3.11, the images' own, to collect their wheels")
    place.mkdir(parents=True, exist_ok=True)
    constraints = (root / "constraints.txt").read_text().splitlines()
    pinned = place / "constraints.txt"
    # PyTorch without CUDA by its whole name, and what Redis's client asks for on Debian's Python, 3.11.2.
    pinned.write_text("\n".join(one for one in constraints if not one.startswith("torch==")))
    [torch] = [one.replace("==", "===") + "+cpu" for one in constraints if one.startswith("torch==")]
    projects = [root / "pyproject.toml", root / "clients" / "python" / "pyproject.toml"]
    wanted = [*requirements(projects, EXTRAS, ["torch"]), torch, "setuptools>=77", "async-timeout>=4.0.3"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--find-links", str(place)]
    command = [*pip, "-c", str(pinned), "-d", str(place), *wanted]
    for index in ([], ["--extra-index-url", _TORCH_INDEX, "--timeout", "30", "--retries", "2"]):
        done = subprocess.run([*command, *index], check=False, capture_output=True, text=True)
        if done.returncode == 0:
            return place
    raise Missing(f"an index, or a folder, that has the packages' wheels: {done.stderr[-500:]}")


def what_is_wrong(engine: Engine, image: str) -> list[str]:
    """What an image has that it should not: root, pip, a compiler, no health check, too many bytes."""
    found = json.loads(engine.run("image", "inspect", image))[0]
    config = found["Config"]
    wrong = [] if config["User"] == "facet" else [f"runs as {config['User'] or 'root'}"]
    if not (config.get("Healthcheck") or found.get("Healthcheck") or {}).get("Test"):
        wrong.append("no health check")
    if size(engine, image) - size(engine, base_images()["python"]) > LIMITS[image] - BASE_BYTES:
        wrong.append(f"more than {LIMITS[image] / 1e6:g} MB with a base of {BASE_BYTES / 1e6:g} MB")
    look = "command -v pip pip3 gcc cc g++ make; find / -xdev -type d -name pip -path '*packages*' 2>/dev/null; true"
    return wrong + engine.run("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", look).split()
