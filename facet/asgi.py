"""The ASGI application, assembled from its settings: `uvicorn --factory facet.asgi:create_app`."""

from fastapi import FastAPI

from facet import __version__
from facet.settings import Settings
from gallery.gallery import Gallery
from model.backend import load_backend
from model.errors import InvalidRequest
from model.faces.detector import load_detector
from model.images import ImageLimits
from service import app
from worker.local import LocalInference


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application that the settings describe, by default those of the environment.

    Creates the data directory and opens the gallery; the model is loaded when the application starts. Raises
    InvalidRequest for settings that are wrong.
    """
    settings = settings or Settings.load()
    if settings.inference != "local" or settings.faiss_device != "cpu":
        raise InvalidRequest("This version runs local inference and searches on the CPU alone.")
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    return app.create_app(settings.service, _local(settings), Gallery(settings.gallery_url), __version__)


def _local(settings: Settings) -> LocalInference:
    return LocalInference(
        lambda: load_backend(settings.model, settings.device),
        lambda: load_detector(settings.detector_model),
        limits=ImageLimits(max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels),
        max_batch=settings.max_batch,
        max_queue=settings.max_queue,
    )
