"""What `make containers` is made of, as far as it can be told without an engine."""

import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from docker.containers import __main__ as command
from docker.containers import engine, machine, trials
from docker.containers.bases import HERE, base_images, build
from docker.containers.end_to_end import OF_A_DEPLOYMENT, OF_THE_README, counts
from docker.containers.engine import Engine, Failed, Missing
from docker.containers.images import IMAGES, LIMITS
from docker.containers.load import load
from tests.processes import ROOT


def test_every_base_that_is_pinned_is_provided() -> None:
    images = base_images()
    assert set(images) == {"python", "redis", "postgres"}
    assert images["python"].endswith("-slim-bookworm")
    for name in images:
        assert (HERE / "standins" / f"{name}.Dockerfile").is_file()


def test_a_standin_has_the_users_that_the_manifests_name() -> None:
    for name in ("redis", "postgres"):
        manifest = (ROOT / "docker" / "kubernetes" / "base" / f"{name}.yaml").read_text()
        [user] = re.findall(r"runAsUser: (\d+)", manifest)
        assert f"--uid {user}" in (HERE / "standins" / f"{name}.Dockerfile").read_text()


def test_both_dockerfiles_have_the_same_base() -> None:
    files = {arguments[0] for arguments in IMAGES.values()}
    assert len({re.findall(r"^ARG PYTHON_IMAGE=(\S+)", (ROOT / file).read_text(), re.M)[0] for file in files}) == 1
    assert IMAGES.keys() == LIMITS.keys()


@pytest.mark.parametrize(("arguments", "code"), [([], 75), (["--if-possible"], 0)])
def test_a_machine_without_an_engine_is_told(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr("sys.argv", ["containers", "--place", str(tmp_path), *arguments])
    assert command.main() == code
    assert "Podman" in capsys.readouterr().err


def test_a_load_counts_answers_and_broken_connections() -> None:
    answers = iter([200, 503, None])

    def answer(request: httpx.Request) -> httpx.Response:
        status = next(answers, 200)
        if status is None:
            raise httpx.ReadError("gone", request=request)
        return httpx.Response(status, text="busy")

    with load(
        lambda: httpx.Client(transport=httpx.MockTransport(answer), base_url="http://x"), lambda c: c.get("/"), 1
    ) as running:
        while running.answers["200"] < 3:
            pass
    assert (running.answers["503"], running.answers["ReadError"]) == (1, 1)
    assert running.reasons == {"busy": 1, "gone": 1}


@pytest.mark.parametrize("answers", [{}, {"503": 4}, {"200": 9, "ReadError": 1}])
def test_a_trial_fails_by_what_callers_saw(answers: dict[str, int]) -> None:
    with pytest.raises(AssertionError, match="only"):
        trials.expect(Counter(answers), {"200"})


@pytest.fixture
def report(tmp_path: Path) -> command.Report:
    return command.Report(tmp_path / "report.json")


def test_what_fails_once_is_tried_again_and_told(report: command.Report, tmp_path: Path) -> None:
    outcomes: Iterator[Exception | int] = iter([Failed("slow"), 7])

    def trial() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    report.attempt("calls", trial)
    assert report.failed == []
    assert json.loads((tmp_path / "report.json").read_text()) == {"calls": 7, "calls, at first": "Failed('slow')"}


def test_what_fails_twice_has_failed(report: command.Report) -> None:
    def trial() -> None:
        raise AssertionError("503")

    report.attempt("calls", trial)
    assert report.failed == ["calls"]


@pytest.mark.parametrize(("arguments", "code"), [([], 75), (["--if-possible"], 0)])
def test_who_needs_too_long_is_stopped(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_engine", lambda _: time.sleep(60))
    monkeypatch.setattr("sys.argv", ["containers", "--place", str(tmp_path), "--minutes", "0.002", *arguments])
    assert command.main() == code
    assert "not done within 0.002 minutes" in capsys.readouterr().err


def test_a_part_that_failed_fails_though_the_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> None:
        [report] = [one for one in given if isinstance(one, command.Report)]
        report.fail("calls", "503")
        raise command.OutOfTime("over")

    monkeypatch.setattr(command, "find_engine", lambda _: pretended(tmp_path))
    monkeypatch.setattr(command, "check_room", lambda *_: None)
    monkeypatch.setattr(command, "try_all", fail)
    monkeypatch.setattr("sys.argv", ["containers", "--place", str(tmp_path), "--if-possible"])
    assert command.main() == 1


def pretended(place: Path, *errors: str) -> Engine:
    """An engine whose first commands end with these errors, and whose others end well."""
    for number, error in enumerate(errors):
        (place / f"error {number}").write_text(error)
    program = place / "podman"
    program.write_text(
        f"#!/bin/sh\ncd '{place}'\necho \"$1\" >>commands\n"
        'for error in error*; do [ -f "$error" ] && cat "$error" >&2 && rm "$error" && exit 1; done\nexit 0\n'
    )
    program.chmod(0o755)
    return Engine(str(program), {"PATH": "/usr/bin:/bin"})


def test_an_image_that_fails_once_is_built_again(tmp_path: Path) -> None:
    build(pretended(tmp_path, "error: subprocess exited with status 1"), "-t", "x", ".")
    assert (tmp_path / "commands").read_text().split() == ["build"] * 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("E: Failed to fetch http://deb.debian.org/x  Temporary failure resolving", Missing),
        ("write /var/lib/x: no space left on device", Missing),
        ("ERROR: Cannot install httpx-sse because these package versions have conflicting dependencies.", Failed),
    ],
)
def test_a_network_that_fails_is_no_failure_of_the_images(error: str, kind: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(kind):
        build(pretended(tmp_path, error, error), "-t", "x", ".")


def test_a_machine_on_which_no_container_starts_is_told(tmp_path: Path) -> None:
    engine = pretended(tmp_path, "", "", "cannot clone: user namespaces are not enabled")
    with pytest.raises(Missing, match="user namespaces"):
        machine.check_containers(engine, "python", 1)
    assert (tmp_path / "commands").read_text().split() == ["rm", "network", "network"]


def test_a_command_that_hangs_has_failed(tmp_path: Path) -> None:
    (tmp_path / "slow").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "slow").chmod(0o755)
    slow = Engine(str(tmp_path / "slow"), {"PATH": "/usr/bin:/bin"})
    with pytest.raises(Failed, match=r"not within 0\.2 s"):
        slow.run("build", timeout=0.2)
    assert not slow.succeeds("build", timeout=0.2)


def test_tests_are_counted() -> None:
    report = '<testsuites><testsuite errors="0" failures="0" skipped="1" tests="24" time="3"/></testsuites>'
    assert counts(report) == {"passed": 23, "skipped": 1}
    for test in (*OF_A_DEPLOYMENT, *OF_THE_README):
        assert (ROOT / test.partition("::")[0]).is_file()


def test_ci_goes_on_where_containers_cannot_be_run() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    assert "--if-possible" in text
    [minutes] = re.findall(r"--minutes (\d+)", text)
    assert int(minutes) <= 14
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=False).returncode == 0
