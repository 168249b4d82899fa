"""Embeddings and pictures sealed in the database: nothing of them is in its files, and all else is as without."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from gallery.gallery import Gallery
from gallery.query import Query, Term
from gallery.records import NewFace
from gallery.store.encryption import Vault, add_key
from gallery.store.key_rotation import reseal
from gallery.verification import verify
from model.attributes import Attribute, part
from model.errors import InvalidRequest, Unavailable
from tests.gallery.snapshots import needle, opened

PICTURE = b"\x89PNG the picture of a face"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "vector.keys"
    add_key(file)
    return file


def sealed(url: str, keys: Path) -> str:
    return f"{url}{'&' if '?' in url else '?'}vector_keys={keys}"


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("gallery.db"))


def test_a_sealed_gallery_is_as_any_other(url: str, keys: Path, new: Callable[..., NewFace]) -> None:
    faces = [new(seed, crop=PICTURE) for seed in range(20)]
    gallery = Gallery(sealed(url, keys))
    enrolled = gallery.enrol_many(faces)
    for face, stored in zip(faces, enrolled, strict=True):
        assert gallery.get(stored.id).embedding.tobytes() == face.embedding.tobytes()
        assert gallery.crop(stored.id) == PICTURE
    query = Query((Term(Attribute.IDENTITY, part(faces[7].embedding, Attribute.IDENTITY)),), k=1)
    assert gallery.search(query).matches[0].face.id == enrolled[7].id
    gallery.close()
    again = Gallery(sealed(url, keys))
    assert again.search(query).matches[0].face.id == enrolled[7].id
    again.close()


def test_nothing_of_a_vector_is_in_the_files(
    sqlite_url: str, tmp_path: Path, keys: Path, new: Callable[..., NewFace]
) -> None:
    face = new(1, crop=PICTURE)
    for url, plain in ((sqlite_url, True), (sealed(sqlite_url, keys), False)):
        gallery = Gallery(url)
        gallery.enrol(face)
        gallery.close()
        if plain:
            assert face.embedding.tobytes()[:64] in bytes_of(tmp_path)
    assert reseal(sealed(sqlite_url, keys)) == 2
    assert face.embedding.tobytes()[:64] not in bytes_of(tmp_path)
    assert PICTURE not in bytes_of(tmp_path)


def test_a_sealed_gallery_has_a_snapshot_that_only_its_keys_open(
    url: str, tmp_path: Path, keys: Path, new: Callable[..., NewFace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.store.block_keys.BLOCK", 4)
    folder, first = tmp_path / "snapshot", keys.read_text()
    gallery = Gallery(sealed(url, keys), folder)
    face = gallery.enrol_many([new(n) for n in range(9)])[1]
    gallery.close()
    held = needle(face.embedding, Attribute.IDENTITY)
    add_key(keys)
    reseal(sealed(url, keys))
    keys.write_text(keys.read_text().removesuffix(first))
    engine = create_engine(url)
    with engine.connect() as connection:
        [name] = connection.execute(text("SELECT store FROM counter")).scalars()
        there = [bytes(key) for key in connection.execute(text("SELECT key FROM block_keys")).scalars()]
    engine.dispose()
    assert len(there) == 2
    assert all(key.startswith(b"gAAAA") for key in there)
    vault = Vault.of(keys)
    assert held in opened(folder, name, map(vault.open, there))
    assert held not in opened(folder, name, [])
    assert verify(sealed(url, keys), folder).snapshot == 8


def test_keys_are_changed_without_losing_a_face(url: str, keys: Path, new: Callable[..., NewFace]) -> None:
    gallery = Gallery(url)
    plain = gallery.enrol(new(1))
    gallery.close()
    gallery = Gallery(sealed(url, keys))
    old = gallery.enrol(new(2))
    gallery.close()
    first = keys.read_text()
    add_key(keys)
    assert keys.read_text().endswith(first)
    assert reseal(sealed(url, keys)) == 2
    keys.write_text(keys.read_text().removesuffix(first))
    gallery = Gallery(sealed(url, keys))
    for stored in (plain, old):
        assert gallery.get(stored.id).embedding.tobytes() == stored.embedding.tobytes()
        assert gallery.get(stored.id).sequence == stored.sequence
    gallery.close()


@pytest.mark.parametrize("wrong", ["another key", "no key"])
def test_without_the_right_key_nothing_is_read(url: str, keys: Path, wrong: str, new: Callable[..., NewFace]) -> None:
    gallery = Gallery(sealed(url, keys))
    gallery.enrol(new(1))
    gallery.close()
    if wrong == "another key":
        keys.unlink()
        add_key(keys)
    with pytest.raises(Unavailable, match="sealed"):
        Gallery(sealed(url, keys) if wrong == "another key" else url).close()


def test_a_changed_byte_is_noticed() -> None:
    vault = Vault(["A" * 43 + "="])
    token = bytearray(vault.seal(b"secret"))
    assert vault.open(bytes(token)) == b"secret"
    token[-20] ^= 1
    with pytest.raises(Unavailable):
        vault.open(bytes(token))


def test_a_file_of_keys_is_for_its_owner_alone_and_must_be_right(tmp_path: Path, keys: Path, sqlite_url: str) -> None:
    assert keys.stat().st_mode & 0o777 == 0o600
    keys.write_text("no key")
    for file in (keys, tmp_path / "nowhere"):
        with pytest.raises(InvalidRequest, match="vector keys"):
            Gallery(sealed(sqlite_url, file))
