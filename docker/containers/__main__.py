"""`make containers`: build every image, start the compose file, try what may happen to it, and report."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker.containers import trials
from docker.containers.bases import ROOT, provide_bases
from docker.containers.deployment import Deployment, deployment, free_port, wait_until
from docker.containers.engine import Engine, Missing, find_engine
from docker.containers.images import LIMITS, build_images, what_is_wrong

TRIALS: dict[str, Callable[[Deployment], Any]] = {
    "five calls": trials.ask_five_calls,
    "worker killed": trials.kill_worker,
    "Redis restarted": trials.restart_redis,
    "PostgreSQL paused for 20 s": trials.pause_postgres,
    "API image changed": trials.change_image,
}


class Report:
    """What was found, told as it comes."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.failed: list[str] = []

    def tell(self, what: str, found: Any) -> None:
        """Keep a finding."""
        self.found[what] = found
        print(f"{what}: {json.dumps(found)}", flush=True)

    def fail(self, what: str, why: object) -> None:
        """Keep what is not as it should be."""
        self.failed.append(what)
        self.tell(what, f"FAILED: {why}")


def try_images(engine: Engine, place: Path, report: Report) -> None:
    """Bases and images: what they are made of, their sizes, and what they should not have."""
    stand_ins = provide_bases(engine, place)
    report.tell("stand-ins from Debian's packages, as no registry was reached", stand_ins)
    began = time.monotonic()
    sizes = build_images(engine, place)
    report.tell("seconds to build", round(time.monotonic() - began))
    for image, size in sizes.items():
        report.tell(f"{image}, MB", round(size / 1e6))
        wrong = what_is_wrong(engine, image) + (
            [f"more than {LIMITS[image] / 1e6:g} MB"] if size > LIMITS[image] else []
        )
        if wrong:
            report.fail(image, wrong)


def try_one_container(engine: Engine, report: Report) -> None:
    """The image that holds the whole service: fenced in, with one volume."""
    port, name = free_port(), "facet-trial-one"
    fence = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    options = ["--env", "FACET_INSECURE=true", "--publish", f"127.0.0.1:{port}:8000", "--memory", "2g"]
    began = time.monotonic()
    engine.run("run", "--detach", "--name", name, *fence, *options, "facet")
    try:
        one = Deployment(engine)
        one.port = port
        wait_until(one.ready, "the one container is ready")
        report.tell("one container, seconds to ready", round(time.monotonic() - began, 1))
        report.tell("one container, five calls", trials.ask_five_calls(one))
        report.tell("one container, memory", engine.run("stats", "--no-stream", "--format", "{{.MemUsage}}", name))
        engine.run("stop", name)
        report.tell("one container, exit code", engine.inspect(name)["State"]["ExitCode"])
    finally:
        engine.run("rm", "--force", "--volumes", name, check=False)


def try_deployment(engine: Engine, report: Report) -> None:
    """The compose file's profile `cpu` with two workers."""
    with deployment(engine) as deployed:
        deployed.start()
        report.tell("compose, seconds to ready", round(deployed.seconds_to_ready, 1))
        for what, attempt in TRIALS.items():
            try:
                report.tell(what, attempt(deployed))
            except (AssertionError, TimeoutError) as error:
                report.fail(what, error)
        names = deployed.containers()
        usage = engine.run("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *names)
        report.tell("memory", usage.splitlines())
        report.tell("health", {name: deployed.health(name) for name in names})
        report.tell("exit codes", codes := deployed.stop())
        if any(codes.values()):
            report.fail("exit codes", codes)


def main() -> int:
    """Gives 0 where all is well, 1 where not, and 75 where containers cannot be run here."""
    parser = argparse.ArgumentParser(prog="make containers", description=__doc__)
    parser.add_argument("--place", type=Path, default=ROOT / "build" / "containers", help="what is kept between runs")
    parser.add_argument("--if-possible", action="store_true", help="no failure where this machine lacks what it takes")
    given = parser.parse_args()
    place = given.place.absolute()
    place.mkdir(parents=True, exist_ok=True)
    report = Report()
    try:
        engine = find_engine(place)
        report.tell("engine", engine.run("--version"))
        try_images(engine, place, report)
        try_one_container(engine, report)
        try_deployment(engine, report)
    except Missing as error:
        print(f"containers: not run, for this machine lacks {error}", file=sys.stderr)
        return 0 if given.if_possible else os.EX_TEMPFAIL
    (place / "report.json").write_text(json.dumps(report.found, indent=2) + "\n")
    if report.failed:
        print("failed:", ", ".join(report.failed), file=sys.stderr)
    return bool(report.failed)


if __name__ == "__main__":
    sys.exit(main())
