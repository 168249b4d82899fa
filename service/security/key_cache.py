"""The API keys in memory, read anew from the database while requests come."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from model.errors import Unavailable
from service.security.api_key import Key, parsed, salted

KEPT_SECONDS = 60.0
"""How long keys in memory stay valid while the database does not answer; a key revoked meanwhile works as long."""
PATIENCE_SECONDS = 0.5
"""How long a request waits for newer keys while those in memory are valid."""
WAIT_SECONDS = 10.0
"""How long it waits where they are not."""


class KeyCache:
    """Recognises tokens. All calls come from one event loop."""

    def __init__(self, read: Callable[[], Sequence[Key]]) -> None:
        """`read` gives every key that was ever made, also those that are revoked."""
        self.seconds = 1.0
        """How old the keys in memory may be: one made or revoked anywhere is so everywhere after this time."""
        self._read = read
        self._keys: dict[str, Key] = {}
        self._until = 0.0
        self._trusted_until = 0.0
        self._reading: asyncio.Task[None] | None = None
        # Of its own: searches that wait for the database must not keep it from being asked for keys.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keys")
        self._decoy = (secrets.token_bytes(16), secrets.token_bytes(32))

    async def locked(self) -> bool:
        """Whether requests need a key: once one was made they do, also when all are revoked.

        Raises Unavailable while the keys cannot be read, and those in memory are too old.
        """
        if time.monotonic() >= self._until:
            await self._renew()
        return bool(self._keys)

    async def _renew(self) -> None:
        """Read the keys, once for all who wait. If that is slow or fails, those in memory are used while valid."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_anew())
            # Who waits sees its error; where nobody waits any more it is no news.
            self._reading.add_done_callback(lambda done: done.cancelled() or done.exception())
        reading, trusted = self._reading, time.monotonic() < self._trusted_until
        await asyncio.wait([reading], timeout=PATIENCE_SECONDS if trusted else WAIT_SECONDS)
        if reading.done() and reading.exception() is None:
            return
        if not trusted:
            if reading.done():
                reading.result()
            raise Unavailable("the gallery's database does not answer; try again later")
        # Until then nobody waits again.
        self._until = time.monotonic() + self.seconds

    async def _read_anew(self) -> None:
        began = time.monotonic()
        keys = await asyncio.get_running_loop().run_in_executor(self._thread, self._read)
        self._keys = {key.id: key for key in keys}
        self._until = time.monotonic() + self.seconds
        self._trusted_until = began + KEPT_SECONDS

    def any(self) -> bool:
        """Whether a key was ever made, read now. Raises Unavailable."""
        return bool(self._read())

    async def find(self, token: str) -> Key | None:
        """The good key that a token is of. An unknown id takes as long as a wrong secret."""
        await self.locked()
        id, secret = parsed(token) or ("", token)
        key = self._keys.get(id)
        if key is None:
            secrets.compare_digest(self._decoy[1], salted(self._decoy[0], secret))
            return None
        return key if key.holds(secret) else None
