"""The ASGI application, assembled from its settings: `uvicorn --factory facet.asgi:create_app`."""

from fastapi import FastAPI

from facet import __version__
from facet.process.gallery import open_gallery
from facet.settings import Settings
from gallery.base_gallery import BaseGallery
from service import app
from service.security.access import Access
from service.security.audit import AuditLog
from service.security.key_cache import KeyCache
from service.security.key_store import KeyStore
from service.security.rate_limit import RateLimits
from worker.interface import Inference


def create_app(settings: Settings | None = None, *, trusted: bool = False) -> FastAPI:
    """The application that the settings describe, by default those of the environment.

    A `trusted` application is a part of the program that calls it, and asks nobody for a key.

    Creates the data directory and opens the gallery; the model is loaded when the application starts. Raises
    InvalidRequest for settings that are wrong.
    """
    settings = settings or Settings.load()
    gallery = open_gallery(settings)
    return app.create_app(
        settings.service, open_inference(settings), gallery, _access(settings, gallery, trusted), __version__
    )


def _access(settings: Settings, gallery: BaseGallery, trusted: bool) -> Access:
    return Access(
        keys=None if trusted else KeyCache(KeyStore(gallery.database).all),
        rates=RateLimits(settings.max_requests, settings.redis_url if settings.inference == "celery" else None),
        audit=AuditLog(settings.data_dir.absolute() / "audit.jsonl"),
        insecure=trusted or settings.insecure,
        origins=tuple(settings.cors_origins.split()),
    )


def open_inference(settings: Settings) -> Inference:
    """The inference of the settings; nothing is loaded before it starts."""
    # Each imported late: the API of a distributed deployment has neither torch nor OpenCV, the embedded one no Celery.
    if settings.inference == "local":
        from facet.process.inference import local_inference

        return local_inference(settings)
    from worker.queue.inference_client import CeleryInference

    return CeleryInference(
        settings.redis_url,
        timeout=settings.max_wait,
        max_batch=settings.max_batch,
        max_queue=settings.max_queue,
        max_bytes=settings.max_queue_bytes,
    )
