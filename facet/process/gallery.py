"""The gallery of the settings, which searches in this process or has workers or Milvus search."""

from typing import TYPE_CHECKING

from facet.settings import Settings
from gallery.base_gallery import BaseGallery
from model.errors import InvalidRequest

if TYPE_CHECKING:
    from gallery.gallery import Gallery
    from gallery.milvus.gallery import MilvusConfig, MilvusGallery


def open_gallery(settings: Settings) -> BaseGallery:
    """The gallery of an API process. Raises InvalidRequest for settings that are wrong."""
    if settings.search == "local":
        return local_gallery(settings)
    if settings.search == "milvus":
        return milvus_gallery(settings)
    # Imported late: the API of a service that searches elsewhere has no FAISS, the embedded one no Celery.
    from worker.search.remote import RemoteGallery

    _make_folder(settings)
    return RemoteGallery(
        settings.gallery_url,
        settings.redis_url,
        timeout=settings.max_wait,
        max_batch=settings.max_batch,
        max_queue=settings.max_queue,
    )


def local_gallery(settings: Settings) -> "Gallery":
    """A gallery that searches in this process. Raises InvalidRequest for settings that are wrong."""
    try:
        from gallery.index.gpu import to_gpu
        from gallery.index.index import IndexConfig
        from worker.search.local import LocalGallery
    except ModuleNotFoundError as error:
        if error.name != "faiss":
            raise
        raise InvalidRequest(
            "Searching in this process needs FAISS: install facet[cpu], or facet[gpu] for an NVIDIA GPU."
        ) from error

    kind, _, number = settings.faiss_device.partition(":")
    move = to_gpu(int(number or 0)) if kind == "gpu" else None
    _make_folder(settings)
    config = IndexConfig(settings.approximate_from, to_gpu=move)
    return LocalGallery(settings.gallery_url, settings.snapshot, config)


def milvus_gallery(settings: Settings) -> "MilvusGallery":
    """A gallery whose faces Milvus finds. Raises InvalidRequest for settings that are wrong."""
    config = milvus_config(settings)
    from worker.search.milvus import TimedMilvusGallery

    _make_folder(settings)
    return TimedMilvusGallery(settings.gallery_url, config)


def milvus_config(settings: Settings) -> "MilvusConfig":
    """Where Milvus is. Raises InvalidRequest where its client is not installed."""
    try:
        from gallery.milvus.gallery import MilvusConfig
    except ModuleNotFoundError as error:
        if error.name not in ("pymilvus", "grpc"):
            raise
        raise InvalidRequest("Searching in Milvus needs its client: install facet[milvus].") from error

    return MilvusConfig(settings.milvus_uri, settings.milvus_token, settings.approximate_from)


def _make_folder(settings: Settings) -> None:
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
