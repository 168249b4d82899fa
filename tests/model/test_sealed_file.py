"""Files of arrays that know their own content."""

from pathlib import Path

import numpy as np
import pytest

from model.errors import InvalidCheckpoint
from model.sealed_file import read_sealed, write_sealed


def test_arrays_come_back_however_they_lie_in_memory(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    arrays = {
        "rows": rows,
        "columns": rows.T,
        "every other": rows[:, ::2],
        "last channel": np.moveaxis(rows[None], 0, 2),
    }
    write_sealed(tmp_path / "some.safetensors", arrays, {"format": "some-1", "name": "n"})
    found, metadata, digest = read_sealed(tmp_path / "some.safetensors", "some-1", "file")
    assert metadata == {"format": "some-1", "name": "n"}
    assert len(digest) == 64
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_changed_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    write_sealed(path, {"rows": np.zeros(4, np.float32)}, {"format": "some-1"})
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InvalidCheckpoint, match="is damaged: its content does not match its hash"):
        read_sealed(path, "some-1", "file")
    with pytest.raises(InvalidCheckpoint, match=r"is not a file of this system \(format 'some-1'\)"):
        read_sealed(path, "other-1", "file")
