"""The doors between the packages, and the shape of their files."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from model.attributes import EMBEDDING_SIZE, SPACES

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "facet": {"facet", "facet_client", "service", "worker", "gallery", "training", "model"},
    "facet_client": {"facet_client"},
    "service": {
        "service",
        "worker.interface",
        "worker.queue.inference_client",
        "worker.stimuli",
        "gallery",
        "model.attributes",
        "model.errors",
    },
    "worker": {"worker", "gallery", "model"},
    "gallery": {"gallery", "model.attributes", "model.errors"},
    "training": {"training", "model"},
    "model": {"model"},
}
"""What each package may import of ours; a name stands for itself and all below it."""

MUST_NOT_IMPORT: dict[str, set[str]] = {
    "service": {"torch", "cv2", "torchvision", "onnxruntime"},
    "gallery": {"torch", "cv2", "torchvision", "onnxruntime"},
    "facet_client": {"cv2", "fastapi", "numpy", "orjson", "pydantic", "torch"},
}
"""What would make the API process of a distributed deployment heavy, or the client."""

ABOVE_STORE_AND_INDEX = {"gallery.jobs", "gallery.gallery", "gallery.base_gallery"}
FOLDERS_MUST_NOT_IMPORT: dict[str, set[str]] = {
    "worker/local": {"worker.queue", "worker.search", "gallery"},
    "worker/queue": {"worker.local", "worker.search", "gallery.gallery", "gallery.store", "gallery.index"},
    "worker/search": {"worker.local"},
    "gallery/store": {"gallery.index", "gallery.milvus", *ABOVE_STORE_AND_INDEX},
    "gallery/index": {"gallery.store", "gallery.milvus", "sqlalchemy", *ABOVE_STORE_AND_INDEX},
    "gallery/milvus": {"gallery.index.index", "gallery.index.scan", "gallery.jobs", "gallery.gallery", "faiss"},
    "gallery/jobs": {"gallery.index", "gallery.milvus", "gallery.gallery", "faiss"},
    "service/body": {"service.routes", "service.middleware", "service.search", "gallery.store", "gallery.index"},
    "service/middleware": {"service.routes", "service.search", "service.body.multipart", "gallery.store"},
    "service/openapi": {"service.routes", "gallery", "worker"},
    "service/search": {"service.routes", "service.middleware", "gallery.store", "gallery.index"},
}
"""What a folder may not import though its package may: the two ways to infer know `worker.interface` alone, not each
other; the index is derived from changes, not from the database."""

FRAMEWORKS = {"fastapi", "starlette", "pydantic", "pydantic_core", "pydantic_settings"}
INTERNALS = {"fastapi.dependencies", "fastapi.routing", "fastapi.utils", "starlette.routing"}
"""Modules of the frameworks that their own documentation does not tell users to import, but for the names below."""
DOCUMENTED = {"fastapi.routing.APIRoute", "starlette.routing.Match"}

MAX_ENTRIES = 16
"""How many files and folders one folder shows."""

CLIENT = ROOT / "clients" / "python"


def folder_of(package: str) -> Path:
    """Where a package lies."""
    return (CLIENT if package == "facet_client" else ROOT) / package


def package_of(path: Path) -> str:
    """The package that a file is a part of."""
    return path.relative_to(CLIENT if path.is_relative_to(CLIENT) else ROOT).parts[0]


SOURCES = sorted(path for package in MAY_IMPORT for path in folder_of(package).rglob("*.py"))

TABLE = ROOT / "model" / "attributes.py"
"""The one file that knows where the parts of the embedding lie."""

MAX_LINES = 300
MAX_FUNCTION_LINES = 60

every_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module that a file imports, wherever in it; `from a import b` may import the module `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lies_in(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def breaches(tree: ast.Module, package: str) -> list[str]:
    """The imports that a file of a package must not have."""
    return [
        module
        for module in imports(tree)
        if (lies_in(module, set(MAY_IMPORT)) and not lies_in(module, MAY_IMPORT[package]))
        or lies_in(module, MUST_NOT_IMPORT.get(package, set()))
    ]


def folder_breaches(tree: ast.Module, path: Path) -> list[str]:
    """The imports that a file, by its path from the root, must not have because of its folder."""
    shut = {name for folder, names in FOLDERS_MUST_NOT_IMPORT.items() if path.is_relative_to(folder) for name in names}
    return [module for module in imports(tree) if lies_in(module, shut)]


def private_names(tree: ast.Module) -> list[str]:
    """What a file takes of a framework that the framework has for itself: its internal modules, and names with `_`.

    As an attribute any such name counts, of whatever it is an attribute but `self` and `cls`: what a framework gives
    back is not known by its type here.
    """
    found = [
        module
        for module in imports(tree)
        if module.partition(".")[0] in FRAMEWORKS
        and (any(part.startswith("_") for part in module.split(".")) or lies_in(module, INTERNALS))
        and module not in DOCUMENTED
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            owner = ast.unparse(node.value)
            found += [f"{owner}.{node.attr}"] if owner not in {"self", "cls"} else []
    return found


def embedding_numbers(tree: ast.Module) -> list[int]:
    """Literals that only the table may hold: where a part begins or ends, and those used to slice by hand.

    A part's size alone is an ordinary number elsewhere; it counts only in a slice from where a part begins to where it
    ends. A seed is no size.
    """
    borders = {space.slice.stop for space in SPACES.values()} | {EMBEDDING_SIZE}
    sizes = {space.size for space in SPACES.values()}
    borders -= sizes
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    seeds = {id(argument) for call in calls if ast.unparse(call.func).endswith("default_rng") for argument in call.args}
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and type(node.value) is int
        and node.value in borders
        and id(node) not in seeds
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Slice):
            lower, upper = (getattr(bound, "value", None) for bound in (node.lower, node.upper))
            if (lower, upper) in {(space.start, space.slice.stop) for space in SPACES.values()}:
                found.append(upper)
    return found


def test_there_are_sources() -> None:
    assert {package_of(path) for path in SOURCES} == set(MAY_IMPORT)


@every_source
def test_the_doors_stay_shut(path: Path) -> None:
    assert breaches(tree_of(path), package_of(path)) == []


@every_source
def test_the_doors_between_folders_stay_shut(path: Path) -> None:
    assert folder_breaches(tree_of(path), path.relative_to(ROOT)) == []


@pytest.mark.parametrize("folder", [*FOLDERS_MUST_NOT_IMPORT])
def test_a_guarded_folder_is_there(folder: str) -> None:
    assert list((ROOT / folder).glob("*.py"))


@pytest.mark.parametrize(
    "package", ["facet", "service", "worker", "gallery", "training", "model", "benchmarks", "docker"]
)
def test_no_folder_shows_too_much(package: str) -> None:
    top = ROOT / package
    folders = [top, *(path for path in top.rglob("*") if path.is_dir() and path.name != "__pycache__")]
    shown = {
        str(folder.relative_to(ROOT)): len([path for path in folder.iterdir() if path.name != "__pycache__"])
        for folder in folders
    }
    assert {name for name, entries in shown.items() if entries > MAX_ENTRIES} == set()


@every_source
def test_only_the_table_knows_the_sizes(path: Path) -> None:
    found = embedding_numbers(tree_of(path))
    assert bool(found) is (path == TABLE), f"{path.name} writes {found}; take them from model.attributes"


@every_source
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name} has {lines} lines"


@every_source
def test_every_file_says_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(tree_of(path))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":", "`"))


@pytest.mark.parametrize("path", sorted((ROOT / "service").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_service_uses_what_its_framework_is_documented_to_offer(path: Path) -> None:
    assert private_names(tree_of(path)) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from fastapi import APIRouter, Depends", []),
        ("from fastapi.routing import APIRoute", []),
        ("from fastapi.routing import request_response", ["fastapi.routing.request_response"]),
        ("import fastapi.dependencies.utils", ["fastapi.dependencies.utils"]),
        ("from starlette._utils import is_async_callable", ["starlette._utils.is_async_callable"]),
        ("from pydantic import _internal", ["pydantic._internal"]),
        ("write = route.response_field._type_adapter", ["route.response_field._type_adapter"]),
        ("self._app = app.__class__", []),
    ],
)
def test_a_private_name_is_found(source: str, expected: list[str]) -> None:
    assert private_names(ast.parse(source)) == expected


@every_source
def test_the_environment_is_read_by_the_front_door_alone(path: Path) -> None:
    if package_of(path) == "facet":
        return
    used = {node.attr for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)}
    assert not used & {"environ", "getenv"}


@pytest.mark.parametrize(
    ("package", "source", "expected"),
    [
        ("service", "from model.images import decode", ["model.images.decode"]),
        ("service", "from model import images", ["model.images"]),
        ("service", "from model import errors, attributes", []),
        ("service", "import worker.local.inference", ["worker.local.inference"]),
        ("service", "def late():\n    import torch.nn", ["torch.nn"]),
        ("gallery", "import cv2", ["cv2"]),
        ("model", "from worker.interface import Edit", ["worker.interface.Edit"]),
        ("training", "import torch, model.attributes, gallery", ["gallery"]),
    ],
)
def test_an_open_door_is_found(package: str, source: str, expected: list[str]) -> None:
    assert breaches(ast.parse(source), package) == expected


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("worker/local/device.py", "from worker.queue import codec", ["worker.queue.codec"]),
        ("worker/queue/tasks/runner.py", "from worker import interface, queue_names", []),
        ("worker/queue/tasks/runner.py", "def late():\n    import worker.local.inference", ["worker.local.inference"]),
        ("gallery/index/scan.py", "from gallery.store.database import Database", ["gallery.store.database.Database"]),
        ("gallery/gallery.py", "from gallery.index.index import Index", []),
    ],
)
def test_an_open_door_between_folders_is_found(path: str, source: str, expected: list[str]) -> None:
    assert folder_breaches(ast.parse(source), Path(path)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x[3:35]", [35, 35]),
        ("f[:, 67:]", [67]),
        ("np.zeros(99)", [99]),
        ("x[:3]", []),
        ("size = 32", []),
        ("np.random.default_rng(99)", []),
        ("y[0:3]", [3]),
    ],
)
def test_a_size_written_by_hand_is_found(source: str, expected: list[int]) -> None:
    assert embedding_numbers(ast.parse(source)) == expected
