"""What can still be read of a snapshot's files, by whatever means."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gallery.index.compact_vectors import compacted
from gallery.store.store import Store
from model.attributes import Attribute, Vector


def needle(embedding: Vector, attribute: Attribute) -> bytes:
    """What a snapshot holds of an attribute of an embedding `(99,)`."""
    return compacted(embedding[np.newaxis], attribute).tobytes()


def opened(folder: Path, store: str, keys: Iterable[bytes]) -> bytes:
    """All that any of these keys opens of the files in a folder, whatever their names say."""
    plain, known = b"", list(keys)
    for name, data in _files(folder).items():
        # Sealed or not.
        plain += data
        for key in known:
            try:
                about = f"4 {store} {int(name[:10])}".encode()
                plain += AESGCM(key).decrypt(data[:12], data[12:], about)
            except InvalidTag:
                continue
    return plain


def _files(folder: Path) -> dict[str, bytes]:
    """The files of a folder, read again from the first where one was replaced meanwhile."""
    while True:
        try:
            return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}
        except FileNotFoundError:
            continue


def readable(folder: Path, url: str) -> bytes:
    """All that can be read of the files in a folder with what the database at a URL holds."""
    store = Store(url)
    try:
        return opened(folder, store.name(), store.block_keys()[1].values())
    finally:
        store.close()
