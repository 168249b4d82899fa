"""Kills a process that writes to a gallery, again and again, and checks that nothing acknowledged is lost or returns.

    python -m benchmarks.kill --rounds 50 [--postgresql] [--milvus]

In each round a child process enrols, changes and deletes faces and writes snapshots as fast as it can, and says what
it is about to do and what is done. The parent kills it (SIGKILL) at a random moment and compares the gallery with
what the child said. With `--milvus` Milvus Lite finds the faces, in the child's process.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np

from gallery.base_gallery import BaseGallery
from gallery.gallery import Gallery
from gallery.query import Query, Term
from gallery.records import Amendment, EnrolledFace, NewFace
from gallery.store import block_keys
from gallery.verification import Verdict, verify
from model.attributes import EMBEDDING_SIZE, Attribute, Vector, normalized, part

ROOT = Path(__file__).parents[1]
_BLOCK = 8
"""Numbers in a block of the snapshot: few, so that it has many files."""


@dataclass
class Expectation:
    """What the gallery must hold after a kill."""

    subjects: dict[str, str] = field(default_factory=dict)
    """The subject of each acknowledged face, by id."""
    vectors: dict[str, Vector] = field(default_factory=dict)
    """Of all faces there ever were, by id."""
    deleted: set[str] = field(default_factory=set)
    """Acknowledged deletions."""
    acknowledged: int = 0


@dataclass(frozen=True)
class Place:
    """Where a gallery lies, and who finds its faces."""

    url: str
    snapshot: Path
    milvus: bool = False

    @property
    def milvus_path(self) -> str:
        """Where Milvus Lite has its files."""
        return str(self.snapshot.with_name("milvus.db"))

    def open(self) -> BaseGallery:
        """The gallery, opened."""
        if not self.milvus:
            return Gallery(self.url, self.snapshot)
        from gallery.milvus.gallery import MilvusConfig, MilvusGallery

        return MilvusGallery(self.url, MilvusConfig(self.milvus_path))

    def verify(self) -> Verdict:
        """Whether what finds the faces agrees with the database."""
        if not self.milvus:
            return verify(self.url, self.snapshot)
        from gallery.milvus.gallery import MilvusConfig
        from gallery.milvus.verification import verify_milvus

        return verify_milvus(self.url, MilvusConfig(self.milvus_path))

    def leave(self) -> None:
        """Let another process use what this one may have opened: Milvus Lite serves one at a time."""
        if self.milvus:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self.milvus_path)


def embedding_of(seed: int) -> Vector:
    """An embedding `(99,)` that no other seed has."""
    numbers = np.random.default_rng(seed).standard_normal(EMBEDDING_SIZE)
    return normalized(np.clip(numbers, -np.pi, np.pi).astype(np.float32))


def write_forever(place: Place, seed: int) -> None:
    """The child: one line before each write, `done` with its result after it."""
    block_keys.BLOCK = _BLOCK
    gallery, rng = place.open(), random.Random(seed)
    ids = [face.id for face in gallery.page(limit=1000).faces]
    while True:
        action = rng.choices(["enrol", "change", "delete", "save"], [5, 2, 2, 1])[0]
        if action == "enrol":
            number = rng.getrandbits(60)
            print("enrol", number, flush=True)
            ids.append(gallery.enrol(NewFace(f"s{number}", embedding_of(number), "m1")).id)
            print("done", ids[-1], flush=True)
        elif action == "save":
            if isinstance(gallery, Gallery):
                gallery.save()
            else:
                gallery.search(Query((Term(Attribute.IDENTITY, part(embedding_of(0), Attribute.IDENTITY)),)))
        elif ids:
            id = ids.pop(rng.randrange(len(ids)))
            subject = f"s{rng.getrandbits(60)}"
            print(action, id, subject, flush=True)
            if action == "delete":
                gallery.delete(id)
            else:
                gallery.change(id, Amendment(subject=subject))
                ids.append(id)
            print("done", id, flush=True)


def play_round(place: Place, expected: Expectation, seed: int) -> None:
    """Start a child, kill it after some writes, and check the gallery. Raises AssertionError for what is wrong."""
    rng = random.Random(seed)
    command = [sys.executable, "-m", "benchmarks.kill", "--child", place.url, str(place.snapshot), str(seed)]
    command += ["--milvus"] if place.milvus else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(rng.randrange(2, 120))]
        os.kill(child.pid, signal.SIGKILL)
        lines += list(child.stdout)
    assert child.returncode == -signal.SIGKILL, "the child ended by itself"
    # The last line may be cut off.
    said = [line.split() for line in lines if line.endswith("\n")]
    pending = None
    for words in said:
        if words[0] == "done":
            assert pending is not None
            _acknowledge(expected, pending, words[1])
            pending = None
        else:
            pending = words
    with patch.object(block_keys, "BLOCK", _BLOCK):
        _check(place, expected, pending)
    place.leave()


def _acknowledge(expected: Expectation, action: list[str], id: str) -> None:
    expected.acknowledged += 1
    if action[0] == "enrol":
        expected.subjects[id], expected.vectors[id] = f"s{action[1]}", embedding_of(int(action[1]))
    elif action[0] == "change":
        expected.subjects[id] = action[2]
    else:
        del expected.subjects[id]
        expected.deleted.add(id)


def _check(place: Place, expected: Expectation, pending: list[str] | None) -> None:
    gallery = place.open()
    there = {face.id: face for face in _all(gallery)}
    _settle(expected, there, pending)
    assert {id: face.subject for id, face in there.items()} == expected.subjects
    assert all(face.embedding.tobytes() == expected.vectors[id].tobytes() for id, face in there.items())
    term = Term(Attribute.IDENTITY, part(embedding_of(0), Attribute.IDENTITY))
    found = gallery.search(Query((term,), k=len(there) + 10)).matches
    assert {match.face.id for match in found} == there.keys()
    gallery.close()
    verdict = place.verify()
    assert verdict.problems == []
    assert verdict.faces == len(there)
    files = b"".join(file.read_bytes() for file in place.snapshot.parent.iterdir() if file.is_file())
    for id in expected.deleted:
        assert part(expected.vectors[id], Attribute.IDENTITY).tobytes() not in files


def _all(gallery: BaseGallery) -> list[EnrolledFace]:
    faces, cursor = list[EnrolledFace](), None
    while True:
        page = gallery.page(cursor=cursor, limit=1000)
        faces += page.faces
        cursor = page.next_cursor
        if cursor is None:
            return faces


def _settle(expected: Expectation, there: dict[str, EnrolledFace], pending: list[str] | None) -> None:
    """Take over what the write that nobody acknowledged did, which may be all of it or nothing."""
    if pending is None:
        return
    if pending[0] == "enrol":
        for id in there.keys() - expected.subjects.keys():
            expected.subjects[id], expected.vectors[id] = f"s{pending[1]}", embedding_of(int(pending[1]))
    elif pending[0] == "delete" and pending[1] not in there:
        del expected.subjects[pending[1]]
    elif pending[0] == "change" and there[pending[1]].subject == pending[2]:
        expected.subjects[pending[1]] = pending[2]


def main() -> None:
    """Play the rounds that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own, not on SQLite")
    parser.add_argument("--milvus", action="store_true", help="found by Milvus Lite, not by indexes in memory")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        url, snapshot, seed = arguments.child
        write_forever(Place(url, Path(snapshot), arguments.milvus), int(seed))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_postgresql()) if arguments.postgresql else f"sqlite:///{folder}/gallery.db"
        place, expected = Place(url, folder / "index.snapshot", arguments.milvus), Expectation()
        for number in range(arguments.rounds):
            play_round(place, expected, seed=number)
            print(f"round {number + 1}: {expected.acknowledged} writes acknowledged, {len(expected.subjects)} faces")


@contextmanager
def _postgresql() -> Iterator[str]:
    """The URL of a new database on a server of the system's packages."""
    from tests.gallery import postgres

    programs = postgres.binaries()
    if programs is None:
        raise SystemExit(postgres.MISSING)
    with postgres.server(programs) as folder:
        yield postgres.database(folder)


if __name__ == "__main__":
    main()
