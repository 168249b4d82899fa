"""The base images: the official ones, or stand-ins from Debian's packages where no registry can be reached."""

import re
import shutil
import subprocess
from pathlib import Path

from docker.containers.engine import Engine, Missing

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

_MIRROR = "http://deb.debian.org/debian"
_UNREAD = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache/apt", "var/lib/apt/lists")
"""Folders that the official slim images have emptied too."""


def base_images() -> dict[str, str]:
    """The full name of each base image by its short one, as the Dockerfiles and the compose file pin them."""
    text = (ROOT / "docker" / "api.Dockerfile").read_text() + (ROOT / "docker-compose.yml").read_text()
    names = re.findall(r"^(?:ARG PYTHON_IMAGE=| +image: )((?:python|redis|postgres):\S+)", text, re.M)
    return {name.partition(":")[0]: f"docker.io/library/{name}" for name in names}


def provide_bases(engine: Engine, place: Path) -> list[str]:
    """Have every base image on this machine; gives the names of those that are stand-ins. Raises Missing."""
    images = base_images()
    if all(engine.succeeds("pull", "--quiet", image, timeout=300) for image in images.values()):
        return []
    _make_stand_ins(engine, place / "standins", images)
    return list(images.values())


def _make_stand_ins(engine: Engine, place: Path, images: dict[str, str]) -> None:
    if not shutil.which("debootstrap"):
        raise Missing("debootstrap, which makes base images where no registry can be reached")
    place.mkdir(parents=True, exist_ok=True)
    root = place / "root"
    if not (place / "root.tar").exists():
        shutil.rmtree(root, ignore_errors=True)
        packages = "--include=ca-certificates,python3-minimal,python3-venv"
        command = ["debootstrap", "--variant=minbase", packages, "bookworm", str(root), _MIRROR]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for folder in _UNREAD:
            for path in (root / folder).iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        subprocess.run(["tar", "-C", str(root), "-cf", str(place / "root.tar"), "."], check=True)
        shutil.rmtree(root)
    for path in (HERE / "standins").iterdir():
        shutil.copy(path, place)
    for name in ("python", "redis", "postgres"):
        tags = ["-t", images[name], *(["-t", "facet-standin"] if name == "python" else [])]
        file = str(place / f"{name}.Dockerfile")
        engine.run("build", *building(engine), "--label", "facet.standin=1", "-f", file, *tags, str(place))


def building(engine: Engine) -> list[str]:
    """Options of `build` that let it work without a network of its own, and keep health checks in the image."""
    if engine.name == "docker":
        return []
    return ["--isolation", "chroot", "--network", "host", "--format", "docker", "--pull=false"]
