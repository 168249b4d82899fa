import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from gallery.store.database import Database
from model.errors import InvalidRequest, NotFound
from service.security.api_key import parsed, salted
from service.security.key_store import KeyStore
from service.security.scopes import Scope


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    yield opened
    opened.close()


def test_a_key_comes_back_as_it_was_made(database: Database) -> None:
    store = KeyStore(database)
    made, _ = store.create("Ada", [Scope.SEARCH, Scope.ENROL], ["b", "a"], rate=7)
    assert store.all() == [made]
    assert made.scopes == frozenset({Scope.SEARCH, Scope.ENROL})
    assert (made.collections, made.rate) == (frozenset({"a", "b"}), 7)
    everywhere, _ = store.create("Bob", [Scope.ADMIN])
    assert store.all() == [made, everywhere]
    assert everywhere.collections is None


def test_only_a_salted_hash_is_kept(database: Database, tmp_path: Path) -> None:
    key, token = KeyStore(database).create("Ada", [Scope.SEARCH])
    id, secret = parsed(token) or ("", "")
    assert (id, len(secret)) == (key.id, 43)
    assert key.hash == hmac.new(key.salt, secret.encode(), hashlib.sha256).digest()
    database.scrub()
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.hash in files
    assert secret.encode() not in files
    assert secret not in repr(key)


def test_a_secret_opens_its_own_key_until_it_is_revoked(database: Database) -> None:
    store = KeyStore(database)
    (one, token), (other, _) = store.create("Ada", [Scope.SEARCH]), store.create("Ada", [Scope.SEARCH])
    _, secret = parsed(token) or ("", "")
    assert one.holds(secret)
    assert not one.holds(secret[:-1] + ("A" if secret[-1] != "A" else "B"))
    assert not other.holds(secret)
    store.revoke(one.id)
    [revoked, still] = store.all()
    assert not revoked.holds(secret)
    assert still == other
    with pytest.raises(NotFound):
        store.revoke(one.id)


def test_two_keys_with_one_secret_have_different_hashes() -> None:
    assert salted(b"a" * 16, "secret") != salted(b"b" * 16, "secret")


@pytest.mark.parametrize("token", ["", "facet_", "facet_0123456789ab_x", "Facet_0123456789ab_" + "x" * 43, "ä" * 61])
def test_what_is_no_token_is_none(token: str) -> None:
    assert parsed(token) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"scopes": []},
        {"collections": ["no/such name\0"]},
        {"rate": 0},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(database: Database, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        KeyStore(database).create(**{"name": "Ada", "scopes": [Scope.SEARCH], **fields})  # type: ignore[arg-type]
    assert KeyStore(database).all() == []


def test_an_unknown_scope_in_the_database_gives_nothing_away(database: Database) -> None:
    KeyStore(database).create("Ada", [Scope.SEARCH])
    with database.transaction() as connection:
        connection.execute(text("UPDATE keys SET scopes = '[\"fly\"]'"))
    with pytest.raises(ValueError, match="fly"):
        KeyStore(database).all()
