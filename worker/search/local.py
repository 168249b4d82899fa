"""A gallery that searches in this process, and measures it."""

from collections.abc import Sequence

from gallery.gallery import Gallery
from gallery.query import Query, Results
from worker.stage_timing import stage


class LocalGallery(Gallery):
    """A gallery whose searches are in the metrics and traces."""

    def search_many(self, queries: Sequence[Query]) -> list[Results]:
        with stage("search"):
            return super().search_many(queries)
