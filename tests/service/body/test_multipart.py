"""Multipart bodies, however they are cut into chunks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import FacetError, ImageTooLarge, InvalidRequest, TooLarge
from service.body.multipart import MAX_PARTS, Form, FormLimits

BOUNDARY = b"a-boundary"
LIMITS = FormLimits(picture_bytes=100, text_bytes=20)

Part = tuple[str, str | None, bytes]


def body(parts: Sequence[Part]) -> bytes:
    """The body of parts with a name, a file's name where they are one, and content."""
    pieces = []
    for name, filename, content in parts:
        head = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        pieces.append(b"--" + BOUNDARY + b"\r\n" + head.encode() + b"\r\nContent-Type: any/type\r\n\r\n" + content)
    return b"\r\n".join([*pieces, b"--" + BOUNDARY + b"--\r\n"])


def read(data: bytes, size: int = 2**16, boundary: bytes = BOUNDARY) -> Form:
    """The form of a body that comes in chunks of a size."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    form = Form(boundary, LIMITS)
    asyncio.run(form.read(chunks()))
    return form


CONTENTS = st.binary(max_size=20) | st.just(b"\r\n--a-boundar\r\n--a-boundary\xff"[:20])


@given(
    pictures=st.lists(st.tuples(st.sampled_from(["image", "source"]), CONTENTS), max_size=5),
    fields=st.dictionaries(st.sampled_from(["subject", "edits", "amount"]), st.text(max_size=5), max_size=3),
    size=st.integers(1, 50),
)
def test_parts_come_whole_and_in_order(pictures: list[tuple[str, bytes]], fields: dict[str, str], size: int) -> None:
    parts: list[Part] = [(name, "a.jpg", content) for name, content in pictures]
    parts += [(name, None, text.encode()) for name, text in fields.items()]
    form = read(body(parts), size)
    assert form.fields == fields
    assert [(name, content) for name in sorted(form.pictures) for content in form.pictures[name]] == sorted(
        pictures, key=lambda part: part[0]
    )


def test_an_empty_file_name_makes_a_picture_and_none_a_text() -> None:
    data = body([("image", "x", b"1"), ("subject", None, b"1")]).replace(b'filename="x"', b'filename=""')
    form = read(data)
    assert (form.pictures, form.fields) == ({"image": [b"1"]}, {"subject": "1"})


def test_what_is_not_utf_8_is_read_as_latin_1() -> None:
    assert read(body([("subject", None, b"Zo\xeb")])).fields == {"subject": "Zoë"}


@pytest.mark.parametrize("size", [1, 2**16])
def test_a_part_may_be_as_large_as_its_limit_and_no_larger(size: int) -> None:
    assert read(body([("image", "a", bytes(100)), ("subject", None, b"x" * 20)]), size).pictures == {
        "image": [bytes(100)]
    }
    with pytest.raises(ImageTooLarge, match="'image' has more than 100 bytes"):
        read(body([("image", "a", bytes(101))]), size)
    with pytest.raises(TooLarge, match="'subject' has more than 20 bytes"):
        read(body([("subject", None, b"x" * 21)]), size)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"no form", "not what its content type says"),
        (body([("image", "a", b"1")])[:-10], "ends before its last boundary"),
        (b"", "ends before its last boundary"),
        (body([("x", None, b"1")]).replace(b'; name="x"', b""), "no name"),
        (body([("x", None, b"1")]).replace(b"Content-Disposition", b"Content-Something"), "no name"),
        (body([("x", None, b"1"), ("x", None, b"2")]), "'x' came several times"),
        (body([("x", "a", b"")] * (MAX_PARTS + 1)), f"more than {MAX_PARTS} parts"),
    ],
)
def test_what_is_no_form_is_told_why(data: bytes, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        read(data)


def test_a_boundary_may_not_be_longer_than_the_standard_says() -> None:
    with pytest.raises(InvalidRequest, match="cannot be read"):
        Form(b"x" * 1000, LIMITS)


@given(data=st.binary(max_size=200), place=st.integers(0, 150), size=st.integers(1, 20))
def test_any_bytes_are_a_form_or_an_error_of_the_domain(data: bytes, place: int, size: int) -> None:
    spoilt = body([("image", "a", b"12"), ("subject", None, b"ada")])
    whole = spoilt[:place] + data + spoilt[place:]
    with suppress(FacetError):
        form = read(whole, size)
        contents = [content for found in form.pictures.values() for content in found]
        assert all(content in whole for content in contents)
        assert sum(map(len, contents)) < len(whole)
