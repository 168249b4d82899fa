"""The base images: the official ones, or stand-ins from Debian's packages where no registry can be reached."""

import re
import shutil
import subprocess
from pathlib import Path

from docker.containers.engine import Engine, Failed, Missing

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

_MIRROR = "http://deb.debian.org/debian"
_UNREAD = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache/apt", "var/lib/apt/lists")
"""Folders that the official slim images have emptied too."""
_NETWORK = re.compile(
    r"(?i)could not resolve|temporary failure|unable to (?:fetch|connect)|failed to fetch"
    r"|connection (?:refused|reset|timed out)|network is unreachable|read timed out"
    r"|max retries exceeded|no space left|tls handshake"
)
"""What tools say of a network, or a disk, that failed them."""


def base_images() -> dict[str, str]:
    """The full name of each base image by its short one, as the Dockerfiles and the compose file pin them."""
    text = (ROOT / "docker" / "api.Dockerfile").read_text() + (ROOT / "docker-compose.yml").read_text()
    names = re.findall(r"^(?:ARG PYTHON_IMAGE=| +image: )((?:python|redis|postgres):\S+)", text, re.M)
    return {name.partition(":")[0]: f"docker.io/library/{name}" for name in names}


def provide_bases(engine: Engine, place: Path) -> list[str]:
    """Have every base image on this machine; gives the names of stand-ins. Raises Missing, and Failed."""
    images = base_images()
    if all(engine.succeeds("pull", "--quiet", image, timeout=120) for image in images.values()):
        return []
    _make_stand_ins(engine, place / "standins", images)
    return list(images.values())


def build(engine: Engine, *arguments: str) -> None:
    """Build an image, in two attempts.

    Raises Failed, and Missing where the second one failed for want of a network or of room.
    """
    options = [] if engine.name == "docker" else _PODMAN
    try:
        engine.run("build", *options, *arguments, timeout=900)
    except Failed:
        try:
            engine.run("build", *options, *arguments, timeout=900)
        except Failed as error:
            if _NETWORK.search(str(error)):
                raise Missing(f"the network, or the room, to build images: {error}") from error
            raise


_PODMAN = ["--isolation", "chroot", "--network", "host", "--format", "docker", "--pull=false"]
"""Options of `build` that let it work without a network of its own, and keep health checks in the image."""


def _make_stand_ins(engine: Engine, place: Path, images: dict[str, str]) -> None:
    if not (place / "root.tar").exists():
        _debootstrap(place)
    for path in (HERE / "standins").iterdir():
        shutil.copy(path, place)
    for name in ("python", "redis", "postgres"):
        tags = ["-t", images[name], *(["-t", "facet-standin"] if name == "python" else [])]
        build(engine, "--label", "facet.standin=1", "-f", str(place / f"{name}.Dockerfile"), *tags, str(place))


def _debootstrap(place: Path) -> None:
    """Debian with Python as a tar file. Raises Missing."""
    if not shutil.which("debootstrap"):
        raise Missing("debootstrap, which makes base images where no registry can be reached")
    place.mkdir(parents=True, exist_ok=True)
    root = place / "root"
    shutil.rmtree(root, ignore_errors=True)
    packages = "--include=ca-certificates,python3-minimal,python3-venv"
    command = ["debootstrap", "--variant=minbase", packages, "bookworm", str(root), _MIRROR]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"Debian's packages, or what debootstrap needs: {(done.stdout + done.stderr)[-300:]}")
    for folder in _UNREAD:
        for path in (root / folder).iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    made = place / "root.tar.part"
    subprocess.run(["tar", "-C", str(root), "-cf", str(made), "."], check=True)
    made.rename(place / "root.tar")
    shutil.rmtree(root)
