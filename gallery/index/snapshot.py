"""The index as a file, so that a process starts without reading every face from the store."""

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from gallery.index.index import Index, IndexConfig

_FORMAT = "1"

logger = logging.getLogger("facet.gallery")


class Snapshot:
    """A file that holds the index of one store after some change, or nothing.

    It is no truth: what is damaged, foreign or missing is made anew from the store. Every method but `locked` is
    called while the lock is held.
    """

    def __init__(self, path: Path, store: str, config: IndexConfig | None = None) -> None:
        """The snapshot in a file, of the store of a name, for an index that searches in some way."""
        self._config = config
        self._path = path
        self._aside = path.with_name(path.name + ".new")
        self._store = store
        self.sequence: int | None = None
        """The number of the latest change in the file, None where there is no file that this process knows."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all other threads and processes of this machine from the file. Not re-entrant."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(self._path.name + ".lock").open("w") as file:
            flock(file, LOCK_EX)
            yield

    def save(self, index: Index) -> None:
        """Put an index into the file, so that it holds either what it did or this."""
        arrays = {name: np.ascontiguousarray(values) for name, values in index.arrays().items()}
        about = {"format": _FORMAT, "store": self._store, "sequence": str(index.sequence)}
        try:
            save_file(arrays, self._aside, {**about, "hash": _hash(about, arrays)})
            os.replace(self._aside, self._path)
            self.sequence = index.sequence
        except (OSError, SafetensorError) as error:
            # What can be made anew is no reason to fail.
            logger.warning("the snapshot %s cannot be written: %s", self._path, error)
            self._aside.unlink(missing_ok=True)

    def load(self, latest: int) -> Index | None:
        """The index in the file, None where there is none that can be used; the log says why.

        `latest` is the number of the store's latest change.
        """
        try:
            self._aside.unlink(missing_ok=True)
            if not self._path.exists():
                return None
            with safe_open(self._path, "np") as file:
                about = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            problem: str | None = str(error)
        else:
            problem = self._problem(about, arrays, latest)
        if problem is None:
            self.sequence = int(about["sequence"])
            return Index.restored(self.sequence, arrays, self._config)
        logger.warning("the snapshot %s is of no use and is made anew from the store: %s", self._path, problem)
        try:
            self.drop()
        except OSError as error:
            logger.error("the snapshot %s cannot be removed; remove it by hand: %s", self._path, error)
        return None

    def drop(self) -> None:
        """Remove the file, and wait until the disk has done so."""
        self.sequence = None
        there = [path for path in (self._path, self._aside) if path.exists()]
        for path in there:
            path.unlink()
        if there:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _problem(self, about: dict[str, str], arrays: Mapping[str, NDArray[Any]], latest: int) -> str | None:
        """Why the index in the file is not that of the store, None where it is."""
        if about.pop("hash", None) != _hash(about, arrays):
            return "its content does not match its hash"
        if about.get("format") != _FORMAT:
            return "it is of another version"
        if about["store"] != self._store:
            return "it is of another store"
        if int(about["sequence"]) > latest:
            return "it is ahead of the store, which was set back"
        return None


def _hash(about: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(repr(sorted(about.items())).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
