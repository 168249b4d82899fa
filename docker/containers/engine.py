"""The program that builds and runs containers: Docker where its engine answers, or else Podman."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LIMITS = {"nofile": 1024, "nproc": 1000}
"""Limits of each container that no host refuses."""
_TAIL = 15
"""Lines of a log."""


class Missing(Exception):
    """What is needed is not on this machine."""


class Failed(Exception):
    """A command ended with an error, or not in time; the message has the end of what it wrote."""


class Engine:
    """Runs the commands that Docker and Podman have in common."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self.environment = environment

    def run(self, *arguments: str, timeout: float = 600, check: bool = True) -> str:
        """The output of a command, without its errors. Raises Failed."""
        return self._call([self.name, *arguments], timeout, check).stdout.strip()

    def succeeds(self, *arguments: str, timeout: float = 60) -> bool:
        """Whether a command ends well in time."""
        try:
            return self._call([self.name, *arguments], timeout, False).returncode == 0
        except Failed:
            return False

    def inspect(self, container: str) -> dict[str, Any]:
        """What the engine knows of a container. Raises Failed where there is none."""
        return dict(json.loads(self.run("container", "inspect", container))[0])

    def logs(self, container: str) -> str:
        """The end of what a container wrote, and before it all that its log holds of warnings and worse."""
        done = self._call([self.name, "logs", container], 60, False)
        lines = (done.stdout + done.stderr).splitlines()
        graver = [line for line in lines[:-_TAIL] if '"level": "' in line and '"level": "info"' not in line]
        return "\n".join([*graver[-_TAIL:], *lines[-_TAIL:]])

    def compose(self, *arguments: str, timeout: float = 600) -> str:
        """The output of a command of compose. Raises Failed, and Missing."""
        return self._call([*self._compose(), *arguments], timeout, True).stdout

    def _compose(self) -> list[str]:
        if self.name == "docker":
            return ["docker", "compose"]
        program = shutil.which("podman-compose", path=self.environment["PATH"])
        if program is None:
            raise Missing("podman-compose, which `pip install podman-compose` brings")
        return [program, "--no-ansi"]

    def _call(self, command: Sequence[str], timeout: float, check: bool) -> subprocess.CompletedProcess[str]:
        told = " ".join(command)[:200]
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=timeout, env=self.environment
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"not within {timeout:g} s: {told}") from error
        if check and done.returncode:
            raise Failed(f"{told}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
        return done


def find_engine(place: Path) -> Engine:
    """The engine of this machine; `place` keeps its configuration. Raises Missing."""
    environment = dict(os.environ)
    docker = Engine("docker", environment)
    if shutil.which("docker") and docker.succeeds("info", timeout=20):
        return docker
    if not shutil.which("podman"):
        raise Missing(
            "a Docker engine, or Podman (Debian: apt-get install podman netavark aardvark-dns runc debootstrap)"
        )
    if not Path("/run/systemd/system").exists():
        environment["CONTAINERS_CONF"] = str(_without_systemd(place))
    podman = Engine("podman", environment)
    if not podman.succeeds("info"):
        raise Missing("what Podman needs: `podman info` fails")
    return podman


def _without_systemd(place: Path) -> Path:
    """A configuration of Podman for hosts where systemd keeps no cgroups, and where crun fails on mixed ones."""
    path = place / "containers.conf"
    limits = ", ".join(f'"{name}={number}:{number}"' for name, number in _LIMITS.items())
    path.write_text(
        f'[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n[containers]\ndefault_ulimits = [{limits}]\n'
    )
    return path
