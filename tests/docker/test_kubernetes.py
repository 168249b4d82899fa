"""The manifests for Kubernetes: valid, fenced in, and the same service as the compose file's."""

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml

from facet import __version__
from tests.processes import ROOT

PLACE = ROOT / "docker" / "kubernetes"
DOCUMENTS = {
    f"{path.relative_to(PLACE)} {document['kind']} {document['metadata']['name']}": document
    for path in sorted(PLACE.rglob("*.yaml"))
    if path.name != "kustomization.yaml"
    for document in yaml.safe_load_all(path.read_text())
}
PODS: dict[str, dict[str, Any]] = {
    document["metadata"]["name"]: document["spec"]["template"]["spec"]
    for document in DOCUMENTS.values()
    if "template" in document["spec"]
}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
VERSIONS = ["1.31", "1.34", kubernetes_validate.latest_version()]
OURS = {"api": "facet-api", "search": "facet-api", "worker": "facet-worker", "worker-gpu": "facet-worker-cuda"}

every_pod = pytest.mark.parametrize("name", PODS)


def container(name: str) -> dict[str, Any]:
    [only] = PODS[name]["containers"]
    return dict(only)


def environment(name: str) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(name).get("env", [])}


def mounts(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each path that something is mounted at, and the volume."""
    volumes = {volume["name"]: volume for volume in PODS[name].get("volumes", [])}
    for mount in container(name)["volumeMounts"]:
        yield mount["mountPath"], volumes.get(mount["name"], {})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_valid(name: str, version: str) -> None:
    assert kubernetes_validate.validate(DOCUMENTS[name], version, strict=True)


def test_a_mistake_is_found() -> None:
    broken = {**DOCUMENTS["base/redis.yaml Service redis"], "spec": {"ports": [{"prt": 6379}]}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


def test_every_service_of_compose_is_there() -> None:
    assert PODS.keys() == COMPOSE.keys()


@pytest.fixture(scope="module", params=["cpu", "gpu", "milvus"])
def rendered(request: pytest.FixtureRequest) -> dict[tuple[str, str], dict[str, Any]]:
    """What an overlay comes to, by kind and name."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("there is no kubectl, which renders overlays")
    command = [program, "kustomize", str(PLACE / "overlays" / request.param)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text)}


