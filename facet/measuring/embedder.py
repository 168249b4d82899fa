"""Who finds and embeds the faces of many shots: the model in this process, or a running service."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from facet.measuring.sources import Shot
from worker import interface
from worker.interface import Align

if TYPE_CHECKING:
    from facet.library import Facet
    from facet_client import Client
    from facet_client.answers import Face

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 8
"""Shots under way at a service at a time: enough to fill its networks' batches."""
OF_THE_PICTURE = frozenset(
    {
        "crashed_worker",
        "image_too_large",
        "image_too_small",
        "no_face",
        "unreadable_file",
        "unreadable_image",
        "unsupported_image",
    }
)
"""Codes of failures after which other pictures may well succeed."""


class Measured(NamedTuple):
    """What came of one shot."""

    shot: Shot
    faces: "list[Face]"
    """As the service answers them, largest first."""
    error: str | None


class Embedder(Protocol):
    """Embeds shots in their order."""

    model: str
    """The id of the model."""

    def embed(self, shots: Iterable[Shot], align: Align, max_faces: int, likeness: bool = False) -> Iterator[Measured]:
        """What came of each shot. Raises the first failure that is not its picture's own."""


class _Local:
    def __init__(self, model: "Facet") -> None:
        from pydantic import TypeAdapter

        from service.schemas import Face

        self.model = model.id
        self._facet = model
        self._as_answer: Callable[[interface.Face], Any]
        adapter = TypeAdapter(Face)
        self._as_answer = lambda face: adapter.dump_python(Face.of(face), mode="json")

    def embed(self, shots: Iterable[Shot], align: Align, max_faces: int, likeness: bool = False) -> Iterator[Measured]:
        kept, given = tee(shots)
        pictures = (shot.path if shot.pixels is None else shot.pixels for shot in given)
        for found in self._facet.each(pictures, align=align, max_faces=max_faces, likeness=likeness, progress=False):
            shot = next(kept)
            error = None if found.error is None else found.error.message
            yield Measured(shot, [self._as_answer(face) for face in found.faces], error)


class _Remote:
    def __init__(self, client: "Client") -> None:
        self.model = client.model()["id"]
        self._client = client

    def embed(self, shots: Iterable[Shot], align: Align, max_faces: int, likeness: bool = False) -> Iterator[Measured]:
        def attempt(shot: Shot) -> Measured:
            from facet_client.errors import FacetError

            try:
                answer = self._client.embed(_file_of(shot), align=align, max_faces=max_faces, likeness=likeness)
            except FacetError as error:
                if error.code not in OF_THE_PICTURE:
                    raise
                return Measured(shot, [], error.message)
            return Measured(shot, answer["images"][0]["faces"], None)

        yield from several_at_once(attempt, shots)


def several_at_once(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """What the work gives of each item, in order; few are under way at a time."""
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= 2 * AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _file_of(shot: Shot) -> Path | bytes:
    if shot.pixels is None:
        return shot.path
    from model.images.encode import encode_png

    return encode_png(shot.pixels, None)


def local(model: "Facet") -> Embedder:
    """The model in this process."""
    return _Local(model)


def remote(client: "Client") -> Embedder:
    """A running service."""
    return _Remote(client)
