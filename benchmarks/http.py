"""What HTTP, queues and metrics cost: the service beside its own parts without them, in turns on the same machine.

    python -m benchmarks.http --to http.json

"Alone" is `benchmarks.tools.in_process`: the decoding of the same bytes on the same pool of threads, batch after batch
through the same engine, with nothing between. The callers run in a process of their own, which takes its share of the
cores too.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import cv2
import httpx
import orjson
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.start import application_seconds
from benchmarks.tools.dummy_service import Service, service
from benchmarks.tools.in_process import Alone
from benchmarks.tools.load_generator import Callers, multipart, raw, request
from benchmarks.tools.process_usage import cpu_seconds, peak_mib
from benchmarks.tools.report import Table
from tests.faces import draw_face, jpeg, png

ROUNDS = 15
"""Many short turns: a machine that is shared changes its speed within seconds."""
STARTS = 5
FACES = 16
"""Pictures that take turns, half PNG and half JPEG; together they are the request of several."""
LEAST_SHARE = {"16 a request": 0.90, "1 a request": 0.70, "photographs": 0.85}
MOST_ADDED_MS = 3.0
MOST_READY_SECONDS = 3.0
MOST_IMPORT_SECONDS = 1.0
ALIGNED, WHOLE = "/embed?align=none", "/embed"
STAGES = ("decode", "detect", "align", "network")


def aligned_pictures(size: int = 64) -> list[bytes]:
    """Crops as files of a few kilobytes."""
    crops = [cv2.resize(draw_face(200, seed), (size, size), interpolation=cv2.INTER_AREA) for seed in range(FACES)]
    return [png(crop) if number % 2 else jpeg(crop) for number, crop in enumerate(crops)]  # type: ignore[arg-type]


def photographs() -> list[bytes]:
    """Pictures of 250 pixels a side in which a face is to be found first."""
    return [jpeg(draw_face(250, seed)) for seed in range(FACES)]


def stage_seconds(url: str) -> dict[str, float]:
    """The seconds that the service at an address has spent in each stage."""
    found = dict.fromkeys(STAGES, 0.0)
    for family in text_string_to_metric_families(httpx.get(f"{url}/metrics").text):
        for sample in family.samples:
            if sample.name == "facet_stage_seconds_sum" and sample.labels["stage"] in found:
                found[sample.labels["stage"]] = sample.value
    return found


class _Load(NamedTuple):
    """One kind of requests, and how many come at once."""

    requests: list[bytes]
    concurrency: int
    faces: int
    """In each request."""


class _Run:
    """The sides of the comparison, each of which runs while the other waits."""

    def __init__(self, running: Service, callers: Callers, alone: Alone, seconds: float, table: Table) -> None:
        self._service, self._callers, self._alone = running, callers, alone
        self._seconds, self._table = seconds, table

    def throughput(self) -> None:
        """Faces a second, aligned and whole, of the service over what its parts give."""
        small, whole = aligned_pictures(), photographs()
        loads = {
            "16 a request": _Load([multipart(ALIGNED, small)], 8, len(small)),
            "1 a request": _Load([raw(ALIGNED, picture) for picture in small], 32, 1),
            "photographs": _Load([raw(WHOLE, picture) for picture in whole], 32, 1),
        }
        for load in loads.values():
            self._callers.ask(self._service.url, load.requests, load.concurrency, 1.0)
        rounds: dict[str, list[float]] = {name: [] for name in ["alone", "stages", *loads]}
        stages: list[dict[str, float]] = []
        for _ in range(ROUNDS):
            rounds["alone"].append(self._alone.faces_per_second(small, self._seconds))
            stages.append(self._alone.stages_ms(whole, self._seconds))
            rounds["stages"].append(1000 / sum(stages[-1].values()))
            for name, load in loads.items():
                rounds[name].append(self._faces_per_second(name, load))
        for name in loads:
            against = rounds["stages" if name == "photographs" else "alone"]
            share = statistics.median(mine / bare for mine, bare in zip(rounds[name], against, strict=True))
            self._table.add(f"{name}: faces a second", statistics.median(rounds[name]), "/s")
            self._table.add(f"{name}: over its parts alone", share, at_least=LEAST_SHARE[name])
        self._table.add("aligned pictures alone", statistics.median(rounds["alone"]), "/s")
        self._table.add("photographs alone, stage by stage", statistics.median(rounds["stages"]), "/s")
        self._table.facts |= {"rounds": rounds, "stages_alone_ms": stages}

    def _faces_per_second(self, name: str, load: _Load) -> float:
        """What the service answers; notes the processor time of both sides, and where photographs spend theirs."""
        before, cpu = stage_seconds(self._service.url), cpu_seconds(self._service.pid)
        measure = self._callers.ask(self._service.url, load.requests, load.concurrency, self._seconds)
        faces = measure.answers * load.faces
        spent = {stage: seconds - before[stage] for stage, seconds in stage_seconds(self._service.url).items()}
        total = sum(spent.values())
        self._table.facts[f"{name}, last round"] = {
            **measure._asdict(),
            "service_cpu_ms_per_face": 1000 * (cpu_seconds(self._service.pid) - cpu) / faces,
            "callers_cpu_ms_per_face": 1000 * measure.cpu_seconds / faces,
            "share_of_stages": {stage: seconds / total for stage, seconds in spent.items()},
        }
        return faces / measure.seconds

    def latency(self) -> None:
        """One caller's waiting beside the time of the work itself."""
        picture = aligned_pictures()[1]
        answer = httpx.post(f"{self._service.url}{ALIGNED}", content=picture, headers={"Content-Type": "image/png"})
        embedding = answer.raise_for_status().json()["images"][0]["faces"][0]["embedding"]
        step = {"embedding": embedding, "edits": [{"attribute": "pose", "set": {"yaw": 10.0}}]}
        edit = request("/edit", orjson.dumps(step), "application/json")
        seconds = self._seconds / 3
        pairs: dict[str, list[tuple[float, float]]] = {"embed": [], "edit": []}
        for _ in range(ROUNDS):
            asked = self._callers.ask(self._service.url, [raw(ALIGNED, picture)], 1, seconds)
            pairs["embed"].append((asked.median_ms, self._alone.embed_ms(picture, seconds)))
            asked = self._callers.ask(self._service.url, [edit], 1, seconds)
            pairs["edit"].append((asked.median_ms, self._alone.render_ms(seconds)))
        for name, found in pairs.items():
            served, bare = (statistics.median(side) for side in zip(*found, strict=True))
            added = statistics.median(mine - theirs for mine, theirs in found)
            self._table.add(f"idle /{name}: median", served, "ms")
            self._table.add(f"idle /{name}: of it the work alone", bare, "ms")
            self._table.add(f"idle /{name}: added", added, "ms", at_most=MOST_ADDED_MS)


