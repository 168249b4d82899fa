"""`facet serve` whose model hangs on the first face after a file `hang` appears, which it takes away."""

import sys
import threading
from pathlib import Path
from typing import Any

from facet.cli import app
from model.engine.dummy import DummyModel

marker = Path(sys.argv[1])
embed = DummyModel.embed


def hang(self: DummyModel, crops: Any) -> Any:
    if marker.exists():
        marker.unlink()
        threading.Event().wait()
    return embed(self, crops)


DummyModel.embed = hang  # type: ignore[method-assign]
app(["serve", *sys.argv[2:]], prog_name="facet")
