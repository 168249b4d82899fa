"""What containers need of a machine, tried before anything of ours is: room, limits, networks, pauses."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from docker.containers.engine import Engine, Failed, Missing

FENCE = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
"""How every container of the service is shut in."""
_NAME = "facet-probe"
_SECONDS = 30.0
_FREE_BYTES = 12e9
"""Of disk, which bases, wheels, images and their layers take."""
_MEMORY_BYTES = 3e9
"""Of memory that is free, which two workers, the rest and the tests take."""


def check_room(engine: Engine, place: Path) -> None:
    """Raises Missing where disk, memory or the way that layers are stored will not do."""
    folders = [place]
    if engine.name == "podman":
        store = json.loads(engine.run("info", "--format", "json"))["store"]
        if store["graphDriverName"] == "vfs":
            raise Missing("a storage driver that shares layers: Podman has only vfs here")
        folders.append(Path(store["graphRoot"]))
    for folder in folders:
        if folder.exists() and shutil.disk_usage(folder).free < _FREE_BYTES:
            raise Missing(f"{_FREE_BYTES / 1e9:g} GB of free disk at {folder}")
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        [line] = [line for line in meminfo.read_text().splitlines() if line.startswith("MemAvailable:")]
        if int(line.split()[1]) * 1024 < _MEMORY_BYTES:
            raise Missing(f"{_MEMORY_BYTES / 1e9:g} GB of free memory")


def check_containers(engine: Engine, image: str, port: int) -> None:
    """Raises Missing where a container of this image, which has Python, cannot do what all others will need.

    That is: to be shut in, limited, published on a port, found by its name, paused, stopped and started again.
    """
    try:
        with _network(engine):
            limits = ["--memory", "256m", "--cpus", "1"]
            serve = ["python", "-m", "http.server", "--directory", "/tmp", "8000"]
            publish = ["--network", _NAME, "--publish", f"127.0.0.1:{port}:8000"]
            engine.run("run", "--detach", "--name", _NAME, *FENCE, *limits, *publish, image, *serve, timeout=60)
            _wait_for_answer(port)
            ask = f"import urllib.request as r; r.urlopen('http://{_NAME}:8000', timeout=10)"
            engine.run("run", "--rm", "--network", _NAME, *FENCE, image, "python", "-c", ask, timeout=60)
            for step in (["pause"], ["unpause"], ["restart", "--time", "1"], ["kill", "--signal", "KILL"]):
                engine.run(*step, _NAME, timeout=60)
    except Failed as error:
        raise Missing(f"what containers need: {error}") from error


@contextmanager
def _network(engine: Engine) -> Iterator[None]:
    def clear() -> None:
        engine.succeeds("rm", "--force", "--volumes", _NAME)
        engine.succeeds("network", "rm", _NAME)

    clear()
    engine.run("network", "create", _NAME, timeout=60)
    try:
        yield
    finally:
        clear()


def _wait_for_answer(port: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}", timeout=5).raise_for_status()
            return
        except httpx.HTTPError as error:
            if time.monotonic() > deadline:
                raise Failed(f"a published port does not answer: {error!r}") from error
            time.sleep(0.2)
