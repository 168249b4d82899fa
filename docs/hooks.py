"""Fills the pages with what the code itself knows, when MkDocs builds them, so that no table can go stale.

A line `{{ name argument }}` of a page is replaced by what the function of that name gives.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
MARKER = re.compile(r"^\{\{ (\w+)(?: (.+))? \}\}$", re.MULTILINE)
WIDTH = 84
"""Characters of a line of help that a page has room for."""
ALL_SETTINGS = "\n  Every setting is an environment variable"
"""Where the help of `facet serve` begins to list what another page has."""
HEADING = re.compile(r"^# .*\n", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)[^)]*\)")

Json = Mapping[str, Any]


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page with its markers replaced; MkDocs calls this. Raises KeyError for a marker that means nothing."""
    return MARKER.sub(lambda found: MAKERS[found[1]](found[2] or ""), markdown)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages' files with the card's sheets, drawn by the bundled model; MkDocs calls this."""
    from model.engine.backend import load_backend
    from training.export.card import SHEETS, draw_sheets

    with TemporaryDirectory() as folder:
        draw_sheets(load_backend("", "cpu"), Path(folder))
        for name in SHEETS:
            files.append(File.generated(config, f"models/{name}", content=Path(folder, name).read_bytes()))
    return files


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    cells = [heading, ["---"] * len(heading), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in cells
    )


def settings(_: str) -> str:
    """Every setting of `facet serve` and `facet worker`, from their own definition."""
    from facet.settings import PREFIX, Settings

    rows = [
        (f"`{PREFIX}{name.upper()}`", _literal(field.default), _escaped(str(field.description)))
        for name, field in Settings.model_fields.items()
    ]
    return table(("variable", "without it", "what it is"), rows)


def _literal(default: Any) -> str:
    """A default as one writes it into a variable."""
    if default is None or default == "":
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _escaped(text: str) -> str:
    """Text whose angle brackets are no HTML."""
    return text.replace("<", "&lt;")


def card(_: str) -> str:
    """The model card that the bundled file carries."""
    from model.checkpoint import bundled, load_checkpoint
    from training.export.card import markdown

    checkpoint = load_checkpoint(bundled())
    return markdown(f"`{checkpoint.id}`", checkpoint.card, sheets=True).replace("\n#", "\n##").replace("# ", "## ", 1)


@cache
def _card() -> Json:
    from model.checkpoint import bundled, load_checkpoint

    return load_checkpoint(bundled()).card


def by_group(_: str) -> str:
    """On whom the bundled model errs, as its card was given it."""
    tables = _card()["reports"]["groups"]["tables"]
    return "\n\n".join(table(heading, rows) for heading, *rows in tables)


def spread(_: str) -> str:
    """For each figure by group the group with the least and the one with the most."""
    [[_, *names], *rows] = _card()["reports"]["groups"]["tables"][0]
    apart = [row for row in rows if row[0] != "everyone"]
    said = []
    for place, name in enumerate(names, start=1):
        known = [(float(row[place].rstrip("°% ")), row[0], row[place]) for row in apart if row[place] != "-"]
        if name == "faces" or not known:
            continue
        low, high = min(known), max(known)
        said.append(f"{name} goes from {low[2]} ({low[1]}) to {high[2]} ({high[1]})")
    fewest = min(apart, key=lambda row: int(row[1].replace(",", "")))
    return f"{'; '.join(said)}. The smallest group, {fewest[0]}, has {fewest[1]} faces: its figures are rough."


def verification(_: str) -> str:
    """What the bundled model reaches on LFW, to set beside the others."""
    card = _card()
    figures = card["metrics"]["verification"]
    whole = f"{100 * figures['identity']:.1f} % of {figures['pairs']:,} pairs of people whom it was not trained on"
    return (
        f"The bundled model decides by the 32 numbers of its identity part: on LFW it is right in {whole}. It is no "
        "rival of these systems, and is not made to identify people."
    )


def trained_on(_: str) -> str:
    """The data and the teachers of the bundled model's card, and what that leaves for tests."""
    card = _card()
    rows = [
        (entry["name"], entry["use"], "its pictures, but for what is said to be kept out") for entry in card["data"]
    ]
    rows += [(entry["name"], entry["use"], "agreement with it") for entry in card.get("teachers", ())]
    return table(("data or teacher", "used for", "what is no test"), rows)


def weaknesses(_: str) -> str:
    """What its authors know to go wrong."""
    return table(("where", "what"), list(_card().get("weaknesses", {}).items()))


def drawn_by(_: str) -> str:
    """The model that drew the pictures of these pages."""
    name = (ROOT / "docs" / "pictures" / "model.txt").read_text().strip()
    return f"The pictures of this page were drawn by `{name}`; `python -m docs.draw` draws them anew."


