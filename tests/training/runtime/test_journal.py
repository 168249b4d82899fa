import json
from pathlib import Path

import cv2
import numpy as np
from tensorboardX.proto.event_pb2 import Event

from training.runtime.journal import Journal


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_measurements_are_lines_with_losses_and_facts(tmp_path: Path) -> None:
    with Journal(tmp_path, 0) as journal:
        journal.measured(1, {"pose": 0.5}, {"speed": 12.0})
        journal.measured(2, {"pose": 0.25}, {"speed": 13.0})
    assert rows(tmp_path) == [{"step": 1, "speed": 12.0, "pose": 0.5}, {"step": 2, "speed": 13.0, "pose": 0.25}]


def test_the_same_goes_to_tensorboard(tmp_path: Path) -> None:
    with Journal(tmp_path, 0) as journal:
        journal.measured(7, {"pose": 0.5}, {"speed": 12.0})
        journal.sheet(7, np.full((4, 6, 3), 200, np.uint8))
    found = {}
    for event in events(tmp_path):
        for value in event.summary.value:
            found[value.tag] = (event.step, value.simple_value or (value.image.height, value.image.width))
    assert found == {"loss/pose": (7, 0.5), "step/speed": (7, 12.0), "sheet": (7, (4, 6))}
    picture = cv2.imread(str(tmp_path / "sheets" / "000007.png"))
    assert picture is not None
    assert (picture == 200).all()


def events(folder: Path) -> list[Event]:
    """The records of TensorBoard's file: each has its length, a checksum, the message, and a checksum."""
    [path] = (folder / "tensorboard").iterdir()
    data, found = path.read_bytes(), []
    while data:
        length = int.from_bytes(data[:8], "little")
        found.append(Event.FromString(data[12 : 12 + length]))
        data = data[12 + length + 4 :]
    return found


def test_what_came_after_the_step_is_taken_back(tmp_path: Path) -> None:
    with Journal(tmp_path, 0) as journal:
        for step in (1, 2, 3, 4):
            journal.measured(step, {"pose": float(step)}, {})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "po')
    with Journal(tmp_path, 2) as journal:
        journal.measured(3, {"pose": 30.0}, {})
    assert [row["pose"] for row in rows(tmp_path)] == [1.0, 2.0, 30.0]
    assert not list(tmp_path.glob("*.writing"))
