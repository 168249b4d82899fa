"""What is fuzzed: each target takes any bytes, and only the errors of the domain may come out of it."""

import io
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import orjson
from pydantic import ValidationError

from gallery.jobs.archive import open_archive
from gallery.jobs.import_source import Limits, checked_path
from model.errors import FacetError
from model.images.decode import ImageLimits, _decoded, decode
from model.images.opencv_decode import plain
from service.body.msgpack_codec import unpack
from service.body.request_body import parse_json
from service.routes.edit import _EDITS
from service.schemas import given_embedding
from tests.faces import draw_face, jpeg, png, webp

Target = Callable[[bytes], None]

MAX_BYTES = 2**20
_IMAGES = ImageLimits(max_bytes=MAX_BYTES, max_pixels=1_000_000, max_seconds=2.0)
_ARCHIVES = Limits(max_entries=1000, max_unpacked_bytes=2**24, max_file_bytes=MAX_BYTES)


def pictures(data: bytes) -> None:
    """Decode a picture; where OpenCV may do it, its pixels are Pillow's."""
    with suppress(FacetError):
        pixels = decode(data, _IMAGES)
        height, width, channels = pixels.shape
        assert channels == 3
        assert height * width <= _IMAGES.max_pixels
        if plain(data) is not None:
            assert (pixels == _decoded(data, _IMAGES, None)[0]).all()


def archives(data: bytes) -> None:
    """Read every entry of an archive."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as file:
        file.write(data)
        file.flush()
        with suppress(FacetError):
            unpacked = 0
            for entry in open_archive(Path(file.name), _ARCHIVES).entries():
                with suppress(FacetError):
                    assert ".." not in checked_path(entry.path).parts
                    unpacked += len(entry.read())
            assert unpacked <= 2 * _ARCHIVES.max_unpacked_bytes


def bodies(data: bytes) -> None:
    """Read a JSON body and a msgpack body, and the embedding and the edits in them."""
    for read in (lambda: parse_json(data, "the body"), lambda: unpack(data, MAX_BYTES)[1]):
        with suppress(FacetError):
            value = read()
            if isinstance(value, dict):
                with suppress(FacetError):
                    assert abs(given_embedding(value.get("embedding")).vector).max() < float("inf")
                with suppress(FacetError, ValidationError):
                    _EDITS.validate_python(value.get("edits"))


TARGETS: Mapping[str, Target] = {"pictures": pictures, "archives": archives, "bodies": bodies}


def seeds(name: str) -> list[bytes]:
    """Right inputs of a target, from which fuzzing starts."""
    face = draw_face(size=64)
    if name == "pictures":
        return [jpeg(face), png(face), webp(face)]
    if name == "archives":
        return [_zip(jpeg(face)), _tar(jpeg(face), "w"), _tar(jpeg(face), "w:gz")]
    part = [1.0] + [0.0] * 31
    embedding = {"pose": [0.1, 0.2, 0.3], "identity": part, "expression": part, "style": part}
    edits = [{"attribute": "pose", "set": {"yaw": 20}, "amount": 0.5}, {"attribute": "style", "from": embedding}]
    return [
        orjson.dumps({"embedding": {**embedding, "model": "dummy-1"}, "edits": edits}),
        b"\x81\xa9embedding\x81\xa4pose\xc4\x0c" + bytes(12),
    ]


def _zip(picture: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/1.jpg", picture)
        archive.writestr("../2.jpg", picture)
    return stream.getvalue()


def _tar(picture: bytes, mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo("ada/1.jpg")
        info.size = len(picture)
        archive.addfile(info, io.BytesIO(picture))
    return stream.getvalue()
