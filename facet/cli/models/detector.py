"""`facet detector`: fetching the face detector that finds landmarks."""

import hashlib
import os
from pathlib import Path
from typing import Annotated

import typer

from model.errors import InvalidCheckpoint, Unavailable

app = typer.Typer(help="Face detectors.", no_args_is_help=True)

YUNET_FILE = "face_detection_yunet_2023mar.onnx"
YUNET_URL = f"https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/{YUNET_FILE}"
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"

TIMEOUT = 60.0
"""Seconds without a byte after which a download is given up."""


@app.callback()
def _detector() -> None:
    """A group of its own even with a single command."""


@app.command()
def fetch(
    to: Annotated[Path, typer.Option(help="Where to put the file.")] = Path("data") / YUNET_FILE,
    url: Annotated[str, typer.Option(help="Where to get it, such as a mirror.")] = YUNET_URL,
    sha256: Annotated[str, typer.Option(help="What the file's SHA-256 must be.")] = YUNET_SHA256,
) -> None:
    """Download YuNet (MIT licence) from its official release and check its SHA-256.

    Example: facet detector fetch --to yunet.onnx
    """
    if to.is_file() and hashlib.sha256(to.read_bytes()).hexdigest() == sha256:
        typer.echo(f"{to} is already there.")
    else:
        download(url, to, sha256)
    typer.echo(f"To use it: FACET_DETECTOR_MODEL={to.absolute()}")


def download(url: str, path: Path, sha256: str) -> None:
    """Put the file of a URL at a path, whole or not at all.

    Raises Unavailable if it cannot be had or written, InvalidCheckpoint if its SHA-256 is another.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=TIMEOUT) as response:  # nosec B310 - named by us or by whoever runs this, and its hash is checked
            data = response.read()
    except HTTPError as error:
        error.close()
        raise Unavailable(f"cannot download {url}: {error}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise Unavailable(f"cannot download {url}: {error}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise InvalidCheckpoint(f"the file at {url} has the SHA-256 {found}, not {sha256}; nothing was written")
    # Beside its place, so that the rename is atomic and nobody ever sees half a file.
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.write_bytes(data)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(f"cannot write {path}: {error.strerror or error}") from error
