"""Who embeds and draws for a command: a running service by its address, or the model in the command's own process."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from facet.library import Drawing, Facet
    from facet.library.picture_result import Found
    from facet_client import Client

BATCH = 64
"""Faces that are drawn at once in this process."""


class Drawn(Protocol):
    """A picture drawn back."""

    @property
    def png(self) -> bytes: ...
    @property
    def ssim(self) -> float | None: ...


class Faces(Protocol):
    """The calls of the client that need no gallery."""

    def edit(
        self, face: Path, edits: Sequence[dict[str, Any]], *, sources: Sequence[Path], paste: bool, align: str
    ) -> bytes: ...

    def generate(
        self, count: int, *, seed: int | None, image: Path | None, keep: Sequence[str], align: str
    ) -> Sequence[bytes]: ...

    def verify(self, image: Path, other: Path, *, align: str) -> Mapping[str, Any]: ...

    def reconstruct_each(self, pictures: Sequence[Path], align: str) -> "Iterator[tuple[Path, Drawn | str]]":
        """Each picture in its order, drawn back or why not."""
        ...


@contextmanager
def faces_of(url: str | None) -> Iterator[Faces]:
    """A running service, or without an address the model that the settings describe."""
    if url is None:
        import facet

        with facet.load() as model:
            yield _Here(model)
        return
    from facet.cli.common.service import connected

    with connected(url) as client:
        yield _There(client)


class _There:
    def __init__(self, client: "Client") -> None:
        self._client = client

    def edit(
        self, face: Path, edits: Sequence[dict[str, Any]], *, sources: Sequence[Path], paste: bool, align: str
    ) -> bytes:
        return self._client.edit(face, edits, sources=sources, paste=paste, align=align)

    def generate(
        self, count: int, *, seed: int | None, image: Path | None, keep: Sequence[str], align: str
    ) -> Sequence[bytes]:
        faces = self._client.generate(count, seed=seed, image=image, keep=keep, align=align)
        return [face["image"] for face in faces]

    def verify(self, image: Path, other: Path, *, align: str) -> Mapping[str, Any]:
        return self._client.verify(image, other, align=align)

    def reconstruct_each(self, pictures: Sequence[Path], align: str) -> "Iterator[tuple[Path, Drawn | str]]":
        from facet.measuring.embedder import OF_THE_PICTURE, several_at_once
        from facet_client.errors import FacetError

        def attempt(path: Path) -> tuple[Path, Drawn | str]:
            try:
                drawn = self._client.reconstruct(path, align=align)
            except FacetError as error:
                if error.code not in OF_THE_PICTURE:
                    raise
                return path, error.message
            return path, _Answered(drawn["image"], drawn.get("ssim"))

        yield from several_at_once(attempt, pictures)


class _Answered:
    def __init__(self, png: bytes, ssim: float | None) -> None:
        self.png, self.ssim = png, ssim


class _Here:
    def __init__(self, model: "Facet") -> None:
        self._model = model

    def edit(
        self, face: Path, edits: Sequence[dict[str, Any]], *, sources: Sequence[Path], paste: bool, align: str
    ) -> bytes:
        named = {f"source:{number}": source for number, source in enumerate(sources)}
        changes = [{**edit, "from": named[edit["from"]]} if "from" in edit else edit for edit in edits]
        drawing: Drawing = self._model.edit(face, changes, paste=paste, align=_align(align))
        return drawing.png

    def generate(
        self, count: int, *, seed: int | None, image: Path | None, keep: Sequence[str], align: str
    ) -> Sequence[bytes]:
        faces = self._model.generate(count, seed=seed, like=image, keep=keep, align=_align(align))
        return [face.png for face in faces]

    def verify(self, image: Path, other: Path, *, align: str) -> Mapping[str, Any]:
        from dataclasses import asdict

        return asdict(self._model.verify(image, other, align=_align(align)))

    def reconstruct_each(self, pictures: Sequence[Path], align: str) -> "Iterator[tuple[Path, Drawn | str]]":
        gathered: list[Found] = []
        for found in self._model.each(pictures, align=_align(align), show=True, progress=False):
            gathered.append(found)
            if len(gathered) == BATCH:
                yield from self._drawn(gathered)
                gathered = []
        yield from self._drawn(gathered)

    def _drawn(self, gathered: "Sequence[Found]") -> "Iterator[tuple[Path, Drawn | str]]":
        drawn = iter(self._model.redraw([found for found in gathered if found.error is None]))
        for found in gathered:
            yield Path(str(found.picture)), next(drawn) if found.error is None else found.error.message


def _align(name: str) -> Any:
    """`auto` or `none`, as the library's type has it."""
    return str(name)
