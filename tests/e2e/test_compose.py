"""The compose file: what it promises, and that what it starts works."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.e2e.test_one_behaviour import REQUESTS
from tests.faces import draw_face, jpeg
from tests.gallery import postgres
from tests.processes import ROOT, RedisServer, free_port, published, redis_server, running, wait_until
from tests.service.asking import enrol
from tests.service.serving import dummy_app, serving

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)

every_service = pytest.mark.parametrize("name", SERVICES)


def dockerfile(name: str) -> str:
    return (ROOT / SERVICES[name]["build"]["dockerfile"]).read_text()


def test_compose_accepts_the_file() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("there is no docker-compose; Debian has it in the package docker-compose")
    command = [program, "--profile", "cpu", "--profile", "gpu", "config"]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout
    resolved = yaml.safe_load(text)["services"]
    assert set(resolved) == set(SERVICES)
    for service in resolved.values():
        assert service["read_only"] is True


def test_each_profile_has_its_worker() -> None:
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"worker": ["cpu"], "worker-gpu": ["gpu"]}
    [device] = SERVICES["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    for name, device_name in (("worker", "cpu"), ("worker-gpu", "cuda")):
        assert SERVICES[name]["build"]["args"] == {"DEVICE": device_name}
        assert SERVICES[name]["environment"]["FACET_DEVICE"] == device_name


@every_service
def test_a_service_is_fenced_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["healthcheck"]["test"][0] == "CMD"
    assert ("ports" in service) is (name == "api")
    if name in OURS:
        assert re.findall(r"^USER (.+)$", dockerfile(name), re.M) == ["facet"]
    else:
        assert service["user"] not in ("root", "0")


@every_service
def test_bases_are_pinned(name: str) -> None:
    bases = [SERVICES[name]["image"]] if "image" in SERVICES[name] and name not in OURS else pinned(dockerfile(name))
    assert bases
    for base in bases:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+[\w.-]*", base), base


def pinned(text: str) -> list[str]:
    """The base images of a Dockerfile: the defaults of the arguments that name them. Its own stages are none."""
    defaults = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)", text, re.M))
    stages = {"scratch", *re.findall(r"^FROM \S+ AS (\S+)", text, re.M)}
    named = set(re.findall(r"^FROM (\S+)", text, re.M)) - stages
    return [defaults[name.removeprefix("${").removesuffix("}")] for name in named]


def test_no_secret_is_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"PASSWORD: |://[^/\s]*@", text)
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("docker/secrets/")
    assert "/docker/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def local_command(command: Sequence[str]) -> list[str]:
    """A command of a container as one of this machine."""
    program, *arguments = command
    assert program in ("facet", "python")
    return [sys.executable, *(["-m", "facet"] if program == "facet" else []), *arguments]


def by_default(value: str) -> str:
    """A value of the file where no variable is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


class Deployment:
    """The commands of the compose file as processes of this machine."""

    def __init__(self, place: Path, redis: RedisServer, database_url: str) -> None:
        self._place = place
        self._redis = redis
        self._processes = ExitStack()
        (place / "secrets").mkdir()
        (place / "secrets" / "facet_database_url").write_text(database_url + "\n")

    def start(self, name: str, **changes: str) -> subprocess.Popen[bytes]:
        """A process with the command and the environment of a service, but for where its neighbours are."""
        command = local_command(SERVICES[name]["command"])
        environment = self._environment(name, **changes)
        return self._processes.enter_context(running(command, self._place / f"{name}.log", environment))

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """The end of another command in the container of a service."""
        return subprocess.run(
            local_command(command),
            check=False,
            cwd=ROOT,
            env=self._environment(name),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def check(self, name: str) -> bool:
        """Whether the service's own health check is content."""
        return self.run(name, *SERVICES[name]["healthcheck"]["test"][1:]).returncode == 0

    def _environment(self, name: str, **changes: str) -> dict[str, str]:
        environment = {key: by_default(value) for key, value in SERVICES[name]["environment"].items()} | changes
        places = {"FACET_DATA_DIR": name, "FACET_SECRETS_DIR": "secrets"}
        environment |= {key: str(self._place / folder) for key, folder in places.items() if key in environment}
        assert environment["FACET_REDIS_URL"].startswith("redis://redis:")
        return environment | {"FACET_REDIS_URL": self._redis.url, "PATH": str(Path(sys.executable).parent)}

    def stop(self) -> None:
        self._processes.close()


@contextmanager
def database() -> Iterator[str]:
    programs = postgres.binaries()
    if programs is None:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as folder:
        yield postgres.database(folder)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Deployment | None]]:
    """A client of the API with two workers and two that search, and what runs them: containers run themselves."""
    with published() as client:
        if client is not None:
            yield client, None
            return
    place, port = tmp_path_factory.mktemp("compose"), free_port()
    with redis_server(place) as redis, database() as url:
        deployment = Deployment(place, redis, url)
        try:
            made = deployment.run("api", "facet", "keys", "create", "admin", "--scope", "admin")
            key = made.stdout.strip()
            for _ in range(2):
                deployment.start("worker", FACET_MODEL="dummy", FACET_METRICS_PORT=str(free_port()))
                deployment.start("search", FACET_METRICS_PORT=str(free_port()))
            api = deployment.start("api", FACET_HOST="127.0.0.1", FACET_PORT=str(port))
            wait_until(lambda: redis.workers() == 4)
            headers = {"X-API-Key": key}
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, headers=headers) as client:
                wait_until(lambda: api.poll() is not None or answers(client))
                assert api.poll() is None, (place / "api.log").read_text()
                yield client, deployment
        finally:
            deployment.stop()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.ConnectError:
        return False


def test_what_compose_starts_answers_like_one_process(
    deployment: tuple[httpx.Client, Deployment | None], tmp_path: Path
) -> None:
    client, _ = deployment
    with serving(dummy_app(tmp_path)) as embedded:
        for ask in REQUESTS.values():
            here, there = ask(embedded), ask(client)
            assert here.status_code == there.status_code
            if here.is_success:
                assert here.content == there.content


def test_faces_are_enrolled_in_postgresql_and_found(deployment: tuple[httpx.Client, Deployment | None]) -> None:
    client, _ = deployment
    pictures = [jpeg(draw_face(seed=seed)) for seed in range(3)]
    faces = [enrol(client, picture, f"subject {number}", "compose") for number, picture in enumerate(pictures)]
    for face, picture in zip(faces, pictures, strict=True):
        found = client.post("/search?collection=compose&k=1", files={"image": picture}).json()
        assert (found["results"][0]["id"], found["searched"]) == (face["id"], 3)
    assert client.delete(f"/faces/{faces[0]['id']}").status_code == 204
    assert client.post("/search?collection=compose", files={"image": pictures[0]}).json()["searched"] == 2


def test_nobody_comes_in_without_a_key(deployment: tuple[httpx.Client, Deployment | None]) -> None:
    client, _ = deployment
    for path in ("/metrics", "/collections"):
        assert client.get(path).status_code == 200
        assert client.get(path, headers={"X-API-Key": ""}).status_code == 401


def test_the_health_check_of_a_worker_is_true(
    deployment: tuple[httpx.Client, Deployment | None], tmp_path: Path
) -> None:
    _, processes = deployment
    if processes is None:
        pytest.skip("the engine makes the health checks of containers")
    assert processes.check("worker")
    assert processes.check("search")
    with redis_server(tmp_path) as empty:
        command = [sys.executable, "-m", "facet", "worker", "--check", "--redis-url", empty.url]
        done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "facet: no worker of the queue inference lives on this host\n")
