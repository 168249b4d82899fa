"""A PostgreSQL server of our own, started from the system's packages."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

MISSING = "PostgreSQL's initdb and postgres are not on this machine (on Debian: apt-get install postgresql)"
_OPTIONS = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binaries() -> Path | None:
    """The folder of the newest `initdb` and `postgres`, on the path or where Debian puts them."""
    if _owner() not in {entry.pw_name for entry in pwd.getpwall()}:
        return None
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    found = [*([Path(on_path).parent] if on_path else []), *debian]
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


@contextmanager
def server(programs: Path) -> Iterator[Path]:
    """A running server that listens on a socket in this folder alone; leaving stops it and removes all."""
    folder = Path(tempfile.mkdtemp(prefix="facet-pg-", dir="/tmp"))
    user = _owner()
    shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"
    start = [programs / "postgres", "-D", data, "-k", folder]
    start += [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
    try:
        initdb = [programs / "initdb", "-D", data, "-U", "facet", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        subprocess.run(initdb, user=user, cwd="/", check=True, capture_output=True)
        with log.open("wb") as output:
            process = subprocess.Popen(start, user=user, cwd="/", stdout=output, stderr=output)
        try:
            _await(folder, process, log)
            yield folder
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    finally:
        shutil.rmtree(folder)


@contextmanager
def standing_still(folder: Path) -> Iterator[None]:
    """All processes of the server in a folder are stopped inside: it neither answers nor refuses."""
    master = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    processes = [master, *map(int, children)]
    _signal(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(processes, signal.SIGCONT)


def _signal(processes: list[int], number: int) -> None:
    for process in processes:
        with suppress(ProcessLookupError):  # a session that ended
            os.kill(process, number)


def _owner() -> str:
    """Whose the server is: it refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def database(folder: Path) -> str:
    """The SQLAlchemy URL of a new database of the server."""
    name = f"test_{uuid.uuid4().hex}"
    with _connect(folder) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"postgresql+psycopg://facet@/{name}?host={folder}"


def _connect(folder: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(folder), user="facet", dbname="postgres", autocommit=True)


def _await(folder: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            _connect(folder).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
