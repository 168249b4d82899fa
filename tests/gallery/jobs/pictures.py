"""Stand-ins for pictures and for the model that embeds them, which tests of jobs share."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from gallery.jobs.importing import Embedded
from gallery.jobs.job_kinds import Wanted
from model.engine.dummy import DummyModel
from model.errors import FacetError, NoFace

BAD = b"no face"


def embed(pictures: Sequence[bytes], _wanted: Wanted | None = None) -> list[Embedded | FacetError]:
    """An embedding for each picture that only its bytes decide; NoFace for those that begin with `BAD`."""
    return [NoFace("There is no face.") if picture.startswith(BAD) else _embedded(picture) for picture in pictures]


def _embedded(picture: bytes) -> Embedded:
    seed = int.from_bytes(hashlib.sha256(picture).digest()[:4])
    return Embedded(DummyModel().sample(1, seed)[0], "m1", 0.5)


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A .zip of files by path."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return stream.getvalue()


def tarred(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A .tar of files by path, compressed for the mode `w:gz`."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def people(count: int, each: int = 2) -> dict[str, bytes]:
    """Files in the folders of some subjects."""
    return {f"s{n // each}/{n}.jpg": f"picture {n}".encode() for n in range(count * each)}


def folder_of(place: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files."""
    for path, content in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    return place
