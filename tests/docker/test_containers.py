"""What `make containers` is made of, as far as it can be told without an engine."""

import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from docker.containers import __main__ as command
from docker.containers import engine, trials
from docker.containers.bases import HERE, base_images
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
    files = {arguments[1] for arguments in IMAGES.values()}
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
        return httpx.Response(status)

    with load(
        lambda: httpx.Client(transport=httpx.MockTransport(answer), base_url="http://x"), lambda c: c.get("/"), 1
    ) as running:
        while running.answers["200"] < 3:
            pass
    assert (running.answers["503"], running.answers["ReadError"]) == (1, 1)


@pytest.mark.parametrize("answers", [{}, {"503": 4}, {"200": 9, "ReadError": 1}])
def test_a_trial_fails_by_what_callers_saw(answers: dict[str, int]) -> None:
    with pytest.raises(AssertionError, match="only"):
        trials._expect(Counter(answers), {"200"})
