"""The commands of the README and of every page do what they say, on the bundled model."""

import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from facet_client import Client
from tests.documents import Reader, blocks_of
from tests.processes import FACET, ROOT, free_port, published, wait_until

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
ELSEWHERE = {
    "docker/README.md": "needs Docker; tests/e2e/test_compose.py checks the files and does what they start",
    "docker/kubernetes/README.md": "needs a cluster; tests/docker checks every manifest",
    "clients/typescript/README.md": "needs packages of npm; tests/clients type-checks and runs the client",
}
"""Documents that pages include, and why their blocks are not run here."""
START_SECONDS = 300.0
"""`make serve` installs first what has changed."""
OWN_SERVICE = {"docs/running/keys.md"}
"""Pages that change who may use the service; they get one for themselves, on the dummy model."""
NOT_RUN = Counter(
    {
        "README.md": 1,
        "docs/models/data.md": 1,
        "docs/models/evaluation.md": 1,
        "docs/models/training.md": 12,
        "docs/models/trust.md": 2,
        "docs/running/configuration.md": 1,
        "docs/running/deployment.md": 3,
        "docs/running/milvus.md": 2,
        "docs/running/operations.md": 3,
        "docs/running/queue.md": 1,
        "docs/running/scale.md": 1,
        "docs/start.md": 1,
        "docs/tasks/train.md": 1,
    }
)
"""How many blocks of each page cannot be run here; each says why."""

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


@contextmanager
def served(command: list[str], data: Path) -> Iterator[str]:
    """The address of a service that is started by a command, on a free port."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FACET_")}
    environment |= {"FACET_PORT": str(port), "FACET_DATA_DIR": str(data), "FACET_LOG_LEVEL": "warning"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        ready = f"http://127.0.0.1:{port}/health/ready"
        wait_until(lambda: process.poll() is not None or _is_ready(ready), START_SECONDS)
        assert process.poll() is None, f"{command} ended"
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service started by the README's own command, or the one that `make containers` names."""
    with published() as client:
        if client is not None:
            yield client.base_url.netloc.decode()
            return
    with served(["make", "serve"], tmp_path_factory.mktemp("data")) as address:
        yield address


@pytest.fixture
def address(page: Path, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A service with an empty gallery."""
    if str(page.relative_to(ROOT)) in OWN_SERVICE:
        with served([*FACET, "serve", "--model", "dummy"], tmp_path / "data") as own:
            yield own
        return
    address: str = request.getfixturevalue("shared")
    with Client(f"http://{address}") as client:
        while faces := client.faces()["faces"]:
            for face in faces:
                client.delete_face(face["id"])
    yield address


@pytest.mark.skipif(not shutil.which("curl"), reason="the calls need curl")
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.reason is None for block in blocks_of(page))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_a_page_says_is_so(page: Path, address: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path, address)
    for block in blocks_of(page):
        if block.reason is None:
            reader.follow(block)
    for picture in tmp_path.glob("*.png"):
        assert b"lgorithmicMedia" in picture.read_bytes(), f"{picture.name} does not say that it is drawn"


def test_what_is_not_run_is_known() -> None:
    included = {name for page in PAGES for name in re.findall(r"^\{\{ included (.+) \}\}$", page.read_text(), re.M)}
    assert {name for name in included if blocks_of(ROOT / name)} == set(ELSEWHERE)
    found = Counter(
        str(page.relative_to(ROOT)) for page in PAGES for block in blocks_of(page) if block.reason is not None
    )
    assert found == NOT_RUN


@every_page
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    for block in blocks_of(page):
        assert block.reason or block.title or block.language in {"bash", "python", "json", "text"}, block.text


@pytest.mark.parametrize(("name", "least"), [("README.md", 9), ("CONTRIBUTING.md", 25)])
def test_the_paths_that_are_named_exist(name: str, least: int) -> None:
    pattern = r"`((?:service|worker|gallery|model|training|docker|facet|tests|docs|benchmarks|clients)/[\w/.]+)`"
    paths = re.findall(pattern, (ROOT / name).read_text())
    assert len(paths) >= least
    assert [path for path in paths if not (ROOT / path).exists()] == []
