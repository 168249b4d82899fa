"""What one process at a time does."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from gallery.store.database import Database
from tests.processes import ROOT

_HOLD = """
import sys
from gallery.store.database import Database
with Database(sys.argv[1]).exclusive("work") as alone:
    print(alone, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def both(url: str) -> Iterator[tuple[Database, Database]]:
    one, other = Database(url), Database(url)
    yield one, other
    one.close()
    other.close()


def test_one_at_a_time_is_alone(both: tuple[Database, Database]) -> None:
    one, other = both
    with one.exclusive("work") as first, other.exclusive("work") as second, other.exclusive("else") as third:
        assert (first, second, third) == (True, False, True)
        with one.transaction() as connection:
            connection.exec_driver_sql("UPDATE counter SET sequence = sequence + 1").close()
    with other.exclusive("work") as again:
        assert again


def test_who_is_killed_lets_go(url: str) -> None:
    database = Database(url)
    command = [sys.executable, "-c", _HOLD, url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with database.exclusive("work") as alone:
            assert not alone
        holder.kill()
        holder.wait()
    for _ in range(100):
        with database.exclusive("work") as alone:
            if alone:
                break
    assert alone
    database.close()
