"""The filters of a search as query parameters: collection, subject, metadata, similarity, pose."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Query, Request

from model.errors import InvalidRequest
from service.routing.parameters import Collection, Subject

_PREFIX = "metadata."

MAX_TEXT = 1000
"""Characters of the value of a metadata key that is asked for."""

METADATA_PARAMETER: Mapping[str, Any] = {
    "name": "metadata.key",
    "in": "query",
    "schema": {"type": "string", "maxLength": MAX_TEXT},
    "description": "look only at faces whose metadata has at `key`, which stands for any key, an equal value. What "
    'reads as JSON is taken as JSON: `metadata.age=30` is a number, `metadata.age="30"` and `metadata.city=London` '
    "are texts. May be given for several keys; all must hold",
}
"""How the OpenAPI document shows the parameters that it cannot list."""

GroupBy = Literal["subject"]
FoundQuality = Annotated[
    float | None,
    Query(
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="leave out faces whose quality is below this, and those that were enrolled without a picture",
    ),
]


@dataclass(frozen=True)
class Conditions:
    """The filters of a search: what an enrolled face must meet to be found."""

    collection: str | None
    subject: str | None
    metadata: dict[str, Any]
    min_similarity: float | None
    max_degrees: float | None
    min_quality: float | None
    group_by: GroupBy | None

    @property
    def fields(self) -> dict[str, Any]:
        """The conditions as fields of a gallery's query."""
        return asdict(self)


async def metadata_of(request: Request) -> dict[str, Any]:
    """The parameters `metadata.key=value` by key. Raises InvalidRequest for a key that comes twice."""
    metadata: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name.startswith(_PREFIX):
            if name.removeprefix(_PREFIX) in metadata:
                raise InvalidRequest(f"{name} came several times; a face has one value at a key.")
            if len(text) > MAX_TEXT:
                raise InvalidRequest(f"The value of {name} has more than {MAX_TEXT} characters.", limit=MAX_TEXT)
            metadata[name.removeprefix(_PREFIX)] = _value(text)
    return metadata


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


async def _conditions(
    metadata: Annotated[dict[str, Any], Depends(metadata_of)],
    collection: Collection = None,
    subject: Subject = None,
    min_similarity: Annotated[
        float | None, Query(allow_inf_nan=False, description="leave out results below this")
    ] = None,
    max_degrees: Annotated[
        float | None,
        Query(ge=0, allow_inf_nan=False, description="leave out faces whose pose is further from the query's"),
    ] = None,
    min_quality: FoundQuality = None,
    group_by: Annotated[GroupBy | None, Query(description="`subject` gives only the best face of each subject")] = None,
) -> Conditions:
    return Conditions(collection, subject, metadata, min_similarity, max_degrees, min_quality, group_by)


SearchConditions = Annotated[Conditions, Depends(_conditions)]