def test_an_overlay_is_the_whole_service(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    pods = {name for (_, name), document in rendered.items() if "template" in document["spec"]}
    [worker] = pods - {"api", "search", "redis", "postgres"}
    assert worker in ("worker", "worker-gpu")
    # Whatever finds the faces, the API knows it, and nothing is left of what does not.
    told = rendered["StatefulSet", "api"]["spec"]["template"]["spec"]["containers"][0]["env"]
    by = {each["name"]: each["value"] for each in told}
    assert (by["FACET_SEARCH"], "FACET_MILVUS_URI" in by) in {("celery", False), ("milvus", True)}
    assert len(by) == len(told)
    assert {kind for kind, name in rendered if name == "search"} == (
        {"StatefulSet", "Service", "PodDisruptionBudget"} if by["FACET_SEARCH"] == "celery" else set()
    )
    assert {document["metadata"]["namespace"] for document in rendered.values()} == {"facet"}
    for document in rendered.values():
        assert kubernetes_validate.validate(document, VERSIONS[-1], strict=True)


def test_what_grows_and_what_may_stop(rendered: dict[tuple[str, str], dict[str, Any]]) -> None:
    [scaler] = [document for (kind, _), document in rendered.items() if kind == "HorizontalPodAutoscaler"]
    target = scaler["spec"]["scaleTargetRef"]
    # A number of replicas in the manifest would undo the scaler's with each `apply`.
    assert "replicas" not in rendered[target["kind"], target["name"]]["spec"]
    [metric] = scaler["spec"]["metrics"]
    assert metric["external"]["metric"]["name"] == "facet_queue_age_seconds"
    budgets = {name: document["spec"] for (kind, name), document in rendered.items() if kind == "PodDisruptionBudget"}
    assert set(budgets) == {name for kind, name in rendered if kind == "StatefulSet"} - {"postgres"} | {target["name"]}
    for name, budget in budgets.items():
        assert budget["selector"] == {"matchLabels": {"app.kubernetes.io/name": name}}
        replicas = (
            scaler["spec"]["minReplicas"]
            if name == target["name"]
            else rendered["StatefulSet", name]["spec"]["replicas"]
        )
        assert budget["minAvailable"] < replicas


def test_a_search_pod_has_time_to_read_as_many_faces_as_it_can_hold() -> None:
    """From the database, of which 13,600 a second were read on a busy core; some 300 bytes of memory hold one."""
    search = container("search")
    faces = float(search["resources"]["limits"]["memory"].removesuffix("Gi")) * 2**30 / 300
    probe = search["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] > 4 * faces / 13_600
    # What it has read it keeps.
    assert "data" in {mount["name"] for mount in search["volumeMounts"]}


def test_the_api_lives_without_the_database() -> None:
    api = container("api")
    assert api["livenessProbe"]["httpGet"]["path"] == api["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert api["readinessProbe"]["httpGet"]["path"] == "/health/ready"


@every_pod
def test_a_pod_is_fenced_in(name: str) -> None:
    pod, inside = PODS[name]["securityContext"], container(name)["securityContext"]
    assert (pod["runAsNonRoot"], pod["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert pod["runAsUser"] > 0
    assert inside == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert PODS[name]["automountServiceAccountToken"] is False
    assert {"cpu", "memory"} <= set(container(name)["resources"]["limits"])
    assert "livenessProbe" in container(name)
    assert "startupProbe" in container(name) or "readinessProbe" in container(name)


@every_pod
def test_it_runs_what_compose_runs(name: str) -> None:
    service = COMPOSE[name]
    if name != "postgres":  # whose image has its own command
        assert container(name)["command"] == service["command"]
    image = f"{OURS[name]}:{__version__}" if name in OURS else service["image"]
    assert container(name)["image"] == image
    # What compose leaves to a variable of its caller has a default, and secrets lie in a folder of their own.
    theirs = {key: value for key, value in service.get("environment", {}).items() if "${" not in value}
    ours = {key: value.replace("/run/secrets/facet", "/run/secrets") for key, value in environment(name).items()}
    assert {key: value for key, value in ours.items() if key != "PGDATA"} == theirs


@every_pod
def test_secrets_are_files(name: str) -> None:
    wanted = set(COMPOSE[name].get("secrets", []))
    mounted = [(path, volume["secret"]) for path, volume in mounts(name) if "secret" in volume]
    assert {item["path"] for _, secret in mounted for item in secret["items"]} == wanted
    for path, secret in mounted:
        assert path == "/run/secrets/facet"
        assert secret["defaultMode"] & 0o007 == 0
    text = yaml.safe_dump(PODS[name])
    assert "secretKeyRef" not in text
    assert "PASSWORD:" not in text


def test_only_the_api_is_open_to_all() -> None:
    policies = {name: document["spec"] for name, document in DOCUMENTS.items() if "NetworkPolicy" in name}
    closed = policies.pop("base/network.yaml NetworkPolicy facet-closed")
    assert "ingress" not in closed
    assert closed["podSelector"] == {"matchLabels": {"app.kubernetes.io/part-of": "facet"}}
    open_to_all = [name for name, spec in policies.items() if any("from" not in rule for rule in spec["ingress"])]
    assert open_to_all == ["base/network.yaml NetworkPolicy facet-api"]
    for document in DOCUMENTS.values():
        if "template" in document["spec"]:
            labels = document["spec"]["template"]["metadata"]["labels"]
            assert labels == {
                "app.kubernetes.io/name": document["metadata"]["name"],
                "app.kubernetes.io/part-of": "facet",
            }


def test_every_service_leads_to_a_port_of_its_pods() -> None:
    for document in DOCUMENTS.values():
        if document["kind"] == "Service":
            pod = document["spec"]["selector"]["app.kubernetes.io/name"]
            ports = {port["name"] for port in container(pod)["ports"]}
            assert {port["targetPort"] for port in document["spec"]["ports"]} <= ports
