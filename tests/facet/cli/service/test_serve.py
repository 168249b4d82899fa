import contextlib
import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from facet.cli import app
from facet.cli.service.serve import _is_loopback, _listen
from tests.processes import FACET


def serve(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["serve", *arguments])
    return result.exit_code, result.stderr


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, error = serve("--port", str(port), "--model", "dummy", "--data-dir", str(tmp_path))
    assert (code, error) == (1, f"facet: cannot listen on 127.0.0.1 port {port}: Address already in use\n")


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_one_line(tmp_path: Path, host: str) -> None:
    code, error = serve("--host", host, "--port", "0", "--model", "dummy", "--data-dir", str(tmp_path))
    assert code == 1
    assert error.startswith(f"facet: cannot listen on {host} port 0: ")
    assert error.count("\n") == 1


def test_a_wrong_option_is_one_line() -> None:
    assert serve("--model", "/nowhere.safetensors") == (
        1,
        "facet: FACET_MODEL: Value error, there is no model file '/nowhere.safetensors'\n",
    )


def test_a_data_directory_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, error = serve("--port", "0", "--model", "dummy", "--data-dir", str(tmp_path / "file"))
    assert code == 1
    assert error.startswith("facet: cannot use the data directory ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(("host", "loopback"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)])
def test_loopback_is_known(host: str, loopback: bool) -> None:
    with _listen(host, 0) as listener:
        assert _is_loopback(listener) is loopback


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process of a service that is ready, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [*FACET, "serve", "--model", "dummy", "--port", url.rpartition(":")[2], "--data-dir", "."]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 30
            while True:
                try:
                    assert httpx.get(f"{url}/health/ready").status_code == 200
                    break
                except httpx.ConnectError:
                    assert time.monotonic() < deadline
                    assert process.poll() is None
                    time.sleep(0.05)
            yield process, url
        finally:
            process.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, stop: signal.Signals) -> None:
    with served(tmp_path) as (process, _):
        process.send_signal(stop)
        assert process.wait(timeout=20) in (0, -stop)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_an_idle_connection_is_kept_longer_than_callers_keep_theirs(tmp_path: Path) -> None:
    with (
        served(tmp_path) as (process, url),
        contextlib.closing(http.client.HTTPConnection(url.removeprefix("http://"))) as connection,
    ):
        for _ in range(2):
            connection.request("GET", "/health/live")
            assert connection.getresponse().read() == b'{"status":"ok"}'
            idle = connection.sock
            idle.settimeout(6.0)  # uvicorn's own limit is 5 s, and so is httpx's
            with pytest.raises(TimeoutError):
                idle.recv(1)
            idle.settimeout(30.0)
        process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""
        assert process.wait(timeout=20) in (0, -signal.SIGTERM)
