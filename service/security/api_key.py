"""An API key: what it may do, and how a secret is made and recognised."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from gallery.limits import check_collection
from model.errors import InvalidRequest
from service.security.scopes import Scope

PREFIX = "facet"
_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})")
"""The key's id, and 256 random bits."""
_MAX_NAME = 100


@dataclass(frozen=True)
class Key:
    """What the service keeps of a key. Raises InvalidRequest for one that could do nothing."""

    id: str
    name: str
    """Whom it was made for."""
    scopes: frozenset[Scope]
    collections: frozenset[str] | None
    """The only collections that it sees; None for all."""
    rate: int | None
    """Requests a minute, None for the service's limit."""
    created: int
    """Milliseconds since 1970 (UTC), as is `revoked`."""
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)
    revoked: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= _MAX_NAME:
            raise InvalidRequest(f"a key's name has 1 to {_MAX_NAME} characters, not {len(self.name)}")
        if not self.scopes:
            raise InvalidRequest(f"a key needs at least one scope of {', '.join(Scope)}")
        if self.rate is not None and self.rate < 1:
            raise InvalidRequest(f"a key's rate is at least 1 a minute, not {self.rate}")
        for collection in self.collections or ():
            check_collection(collection)

    def holds(self, secret: str) -> bool:
        """Whether a secret is this key's; takes as long for any secret."""
        return hmac.compare_digest(self.hash, salted(self.salt, secret)) and self.revoked is None


def salted(salt: bytes, secret: str) -> bytes:
    """The hash under which a secret is kept.

    One round of HMAC-SHA-256: stretching protects what people choose, and nobody guesses 256 random bits.
    """
    return hmac.digest(salt, secret.encode(), hashlib.sha256)


def new_secret() -> str:
    """256 random bits in 43 characters."""
    return secrets.token_urlsafe(32)


def token_of(id: str, secret: str) -> str:
    """What the holder of a key sends."""
    return f"{PREFIX}_{id}_{secret}"


def parsed(token: str) -> tuple[str, str] | None:
    """The id and the secret in a token, None where it is none."""
    found = _TOKEN.fullmatch(token)
    return None if found is None else (found[1], found[2])
