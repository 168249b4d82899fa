"""`make containers`: build every image, start the compose file, try what may happen to it, and report."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from docker.containers import trials
from docker.containers.bases import ROOT, base_images, provide_bases
from docker.containers.deployment import Deployment, deployment, free_port, wait_until
from docker.containers.end_to_end import OF_A_DEPLOYMENT, OF_THE_README, run_tests
from docker.containers.engine import Engine, Failed, Missing, find_engine
from docker.containers.images import build_images, what_is_wrong
from docker.containers.machine import FENCE, check_containers, check_room
from docker.containers.upgrade import try_upgrade

TRIALS: dict[str, Callable[[Deployment], Any]] = {
    "five calls": trials.ask_five_calls,
    "worker killed": trials.kill_worker,
    "Redis restarted": trials.restart_redis,
    "PostgreSQL paused for 20 s": trials.pause_postgres,
    "API image changed": trials.change_image,
}
_ATTEMPTS = 2
"""Of each trial: what fails twice is no slowness of the machine."""


class OutOfTime(Exception):
    """The time that was given is over."""


class Report:
    """What was found, told as it comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, Any] = {}
        self.failed: list[str] = []

    def tell(self, what: str, found: Any) -> None:
        """Keep a finding."""
        self._found[what] = found
        print(f"{what}: {json.dumps(found)}", flush=True)
        self._path.write_text(json.dumps(self._found, indent=2) + "\n")

    def fail(self, what: str, why: object) -> None:
        """Keep what is not as it should be."""
        self.failed.append(what)
        self.tell(what, f"FAILED: {why}")

    def attempt(self, what: str, trial: Callable[[], Any]) -> None:
        """Keep what a trial finds; one that fails is made once more, and the report says so."""
        why: Exception | None = None
        for _ in range(_ATTEMPTS):
            try:
                found = trial()
            except (AssertionError, TimeoutError, Failed, httpx.TransportError) as error:
                print(f"{what}: {error!r}", file=sys.stderr, flush=True)
                why = error
            else:
                self.tell(what, found)
                if why is not None:
                    self.tell(f"{what}, at first", repr(why))
                return
        self.fail(what, repr(why))


def try_images(engine: Engine, place: Path, report: Report) -> None:
    """Bases and images: what they are made of, their sizes, what they should not have. Raises Missing, and Failed."""
    began = time.monotonic()
    stand_ins = provide_bases(engine, place)
    report.tell("stand-ins from Debian's packages, as no registry was reached", stand_ins)
    check_containers(engine, base_images()["python"], free_port())
    report.tell("bases, seconds", round(time.monotonic() - began))
    began = time.monotonic()
    sizes = build_images(engine, place)
    report.tell("seconds to build", round(time.monotonic() - began))
    for image, size in sizes.items():
        report.tell(f"{image}, MB", round(size / 1e6))
        if wrong := what_is_wrong(engine, image):
            report.fail(image, wrong)


def try_one_container(engine: Engine, place: Path, report: Report) -> None:
    """The image that holds the whole service: fenced in, with one volume, it does what the README says."""
    port, name = free_port(), "facet-trial-one"
    options = ["--env", "FACET_INSECURE=true", "--publish", f"127.0.0.1:{port}:8000", "--memory", "2g"]
    began = time.monotonic()
    engine.run("rm", "--force", "--volumes", name, check=False)
    engine.run("run", "--detach", "--name", name, *FENCE, *options, "facet")
    try:
        one = Deployment(engine)
        one.port = port
        wait_until(one.ready, "the one container is ready")
        report.tell("one container, seconds to ready", round(time.monotonic() - began, 1))
        report.attempt("one container, tests of the README", lambda: run_tests(OF_THE_README, one.url, "", place))
        usage = engine.run("stats", "--no-stream", "--format", "{{.MemUsage}}", name, check=False)
        report.tell("one container, memory", usage)
        one.halt(name)
        report.tell("one container, exit code", code := engine.inspect(name)["State"]["ExitCode"])
        if code:
            report.fail("one container, exit code", code)
    finally:
        engine.run("rm", "--force", "--volumes", name, check=False)


def try_deployment(engine: Engine, report: Report) -> None:
    """The compose file's profile `cpu` with two workers."""
    with deployment(engine) as deployed:
        deployed.start()
        report.tell("compose, seconds to ready", round(deployed.seconds_to_ready, 1))
        for what, trial in TRIALS.items():
            report.attempt(what, partial(trial, deployed))
        names = deployed.containers()
        usage = engine.run("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *names, check=False)
        report.tell("memory", usage.splitlines())
        report.tell("health", {name: deployed.health(name) for name in names})
        report.tell("exit codes", codes := deployed.stop())
        if any(codes.values()):
            for name in (name for name, code in codes.items() if code):
                print(f"--- {name}", engine.logs(name), sep="\n", flush=True)
            report.fail("exit codes", codes)


def try_tests(engine: Engine, place: Path) -> dict[str, int]:
    """The end-to-end tests through the published port of a deployment with the dummy model."""
    with deployment(engine, model="dummy") as deployed:
        deployed.start()
        return run_tests(OF_A_DEPLOYMENT, deployed.url, deployed.key, place)


def try_all(engine: Engine, place: Path, report: Report, before: str | None) -> None:
    """Everything. Raises Missing."""
    try:
        try_images(engine, place, report)
    except Failed as error:
        report.fail("images", error)
        return
    parts: dict[str, Callable[[], None]] = {
        "one container": lambda: try_one_container(engine, place, report),
        "compose": lambda: try_deployment(engine, report),
    }
    for what, part in parts.items():
        try:
            part()
        except (AssertionError, TimeoutError, Failed, httpx.TransportError) as error:
            report.fail(what, error)
    report.attempt("end-to-end tests through the port", lambda: try_tests(engine, place))
    if before is not None:
        report.attempt(f"upgrade from {before}", lambda: try_upgrade(engine, place, before))


@contextmanager
def within(minutes: float | None) -> Iterator[None]:
    """Raises OutOfTime inside when the time is over; what is being cleared up then still is."""

    def ring(*_: object) -> None:
        raise OutOfTime(f"not done within {minutes:g} minutes")

    if minutes is None:
        yield
        return
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, minutes * 60)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> int:
    """Gives 0 where all is well, 1 where not, and 75 where containers cannot be run here, or not in time."""
    parser = argparse.ArgumentParser(prog="make containers", description=__doc__)
    parser.add_argument("--place", type=Path, default=ROOT / "build" / "containers", help="what is kept between runs")
    parser.add_argument("--if-possible", action="store_true", help="no failure where this machine lacks what it takes")
    parser.add_argument("--minutes", type=float, help="stop after this long")
    parser.add_argument("--before", metavar="COMMIT", help="try the change from that version to this one, too")
    given = parser.parse_args()
    place = given.place.absolute()
    place.mkdir(parents=True, exist_ok=True)
    report = Report(place / "report.json")
    try:
        with within(given.minutes):
            engine = find_engine(place)
            report.tell("engine", engine.run("--version"))
            check_room(engine, place)
            try_all(engine, place, report, given.before)
    except (Missing, OutOfTime) as error:
        why = f"this machine lacks {error}" if isinstance(error, Missing) else error
        print(f"containers: not run to the end: {why}", file=sys.stderr)
        if not report.failed:
            return 0 if given.if_possible else os.EX_TEMPFAIL
    if report.failed:
        print("failed:", ", ".join(report.failed), file=sys.stderr)
    return bool(report.failed)


if __name__ == "__main__":
    sys.exit(main())
