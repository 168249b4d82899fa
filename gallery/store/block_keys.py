"""The keys that seal the snapshots of the index: one for each block of numbers, gone with any face erased there.

A block that the sequence has passed changes no more but by an erasure, and that takes the block's key along, in the
same transaction. So whatever a key opens, on whichever machine, holds what the store holds, and what held an erased
face can be opened by nobody.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from gallery.store.enrolment import advance
from gallery.store.tables import block_keys

N = TypeVar("N", int, NDArray[np.int64])

BLOCK = 4096
"""Numbers of the sequence in one block."""
_KEY_BYTES = 32
_LOOKUP = 1000
"""Blocks asked for in one statement; databases limit its parameters."""


def block_of(number: N) -> N:
    """The block of a number, or of each of an array, from 0."""
    return (number - 1) // BLOCK


def numbers_of(block: int) -> tuple[int, int]:
    """The number before a block's first, and its last."""
    return block * BLOCK, (block + 1) * BLOCK


def passed(sequence: int) -> int:
    """How many blocks the sequence has passed: those below this one get no new face."""
    return sequence // BLOCK


def keys(connection: Connection) -> dict[int, bytes]:
    """The key of each block that has one."""
    return {row.block: row.key for row in connection.execute(select(block_keys))}


def make_keys(connection: Connection, blocks: Sequence[int]) -> dict[int, bytes]:
    """The key of each of these blocks, made where there is none; the first statements of a transaction.

    A face that is read in a later transaction was not erased before its key was read.
    """
    # A deletion that is under way has taken its keys along and will not see a new one: let it end.
    advance(connection, 0)
    there: dict[int, bytes] = {}
    for some in _some(blocks):
        there |= {
            row.block: row.key for row in connection.execute(select(block_keys).where(block_keys.c.block.in_(some)))
        }
    new = {block: os.urandom(_KEY_BYTES) for block in blocks if block not in there}
    if new:
        connection.execute(insert(block_keys), [{"block": block, "key": key} for block, key in new.items()])
    return there | new


def forget_keys(connection: Connection, numbers: Iterable[int]) -> None:
    """Forget the keys of the blocks that hold these numbers, in a transaction that has advanced the sequence."""
    for some in _some(sorted({block_of(number) for number in numbers})):
        connection.execute(delete(block_keys).where(block_keys.c.block.in_(some)))


def seal_anew(connection: Connection) -> None:
    """Write each key again as the database now keeps it."""
    advance(connection, 0)
    change = update(block_keys).where(block_keys.c.block == bindparam("which")).values(key=bindparam("new"))
    rows = [{"which": block, "new": key} for block, key in keys(connection).items()]
    if rows:
        connection.execute(change, rows)


def _some(blocks: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(blocks), _LOOKUP):
        yield blocks[start : start + _LOOKUP]
