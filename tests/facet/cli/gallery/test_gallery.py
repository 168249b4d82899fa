import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from facet.cli import app
from gallery.gallery import Gallery
from gallery.records import NewFace
from model.engine.dummy import DummyModel


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot is kept in blocks of four numbers."""
    monkeypatch.setattr("gallery.store.block_keys.BLOCK", 4)


def _enrol(data_dir: Path, count: int) -> None:
    gallery = Gallery(f"sqlite:///{data_dir / 'facet.db'}")
    gallery.enrol_many([NewFace("ada", np.asarray(vector), "m1") for vector in DummyModel().sample(count, seed=1)])
    gallery.close()


def test_a_snapshot_is_written_and_the_gallery_verified(tmp_path: Path) -> None:
    _enrol(tmp_path, 5)
    options = ["--data-dir", str(tmp_path)]
    before = CliRunner().invoke(app, ["gallery", "verify", *options])
    assert (before.exit_code, before.stdout) == (
        0,
        "5 faces after change 5, 0 of them in the snapshot, and 0 numbers erased\n",
    )
    written = CliRunner().invoke(app, ["gallery", "snapshot", *options])
    assert (written.exit_code, written.stdout) == (0, f"{tmp_path / 'index.snapshot'} is up to date\n")
    after = CliRunner().invoke(app, ["gallery", "verify", *options])
    assert (after.exit_code, after.stdout) == (
        0,
        "5 faces after change 5, 4 of them in the snapshot, and 0 numbers erased\n",
    )


def test_what_does_not_agree_is_an_error(tmp_path: Path) -> None:
    _enrol(tmp_path, 5)
    options = ["--data-dir", str(tmp_path)]
    assert CliRunner().invoke(app, ["gallery", "snapshot", *options]).exit_code == 0
    engine = create_engine(f"sqlite:///{tmp_path / 'facet.db'}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM faces WHERE sequence = 2"))
    engine.dispose()
    result = CliRunner().invoke(app, ["gallery", "verify", *options])
    assert result.exit_code == 1
    assert "the index holds faces that the store does not have: 1, numbers 2" in result.stderr


def test_the_log_is_emptied_unless_somebody_reads(tmp_path: Path) -> None:
    _enrol(tmp_path, 5)
    command = ["gallery", "scrub", "--data-dir", str(tmp_path)]
    with closing(sqlite3.connect(tmp_path / "facet.db")) as reader:
        # As a process that was killed leaves it.
        writer = sqlite3.connect(tmp_path / "facet.db")
        writer.execute("DELETE FROM faces WHERE sequence = 1")
        writer.commit()
        result = CliRunner().invoke(app, command)
        assert (result.exit_code, result.stdout) == (0, "nothing of what was erased is in the tables' files\n")
        assert (tmp_path / "facet.db-wal").stat().st_size == 0
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM faces").fetchall() == [(4,)]
        writer.execute("DELETE FROM faces WHERE sequence = 2")
        writer.commit()
        writer.close()
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1
        assert "somebody reads what was there before" in result.stderr


def test_a_folder_without_a_gallery_is_not_made_one(tmp_path: Path) -> None:
    for command in ("verify", "snapshot", "scrub", "reembed"):
        result = CliRunner().invoke(app, ["gallery", command, "--data-dir", str(tmp_path / "typo")])
        assert (result.exit_code, result.stderr) == (1, f"facet: there is no gallery in {tmp_path / 'typo'}\n")
    assert not list(tmp_path.iterdir())


def test_a_database_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    for url in ("nonsense", "nodatabase://x", f"sqlite:///{tmp_path}"):
        result = CliRunner().invoke(app, ["gallery", "verify", "--data-dir", str(tmp_path), "--database-url", url])
        assert result.exit_code == 1
        assert result.stderr.startswith("facet: ")
        assert result.stderr.count("\n") == 1
