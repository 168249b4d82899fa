"""Where the next page starts, in words that tell their reader nothing else."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from model.errors import InvalidRequest


class Cursors:
    """Seals the gallery's cursors, which are sequence numbers and so tell how much others enrol.

    Any process that knows the secret opens what another sealed.
    """

    def __init__(self, secret: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"cursor" + secret).digest()))

    def seal(self, cursor: str) -> str:
        """A cursor for the outside."""
        return self._fernet.encrypt(cursor.encode()).decode()

    def open(self, sealed: str) -> str:
        """The gallery's cursor. Raises InvalidRequest."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise InvalidRequest(
                "cursor is none that a page of faces gave to this key; leave it out to start at the first"
            ) from error
