"""What starts Milvus beside the service names what the service's own files have."""

import re
from typing import Any

import yaml

from facet.settings import Settings
from tests.processes import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OVERLAY: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "milvus.yml").read_text())["services"]
OPTION = "MILVUS"


def test_compose_has_the_api_search_in_milvus() -> None:
    assert OVERLAY.keys() - COMPOSE.keys() == {"milvus"}
    told = OVERLAY["api"]["environment"]
    assert (
        Settings.load(**{name.removeprefix("FACET_").lower(): value for name, value in told.items()}).search == "milvus"
    )
    assert told["FACET_MILVUS_URI"] == "http://milvus:19530"
    assert set(OVERLAY["milvus"]["networks"]) <= set(COMPOSE["api"]["networks"])
    assert re.fullmatch(r"milvusdb/milvus:v\d+\.\d+\.\d+", OVERLAY["milvus"]["image"])
    assert "ports" not in OVERLAY["milvus"]
    assert set(OVERLAY["milvus"]["deploy"]["resources"]["limits"]) == {"cpus", "memory"}


def test_the_image_takes_the_client_along() -> None:
    assert OVERLAY["api"]["build"]["args"] == {OPTION: "1"}
    dockerfile = (ROOT / "docker" / "api.Dockerfile").read_text()
    assert f"\nARG {OPTION}\n" in dockerfile
    assert f"${{{OPTION}:+--extra milvus}}" in dockerfile
