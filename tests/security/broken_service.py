"""`facet serve` whose model fails at everything once a file `break` is there."""

import sys
from pathlib import Path
from typing import Any

from facet.cli import app
from model.engine.dummy import DummyModel

marker = Path(sys.argv[1])
embed = DummyModel.embed


def fail(self: DummyModel, crops: Any) -> Any:
    if marker.exists():
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    return embed(self, crops)


DummyModel.embed = fail  # type: ignore[method-assign]
app(["serve", *sys.argv[2:]], prog_name="facet")
