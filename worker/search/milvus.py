"""A gallery whose faces Milvus finds, and which measures it."""

from collections.abc import Sequence

from gallery.milvus.gallery import MilvusGallery
from gallery.query import Query, Results
from worker.stage_timing import stage


class TimedMilvusGallery(MilvusGallery):
    """A gallery whose searches are in the metrics and traces."""

    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        with stage("search"):
            return super().search_many(queries)
