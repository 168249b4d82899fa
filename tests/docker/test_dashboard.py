"""The Grafana dashboard shows what the processes measure."""

import importlib
import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from tests.processes import ROOT

PLACE = ROOT / "docker" / "observability"
DASHBOARD: dict[str, Any] = json.loads((PLACE / "grafana-dashboard.json").read_text())
ALERTS: list[dict[str, Any]] = yaml.safe_load((PLACE / "alerts.yml").read_text())["groups"][0]["rules"]
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
OF_PROMETHEUS = {"up"}


@pytest.fixture(scope="module")
def measured() -> dict[str, set[str]]:
    """Each metric that the processes have, with the names of its labels."""
    of_service = ("service.middleware.metrics", "service.routes.metrics")
    for module in ("worker.stage_timing", "worker.in_flight", "worker.local.device", *of_service):
        importlib.import_module(module)
    metrics: dict[str, set[str]] = {}
    for collector in list(REGISTRY._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        metrics |= dict.fromkeys(REGISTRY._collector_to_names[collector], labels)
    return metrics


def names_in(query: str) -> set[str]:
    return set(re.findall(r"\b(?:facet|process)_\w+", query))


def test_each_metric_that_it_names_exists(measured: dict[str, set[str]]) -> None:
    named = set().union(*map(names_in, QUERIES))
    assert named
    assert named - OF_PROMETHEUS <= measured.keys()
    # And nothing that is measured is left out.
    ours = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in measured if name.startswith("facet_")}
    assert ours == {re.sub(r"_(bucket|count|sum)$", "", name) for name in named if name.startswith("facet_")}


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in ALERTS)])
def test_each_query_groups_by_labels_that_there_are(query: str, measured: dict[str, set[str]]) -> None:
    [name, *_] = names_in(query) or {"up"}
    groups = re.findall(r"by \(([^)]*)\)", query)
    wanted = {label.strip() for group in groups for label in group.split(",")} | set(re.findall(r"\{(\w+)=", query))
    assert wanted <= measured.get(name, set()) | {"le", "job", "instance"}


def test_each_alert_asks_for_what_is_measured(measured: dict[str, set[str]]) -> None:
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS) == 6
    page = (ROOT / "docs" / "running" / "operations.md").read_text()
    for rule in ALERTS:
        [name, *_] = names_in(rule["expr"]) or {"up"}
        assert name in measured or name in OF_PROMETHEUS
        assert name.removesuffix("_bucket") in page or name.startswith("process_")
        labels = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert labels <= {"job", "instance", *re.findall(r"\w+", "".join(re.findall(r"by \(([^)]*)\)", rule["expr"])))}


def test_panels_lie_side_by_side() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert {panel["gridPos"]["w"] for panel in DASHBOARD["panels"]} == {12}


def test_prometheus_finds_every_service_that_measures() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    jobs = yaml.safe_load((PLACE / "prometheus.yml").read_text())["scrape_configs"]
    found = {name: place["port"] for job in jobs for place in job["dns_sd_configs"] for name in place["names"]}
    ports = {
        name: int(service["environment"].get("FACET_METRICS_PORT", service["environment"].get("FACET_PORT", 0)))
        for name, service in services.items()
        if "build" in service or service["image"].startswith("facet")
    }
    assert found == ports
