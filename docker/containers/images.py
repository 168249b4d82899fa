"""The project's images: built, and measured."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from docker.containers.bases import ROOT, building
from docker.containers.engine import Engine

IMAGES = {
    "facet-api": ["-f", "docker/api.Dockerfile"],
    "facet-worker": ["-f", "docker/worker.Dockerfile"],
    "facet": ["-f", "docker/worker.Dockerfile", "--target", "service"],
}
"""What builds each image."""
LIMITS = {"facet-api": 350e6, "facet-worker": 1.2e9, "facet": 1.2e9}
"""Bytes that each may have."""


def build_images(engine: Engine, place: Path) -> dict[str, int]:
    """Build every image; gives their sizes in bytes."""
    wheels = _wheels(place / "wheels")
    options = [*building(engine), "--build-context", f"wheels={wheels}", "--build-arg", "PIP_NO_INDEX=1"]
    for image, arguments in IMAGES.items():
        engine.run("build", *options, *_ignoring(engine, arguments[1]), *arguments, "-t", image, str(ROOT), timeout=900)
    return {image: int(engine.run("image", "inspect", "--format", "{{.Size}}", image)) for image in IMAGES}


def _ignoring(engine: Engine, dockerfile: str) -> list[str]:
    """Docker finds the file by its name; Podman is told."""
    return [] if engine.name == "docker" else ["--ignorefile", str(ROOT / f"{dockerfile}.dockerignore")]


def _wheels(place: Path) -> Path:
    """A folder with the wheels of every package in the images, from wherever pip has them on this machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(name for extra in ("distributed", "postgres", "tracing") for name in extras[extra]),
    ]
    place.mkdir(parents=True, exist_ok=True)
    # PyTorch by its exact version, and what Redis's client asks for on Debian's Python, 3.11.2.
    [torch] = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch==")]
    wanted += [torch, "setuptools>=77", "async-timeout>=4.0.3"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--find-links", str(place)]
    command = [*pip, "-c", str(ROOT / "constraints.txt"), "-d", str(place), *wanted]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return place


def what_is_wrong(engine: Engine, image: str) -> list[str]:
    """What an image has that it should not: root, pip, a compiler, no health check."""
    found = json.loads(engine.run("image", "inspect", image))[0]
    config = found["Config"]
    wrong = [] if config["User"] == "facet" else [f"runs as {config['User'] or 'root'}"]
    if not (config.get("Healthcheck") or found.get("Healthcheck") or {}).get("Test"):
        wrong.append("no health check")
    look = "command -v pip pip3 gcc cc g++ make; find / -xdev -type d -name pip -path '*packages*' 2>/dev/null; true"
    return wrong + engine.run("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", look).split()
