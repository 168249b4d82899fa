"""What it costs to have the model in another process: the same requests to both deployments on the same cores.

    python -m benchmarks.queue.throughput --seconds 10 --to throughput.json

Both run at the same time and are asked in turn, so that whatever else the machine does meets both.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.start import application_seconds
from benchmarks.tools.deployment import Deployment, deployment
from benchmarks.tools.load_generator import Callers, raw
from benchmarks.tools.process_usage import cpu_seconds, peak_mib
from tests.faces import draw_face, jpeg

LEAST_SHARE = 0.8
"""Of the embedded mode's throughput that the distributed one must have."""
MOST_ADDED_MS = 6.0
"""That the distributed mode may add to the median time of a request to an idle system."""
ROUNDS = 3


def _compare(
    service: Deployment, callers: Callers, embedded: str, distributed: str, options: argparse.Namespace
) -> dict[str, Any]:
    picture = jpeg(draw_face(seed=1))
    asking = [raw("/embed", picture)]
    for url in (embedded, distributed):
        callers.ask(url, asking, options.concurrency, 1.0)
    idle: dict[str, list[float]] = {embedded: [], distributed: []}
    busy: dict[str, list[float]] = {embedded: [], distributed: []}
    cpu: dict[str, list[float]] = {embedded: [], distributed: []}
    moved: list[float] = []
    for _ in range(ROUNDS):
        for url in (embedded, distributed):
            idle[url].append(callers.ask(url, asking, 1, options.seconds / 2).median_ms)
            processes = _processes(service, url == distributed)
            bytes_before, cpu_before = _redis_bytes(service), sum(map(cpu_seconds, processes))
            measure = callers.ask(url, asking, options.concurrency, options.seconds)
            busy[url].append(measure.per_second)
            cpu[url].append(1000 * (sum(map(cpu_seconds, processes)) - cpu_before) / measure.answers)
            if url == distributed:
                moved.append((_redis_bytes(service) - bytes_before) / measure.answers)
    rates = {url: statistics.median(found) for url, found in busy.items()}
    times = {url: statistics.median(found) for url, found in idle.items()}
    return {
        "model": options.model or "bundled",
        "picture_bytes": len(picture),
        "embedded_per_second": round(rates[embedded], 1),
        "distributed_per_second": round(rates[distributed], 1),
        "share": round(rates[distributed] / rates[embedded], 3),
        "embedded_idle_ms": round(times[embedded], 2),
        "distributed_idle_ms": round(times[distributed], 2),
        "added_ms": round(times[distributed] - times[embedded], 2),
        "embedded_cpu_ms_per_face": round(statistics.median(cpu[embedded]), 2),
        "distributed_cpu_ms_per_face": round(statistics.median(cpu[distributed]), 2),
        "redis_bytes_per_face": round(statistics.median(moved)),
        "rounds": {"embedded": busy[embedded], "distributed": busy[distributed]},
    }


def _processes(service: Deployment, distributed: bool) -> list[int]:
    """The processes that answer, Redis not among them: of two API processes the first is embedded."""
    if not distributed:
        return [service.apis[0].pid]
    return [service.apis[1].pid, *(worker.pid for worker in service.workers["inference"])]


def _redis_bytes(service: Deployment) -> int:
    """What came into Redis and went out of it until now."""
    with service.redis.client() as client:
        stats = client.info("stats")
    return int(stats["total_net_input_bytes"]) + int(stats["total_net_output_bytes"])


def main() -> None:
    """Measure and print; a bar that is missed is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each of three rounds")
    parser.add_argument("--model", default="", help="a checkpoint's path, or `dummy`; the bundled weights if unset")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        service = stack.enter_context(deployment(place, apis=0, workers=1, searchers=0, model=options.model))
        local = {"FACET_SEARCH": "local", "FACET_MODEL": options.model}
        embedded = service.start_api(FACET_INFERENCE="local", FACET_DATA_DIR=str(place / "embedded"), **local)
        distributed = service.start_api(**local)
        service.ready()
        callers = stack.enter_context(Callers.started())
        report = _compare(service, callers, embedded, distributed, options)
        report["embedded_mib"], report["api_mib"] = (round(peak_mib(api.pid)) for api in service.apis)
    report["embedded_start_cpu_seconds"] = round(application_seconds("local"), 2)
    report["api_start_cpu_seconds"] = round(application_seconds("celery"), 2)
    text = json.dumps(report, indent=2)
    print(text)
    if options.to is not None:
        options.to.write_text(text + "\n")
    if report["share"] < LEAST_SHARE or report["added_ms"] > MOST_ADDED_MS:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