def _shares(table: Table) -> None:
    """Where the time of photographs goes, from the service's own metrics."""
    for stage, share in table.facts["photographs, last round"]["share_of_stages"].items():
        table.add(f"photographs: share of {stage}", share)


def _start(table: Table, model: str) -> None:
    """Seconds to readiness of a service whose files the operating system knows, and the import of an API process."""
    times, memory = [], 0.0
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            with service(Path(folder), model=model) as running:
                times.append(running.ready_since - begun)
                memory = peak_mib(running.pid)
    table.add("start to ready", statistics.median(times), "s", at_most=MOST_READY_SECONDS)
    table.add("memory once ready, at most", memory, "MiB")
    imports = [application_seconds("celery") for _ in range(STARTS)]
    table.add("distributed API: processor time to import", min(imports), "s", at_most=MOST_IMPORT_SECONDS)
    table.facts |= {"starts": times, "imports": imports}


def main() -> None:
    """Measure and print; a bar that is missed is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement in each round")
    parser.add_argument("--model", default="", help="a checkpoint's path, or `dummy`; the bundled weights if unset")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    revision = subprocess.run(["git", "rev-parse", "HEAD"], check=False, capture_output=True, text=True).stdout.strip()
    table = Table("HTTP", facts={"seconds": options.seconds, "python": sys.version, "revision": revision})
    _start(table, options.model)
    with (
        tempfile.TemporaryDirectory() as folder,
        service(Path(folder), model=options.model) as running,
        Callers.started() as callers,
        Alone.loaded(options.model) as alone,
    ):
        run = _Run(running, callers, alone, options.seconds, table)
        run.throughput()
        _shares(table)
        run.latency()
        table.add("memory after the load, at most", peak_mib(running.pid), "MiB")
    table.finish(options.to)


if __name__ == "__main__":
    main()
