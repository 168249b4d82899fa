"""Archives give their files, and nothing that an attacker put into them leaves the limits."""

import io
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gallery.jobs.archive import open_archive
from gallery.jobs.import_source import Folder, Limits, Source, checked_path
from model.errors import ArchiveBomb, FacetError, InvalidRequest, NotFound
from tests.gallery.jobs.pictures import folder_of, people, tarred, zipped

MAKERS: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda files: tarred(files, "w:gz"),
}
every_format = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def _open(tmp_path: Path, data: bytes, limits: Limits | None = None) -> Source:
    path = tmp_path / "archive"
    path.write_bytes(data)
    return open_archive(path, limits or Limits())


def _read(source: Source) -> dict[str, bytes | str]:
    """What each entry holds, or the code of why it does not."""
    found: dict[str, bytes | str] = {}
    for entry in source.entries():
        try:
            found[entry.path] = entry.read()
        except ArchiveBomb:
            raise
        except FacetError as error:
            found[entry.path] = error.code
    return found


@every_format
def test_an_archive_gives_its_files_in_order(tmp_path: Path, make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    files = people(20)
    source = _open(tmp_path, make({**files, "__MACOSX/s0/._0.jpg": b"", "s1/.DS_Store": b"", "s1/empty.jpg": b""}))
    assert list(_read(source).items()) == [*files.items(), ("s1/empty.jpg", b"")]
    assert source.total in (None, 41)


def test_a_folder_gives_its_files_but_no_links(tmp_path: Path) -> None:
    files = people(3)
    root = folder_of(tmp_path / "root", {**files, ".git/config": b"x", "s1/.hidden": b"x"})
    (root / "s0" / "link.jpg").symlink_to(root / "s1" / "2.jpg")
    source = Folder(root, Limits())
    assert _read(source) == files
    assert source.total == 6
    (root / "s0" / "0.jpg").unlink()
    (root / "s0" / "0.jpg").symlink_to("/etc/passwd")
    assert _read(source)["s0/0.jpg"] == "unreadable_file"
    with pytest.raises(NotFound, match="there is no folder"):
        Folder(tmp_path / "typo", Limits())


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x05\x06", b"\x1f\x8bxx", bytes(1024), b"x" * 5000])
def test_anything_else_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="archive"):
        _read(_open(tmp_path, data))


@pytest.mark.parametrize("path", ["/etc/x.jpg", "../x.jpg", "a/../../x.jpg", "a\\..\\x.jpg", "C:/x.jpg"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest, match="leads out"):
        checked_path(path)


@pytest.mark.parametrize("path", ["", ".", "./."])
def test_a_path_that_names_no_file_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest, match="names no file"):
        checked_path(path)


@every_format
def test_a_file_over_the_limit_fails_alone(tmp_path: Path, make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    data = make({"s/1.jpg": b"x" * 100, "s/2.jpg": b"x" * 101, "s/3.jpg": b"y"})
    assert _read(_open(tmp_path, data, Limits(max_file_bytes=100))) == {
        "s/1.jpg": b"x" * 100,
        "s/2.jpg": "image_too_large",
        "s/3.jpg": b"y",
    }


@every_format
def test_too_many_entries_are_a_bomb(tmp_path: Path, make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    files = people(3)
    assert len(_read(_open(tmp_path, make(files), Limits(max_entries=6)))) == 6
    with pytest.raises(ArchiveBomb, match="more than 5 entries"):
        _read(_open(tmp_path, make(files), Limits(max_entries=5)))


@pytest.mark.parametrize("make", [MAKERS["zip"], MAKERS["tar.gz"]], ids=["zip", "tar.gz"])
def test_what_unfolds_into_a_flood_is_a_bomb(tmp_path: Path, make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    data = make({f"s/{n}.jpg": bytes(8 * 2**20) for n in range(10)})
    assert len(data) < 2**18
    tracemalloc.start()
    with pytest.raises(ArchiveBomb, match="unfolds"):
        _read(_open(tmp_path, data, Limits(max_ratio=2)))
    with pytest.raises(ArchiveBomb, match="unfolds"):
        _read(_open(tmp_path, data, Limits(max_ratio=10_000, max_unpacked_bytes=30 * 2**20)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150 * 2**20


def test_a_header_that_claims_a_flood_is_a_bomb(tmp_path: Path) -> None:
    member = tarfile.TarInfo("s/x.jpg")
    member.type, member.size = tarfile.XHDTYPE, 2**30
    with pytest.raises(ArchiveBomb, match="header"):
        _read(_open(tmp_path, member.tobuf() + bytes(2048)))


def test_a_directory_that_claims_a_flood_is_a_bomb(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**31, 0, 0)
    with pytest.raises(ArchiveBomb, match="entries"):
        _open(tmp_path, zipped({"a/b.jpg": b"x"})[:-22] + end, Limits(max_entries=1000))


def test_links_and_devices_are_no_files(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind in {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}.items():
            member = tarfile.TarInfo(f"s/{name}.jpg")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        plain = tarfile.TarInfo("s/plain.jpg")
        plain.size = 3
        archive.addfile(plain, io.BytesIO(b"yes"))
    assert _read(_open(tmp_path, stream.getvalue())) == {
        **{f"s/{name}.jpg": "unreadable_file" for name in ("link", "hard", "device")},
        "s/plain.jpg": b"yes",
    }
    zip_stream = io.BytesIO()
    with zipfile.ZipFile(zip_stream, "w") as zip_archive:
        info = zipfile.ZipInfo("s/link.jpg")
        info.external_attr = 0o120777 << 16
        zip_archive.writestr(info, "/etc/passwd")
    assert _read(_open(tmp_path, zip_stream.getvalue())) == {"s/link.jpg": "unreadable_file"}


def test_another_compression_is_refused(tmp_path: Path) -> None:
    data = zipped({"s/1.jpg": bytes(1000)}, zipfile.ZIP_BZIP2)
    assert _read(_open(tmp_path, data)) == {"s/1.jpg": "unreadable_file"}


def test_a_damaged_file_of_a_zip_fails_alone(tmp_path: Path) -> None:
    data = bytearray(zipped({"s/1.jpg": b"first", "s/2.jpg": b"second"}, zipfile.ZIP_STORED))
    data[data.index(b"first")] ^= 1
    assert _read(_open(tmp_path, bytes(data))) == {"s/1.jpg": "unreadable_file", "s/2.jpg": b"second"}


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_a_tar_that_is_cut_off_says_so(tmp_path: Path, kind: str) -> None:
    # Noise, which does not compress.
    noise = zlib.compress(bytes(range(256)) * 40, 0)
    data = MAKERS[kind]({f"s/{n}.jpg": noise for n in range(4)})
    with pytest.raises(InvalidRequest, match="damaged"):
        _read(_open(tmp_path, data[: len(data) // 2]))


def test_a_name_that_is_not_utf_8_is_told_with_question_marks(tmp_path: Path) -> None:
    """A database takes no half characters; the picture is imported all the same."""
    header = tarfile.TarInfo("people/Jos\udce9/1.jpg")
    header.size = 3
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as archive:
        archive.addfile(header, io.BytesIO(b"abc"))
    assert b"Jos\xe9" in data.getvalue()
    assert _read(_open(tmp_path, data.getvalue())) == {"people/Jos?/1.jpg": b"abc"}
