"""Several processes on one store: each shows what any of them wrote, and a killed one leaves no bytes of the erased."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from gallery.gallery import Gallery
from gallery.records import NewFace
from model.attributes import Attribute, Vector, part
from tests.gallery.snapshots import needle, readable
from tests.processes import ROOT, running_milvus

MakeEmbedding = Callable[[int], Vector]

# Does what each line says, and answers with a line.
_CHILD = """
import sys
import numpy as np
from gallery.gallery import Gallery
from gallery.milvus.gallery import MilvusConfig, MilvusGallery
from gallery.query import Query, Term
from gallery.records import Amendment, NewFace
from model.attributes import EMBEDDING_SIZE, Attribute, normalized, part
def embedding(seed):
    numbers = np.random.default_rng(seed).standard_normal(EMBEDDING_SIZE)
    return normalized(np.clip(numbers, -np.pi, np.pi).astype(np.float32))
url, *milvus = sys.argv[1:]
gallery = MilvusGallery(url, MilvusConfig(*milvus)) if milvus else Gallery(url)
print("ready", flush=True)
for line in sys.stdin:
    word, value = line.split()
    if word == "enrol":
        print(gallery.enrol(NewFace("a", embedding(int(value)), "m1")).id, flush=True)
    elif word == "move":
        print(gallery.change(value, Amendment(subject="moved")).subject, flush=True)
    elif word == "delete":
        print(gallery.delete(value).deleted, flush=True)
    else:
        vector = part(embedding(int(value)), Attribute.IDENTITY)
        match = gallery.search(Query((Term(Attribute.IDENTITY, vector),), 1)).matches[0]
        print(match.face.id if match.similarity > 0.999 else "nobody", match.face.subject, flush=True)
"""


class Process:
    """A process with a gallery of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, line: str = "") -> str:
        """The answer to a line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def _process(*places: str) -> Iterator[Process]:
    """A process on the database at a URL, which searches itself or in the Milvus at another."""
    command = [sys.executable, "-c", _CHILD, *places]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Process(process)
        finally:
            process.kill()


@pytest.fixture(params=["local", "milvus"])
def milvus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Where Milvus is that several processes use, if they use it."""
    if request.param == "local":
        yield []
        return
    with running_milvus(tmp_path) as uri:
        yield [uri]


def test_a_client_sees_its_writes_whichever_process_it_asks(url: str, milvus: list[str]) -> None:
    with ExitStack() as stack:
        both = [stack.enter_context(_process(url, *milvus)) for _ in range(2)]
        assert [process.ask() for process in both] == ["ready", "ready"]
        both[0].ask("enrol 999")
        for seed in range(12):
            one, other = both if seed % 2 else both[::-1]
            id = one.ask(f"enrol {seed}")
            assert other.ask(f"search {seed}") == f"{id} a"
            assert one.ask(f"move {id}") == "moved"
            assert other.ask(f"search {seed}") == f"{id} moved"
            if seed % 3 == 0:
                assert other.ask(f"delete {id}") == "1"
                assert one.ask(f"search {seed}").startswith("nobody ")


_KILLED = """
import os, signal, sys
from pathlib import Path
from gallery.store import block_keys
from gallery.store.database import Database
from gallery.gallery import Gallery
block_keys.BLOCK = 10
gallery = Gallery(sys.argv[1], Path(sys.argv[2]))
# Committed, but neither wiped from the log nor acknowledged.
Database.scrub = lambda self: os.kill(os.getpid(), signal.SIGKILL)
gallery.delete(sys.argv[3])
"""


def test_what_a_killed_deletion_left_in_the_files_goes_with_the_next_start(
    tmp_path: Path, embedding: MakeEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.store.block_keys.BLOCK", 10)
    url, snapshot = f"sqlite:///{tmp_path / 'g.db'}", tmp_path / "snapshot"
    gallery = Gallery(url, snapshot)
    faces = [gallery.enrol(NewFace(f"subject {n}", embedding(n), "m1")) for n in range(20)]
    gallery.close()
    secret = part(embedding(7), Attribute.IDENTITY).tobytes()

    def files_with_it() -> set[str]:
        found = {path.name for path in tmp_path.iterdir() if path.is_file() and secret in path.read_bytes()}
        sealed = needle(embedding(7), Attribute.IDENTITY)
        return found | ({"snapshot"} if sealed in readable(snapshot, url) else set())

    assert files_with_it() == {"g.db", "snapshot"}
    killed = subprocess.run([sys.executable, "-c", _KILLED, url, str(snapshot), faces[7].id], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    # Or the test would prove nothing.
    assert secret in (tmp_path / "g.db").read_bytes() + (tmp_path / "g.db-wal").read_bytes()
    again = Gallery(url, snapshot)
    assert files_with_it() == set()
    assert [face.id for face in again.page().faces] == [face.id for face in faces if face.id != faces[7].id]
    again.close()
    assert files_with_it() == set()
