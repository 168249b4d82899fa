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


def test_the_overlay_of_kubernetes_changes_what_is_there() -> None:
    place = ROOT / "docker" / "kubernetes"
    overlay = yaml.safe_load((place / "overlays" / "milvus" / "kustomization.yaml").read_text())
    documents = [one for path in (place / "base").glob("*.yaml") for one in yaml.safe_load_all(path.read_text())]
    known = {(one["kind"], one["metadata"]["name"]): one for one in documents if "metadata" in one}
    api = known["StatefulSet", "api"]["spec"]["template"]["spec"]["containers"][0]["env"]
    for patch in overlay["patches"]:
        assert (patch["target"]["kind"], patch["target"]["name"]) in known
    [added, replaced] = yaml.safe_load(overlay["patches"][0]["patch"])
    assert added["value"]["name"] == "FACET_MILVUS_URI"
    place_of_search = int(replaced["path"].split("/")[-2])
    assert (api[place_of_search]["name"], replaced["value"]) == ("FACET_SEARCH", "milvus")
