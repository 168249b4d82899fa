"""An earlier version and this one, side by side on one database and one Redis, while requests go on."""

import itertools
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from docker.containers.bases import ROOT
from docker.containers.deployment import PROJECT, Deployment, deployment, free_port, wait_until
from docker.containers.engine import Engine, Failed
from docker.containers.images import build_images
from docker.containers.load import Ask, Load, load
from docker.containers.trials import done, picture_of

BEFORE = "before"
"""The tag of the earlier version's images."""
_STAGE_SECONDS = 10.0


def try_upgrade(engine: Engine, place: Path, commit: str) -> dict[str, Any]:
    """Counts of what callers saw in each stage. Raises AssertionError where one was refused, or a face is lost.

    What is not as it should be is counted with the API that said it.
    """
    tree = _tree(place / "before", commit)
    build_images(engine, place, ("facet-api", "facet-worker"), tree, BEFORE)
    with deployment(engine, tag=BEFORE) as deployed:
        deployed.start()
        return _Upgrade(deployed).run()


def _tree(place: Path, commit: str) -> Path:
    """The files of a commit. Raises Failed where this checkout does not know it."""
    found = subprocess.run(
        ["git", "rev-parse", "--verify", f"{commit}^{{commit}}"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if found.returncode:
        raise Failed(f"no commit {commit}: {found.stderr}")
    tree = place / found.stdout.strip()
    if not tree.exists():
        part = tree.with_suffix(".part")
        part.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(part)], input=archive, check=True)
        part.rename(tree)
    return tree


class _Callers:
    """Who embeds, enrols and searches at one process of the API."""

    def __init__(self, deployed: Deployment, port: int, name: str) -> None:
        self._deployed, self._port, self._name = deployed, port, name
        self._picture = picture_of(deployed)
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self.enrolled: list[str] = []
        self._loads: dict[str, Load] = {}

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Callers until the end."""
        asks: dict[str, tuple[Ask, int]] = {
            "embed": (self._embed, 2),
            "enrol": (self._enrol, 1),
            "search": (self._search, 1),
        }
        with ExitStack() as stack:
            for kind, (ask, threads) in asks.items():
                self._loads[kind] = stack.enter_context(load(lambda: self._deployed.client(self._port), ask, threads))
            yield

    def answers(self) -> Counter[str]:
        """What came so far, by what was asked for and the status; what is no success with the name of who said it."""
        total: Counter[str] = Counter()
        for kind, running in self._loads.items():
            for status, number in running.answers.items():
                name = f"{kind} {status}"
                total[name if _good(name) else f"{name} of {self._name}"] += number
        return total

    def reasons(self) -> Counter[str]:
        """What was said of what was no success."""
        return sum((running.reasons for running in self._loads.values()), Counter())

    def _embed(self, client: httpx.Client) -> httpx.Response:
        return client.post("/embed?align=none", files={"image": self._picture})

    def _search(self, client: httpx.Client) -> httpx.Response:
        return client.post("/search?align=none&k=3", files={"image": self._picture})

    def _enrol(self, client: httpx.Client) -> httpx.Response:
        subject = f"{self._name} {next(self._numbers)}"
        answer = client.post("/faces?align=none", files={"image": self._picture}, data={"subject": subject})
        if answer.is_success:
            with self._lock:
                self.enrolled.append(answer.json()["id"])
        return answer


class _Upgrade:
    """The stages from one version to the other."""

    def __init__(self, deployed: Deployment) -> None:
        self._deployed = deployed
        self._old = {service: deployed.containers(service) for service in ("api", "worker", "search")}
        self._port = free_port()
        self._callers = [_Callers(deployed, deployed.port, "before"), _Callers(deployed, self._port, "now")]
        self._seen: Counter[str] = Counter()
        self._stages: dict[str, dict[str, int]] = {}

    def run(self) -> dict[str, Any]:
        """All stages; then every face that was acknowledged is looked for."""
        old, new = self._callers
        with ExitStack() as calling_new:
            with old.calling():
                self._stage("the version before")
                seconds = self._start_api()
                calling_new.enter_context(new.calling())
                self._stage("both APIs, old workers")
                self._start_workers()
                self._stage("both APIs, workers of both")
                for name in self._old["worker"] + self._old["search"]:
                    self._deployed.halt(name)
                self._stage("both APIs, new workers")
            for name in self._old["api"]:
                self._deployed.halt(name)
            self._stage("this version")
        self._stage("the last answers", 0)
        wrong = {stage: found for stage, found in self._stages.items() if not all(_good(name) for name in found)}
        enrolled = old.enrolled + new.enrolled
        found = self._look_for(enrolled)
        if wrong or found["found"] != len(enrolled) or found["searched"] != found["of its model"]:
            raise AssertionError(f"{wrong}, {dict(old.reasons() + new.reasons())}, of {len(enrolled)} enrolled {found}")
        return {"new API ready, s": round(seconds, 1), **self._stages, "enrolled": len(enrolled), **found}

    def _stage(self, name: str, seconds: float = _STAGE_SECONDS) -> None:
        threading.Event().wait(seconds)
        total: Counter[str] = Counter()
        for callers in self._callers:
            total.update(callers.answers())
        self._stages[name] = dict(sorted((total - self._seen).items()))
        self._seen = total
        print(f"  {name}: {self._stages[name]}", flush=True)

    def _start_api(self) -> float:
        publish = ["--publish", f"127.0.0.1:{self._port}:8000"]
        self._deployed.beside("api", f"{PROJECT}-api-now", "latest", *publish)
        return wait_until(lambda: self._deployed.ready(self._port), "this version's API is ready")

    def _start_workers(self) -> None:
        names = [self._deployed.beside("worker", f"{PROJECT}-worker-now-{number}", "latest") for number in (1, 2)]
        search = self._deployed.beside("search", f"{PROJECT}-search-now", "latest")
        for name, queue in (*((name, "inference") for name in names), (search, "search")):
            check = ["exec", name, "facet", "worker", "--queues", queue, "--check"]
            wait_until(partial(self._deployed.engine.succeeds, *check), f"{name} works")

    def _look_for(self, faces: list[str]) -> dict[str, int]:
        """How many of the enrolled faces this version has, how many are of the model that runs, and are searched."""
        with self._deployed.client(self._port) as client:
            model = done(client.get("/model")).json()["id"]
            found = [answer.json() for answer in (client.get(f"/faces/{face}") for face in faces) if answer.is_success]
            search = client.post("/search?align=none", files={"image": picture_of(self._deployed, self._port)})
            ours = sum(face["model"] == model for face in found)
            return {"found": len(found), "of its model": ours, "searched": int(done(search).json()["searched"])}


def _good(name: str) -> bool:
    return name.split()[-1] in ("200", "201")
