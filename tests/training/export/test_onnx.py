from pathlib import Path

import numpy as np
import pytest
import torch

from model.attributes import EMBEDDING_SIZE
from tests.tiny import tiny_model
from training.export import onnx as onnx_export
from training.export.onnx import TOLERANCE, export_onnx, run_onnx


def test_both_files_agree_with_torch_on_any_batch(tmp_path: Path) -> None:
    model = tiny_model()
    differences = export_onnx(model, tmp_path / "new")
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == ["decoder.onnx", "encoder.onnx"]
    assert max(differences.values()) <= TOLERANCE
    images = np.random.default_rng(1).uniform(-1, 1, (3, 3, 64, 64)).astype(np.float32)
    embeddings = run_onnx(tmp_path / "new" / "encoder.onnx", images)
    assert embeddings.shape == (3, EMBEDDING_SIZE)
    with torch.no_grad():
        assert embeddings == pytest.approx(model.embed(torch.from_numpy(images)).numpy(), abs=TOLERANCE)
        drawn = model.render(torch.from_numpy(embeddings[:1])).numpy()
    assert run_onnx(tmp_path / "new" / "decoder.onnx", embeddings[:1]) == pytest.approx(drawn, abs=TOLERANCE)


def test_a_file_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "TOLERANCE", -1.0)
    with pytest.raises(ValueError, match=r"encoder.onnx differs from torch by"):
        export_onnx(tiny_model(), tmp_path)
