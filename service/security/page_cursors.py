"""Encrypted page cursors, for callers who may not know how many faces others enrol."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from model.errors import InvalidRequest


class Cursors:
    """Encrypts the gallery's cursors, which are sequence numbers and so tell how much others enrol.

    Any process that has the secret can decrypt them.
    """

    def __init__(self, secret: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"cursor" + secret).digest()))

    def seal(self, cursor: str) -> str:
        """The encrypted cursor, as the caller gets it."""
        return self._fernet.encrypt(cursor.encode()).decode()

    def open(self, sealed: str) -> str:
        """The gallery's cursor. Raises InvalidRequest."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise InvalidRequest(
                "cursor is none that a page of faces gave to this key; leave it out to start at the first"
            ) from error
