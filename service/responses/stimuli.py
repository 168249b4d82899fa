"""Answers that hold a set of drawn faces: one sheet, a ZIP of files, or JSON, each with what it was made from."""

import csv
import zipfile
from collections.abc import Mapping
from io import BytesIO, StringIO
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from service.responses.contact_sheet import sheet
from service.responses.pictures import PNG, SYNTHETIC, drawn_json, drawn_png, wants_json
from service.schemas import Embedding, Png
from worker.interface import DrawnSet
from worker.stimuli.recipe import Recipe

ZIP = "application/zip"
FILES = {"recipe": "recipe.json", "table": "stimuli.csv"}
"""What lies beside the pictures, named as `facet stimuli` names it."""

RECIPE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": True,
    "required": ["facet", "model", "stimuli"],
    "description": "what an answer said that its set was made from; it holds the embeddings of the faces",
    "example": {
        "facet": "0.1.0",
        "model": "facet-1",
        "stimuli": {"kind": "factorial", "people": 2, "expressions": ["neutral"], "turns": [-20, 20]},
    },
}

DRAWN_SET: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "All faces on one PNG; a ZIP with a PNG for each, `stimuli.csv` and `recipe.json`, or JSON, if "
        "the Accept header prefers it. All of them are marked as synthetic",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (PNG, ZIP)},
        "headers": {"X-Facet-Synthetic": {"schema": {"type": "string", "const": "true"}}},
    }
}
"""What every route that draws a set answers."""


class Stimulus(BaseModel):
    """One face of a set: its name, the embedding that was drawn, and what the table says of it."""

    name: str = Field(examples=["frame-001"])
    image: Png
    embedding: Embedding
    columns: dict[str, float | str] = Field(examples=[{"amount": 0.5}])


class DrawnStimuli(BaseModel):
    """A set of drawn faces, and the recipe from which the same pictures come again."""

    recipe: dict[str, Any] = Field(examples=[RECIPE["example"]])
    faces: list[Stimulus]
    r2: float | None = Field(None, description="of a direction: the share of the ratings' variance, cross-validated")


async def drawn_set(request: Request, recipe: Recipe, drawn: DrawnSet, r2: float | None) -> Response:
    """The answer that the Accept header prefers."""
    if ZIP in request.headers.get("accept", ""):
        packed = await run_in_threadpool(_zipped, recipe, drawn)
        return Response(packed, headers=SYNTHETIC, media_type=ZIP)
    if not wants_json(request):
        images = [drawing.image for drawing in drawn.drawings]
        return drawn_png(await run_in_threadpool(sheet, images, recipe.stimuli.in_a_row))
    faces = [
        Stimulus(
            name=name,
            image=drawing.image,
            embedding=Embedding.of(drawing.embedding, drawing.model),
            columns=dict(columns),
        )
        for name, drawing, columns in zip(drawn.names, drawn.drawings, drawn.table, strict=True)
    ]
    return drawn_json(DrawnStimuli(recipe=recipe.model_dump(mode="json"), faces=faces, r2=r2))


def _zipped(recipe: Recipe, drawn: DrawnSet) -> bytes:
    """The pictures, which are compressed already, the table and the recipe."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, drawing in zip(drawn.names, drawn.drawings, strict=True):
            archive.writestr(f"{name}.png", drawing.image)
        archive.writestr(FILES["table"], _table(drawn))
        archive.writestr(FILES["recipe"], recipe.text())
    return file.getvalue()


def _table(drawn: DrawnSet) -> str:
    rows: list[Mapping[str, Any]] = [
        {"file": f"{name}.png", **columns} for name, columns in zip(drawn.names, drawn.table, strict=True)
    ]
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
