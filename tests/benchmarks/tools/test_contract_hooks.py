"""Which failures of the contract are none."""

import json

import pytest
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

from benchmarks.tools.contract_hooks import EXCEPTIONS, is_exempt


@pytest.mark.parametrize(
    ("kind", "operation", "status", "problem", "exempt"),
    [
        (RejectedPositiveData, "POST /embed", 422, ("no_face", "No face was found in the picture."), True),
        (RejectedPositiveData, "POST /embed", 422, ("invalid_request", "max_faces: too large"), False),
        (RejectedPositiveData, "GET /faces", 422, ("invalid_request", "cursor: String should match"), False),
        (AcceptedNegativeData, "POST /embed", 413, ("too_large", "33 pictures in one request"), True),
        (AcceptedNegativeData, "POST /embed", 200, None, False),
        (UseAfterFree, "GET /jobs/{job_id}", 200, None, True),
        (UseAfterFree, "GET /faces/{face_id}", 200, None, False),
        (Failure, "POST /embed", 422, ("no_face", "No face was found in the picture."), False),
    ],
)
def test_an_exception_covers_its_own_failure_alone(
    kind: type[Failure], operation: str, status: int, problem: tuple[str, str] | None, exempt: bool
) -> None:
    failure = kind.__new__(kind)
    content = b"{}" if problem is None else json.dumps({"code": problem[0], "detail": problem[1]}).encode()
    assert is_exempt(failure, operation, status, content) is exempt


def test_each_exception_has_its_reason() -> None:
    assert all(len(known.why) > 20 and known.why.endswith(".") for known in EXCEPTIONS)
