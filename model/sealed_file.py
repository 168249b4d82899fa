"""Files of arrays that hold the hash of their own content: safetensors, read and written without torch."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from model.errors import InvalidCheckpoint

WEIGHTS = Path(__file__).parent / "weights"
"""Where the networks lie that come with the package, one file each."""

Arrays = Mapping[str, NDArray[Any]]


def content_hash(arrays: Arrays, metadata: Mapping[str, str]) -> str:
    """SHA-256 over names, types, shapes and bytes of all arrays, and over the header's other entries."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} torch.{array.dtype.name} {array.shape}\n".encode())  # as torch names the types
        digest.update(np.ascontiguousarray(array).tobytes())
    for key in sorted(metadata):
        digest.update(f"{key} {metadata[key]}\n".encode())
    return digest.hexdigest()


def write_sealed(path: Path, arrays: Arrays, metadata: Mapping[str, str]) -> None:
    """Write arrays and header with their hash; aside first, then renamed."""
    aside = path.with_suffix(".writing")
    # The library writes memory as it lies, and in another order than the rows' it would be other numbers.
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # As bytes: the library's own writing of files leaves them readable to their owner alone.
    aside.write_bytes(save(arrays, {**metadata, "sha256": content_hash(arrays, metadata)}))
    os.replace(aside, path)


def read_sealed(path: Path, form: str, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, str], str]:
    """Arrays, header and hash of a file of a format; `kind` is what it should be, for people.

    Raises InvalidCheckpoint if the file is missing, not of this format, or does not match its hash.
    """
    try:
        with safe_open(path, "np") as file:
            metadata: dict[str, str] = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError) as error:  # TypeError: a type that NumPy does not have
        raise InvalidCheckpoint(f"{path} cannot be read as a {kind}: {error}") from error
    digest = metadata.pop("sha256", None)
    if metadata.get("format") != form or digest is None:
        raise InvalidCheckpoint(f"{path} is not a {kind} of this system (format {metadata.get('format')!r})")
    if content_hash(arrays, metadata) != digest:
        raise InvalidCheckpoint(f"{path} is damaged: its content does not match its hash")
    return arrays, metadata, digest
