"""The keys as a process of the service holds them: in memory, read anew while requests come."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence

from fastapi.concurrency import run_in_threadpool

from service.security.api_key import Key, parsed, salted


class KeyRing:
    """Recognises tokens. All calls come from one event loop."""

    def __init__(self, read: Callable[[], Sequence[Key]]) -> None:
        """`read` gives every key that was ever made, also those that are revoked."""
        self.seconds = 1.0
        """How old the keys in memory may be: one made or revoked anywhere is so everywhere after this time."""
        self._read = read
        self._keys: dict[str, Key] = {}
        self._until = 0.0
        self._reading = asyncio.Lock()
        self._decoy = (secrets.token_bytes(16), secrets.token_bytes(32))

    async def locked(self) -> bool:
        """Whether requests need a key: once one was made they do, also when all are revoked.

        Raises Unavailable while the keys cannot be read.
        """
        if time.monotonic() >= self._until:
            async with self._reading:
                if time.monotonic() >= self._until:
                    self._keys = {key.id: key for key in await run_in_threadpool(self._read)}
                    self._until = time.monotonic() + self.seconds
        return bool(self._keys)

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
