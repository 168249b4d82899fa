"""A collection goes through a Parquet file to the last bit."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gallery import parquet
from gallery.gallery import Gallery
from gallery.parquet import Export
from gallery.records import EnrolledFace, NewFace
from model.attributes import SPACES, Attribute
from model.errors import InvalidRequest

MakeFace = Callable[..., NewFace]


def _key(face: EnrolledFace) -> tuple[object, ...]:
    """All that a face is but its number."""
    return (
        *(face.id, face.subject, face.collection, face.model, face.embedding.tobytes()),
        *(face.metadata, face.quality, face.created),
    )


def _imported(path: Path, gallery: Gallery, collection: str | None = None) -> int:
    return sum(gallery.enrol_unknown(faces) for faces in Export(path).faces(collection))


def test_a_round_trip_changes_no_bit(new_url: Callable[[], str], tmp_path: Path, new: MakeFace) -> None:
    facts = [{}, {"ä": [1, 2.5, None, True, "\u2028"], "deep": {"0": -0.0}}, {"n": 10**15, "x": 0.1}]
    gallery, path = Gallery(new_url()), tmp_path / "c.parquet"
    enrolled = gallery.enrol_many(
        [
            new(n, f"sübject {n}", collection="c", metadata=facts[n % 3], quality=None if n % 2 else n / 7,
                crop=bytes([n]) if n % 4 == 0 else None, content=bytes([n] * 32) if n % 3 == 0 else None)
            for n in range(25)
        ]
        + [new(50, collection="d")]
    )  # fmt: skip
    assert parquet.write(path, gallery.exported("c")) == len(Export(path)) == 25
    other = Gallery(new_url())
    assert _imported(path, other) == 25
    there = other.page().faces
    assert [_key(face) for face in there] == [_key(face) for face in enrolled[:25]]
    assert [other.crop(face.id) for face in there] == [gallery.crop(face.id) for face in enrolled[:25]]
    assert other.jobs.known("c", [bytes([n] * 32) for n in range(25)]) == {bytes([n] * 32) for n in range(0, 25, 3)}
    assert _imported(path, other) == 0
    other.delete(there[3].id)
    assert _imported(path, other, "moved") == 1
    assert other.get(there[3].id).collection == "moved"
    again = tmp_path / "again.parquet"
    parquet.write(again, other.exported("c"))
    assert pq.read_table(again).equals(pq.read_table(path).filter(pa.compute.field("id") != there[3].id))
    for opened in (gallery, other):
        opened.close()


def test_any_tool_can_read_it(sqlite_url: str, tmp_path: Path, new: MakeFace) -> None:
    gallery, path = Gallery(sqlite_url), tmp_path / "c.parquet"
    face = gallery.enrol(new(1))
    parquet.write(path, gallery.exported("default"))
    table = pq.read_table(path)
    assert table.column("embedding").to_pylist() == [face.embedding.tolist()]
    space = SPACES[Attribute.STYLE]
    assert f'"style": [{space.start}, {space.slice.stop}]' in table.schema.metadata[b"facet"].decode()
    parquet.write(path, gallery.exported("nobody"))
    assert (len(Export(path)), _imported(path, gallery)) == (0, 0)
    gallery.close()


def test_another_models_file_is_refused_before_anything_is_enrolled(
    sqlite_url: str, tmp_path: Path, new: MakeFace
) -> None:
    gallery, path = Gallery(sqlite_url), tmp_path / "c.parquet"
    gallery.enrol_many([new(1), new(2, model="m2")])
    parquet.write(path, gallery.exported("default"))
    with pytest.raises(InvalidRequest, match="the model 'm2', and 'm1' runs here"):
        Export(path).check_model("m1")
    gallery.close()


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"hello")
    with pytest.raises(InvalidRequest, match="cannot be read as Parquet"):
        Export(path)
    pq.write_table(pa.table({"id": ["a"]}), path)
    with pytest.raises(InvalidRequest, match="no column subject of string"):
        Export(path)


@pytest.mark.parametrize(
    ("column", "value"), [("id", "x"), ("subject", None), ("metadata", "{"), ("metadata", "1"), ("embedding", None)]
)
def test_a_row_that_is_no_face_is_told(
    sqlite_url: str, tmp_path: Path, new: MakeFace, column: str, value: object
) -> None:
    gallery, path = Gallery(sqlite_url), tmp_path / "c.parquet"
    gallery.enrol(new(1))
    parquet.write(path, gallery.exported("default"))
    table = pq.read_table(path)
    place = table.schema.get_field_index(column)
    field = table.schema.field(place)
    pq.write_table(table.set_column(place, field, pa.array([value], field.type)), path)
    with pytest.raises(InvalidRequest):
        _imported(path, gallery)
    gallery.close()
