"""What Schemathesis is told of the service beside its OpenAPI document: pictures, archives, and exceptions.

Schemathesis loads this module where SCHEMATHESIS_HOOKS names it.
"""

import json
import random
import re
import uuid
import zipfile
from io import BytesIO
from typing import Any, NamedTuple

import msgpack
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData, UndefinedStatusCode, UseAfterFree

from service.body.uploads import ARCHIVE_TYPES
from tests.faces import draw_face, jpeg, png, webp

PICTURES = [make(draw_face(size, seed)) for size, seed, make in ((96, 1, jpeg), (96, 2, png), (128, 3, webp))]
PACKED = {
    **dict.fromkeys(("image", "other", "start", "end", "face"), PICTURES[0]),
    **dict.fromkeys(("faces", "among"), PICTURES),
    "subject": "ada",
    "edits": [{"attribute": "pose", "set": {"yaw": 10}}],
}
"""A msgpack body with what most operations ask for; they ignore the rest."""

_random = random.Random(1)


class Exempt(NamedTuple):
    """A failure that is none, and why. All that is given must match."""

    failure: type[Failure]
    operation: str
    """A pattern of the method and the path."""
    answer: str
    """A pattern of the answer's status, code and detail, with spaces between."""
    why: str


EXCEPTIONS = (
    Exempt(
        RejectedPositiveData,
        ".*",
        "422 (unreadable_image|unsupported_image|image_too_small|no_face|low_quality) .*",
        "A schema cannot say that bytes are a picture, and that it shows a face.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /jobs/import",
        "422 invalid_request (this is no archive|The archive is empty).*",
        "Nor that they are an archive.",
    ),
    Exempt(
        RejectedPositiveData,
        ".*",
        "422 invalid_request (The body is not a msgpack map|The (keys of the )?body|Of a face, subject|"
        "The field '(ratings|groups)' must be a list of).*",
        "Nor that they are msgpack, and what the map holds: OpenAPI has schemas for JSON alone.",
    ),
    Exempt(
        RejectedPositiveData,
        "(POST|PATCH) /.*",
        "422 invalid_request (This is not JSON in the field '(answers|edits|groups|metadata|ratings|recipe)'|"
        "The field 'metadata' must be a JSON|The list `edits` is not valid).*",
        "The document says by contentSchema what JSON a field of a form holds; Schemathesis makes any text of it.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /.*",
        "422 invalid_request The field .* came several times; send it once.",
        "A field that no schema knows, made as a list: the form then has it several times. A schema that forbids this "
        "would forbid clients to send any field of their own.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /.*",
        "422 invalid_request (In queries.*: )?The model ['\"].*['\"] does not run here.*",
        "An embedding may name the model that made it; which models run changes while the document stays.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /faces",
        "422 invalid_request This idempotency key came with another face before.*",
        "What a key was used for before is not in the request.",
    ),
    Exempt(
        RejectedPositiveData,
        "GET /faces",
        "422 invalid_request cursor is none that a page of faces gave.*",
        "A sealed cursor must come from this service, for this caller.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /(generate|search)",
        "422 invalid_request To (hold attributes of a face|compose two pictures), send both .*",
        "OpenAPI has no rule between a parameter and a field of the body: `keep` goes with `image`, `source_attr` with "
        "`source`.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /faces",
        "422 invalid_request An embedding has no quality.*",
        "The same: `min_quality` goes with `image`.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /edit",
        "422 invalid_request (The request names no edit|Name the edits either by|One face is edited at a time|"
        "The field '(image|source)' is missing).*",
        "The same: the face is the parameter `face` or in the body, and the edits are the parameter `attr` or in the "
        "body.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /edit",
        "422 impossible_edit (There is no source|There is no \\w+ preset|Only a photograph can be pasted).*",
        "Nor has a schema a rule between two fields: how many sources there are, or whether there is a photograph. "
        "Which presets there are is the model's.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /stimuli/factorial",
        "422 impossible_edit There is no \\w+ preset.*",
        "Which presets there are is the model's.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /.*",
        "413 too_large 33 pictures in one request.*",
        "Nor one for the number of pictures in several fields together.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /collections/{name}/groups",
        "422 invalid_request Name a distance: for expression.*",
        "Nor one between two parameters.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /stimuli/.*",
        "422 invalid_request (There are \\d+ faces(;| and \\d+ weights)|The people are those in `faces`, or|"
        ".*[Pp]airs go from 1 to|The number of faces of the set is \\d+; the limit is).*",
        "Nor one for two lists of one length, for a parameter in place of a field, for an end after a start, or for a "
        "product.",
    ),
    Exempt(
        RejectedPositiveData,
        "POST /stimuli/.*",
        "422 invalid_request (There is no way between the two faces|The face lies|These faces have no mean|From this|"
        "Ratings that are all the same|This is no recipe|The choices are among pairs of noise).*",
        "How faces lie to each other, only their pictures show; and what a recipe holds is what an answer gave.",
    ),
    Exempt(
        UndefinedStatusCode,
        ".* /stimuli/.*",
        "400 None None",
        "A request line of more than 16 KB, of hundreds of weights: HTTP itself refuses it, before there is a route.",
    ),
    Exempt(
        AcceptedNegativeData,
        "POST /.*",
        "(413|415) .*",
        "Refused, by statuses of their own: too much, or of a media type that is not taken.",
    ),
    Exempt(
        UseAfterFree,
        "GET /jobs/{job_id}.*",
        "200 .*",
        "DELETE cancels a job, of which one can still read what came of it.",
    ),
)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Make each idempotency key new: Schemathesis sends short ones again and again."""
    del context, kwargs
    if case.meta is not None and case.meta.generation.mode.is_positive and "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = str(uuid.UUID(int=_random.getrandbits(128)))


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Failure, case: schemathesis.Case, response: schemathesis.Response
) -> bool:
    """Whether a failure is one."""
    del context
    return not is_exempt(failure, case.operation.label, response.status_code, response.content)


def is_exempt(failure: Failure, operation: str, status: int, content: bytes) -> bool:
    """Whether an exception covers a failure of an operation with an answer."""
    try:
        answer = json.loads(content)
    except ValueError:
        answer = {}
    problem = answer if isinstance(answer, dict) else {}
    text = f"{status} {problem.get('code')} {problem.get('detail')}"
    return any(
        isinstance(failure, known.failure)
        and re.fullmatch(known.operation, operation)
        and re.fullmatch(known.answer, text, re.DOTALL)
        for known in EXCEPTIONS
    )


def _archive() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("ada/1.jpg", PICTURES[0])
    return file.getvalue()


_pictures, _any_bytes = st.sampled_from(PICTURES), st.binary(max_size=100)
schemathesis.openapi.format("binary", _pictures | _any_bytes)
schemathesis.openapi.media_type("image/*", _pictures | _any_bytes)
schemathesis.openapi.media_type("application/msgpack", st.just(msgpack.packb(PACKED)) | _any_bytes)
schemathesis.openapi.media_type(ARCHIVE_TYPES[0], st.just(_archive()) | _any_bytes, aliases=ARCHIVE_TYPES[1:])
