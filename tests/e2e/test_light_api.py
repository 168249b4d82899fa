import json
import subprocess
import sys
from pathlib import Path

from tests.faces import draw_face, jpeg
from tests.processes import ROOT, distributed

MEBIBYTES = 250
"""About 130 are used; torch alone would take as much again."""


def test_the_api_of_a_distributed_deployment_has_neither_torch_nor_opencv_nor_faiss(tmp_path: Path) -> None:
    (tmp_path / "face.jpg").write_bytes(jpeg(draw_face()))
    with distributed(tmp_path, tmp_path) as settings:
        command = [sys.executable, "-m", "tests.e2e.light_api", str(tmp_path), settings["redis_url"]]
        output = subprocess.run(command, cwd=ROOT, check=True, timeout=60, stdout=subprocess.PIPE, text=True).stdout
    said = json.loads(output)
    assert (said["status"], said["searched"]) == (201, 1)
    assert "celery" in said["packages"]
    assert not {"torch", "torchvision", "cv2", "faiss", "onnxruntime"} & set(said["packages"])
    assert said["mebibytes"] < MEBIBYTES
