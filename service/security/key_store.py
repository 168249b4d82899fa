"""The keys in the gallery's database, which every process of the service reads."""

import secrets
import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from gallery.store.database import Database
from gallery.store.tables import keys
from gallery.store.time_limit import ANSWER_SECONDS
from model.errors import NotFound
from service.security.api_key import Key, new_secret, salted, token_of
from service.security.scopes import Scope


class KeyStore:
    """Makes, lists and revokes keys. Every method raises Unavailable while the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, scopes: Iterable[Scope], collections: Iterable[str] | None = None, rate: int | None = None
    ) -> tuple[Key, str]:
        """A new key, and the token that nobody can get again. Raises InvalidRequest."""
        salt, secret = secrets.token_bytes(16), new_secret()
        key = Key(
            id=secrets.token_hex(6),
            name=name,
            scopes=frozenset(scopes),
            collections=None if collections is None else frozenset(collections),
            rate=rate,
            created=_now(),
            salt=salt,
            hash=salted(salt, secret),
        )
        with self._database.transaction() as connection:
            connection.execute(insert(keys), _row_of(key))
        return key, token_of(key.id, secret)

    def all(self) -> list[Key]:
        """Every key that was ever made, the revoked ones too, oldest first."""
        with self._database.transaction(ANSWER_SECONDS) as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created, keys.c.id)).mappings().all()
        return [_key_of(row) for row in rows]

    def revoke(self, id: str) -> None:
        """Let a key be good for nothing any more. Raises NotFound."""
        good = keys.c.revoked.is_(None)
        with self._database.transaction() as connection:
            done = connection.execute(update(keys).where(keys.c.id == id, good).values(revoked=_now()))
        if not done.rowcount:
            raise NotFound(f"there is no key {id!r} that is good", id=id)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _row_of(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "salt": key.salt,
        "hash": key.hash,
        "scopes": sorted(key.scopes),
        "collections": None if key.collections is None else sorted(key.collections),
        "rate": key.rate,
        "created": key.created,
    }


def _key_of(row: RowMapping) -> Key:
    collections = row["collections"]
    values: dict[str, Any] = dict(row)
    values["scopes"] = frozenset(map(Scope, row["scopes"]))
    values["collections"] = None if collections is None else frozenset(collections)
    return Key(**values)