def plan(size: str) -> str:
    """The machines for some faces and requests a second, as `python -m benchmarks.tools.plan` prints them."""
    from benchmarks.tools.plan import report

    faces, requests = map(float, size.split())
    return "\n".join(report(faces, requests))


def included(name: str) -> str:
    """Another document of the repository, without its title and with the links that lead nowhere here as text."""
    return LINK.sub("]", HEADING.sub("", (ROOT / name).read_text(), count=1)).replace("[]", "")


def command(name: str) -> str:
    """The help of a command and of what is below it, as `--help` prints it."""
    from click import Context, Group

    node = _commands()
    context = Context(node, info_name="facet", max_content_width=WIDTH, terminal_width=WIDTH)
    for word in name.split():
        node = node.commands[word]
        context = Context(node, info_name=word, parent=context)
    below = list(node.commands) if isinstance(node, Group) or hasattr(node, "commands") else []
    text = node.get_help(context).partition(ALL_SETTINGS)[0].rstrip()
    parts = [f"### `facet {name}`\n\n```text\n{text}\n```"]
    return "\n\n".join([*parts, *(command(f"{name} {child}") for child in below)])


@cache
def _commands() -> Any:
    import typer

    from facet.cli import app

    return typer.main.get_command(app)


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text())
    return document


def _resolved(item: Json) -> Json:
    """What a reference of the document refers to."""
    while "$ref" in item:
        value: Any = _document()
        for key in item["$ref"].removeprefix("#/").split("/"):
            value = value[key]
        item = value
    return item


def operations() -> dict[str, tuple[str, str, Json]]:
    """Each route of the interface by its operation id: method, path and description."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in _document()["paths"].items()
        for method, operation in methods.items()
    }


def operation(name: str) -> str:
    """What a route takes, what it answers, and with which errors, from the OpenAPI document."""
    method, path, given = operations()[name]
    parts = [f"**`{method} {path}`**", given["description"]]
    parameters = [
        (f"`{item['name']}`", item["in"], _kind(item["schema"]), _default(item), _escaped(item.get("description", "")))
        for item in given.get("parameters", [])
    ]
    if parameters:
        parts.append(table(("parameter", "in", "type", "default", "meaning"), parameters))
    if "requestBody" in given:
        parts += _body(given["requestBody"])
    responses = {status: _resolved(item) for status, item in given["responses"].items()}
    answers = [_answer(status, item) for status, item in responses.items() if status < "400"]
    parts.append(table(("status", "answer", "what it means"), answers))
    failures = [f"{status} {_codes(item)}" for status, item in responses.items() if status >= "400"]
    return "\n\n".join([*parts, *([f"**Errors**: {'; '.join(failures)}."] if failures else [])])


def _body(body: Json) -> Iterator[str]:
    accepted = ", ".join(f"`{kind}`" for kind in body["content"])
    yield f"The body{'' if body.get('required') else ', which may be left out'}: {accepted}."
    for kind, content in body["content"].items():
        schema = _resolved(content.get("schema", {}))
        rows = [
            (f"`{field}`", _kind(value), "yes" if field in schema.get("required", []) else "", _meaning(value))
            for field, value in schema.get("properties", {}).items()
        ]
        if rows:
            yield f"As `{kind}`:"
            yield table(("field", "type", "needed", "meaning"), rows)


def _meaning(schema: Json) -> str:
    return _escaped(str(schema.get("description") or _resolved(schema.get("items", {})).get("description", "")))


def _default(parameter: Json) -> str:
    if parameter.get("required"):
        return "needed"
    return _literal(parameter["schema"].get("default"))


def _kind(schema: Json) -> str:
    """The type of a value in a few words."""
    if "$ref" in schema:
        resolved = _resolved(schema)
        return _kind(resolved) if "enum" in resolved else schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"] if choice.get("type") != "null")
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("format") == "binary":
        return "file"
    return str(schema.get("type", "any"))


def _answer(status: str, response: Json) -> tuple[str, str, str]:
    kinds = [
        f"`{kind}`"
        + (f" {schema['$ref'].rpartition('/')[2]}" if "$ref" in (schema := content.get("schema", {})) else "")
        for kind, content in response.get("content", {}).items()
    ]
    return status, "<br>".join(kinds), _escaped(response.get("description", ""))


def _codes(response: Json) -> str:
    """The codes of a failure, or what it is called where it has but one."""
    name, _, codes = response["description"].partition(": ")
    return codes or f"`{name.lower().replace(' ', '_')}`"


MAKERS: dict[str, Callable[[str], str]] = {
    maker.__name__: maker
    for maker in (
        *(settings, command, operation, included, plan),
        *(card, by_group, spread, verification, trained_on, weaknesses, drawn_by),
    )
}
"""What a marker may name."""

# MkDocs loads this file by its path; what it documents lies beside it.
sys.path.insert(0, str(ROOT))
