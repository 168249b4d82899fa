"""The ASGI application, assembled from its settings: `uvicorn --factory facet.asgi:create_app`."""

from fastapi import FastAPI

from facet import __version__
from facet.settings import Settings
from gallery.gallery import Gallery
from model.errors import InvalidRequest
from service import app
from worker.inference import Inference


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application that the settings describe, by default those of the environment.

    Creates the data directory and opens the gallery; the model is loaded when the application starts. Raises
    InvalidRequest for settings that are wrong.
    """
    settings = settings or Settings.load()
    if settings.faiss_device != "cpu":
        raise InvalidRequest("This version searches on the CPU alone.")
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    gallery = Gallery(settings.gallery_url, settings.snapshot)
    return app.create_app(settings.service, _inference(settings), gallery, __version__)


def _inference(settings: Settings) -> Inference:
    # Each imported late: the API of a distributed deployment has neither torch nor OpenCV, the embedded one no Celery.
    if settings.inference == "local":
        from facet.local import local_inference

        return local_inference(settings)
    from worker.client import CeleryInference

    return CeleryInference(
        settings.redis_url, timeout=settings.max_wait, max_batch=settings.max_batch, max_queue=settings.max_queue
    )
