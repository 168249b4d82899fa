"""Where the bytes of an erased face are: of SQLite nowhere, of PostgreSQL where the privacy page says they are."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from gallery.records import NewFace
from gallery.store.encryption import Vault, add_key
from gallery.store.key_rotation import reseal
from gallery.store.store import Store
from model.attributes import Attribute, part
from model.errors import Unavailable
from tests.gallery import postgres

PICTURE = bytes(range(256)) * 3


@pytest.fixture
def server() -> Iterator[tuple[str, Path]]:
    """The URL of the only database of a server of its own, and the folder in which that keeps everything."""
    programs = postgres.binaries()
    if programs is None:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as folder:
        yield postgres.database(folder), folder / "data"


def _settle(url: str) -> None:
    """Have the server write everything to its files, and remove those that it no longer needs."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
    engine.dispose()


def _places(data: Path, needle: bytes) -> set[str]:
    """In which parts of the server's folder some bytes are."""
    files = (path for path in data.rglob("*") if path.is_file())
    return {path.relative_to(data).parts[0] for path in files if needle in path.read_bytes()}


def test_postgresql_lets_go_of_the_tables_bytes_when_they_are_written_anew(
    server: tuple[str, Path], new: Callable[..., NewFace]
) -> None:
    url, data = server
    store = Store(url)
    added = store.add_many([new(n, subject=f"somebody-{n}", crop=b"%05d" % n + PICTURE) for n in range(40)])
    needles = (part(added[7].embedding, Attribute.IDENTITY).tobytes(), b"somebody-7", b"00007" + PICTURE)
    kept = part(added[8].embedding, Attribute.IDENTITY).tobytes()
    store.delete(added[7].id)
    _settle(url)
    # What the privacy page says that the server keeps.
    assert [_places(data, needle) for needle in needles] == [{"base", "pg_wal"}] * 3
    store.database.rewrite()
    _settle(url)
    assert all("base" not in _places(data, needle) for needle in needles)
    assert "base" in _places(data, kept)
    assert store.get(added[8].id).subject == "somebody-8"
    store.close()


def _tokens(data: Path) -> set[bytes]:
    """Every sealed text in the server's files, whole or not."""
    return {
        token
        for path in data.rglob("*")
        if path.is_file()
        for token in re.findall(rb"gAAAA[A-Za-z0-9_-]{60,}={0,2}", path.read_bytes())
    }


def test_of_a_sealed_gallery_postgresql_keeps_nothing_that_the_next_key_opens(
    server: tuple[str, Path], new: Callable[..., NewFace], tmp_path: Path
) -> None:
    url, data = server
    keys = tmp_path / "vector.keys"
    add_key(keys)
    sealed = f"{url}&vector_keys={keys}"
    store = Store(sealed)
    added = store.add_many([new(n) for n in range(10)])
    store.delete(added[3].id)
    store.close()
    _settle(url)
    embeddings = [face.embedding.tobytes() for face in added]
    assert not any(_places(data, embedding[:64]) for embedding in embeddings[2:5])
    old = Vault.of(keys)

    def opened(vault: Vault) -> set[bytes]:
        found = set()
        for token in _tokens(data):
            try:
                found.add(vault.open(token))
            except Unavailable:
                continue
        return found

    # Or the test would prove nothing.
    assert embeddings[3] in opened(old)
    first = keys.read_text()
    add_key(keys)
    reseal(sealed)
    keys.write_text(keys.read_text().removesuffix(first))
    _settle(url)
    readable = opened(Vault.of(keys))
    assert embeddings[4] in readable
    assert embeddings[3] not in readable
