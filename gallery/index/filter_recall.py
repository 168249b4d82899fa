"""How approximate indexes are searched with a filter: exactly, until their recall with that filter was measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gallery.index.metadata_filter import facts
from gallery.query import Query

_MOST = 256
"""Filters of which something is known at a time; the oldest goes first."""
_WAITING = 16
"""Filters that wait to be measured at a time."""

_Filter = tuple[str | None, str | None, str | None, float | None, frozenset[int]]
_NONE: _Filter = (None, None, None, None, frozenset())


@dataclass(frozen=True)
class Effort:
    """What it takes to find enough of the best."""

    probes: int
    """Lists to look at."""
    recall: float
    """Share of the 10 best that were then found."""
    among: int
    """How many faces it was measured among."""


@dataclass
class FilterRecall:
    """What was measured of one approximate index with filters.

    Near a query may be nothing that passes its filter, so that the lists that are enough without one are not with it.
    Any number of threads may ask at a time.
    """

    _known: dict[_Filter, Effort] = field(default_factory=dict)
    _waiting: dict[_Filter, Query] = field(default_factory=dict)

    def effort(self, query: Query, count: int, unfiltered: Effort) -> Effort | None:
        """The effort of a query whose filter so many faces pass; None where that is to be measured first.

        The face that a query leaves out is no filter.
        """
        if query.max_degrees is not None:
            # Hardly one of these comes twice.
            return None
        wanted = _filter_of(query)
        if wanted == _NONE:
            return unfiltered
        known = self._known.get(wanted)
        if known is not None and known.among / 2 <= count <= known.among * 2:
            return known
        if len(self._waiting) < _WAITING:
            self._waiting[wanted] = query
        return None

    def learn(self, query: Query, effort: Effort | None) -> None:
        """Take over what was measured with a query's filter; None where nothing passes it any more."""
        wanted = _filter_of(query)
        self._waiting.pop(wanted, None)
        self._known.pop(wanted, None)
        if effort is not None:
            if len(self._known) == _MOST:
                self._known.pop(next(iter(self._known)))
            self._known[wanted] = effort

    @property
    def waiting(self) -> Sequence[Query]:
        """A query with each filter that is to be measured."""
        return list(self._waiting.values())

    @property
    def recalls(self) -> Sequence[float]:
        """What was measured with each filter."""
        return [effort.recall for effort in list(self._known.values())]


def _filter_of(query: Query) -> _Filter:
    return query.collection, query.subject, query.model, query.min_quality, frozenset(facts(query.metadata))
