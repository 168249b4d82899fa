"""Callers who do not get on with it are cut off, and a service that is told to stop does, whoever still speaks."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.processes import free_port, running, wait_until
from tests.service.asking import assert_problem

LIMITS = {
    "FACET_MAX_HEADER_SECONDS": "1",
    "FACET_MAX_BODY_SECONDS": "2",
    "FACET_MAX_DRAIN": "1",
    "FACET_MAX_CONCURRENT": "3",
    "FACET_MAX_CONNECTIONS": "20",
}
HEAD = b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n"


def is_live(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def service(place: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    port = free_port()
    command = [sys.executable, "-m", "facet", "serve", "--model", "dummy"]
    command += ["--port", str(port), "--data-dir", str(place / "data")]
    with running(command, place / "log", {**os.environ, **LIMITS}) as process:
        wait_until(lambda: is_live(f"http://127.0.0.1:{port}") or process.poll() is not None)
        yield port, process


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with service(tmp_path_factory.mktemp("slow")) as (number, _):
        yield number


def caller(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=15)


def heard(connection: socket.socket) -> bytes:
    """All that comes until the service closes the connection."""
    text = b""
    while chunk := connection.recv(65536):
        text += chunk
    return text


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: "],
    ids=["nothing", "a letter", "a part"],
)
def test_headers_that_do_not_come_end_the_connection(port: int, sent: bytes) -> None:
    with caller(port) as connection:
        connection.sendall(sent)
        assert heard(connection) == b""


def test_headers_that_drip_end_the_connection(port: int) -> None:
    with caller(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        sent = 0
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                sent += connection.send(b"x")
                time.sleep(0.1)
    assert 5 < sent < 50


def test_a_second_request_may_not_drip_either(port: int) -> None:
    with caller(port) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health")
        answers = heard(connection)
    assert answers.startswith(b"HTTP/1.1 200")
    assert answers.count(b"HTTP/1.1") == 1


MEGABYTE = 2**20
ENDLESS = {
    "one header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
    "a path": b"GET /",
    "trailers": b"POST /embed HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Long: ",
}


@pytest.mark.parametrize("sent", ENDLESS.values(), ids=ENDLESS)
def test_headers_without_end_are_neither_kept_nor_read(port: int, sent: bytes) -> None:
    taken = 0
    with caller(port) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(sent)
        for _ in range(20):
            taken += connection.send(b"x" * MEGABYTE)
    assert taken < 10 * MEGABYTE  # what the system itself takes before it notices


def test_headers_that_are_too_many_or_too_long_are_refused_also_where_they_are_complete(port: int) -> None:
    for count, status in ((90, b"200"), (200, b"431"), (4000, b"400")):
        with caller(port) as connection:
            connection.sendall(b"GET /model HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * count + b"\r\n")
            assert connection.recv(12) == b"HTTP/1.1 " + status


def test_more_connections_than_there_is_room_for_are_closed(port: int) -> None:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(caller(port)) for _ in range(40)]
        ended = [connection for connection in held if _is_closed(connection)]
        assert 20 <= len(ended) < 40
    wait_until(lambda: is_live(f"http://127.0.0.1:{port}"))


def _is_closed(connection: socket.socket) -> bool:
    """Whether the service has closed a connection, well before the time for headers is up."""
    connection.settimeout(0.05)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def caller_who_takes_nothing(port: int) -> socket.socket:
    """One who asks for far more than the system itself takes, and reads none of it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(b"GET /page/swagger/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
    return connection


def test_answers_that_nobody_takes_end_the_connection(port: int) -> None:
    """Each holds one of the three requests that may be under way, and none of them needs a key."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:

        def status() -> int:
            return client.get("/model").status_code

        for _ in range(10):  # on a busy machine the first may have been cut off before the third is heard
            with contextlib.ExitStack() as stack:
                for _ in range(3):
                    stack.enter_context(caller_who_takes_nothing(port))
                answers = [status() for _ in range(100)]
                if 503 in answers:
                    wait_until(lambda: status() == 200, 10)
                    return
    pytest.fail("three answers that nobody took never held the three places")


def test_a_body_that_does_not_come_is_a_problem_and_ends_the_connection(port: int) -> None:
    with caller(port) as connection:
        connection.sendall(HEAD + b"\xff")
        answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b'"code":"too_slow"' in answer
    assert b"connection: close" in answer.lower()


def test_more_callers_than_there_is_room_for_are_told_to_come_back(port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    slow = [caller(port) for _ in range(3)]
    try:
        for connection in slow:
            connection.sendall(HEAD)
        wait_until(lambda: httpx.get(f"{url}/model").status_code == 503)
        answer = httpx.get(f"{url}/model")
        assert_problem(answer, 503, "busy")
        assert answer.headers["Retry-After"] == "1"
        assert httpx.get(f"{url}/health/ready").status_code == 200
    finally:
        for connection in slow:
            connection.close()
    wait_until(lambda: httpx.post(f"{url}/embed", files={"image": jpeg(draw_face())}, timeout=60).status_code == 200)


def test_what_runs_when_the_service_is_stopped_is_answered(tmp_path: Path) -> None:
    picture = jpeg(draw_face())
    head = HEAD.replace(b"1000", str(len(picture)).encode())
    with service(tmp_path) as (port, process):
        with caller(port) as connection:
            connection.sendall(head + picture[:100])
            wait_until(lambda: is_live(f"http://127.0.0.1:{port}"))
            process.send_signal(signal.SIGTERM)
            time.sleep(0.4)
            connection.sendall(picture[100:])
            assert heard(connection).startswith(b"HTTP/1.1 200 OK")
        assert process.wait(timeout=15) in (0, -signal.SIGTERM)


def test_who_still_speaks_does_not_keep_the_service_from_stopping(tmp_path: Path) -> None:
    with service(tmp_path) as (port, process):
        with caller(port) as connection:
            connection.sendall(HEAD)
            wait_until(lambda: is_live(f"http://127.0.0.1:{port}"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=15) in (0, -signal.SIGTERM)
        assert "Application shutdown complete" in (tmp_path / "log").read_text()
