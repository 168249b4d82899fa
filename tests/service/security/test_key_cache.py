"""Keys in memory while the database is slow, fails, or stands still."""

import asyncio
import hmac
import threading
from collections.abc import Sequence

import pytest

from model.errors import Unavailable
from service.security import api_key, key_cache
from service.security.api_key import Key, salted, token_of
from service.security.key_cache import KeyCache
from service.security.scopes import Scope


class Database:
    """Gives no keys: how often it was asked, and whether it stands still or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.fails = False

    def read(self) -> Sequence[Key]:
        self.asked += 1
        assert self.goes_on.wait(20)
        if self.fails:
            raise Unavailable("no database")
        return []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_cache, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(key_cache, "WAIT_SECONDS", 0.1)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fails", [False, True])
def test_known_keys_do_while_the_database_does_not_answer(fails: bool) -> None:
    async def story() -> None:
        database = Database()
        keys = KeyCache(database.read)
        assert await keys.locked() is False
        keys.seconds = 0.0
        keys._until = 0.0
        database.fails = fails
        database.goes_on.clear()
        try:
            answers = await asyncio.wait_for(asyncio.gather(*(keys.locked() for _ in range(50))), 1)
            assert answers == [False] * 50
            # One reads, for however many.
            assert database.asked == 2
        finally:
            database.goes_on.set()
        # The next answers are of the database again.
        assert keys._reading is not None
        await asyncio.wait([keys._reading])
        assert await keys.locked() is False
        assert database.asked == 3

    asyncio.run(story())


def test_keys_are_read_anew_after_a_second() -> None:
    """So that one that is revoked anywhere is refused everywhere."""

    async def story() -> None:
        database = Database()
        keys = KeyCache(database.read)
        for wait, asked in ((0.0, 1), (0.0, 1), (1.1, 2)):
            await asyncio.sleep(wait)
            await keys.locked()
            assert database.asked == asked

    asyncio.run(story())


def test_an_unknown_id_costs_the_hash_of_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed, compared, compare = list[str](), list[int](), hmac.compare_digest
    made = Key("0123456789ab", "k", frozenset({Scope.SEARCH}), None, None, 0, b"salt", salted(b"salt", "right"))

    def noting(salt: bytes, secret: str) -> bytes:
        hashed.append(secret)
        return salted(salt, secret)

    def comparing(one: bytes, other: bytes) -> bool:
        compared.append(len(one) + len(other))
        return compare(one, other)

    for module in (key_cache, api_key):
        monkeypatch.setattr(module, "salted", noting)
    monkeypatch.setattr(key_cache.secrets, "compare_digest", comparing)
    monkeypatch.setattr(api_key.hmac, "compare_digest", comparing)

    async def story() -> None:
        keys = KeyCache(lambda: [made])
        secret, wrong = "r" * 43, "w" * 43
        for token in (token_of(made.id, secret), token_of("ba9876543210", wrong), "no token"):
            assert await keys.find(token) is None

    asyncio.run(story())
    assert hashed == ["r" * 43, "w" * 43, "no token"]
    assert compared == [64, 64, 64]


@pytest.mark.usefixtures("quick")
def test_old_keys_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        database = Database()
        keys = KeyCache(database.read)
        keys.seconds = 0.0
        monkeypatch.setattr(key_cache, "KEPT_SECONDS", 0.0)
        await keys.locked()
        database.fails = True
        with pytest.raises(Unavailable, match="no database"):
            await keys.locked()
        database.goes_on.clear()
        try:
            with pytest.raises(Unavailable, match="does not answer"):
                await keys.locked()
        finally:
            database.goes_on.set()
        assert keys._reading is not None
        await asyncio.wait([keys._reading])
        keys._reading.exception()

    asyncio.run(story())
