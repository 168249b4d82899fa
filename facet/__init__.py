"""The front door: `facet.load()` for programs, the `facet` command, the settings, and the assembled application."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facet.library import Facet
    from model.engine.backend import Precision

__version__ = "0.1.0"


def load(
    model: str | Path | None = None,
    *,
    device: str | None = None,
    precision: "Precision | None" = None,
    detector_model: Path | None = None,
    threads: int | None = None,
    max_batch: int | None = None,
) -> "Facet":
    """A model for notebooks and scripts, in this process: pictures and arrays in, embeddings and drawings out.

    What is not given is read from FACET_* variables, else it is the default: the bundled model, on a GPU if there is
    one. `threads` decode and align pictures; up to `max_batch` faces go through the networks at once. Raises
    InvalidRequest for settings that are wrong, InvalidCheckpoint for a file that is no model.

    ```python
    import facet

    faces = facet.load()
    ada, bob = faces.embed(["ada.jpg", "bob.jpg"])
    faces.edit("ada.jpg", [{"attribute": "pose", "set": {"yaw": 20}}]).save("turned.png")
    ```
    """
    # Imported late: torch takes seconds to import.
    from facet.library import open_model
    from facet.settings import Settings

    settings = Settings.load(
        model=None if model is None else str(model),
        device=device,
        precision=precision,
        detector_model=detector_model,
        max_batch=max_batch,
    )
    return open_model(settings, threads)
