"""The faces of the index as sealed files, so that a process starts without reading every face from the store."""

import hashlib
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from safetensors import SafetensorError

from gallery.index.face_columns import FaceColumns

_FORMAT = "4"
_NONCE_BYTES = 12
_SUFFIX = ".faces"
_ABANDONED_SECONDS = 3600.0
"""After which a file that is not complete belongs to a process that is gone."""

logger = logging.getLogger("facet.process.gallery")


class Snapshot:
    """A folder with a file for each block of numbers, sealed (AES-256-GCM) by the key that the store has for the block.

    It is no truth: what is damaged, foreign or missing is made anew from the store. Any number of processes may share
    the folder. No method raises for what goes wrong with a file; the log tells.
    """

    def __init__(self, folder: Path, store: str) -> None:
        """The snapshot in a folder, of the store of a name."""
        self._folder, self._store = folder, store
        self._clear_earlier_format()

    def read(self, block: int, key: bytes) -> FaceColumns | None:
        """The faces in the file of a block, None where there is none that this key opens."""
        path = self._path(block, key)
        try:
            data = path.read_bytes()
            nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            return FaceColumns.unpacked(AESGCM(key).decrypt(nonce, sealed, self._about(block)))
        except FileNotFoundError:
            return None
        except (InvalidTag, SafetensorError, OSError, KeyError, ValueError) as error:
            what = "its content is not what was written" if isinstance(error, InvalidTag) else str(error)
            logger.warning("the snapshot %s is of no use and is made anew from the store: %s", path, what)
            return None

    def write(self, block: int, key: bytes, faces: FaceColumns) -> bool:
        """Put the faces of a block into its file, all or none; whether that was done."""
        path = self._path(block, key)
        aside = path.with_name(f"{path.name}.{os.getpid()}.part")
        nonce = os.urandom(_NONCE_BYTES)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(nonce + AESGCM(key).encrypt(nonce, faces.packed(), self._about(block)))
            os.replace(aside, path)
        except OSError as error:
            # What can be made anew is no reason to fail.
            logger.warning("the snapshot %s cannot be written: %s", path, error)
            _remove(aside)
            return False
        return True

    def clear(self, keys: Mapping[int, bytes]) -> None:
        """Remove the files that none of these keys opens: nobody can read them any more."""
        good = {self._path(block, key).name for block, key in keys.items()}
        try:
            for path in self._folder.iterdir() if self._folder.is_dir() else ():
                abandoned = path.suffix == ".part" and time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
                if abandoned or (path.suffix == _SUFFIX and path.name not in good):
                    _remove(path)
        except OSError as error:
            logger.warning("old files of the snapshot %s cannot be removed: %s", self._folder, error)

    def _path(self, block: int, key: bytes) -> Path:
        # The name tells of a file whether a key is still the one that it was sealed by.
        return self._folder / f"{block:010}-{hashlib.sha256(key).hexdigest()[:8]}{_SUFFIX}"

    def _about(self, block: int) -> bytes:
        """What is sealed along, so that no file is taken for another."""
        return f"{_FORMAT} {self._store} {block}".encode()

    def _clear_earlier_format(self) -> None:
        """Remove the one file of embeddings in plain that there was before there were blocks."""
        for suffix in ("", ".new", ".lock"):
            path = self._folder.with_name(self._folder.name + suffix)
            if path.is_file():
                _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.error("%s cannot be removed; remove it by hand: %s", path, error)
