"""What tests of keys share: a service that wants them, and those who hold some."""

from dataclasses import dataclass
from pathlib import Path

import httpx

from service.security.key_store import KeyStore
from service.security.scopes import Scope

USUAL = (Scope.EMBED, Scope.SEARCH, Scope.ENROL, Scope.ERASE)


@dataclass
class Guarded:
    """A service that wants keys, and clients that have them."""

    url: str
    place: Path
    keys: KeyStore
    _clients: list[httpx.Client]

    def client(self, token: str | None) -> httpx.Client:
        """A client that sends a key."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=self.url, timeout=30, headers=headers)
        self._clients.append(client)
        return client

    def holder(self, *scopes: Scope, collections: list[str] | None = None, rate: int | None = None) -> httpx.Client:
        """A client with a new key."""
        return self.client(self.keys.create("holder", scopes, collections, rate)[1])
