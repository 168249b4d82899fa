"""Each call of the client as the request that it sends."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from facet_client import answers
from facet_client.wire import PNG, Call, Embedding, Picture, embedding_or_picture, to_json

Json = dict[str, Any]
Weights = Mapping[str, float]
"""Attributes with how much each counts; below 0 the results are unlike in it."""


def given(**named: Any) -> dict[str, Any]:
    """What is neither None nor an empty list."""
    return {name: value for name, value in named.items() if value is not None and value != []}


def _weighted(attr: Weights | None) -> list[str]:
    return [f"{name}:{weight}" for name, weight in (attr or {}).items()]


def _metadata(metadata: Mapping[str, Any] | None) -> dict[str, str]:
    """The query parameters that ask for values of the metadata."""
    return {f"metadata.{key}": to_json(value).decode() for key, value in (metadata or {}).items()}


def embed(*images: Picture, align: str = "auto", max_faces: int = 1, likeness: bool = False) -> Call[answers.Embedded]:
    """The faces of some pictures; of several, each that fails has its own `error`.

    With `likeness` each face is drawn back, for that part of its quality.
    """
    params = given(align=align, max_faces=max_faces, likeness=likeness or None)
    return Call("POST", "embed", params, [("image", image) for image in images])


def reconstruct(face: Picture | Embedding, *, align: str = "auto") -> Call[answers.Reconstruction]:
    """A face drawn back."""
    return Call("POST", "reconstruct", given(align=align), **embedding_or_picture(face))


def edit(
    face: Picture | Embedding,
    edits: Sequence[Json],
    *,
    sources: Sequence[Picture] = (),
    paste: bool = False,
    align: str = "auto",
) -> Call[bytes]:
    """The PNG of a face after some edits; `paste` puts it back into the photograph."""
    params = given(align=align, paste=paste or None)
    return Call("POST", "edit", params, **_edited(face, edits, sources), accept=PNG)


def edit_and_read(
    face: Picture | Embedding,
    edits: Sequence[Json],
    *,
    sources: Sequence[Picture] = (),
    align: str = "auto",
) -> Call[answers.Edited]:
    """The same with the embedding that was drawn, and what the encoder reads in the drawing."""
    return Call("POST", "edit", given(align=align), **_edited(face, edits, sources))


def _edited(face: Picture | Embedding, edits: Sequence[Json], sources: Sequence[Picture]) -> dict[str, Any]:
    body = embedding_or_picture(face, [("source", source) for source in sources])
    return {**body, "fields": {**body.get("fields", {}), "edits": list(edits)}}


def generate(
    count: int = 1,
    *,
    seed: int | None = None,
    image: Picture | None = None,
    keep: Sequence[str] = (),
    align: str = "auto",
) -> Call[list[answers.GeneratedFace]]:
    """Faces that nobody has, each with the attributes `keep` of the face in `image`."""
    params = given(count=count, seed=seed, keep=list(keep), align=align)
    return Call("POST", "generate", params, [] if image is None else [("image", image)])


def verify(image: Picture, other: Picture, *, align: str = "auto") -> Call[answers.Verified]:
    """Whether two pictures show one person."""
    return Call("POST", "verify", given(align=align), [("image", image), ("other", other)])


def enrol(
    face: Picture | Embedding,
    subject: str,
    collection: str = "default",
    metadata: Json | None = None,
    *,
    align: str = "auto",
    min_quality: float | None = None,
    key: str | None = None,
) -> Call[answers.Enrolled]:
    """Enrol a face, once, however often the call is tried; one below `min_quality` is refused with LowQuality.

    To try it again after an exception, give it a `key` of its own, such as a UUID, and then the same one.
    """
    body = embedding_or_picture(face)
    fields = given(subject=subject, collection=collection, metadata=metadata)
    body["fields"] = {**body.get("fields", {}), **fields}
    params = given(align=align, min_quality=min_quality)
    return Call("POST", "faces", params, **body, key=key or str(uuid4()))


def faces(
    collection: str | None = None, subject: str | None = None, cursor: str | None = None, limit: int = 100
) -> Call[answers.EnrolledPage]:
    """A page of enrolled faces."""
    return Call("GET", "faces", given(collection=collection, subject=subject, cursor=cursor, limit=limit))


def face(face_id: str) -> Call[answers.Enrolled]:
    """An enrolled face."""
    return Call("GET", f"faces/{quote(face_id, safe='')}")


def crop(face_id: str) -> Call[bytes | None]:
    """The PNG of an enrolled face, where it was kept."""
    return Call("GET", f"faces/{quote(face_id, safe='')}/crop", accept=PNG)


def change_face(
    face_id: str, *, subject: str | None = None, collection: str | None = None, metadata: Json | None = None
) -> Call[answers.Enrolled]:
    """Change what is given of an enrolled face."""
    fields = given(subject=subject, collection=collection, metadata=metadata)
    return Call("PATCH", f"faces/{quote(face_id, safe='')}", fields=fields)


def delete_face(face_id: str) -> Call[answers.Deleted]:
    """Erase a face."""
    return Call("DELETE", f"faces/{quote(face_id, safe='')}")


def delete_subject(subject: str, collection: str | None = None) -> Call[answers.Deleted]:
    """Erase every face of a subject, in one collection or in all."""
    return Call("DELETE", f"subjects/{quote(subject, safe='')}", given(collection=collection))


def collections() -> Call[answers.Collections]:
    """Every collection and how much it holds."""
    return Call("GET", "collections")


def search(
    face: Picture | Embedding,
    attr: Weights | None = None,
    *,
    source: Picture | None = None,
    source_attr: Sequence[str] = (),
    k: int = 10,
    align: str = "auto",
    metadata: Json | None = None,
    **conditions: Any,
) -> Call[answers.SearchResults]:
    """The enrolled faces that are most alike in the attributes `attr`; a picture `source` lends those in `source_attr`.

    `conditions` are `collection`, `subject`, `min_similarity`, `max_degrees`, `min_quality` and `group_by`.
    """
    params = given(attr=_weighted(attr), source_attr=list(source_attr), k=k, align=align, **conditions)
    body = embedding_or_picture(face, [("source", source)] if source is not None else [])
    return Call("POST", "search", params | _metadata(metadata), **body)


def search_like(
    face_id: str, attr: Weights | None = None, *, k: int = 10, metadata: Json | None = None, **conditions: Any
) -> Call[answers.SearchResults]:
    """The enrolled faces that are most like another enrolled face; the conditions are those of `search`."""
    params = given(face=face_id, attr=_weighted(attr), k=k, **conditions)
    return Call("GET", "search", params | _metadata(metadata))


def search_many(queries: Sequence[Json], *, k: int = 10, **conditions: Any) -> Call[answers.BatchResults]:
    """The answers to several queries at once, each with an `embedding` or a `face` and with what it wants else."""
    return Call("POST", "search", given(k=k, **conditions), fields={"queries": list(queries)})


def identify(
    face: Picture | Embedding,
    *,
    k: int = 5,
    min_probability: float = 0.5,
    collection: str | None = None,
    metadata: Json | None = None,
    min_quality: float | None = None,
    align: str = "auto",
) -> Call[answers.Identified]:
    """Which subject a face is, if any."""
    params = given(k=k, min_probability=min_probability, collection=collection, min_quality=min_quality, align=align)
    return Call("POST", "identify", params | _metadata(metadata), **embedding_or_picture(face))


def seed_demo() -> Call[answers.Seeded]:
    """Fill the collection `demo` with generated people."""
    return Call("POST", "demo")


def import_archive(
    archive: Path,
    collection: str = "default",
    *,
    strip: int = 0,
    align: str = "auto",
    min_quality: float | None = None,
) -> Call[answers.Job]:
    """Begin to enrol the pictures of a .zip or .tar, each under the name of its folder.

    Those whose face is below `min_quality` are told as failed.
    """
    params = given(collection=collection, strip=strip, align=align, min_quality=min_quality)
    return Call("POST", "jobs/import", params, archive=archive)


def group(
    collection: str, *, by: str = "identity", distance: float | None = None, min_size: int = 2
) -> Call[answers.Job]:
    """Begin to group the faces of a collection."""
    params = given(by=by, distance=distance, min_size=min_size)
    return Call("POST", f"collections/{quote(collection, safe='')}/groups", params)


def reembed(collection: str) -> Call[answers.Job]:
    """Begin to embed the faces of a collection that other models made anew, from the pictures kept of them."""
    return Call("POST", f"collections/{quote(collection, safe='')}/reembed")


def jobs(collection: str | None = None, cursor: str | None = None, limit: int = 100) -> Call[answers.JobPage]:
    """A page of jobs, the newest first."""
    return Call("GET", "jobs", given(collection=collection, cursor=cursor, limit=limit))


def job(job_id: str, *, failures_after: int = -1, limit: int = 100) -> Call[answers.JobReport]:
    """How a job stands, with what failed and with its groups."""
    return Call("GET", f"jobs/{quote(job_id, safe='')}", given(failures_after=failures_after, limit=limit))


def events(job_id: str) -> Call[answers.Job]:
    """The stream of a job's states."""
    return Call("GET", f"jobs/{quote(job_id, safe='')}/events", accept="text/event-stream")


def cancel_job(job_id: str) -> Call[answers.Job]:
    """End a job before it is done."""
    return Call("DELETE", f"jobs/{quote(job_id, safe='')}")


def model() -> Call[answers.Model]:
    """What the loaded model says of itself."""
    return Call("GET", "model")


def live() -> Call[answers.Health]:
    """Whether the service answers at all."""
    return Call("GET", "health/live")


def ready() -> Call[answers.Health]:
    """Whether requests can be answered. Raises Unavailable with what is missing."""
    return Call("GET", "health/ready")


def metrics() -> Call[str]:
    """What the service measures, in the format of Prometheus."""
    return Call("GET", "metrics", accept="text/plain")
