"""Embeddings and pictures sealed in the database, where a key file says so."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, LargeBinary, TypeDecorator

from model.errors import InvalidRequest, Unavailable

_SEALED = b"gAAAA"
"""How every Fernet token begins; a picture does not, and an embedding would need a pitch of 12 radians."""
_VAULT = "facet_vault"


class Vault:
    """Seals bytes by Fernet (AES-128 in CBC mode with an HMAC-SHA-256), and opens what any of its keys sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        """The first key seals. Raises InvalidRequest for what is no key."""
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise InvalidRequest(f"the file of vector keys cannot be used: {error}") from error

    @classmethod
    def of(cls, file: Path) -> "Vault":
        """The vault of a file with a key on each line. Raises InvalidRequest."""
        try:
            return cls(file.read_text().split())
        except OSError as error:
            raise InvalidRequest(f"the file of vector keys {file} cannot be read: {error.strerror or error}") from error

    def seal(self, data: bytes) -> bytes:
        """Some bytes sealed."""
        return self._fernet.encrypt(data)

    def open(self, data: bytes) -> bytes:
        """Sealed bytes as they were, others as they are. Raises Unavailable where no key is right."""
        if not data.startswith(_SEALED):
            return data
        try:
            return self._fernet.decrypt(data)
        except InvalidToken as error:
            raise Unavailable("a face is sealed with a key that the file of vector keys does not have") from error


def attach(dialect: Dialect, vault: Vault) -> None:
    """Let the `Sealed` columns of an engine with this dialect use a vault."""
    setattr(dialect, _VAULT, vault)


def add_key(file: Path) -> None:
    """Put a new key before those that a file has, which seals from now on; makes the file, for its owner alone."""
    old = file.read_text() if file.exists() else ""
    aside = file.with_name(f"{file.name}.part")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(f"{Fernet.generate_key().decode()}\n{old}")
        out.flush()
        os.fsync(descriptor)
    aside.replace(file)


class Sealed(TypeDecorator[bytes]):
    """Bytes that are sealed on their way to the database and opened on their way back, where there is a vault."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """What the database keeps."""
        vault: Vault | None = getattr(dialect, _VAULT, None)
        return value if value is None or vault is None else vault.seal(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> bytes | None:
        """What was given. Raises Unavailable for what is sealed where there is no key."""
        if value is None:
            return None
        vault: Vault | None = getattr(dialect, _VAULT, None)
        if vault is not None:
            return vault.open(bytes(value))
        if bytes(value[: len(_SEALED)]) == _SEALED:
            raise Unavailable("the faces are sealed; name the file of their keys in FACET_VECTOR_KEYS")
        return bytes(value)
